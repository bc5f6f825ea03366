//! What takes machines from everything that runs on them: these run one after the other, with nothing beside them.

use crate::{Answer, Place, program, until};

#[test]
#[ignore = "takes machines from other tests: .ci/slurm runs it by itself"]
fn a_preempted_attempt_is_not_counted() {
    let place = Place::with("poll = \"1s\"\n[defaults.slurm]\npartition = \"main\"\nflags = [\"--nodelist=n1\"]\n");
    let ledger = place.ledger();
    let child = place.start_with("lasting", &["--steps", "100"]);
    until("no step was taken", || place.ran().contains(&"step".to_owned()).then_some(()));
    let words = ["--partition=first", "--nodelist=n1", "--exclusive", "--output=/dev/null", "--parsable", "--wrap=sleep 3"];
    program("sbatch", &words);
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!((answer.code, answer.out.trim()), (0, "100"), "{}\n{}", answer.err, ledger.display());
    // The task has no retries.
    assert_eq!(place.ran().iter().filter(|ran| *ran == "enduring").count(), 2);
    let state = place.said(&["runs", "show", "--json", &place.run_id()]);
    assert!(!state.contains("retrying"), "{state}");
}

#[test]
#[ignore = "takes machines from other tests: .ci/slurm runs it by itself"]
fn a_preempted_allocation_is_followed_by_another() {
    let settings = "poll = \"1s\"\n[backends.slurm]\npacked = true\n[defaults.slurm]\npartition = \"main\"\nflags = [\"--nodelist=n1\"]\n";
    let place = Place::with(settings);
    let child = place.start_with("lasting", &["--steps", "100"]);
    until("no step was taken", || place.ran().contains(&"step".to_owned()).then_some(()));
    let words = ["--partition=first", "--nodelist=n1", "--exclusive", "--output=/dev/null", "--parsable", "--wrap=sleep 3"];
    program("sbatch", &words);
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!((answer.code, answer.out.trim()), (0, "100"), "{}", answer.err);
    assert_eq!(place.drivers(), 2);
}

#[test]
#[ignore = "takes machines from other tests: .ci/slurm runs it by itself"]
fn an_allocation_that_somebody_cancels_ends_its_run() {
    let place = Place::with("poll = \"1s\"\n[backends.slurm]\npacked = true\n");
    let child = place.start_with("lasting", &["--steps", "3000"]);
    until("no step was taken", || place.ran().contains(&"step".to_owned()).then_some(()));
    let job = until("Slurm has no job of it", || place.jobs().pop());
    program("scancel", &[&job]);
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_ne!(answer.code, 0, "{}", answer.err);
    assert_eq!(place.drivers(), 1);
}
