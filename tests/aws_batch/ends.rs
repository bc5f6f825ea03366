//! How runs on Batch end, and how often each task starts.

use crate::Place;

#[test]
fn a_chain_gives_what_it_gives_locally() {
    let place = Place::new();
    let answer = place.run("chain", &["--x", "5"]);
    assert_eq!((answer.code, answer.out.trim()), (0, "40"), "{}\n{}", answer.err, place.logs());
    assert_eq!(place.ran(), ["double"; 3]);
}

#[test]
fn a_map_is_an_array_and_the_list_says_which_element_is_which() {
    let place = Place::new();
    let answer = place.run("fan", &["--xs", "[1,2,3,4,5,6,7]"]);
    assert_eq!((answer.code, answer.out.trim()), (0, "56"), "{}\n{}", answer.err, place.logs());
    assert_eq!(place.ran().iter().filter(|task| *task == "double").count(), 7);
    let sizes: Vec<_> = place.double.asked("submitjob").iter().filter_map(|asked| asked["arrayProperties"]["size"].as_u64()).collect();
    assert_eq!(sizes, [7]);
    // One definition for all jobs of one shape.
    assert_eq!(place.double.asked("registerjobdefinition").len(), 1);
}

#[test]
fn a_map_of_one_is_a_plain_job() {
    let place = Place::new();
    let answer = place.run("fan", &["--xs", "[4]"]);
    assert_eq!((answer.code, answer.out.trim()), (0, "8"), "{}\n{}", answer.err, place.logs());
    assert!(place.double.asked("submitjob").iter().all(|asked| asked["arrayProperties"].is_null()));
}

#[test]
fn a_file_goes_from_job_to_job_by_the_object_store() {
    let place = Place::new();
    let answer = place.answer(&["run", "files", "--text", "eight by", "--backend", "aws-batch"]);
    assert_eq!(answer.code, 0, "{}\n{}", answer.err, place.logs());
    assert!(answer.out.contains('8') && answer.out.contains("s3://lab/project/data/"), "{}", answer.out);
    assert!(place.double.keys().iter().all(|key| key.starts_with("project/plans/") || key.starts_with("project/data/")));
}

#[test]
fn a_local_input_is_uploaded_once() {
    let place = Place::new();
    std::fs::write(place.path().join("input.txt"), "nine here").unwrap();
    for _ in 0..2 {
        let answer = place.answer(&["run", "measured", "--file", "input.txt", "--backend", "aws-batch", "--overwrite-cache"]);
        assert_eq!((answer.code, answer.out.trim()), (0, "9"), "{}\n{}", answer.err, place.logs());
    }
    let inputs: Vec<_> = place.double.keys().into_iter().filter(|key| key.starts_with("project/inputs/sha256-")).collect();
    assert!(inputs.len() == 2 && inputs[0].ends_with("/input.txt") && inputs[1].ends_with("/input.txt.whole"), "{inputs:?}");
}

#[test]
fn what_a_task_prints_is_shown_and_kept() {
    let place = Place::new();
    let answer = place.answer(&["run", "files", "--text", "marker", "--backend", "aws-batch", "-v"]);
    assert_eq!(answer.code, 0, "{}\n{}", answer.err, place.logs());
    assert!(answer.err.contains("out of marker"), "{}", answer.err);
    // In the container's own log, too.
    assert!(place.logs().contains("out of marker"));
}

#[test]
fn a_recoverable_failure_is_tried_three_times_and_a_permanent_one_once() {
    let place = Place::new();
    let answer = place.run("retried", &[]);
    assert_eq!((answer.code, answer.out.trim()), (0, "7"), "{}\n{}", answer.err, place.logs());
    assert_eq!(place.ran(), ["flaky"; 3]);
    let place = Place::new();
    let answer = place.run("failing", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("it is wrong"), "{}", answer.err);
    assert_eq!(place.ran(), ["wrong"]);
}

#[test]
fn a_limit_below_that_of_batch_is_kept_by_the_node() {
    let place = Place::new();
    let answer = place.run("overdue", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("2 s") || answer.err.contains("2s"), "{}", answer.err);
    let limits: Vec<_> = place.jobs_of("slow").iter().map(|job| job.timeout).collect();
    assert_eq!(limits, [Some(122)]);
}

#[test]
fn what_batch_refuses_is_shown_in_its_words() {
    let place = Place::with("[defaults.aws-batch]\nqueue = \"nosuch\"\n");
    let answer = place.run("chain", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("JobQueue nosuch not found."), "{}", answer.err);
    assert_eq!(place.ran(), [""; 0]);
}

#[test]
fn a_run_that_is_cancelled_ends_its_jobs() {
    let place = Place::new();
    let child = place.start("napping");
    crate::until("the nap did not begin", || place.ran().contains(&"nap".to_owned()).then_some(()));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id().try_into().unwrap()), nix::sys::signal::Signal::SIGINT).unwrap();
    let answer = crate::Answer::of(child.wait_with_output().unwrap());
    assert_ne!(answer.code, 0, "{}", answer.err);
    let over = || place.double.jobs().iter().all(|job| job.is_over() && job.process.is_none()).then_some(());
    crate::until("the job goes on", over);
    assert_eq!(place.double.asked("terminatejob").len(), 1);
}
