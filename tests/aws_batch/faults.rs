//! What Batch does now and then.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{Place, until};

fn gives_eight(place: &Place, workflow: &str, more: &[&str]) {
    let answer = place.run(workflow, more);
    assert_eq!((answer.code, answer.out.trim()), (0, "8"), "{}\n{}", answer.err, place.logs());
}

#[test]
fn throttling_holds_back_and_fails_nothing() {
    let place = Place::new();
    place.double.faults().throttled_submits = 8;
    place.double.faults().throttled_questions = 3;
    gives_eight(&place, "chain", &[]);
    assert_eq!(place.ran(), ["double"; 3]);
    assert_eq!(place.double.jobs().len(), 3);
}

#[test]
fn a_submit_whose_answer_is_lost_is_made_once() {
    let place = Place::new();
    place.double.faults().lost_answers = 2;
    gives_eight(&place, "chain", &[]);
    assert_eq!(place.ran(), ["double"; 3]);
    assert_eq!((place.double.jobs().len(), place.double.asked("submitjob").len()), (3, 3));
}

#[test]
fn an_array_whose_answer_is_lost_is_found_by_its_list() {
    let place = Place::new();
    place.double.faults().lost_answers = 1;
    gives_eight(&place, "fan", &["--xs", "[1,1,2]"]);
    assert_eq!(place.ran().iter().filter(|task| *task == "double").count(), 3);
    assert_eq!(place.double.asked("submitjob").len(), 2);
}

#[test]
fn a_job_that_batch_does_not_know_yet_is_waited_for() {
    let place = Place::new();
    place.double.faults().late = 3;
    gives_eight(&place, "chain", &[]);
    assert_eq!(place.double.jobs().len(), 3);
}

#[test]
fn a_machine_that_is_taken_away_costs_no_attempt() {
    let place = Place::new();
    std::fs::write(format!("{}.go", place.ledger().display()), "").unwrap();
    {
        let mut faults = place.double.faults();
        (faults.taken, faults.taken_from) = (2, "slow".to_owned());
    }
    // It is killed twice with its machine, and ends by its own limit then: no retry is left to spend.
    let answer = place.run("overdue", &[]);
    assert!(answer.err.contains("2 s") || answer.err.contains("2s"), "{}\n{}", answer.err, place.logs());
    assert_eq!(place.ran(), ["slow"; 3]);
    let jobs = place.jobs_of("slow");
    assert_eq!(jobs.iter().map(|job| job.attempts.len()).collect::<Vec<_>>(), [3]);
}

#[test]
fn a_machine_that_is_taken_away_too_often_is_lost() {
    let place = Place::with("preemptions = 1\n");
    {
        let mut faults = place.double.faults();
        (faults.taken, faults.taken_from) = (100, "slow".to_owned());
    }
    let answer = place.run("overdue", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("Host EC2") && answer.err.contains("Batch tried it 2 times"), "{}", answer.err);
    assert_eq!(place.double.jobs().len(), 1);
}

#[test]
fn a_container_without_memory_is_told_from_others() {
    let place = Place::new();
    place.double.faults().out_of_memory = "slow".to_owned();
    let answer = place.run("overdue", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("memory"), "{}", answer.err);
}

#[test]
fn a_queue_in_which_nothing_moves_is_given_up_with_its_reason() {
    let place = Place::bare(&crate::SETTINGS.replace("held", "queue_timeout = \"2s\"\nheld"));
    place.double.faults().stuck = Some("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT".to_owned());
    let answer = place.run("chain", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"), "{}", answer.err);
    until("the job still waits", || place.double.jobs().iter().all(crate::Job::is_over).then_some(()));
}

#[test]
fn a_run_whose_driver_was_killed_goes_on_where_it_was() {
    let place = Place::new();
    let mut child = place.start("napping");
    until("the nap did not begin", || place.ran().contains(&"nap".to_owned()).then_some(()));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    assert_eq!(place.double.jobs().len(), 1);
    std::fs::write(format!("{}.go", place.ledger().display()), "").unwrap();
    let runs: serde_json::Value = serde_json::from_str(&place.said(&["runs", "list", "--json"])).unwrap();
    let said = place.said(&["runs", "attach", runs[0]["run"].as_str().unwrap()]);
    assert_eq!(said.trim(), "2");
    assert_eq!(place.ran(), ["nap", "double"]);
    assert_eq!(place.double.jobs().len(), 2);
}
