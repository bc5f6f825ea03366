//! Runs whose driver is a job: packed ones, whose nodes share its allocation, and others.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{Answer, Place, program, until};

const SHORT: &str = "poll = \"1s\"\n[backends.slurm]\npacked = true\n[backends.slurm.allocation]\ntime = \"1m\"\n";

const PACKED: &str = "poll = \"1s\"\n[backends.slurm]\npacked = true\n";

/// How many jobs Slurm knows that the place has submitted, over or not.
fn submitted(place: &Place) -> usize {
    let own = place.path().canonicalize().unwrap();
    let out = program("squeue", &["--noheader", "--states=all", "--format=%Z"]);
    out.lines().filter(|of| std::path::Path::new(of) == own).count()
}

#[test]
fn all_nodes_of_a_packed_run_are_one_job() {
    let place = Place::with("poll = \"1s\"\n");
    let xs = format!("[{}]", (0..100).map(|x| x.to_string()).collect::<Vec<_>>().join(","));
    let answer = place.run("fan", &["--xs", &xs, "--packed"]);
    assert_eq!((answer.code, answer.out.trim()), (0, "9900"), "{}", answer.err);
    assert_eq!(place.ran().iter().filter(|task| *task == "double").count(), 100);
    assert_eq!((place.drivers(), submitted(&place)), (1, 1));
    let shown = place.said(&["runs", "show", &place.run_id()]);
    assert!(shown.contains("succeeded"), "{shown}");
}

#[test]
fn a_packed_run_fails_as_its_task_does() {
    let place = Place::with(PACKED);
    let answer = place.run("failing", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("it is wrong"), "{}", answer.err);
    assert_eq!(place.ran(), ["wrong"]);
}

#[test]
fn retries_are_counted_within_the_allocation() {
    let place = Place::with(PACKED);
    let answer = place.run("retried", &[]);
    assert_eq!((answer.code, answer.out.trim()), (0, "7"), "{}", answer.err);
    assert_eq!(place.ran(), ["flaky"; 3]);
}

#[test]
fn with_only_gates_left_the_allocation_ends_and_the_answer_submits_the_next() {
    let place = Place::with(PACKED);
    let child = place.start("gated");
    until("no node ran", || (place.ran().len() == 1).then_some(()));
    let job = until("nobody drove the run", || place.jobs().pop());
    until("the allocation did not end", || place.jobs().is_empty().then_some(()));
    let run = place.run_id();
    let shown = place.said(&["runs", "show", &run]);
    assert!(shown.contains("waiting") || shown.contains("waits"), "{shown}");
    place.said(&["runs", "approve", &run, "fine"]);
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!((answer.code, answer.out.trim()), (0, "12"), "{}", answer.err);
    assert_eq!(place.ran(), ["double", "double"]);
    assert_eq!((place.drivers(), submitted(&place)), (2, 2), "{job}");
}

#[test]
fn a_node_that_would_not_end_in_time_begins_in_the_next_allocation() {
    let place = Place::with(SHORT);
    let answer = place.run("tight", &[]);
    assert_eq!((answer.code, answer.out.trim()), (0, "2"), "{}", answer.err);
    assert_eq!(place.ran(), ["warm_up", "large"]);
    assert_eq!(place.drivers(), 2);
}

#[test]
fn a_node_that_waits_for_cores_begins_only_where_it_ends_in_time() {
    let place = Place::with(SHORT);
    let answer = place.run("queued", &[]);
    assert_eq!((answer.code, answer.out.trim()), (0, "10"), "{}", answer.err);
    // The fourth would begin in the first minute, and be stopped.
    assert_eq!(place.ran().iter().filter(|task| *task == "plod").count(), 4);
    assert_eq!(place.drivers(), 2);
}

#[test]
fn a_node_that_is_longer_than_an_allocation_is_refused_before_the_start() {
    let place = Place::with(SHORT);
    let answer = place.run("oversized", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("may take 300s, and an allocation has 50s for its nodes"), "{}", answer.err);
    assert_eq!(place.ran(), [""; 0]);
}

#[test]
fn a_task_goes_on_from_its_checkpoint_in_the_next_allocation() {
    let place = Place::with(SHORT);
    let answer = place.run("lasting", &["--steps", "600"]);
    assert_eq!((answer.code, answer.out.trim()), (0, "600"), "{}", answer.err);
    let (ran, steps) = (place.ran(), |what: &str| place.ran().iter().filter(|ran| *ran == what).count());
    assert_eq!((steps("enduring"), place.drivers()), (2, 2), "{}", ran.len());
    assert!(steps("step") < 620, "{} steps", steps("step"));
}

#[test]
fn a_request_to_stop_ends_the_allocation() {
    let place = Place::with(PACKED);
    let child = place.start("napping");
    until("the nap did not begin", || place.ran().contains(&"nap".to_owned()).then_some(()));
    until("nobody drove the run", || place.jobs().pop());
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!(answer.code, 130, "{}", answer.err);
    until("the allocation did not end", || place.jobs().is_empty().then_some(()));
    assert_eq!(place.ran(), ["nap"]);
    assert!(place.said(&["runs", "list"]).contains("cancelled") || place.said(&["runs", "list"]).contains("stopped"));
}

#[test]
fn a_packed_run_outlives_who_submitted_it_and_is_taken_up_again() {
    let place = Place::with(PACKED);
    let mut child = place.start("napping");
    until("the nap did not begin", || place.ran().contains(&"nap".to_owned()).then_some(()));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    fs::write(format!("{}.go", place.ledger().display()), "").unwrap();
    let said = place.said(&["runs", "attach", &place.run_id()]);
    assert_eq!(said.trim(), "4");
    assert_eq!(place.ran(), ["nap", "double", "double"]);
    assert_eq!(place.drivers(), 1);
}

#[test]
fn a_driver_that_is_killed_is_followed_by_another() {
    let place = Place::with(PACKED);
    let child = place.start("napping");
    until("the nap did not begin", || place.ran().contains(&"nap".to_owned()).then_some(()));
    let plan = fs::read_dir(place.path().join(".nebulakit/plans")).unwrap().next().unwrap().unwrap().path();
    let driver = until("nobody drives the run", || fs::read_to_string(plan.join("drivers/0/begun")).ok());
    kill(Pid::from_raw(driver.parse().unwrap()), Signal::SIGKILL).unwrap();
    fs::write(format!("{}.go", place.ledger().display()), "").unwrap();
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!((answer.code, answer.out.trim()), (0, "4"), "{}", answer.err);
    assert_eq!(place.ran(), ["nap", "nap", "double", "double"]);
    assert_eq!(place.drivers(), 2);
}

#[test]
fn a_run_can_be_driven_by_a_job_whose_nodes_are_jobs() {
    let place = Place::with("poll = \"1s\"\n");
    let answer = place.run("chain", &["--x", "5", "--driver", "job"]);
    assert_eq!((answer.code, answer.out.trim()), (0, "40"), "{}", answer.err);
    assert_eq!(place.ran(), ["double"; 3]);
    assert_eq!((place.drivers(), submitted(&place)), (1, 4));
}

#[test]
fn a_driver_submits_the_next_one_before_its_time_is_over() {
    let place = Place::with("poll = \"1s\"\n[backends.slurm.allocation]\ntime = \"1m\"\n");
    let answer = place.run("lasting", &["--steps", "600", "--driver", "job"]);
    assert_eq!((answer.code, answer.out.trim()), (0, "600"), "{}", answer.err);
    assert_eq!(place.ran().iter().filter(|ran| *ran == "enduring").count(), 1);
    assert_eq!(place.drivers(), 2);
}

#[test]
fn a_driver_that_may_not_submit_says_so_at_once() {
    let place = Place::with("poll = \"1s\"\n[defaults.slurm]\nprologue = [\"export PATH=/nowhere\"]\n");
    let answer = place.run("chain", &["--driver", "job"]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("this machine may not submit jobs") && answer.err.contains("`driver = \"here\"`"), "{}", answer.err);
    assert_eq!(place.ran(), [""; 0]);
}

#[test]
fn only_slurm_packs() {
    let place = Place::new();
    let answer = Answer::of(place.command(&["run", "chain", "--ledger", "x", "--packed"]).output().unwrap());
    assert_eq!(answer.code, 2, "{}", answer.err);
    assert!(answer.err.contains("`--packed` is for `--backend slurm`"), "{}", answer.err);
}
