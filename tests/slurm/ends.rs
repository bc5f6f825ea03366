//! How runs on Slurm end, and how often each task starts.

use crate::{Place, program};

#[test]
fn a_chain_gives_what_it_gives_locally() {
    let place = Place::new();
    let answer = place.run("chain", &["--x", "5"]);
    assert_eq!((answer.code, answer.out.trim()), (0, "40"), "{}", answer.err);
    assert_eq!(place.ran(), ["double"; 3]);
}

#[test]
fn a_map_of_more_elements_than_an_array_holds_is_whole() {
    let place = Place::new();
    let xs = format!("[{}]", (0..30).map(|x| x.to_string()).collect::<Vec<_>>().join(","));
    let answer = place.run("fan", &["--xs", &xs]);
    assert_eq!((answer.code, answer.out.trim()), (0, "870"), "{}", answer.err);
    assert_eq!(place.ran().iter().filter(|task| *task == "double").count(), 30);
}

#[test]
fn a_recoverable_failure_is_tried_three_times() {
    let place = Place::new();
    let answer = place.run("retried", &[]);
    assert_eq!((answer.code, answer.out.trim()), (0, "7"), "{}", answer.err);
    assert_eq!(place.ran(), ["flaky"; 3]);
}

#[test]
fn a_permanent_failure_is_tried_once() {
    let place = Place::new();
    let answer = place.run("failing", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("it is wrong"), "{}", answer.err);
    assert_eq!(place.ran(), ["wrong"]);
}

#[test]
fn a_task_that_takes_too_much_memory_is_out_of_memory() {
    let place = Place::new();
    let answer = place.run("hungry", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("memory"), "{}", answer.err);
    assert_eq!(place.ran(), ["hog"]);
}

#[test]
fn a_task_that_takes_too_long_is_out_of_time() {
    let place = Place::new();
    let answer = place.run("overdue", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("2 s") || answer.err.contains("2s"), "{}", answer.err);
    assert_eq!(place.ran(), ["slow"]);
}

#[test]
fn licences_stand_for_the_tokens_of_a_task() {
    let place = Place::with("[defaults.slurm]\nlicenses = { db = \"seat\" }\n");
    let answer = place.run("licensed", &[]);
    assert_eq!((answer.code, answer.out.trim()), (0, "1"), "{}", answer.err);
    let own = place.path().canonicalize().unwrap();
    let jobs = program("squeue", &["--noheader", "--states=all", "--format=%W %Z"]);
    let asked: Vec<_> = jobs.lines().filter_map(|line| line.split_once(' ')).filter(|(_, of)| std::path::Path::new(of) == own).collect();
    assert_eq!(asked.iter().map(|(licenses, _)| *licenses).collect::<Vec<_>>(), ["seat:2"]);
}

#[test]
fn what_slurm_refuses_is_shown_in_its_words() {
    let place = Place::with("[defaults.slurm]\npartition = \"nosuch\"\n");
    let answer = place.run("chain", &[]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.err.contains("invalid partition specified: nosuch"), "{}", answer.err);
    assert_eq!(place.ran(), [""; 0]);
}

#[test]
fn a_flag_that_is_set_for_each_job_is_refused_before_the_start() {
    let place = Place::with("[task.double.slurm]\nflags = [\"--array=0-9\", \"--nice=1\"]\n");
    let answer = place.run("chain", &[]);
    assert_ne!(answer.code, 0);
    assert!(answer.err.contains("`--array` is set for each job"), "{}", answer.err);
}
