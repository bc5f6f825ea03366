//! Runs that go on with others, from the command line.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{Answer, FLOWS, Place};

/// A run of `steps` that failed, since a file is not there; its id.
fn failed(place: &Place) -> String {
    assert_eq!(place.answer(&["run", "steps", "--path", "there"]).code, 1);
    place.last()
}

fn mend(place: &Place) {
    fs::write(place.path().join("there"), "").unwrap();
}

#[test]
fn a_node_runs_again_with_what_needs_it() {
    let place = Place::new();
    mend(&place);
    assert_eq!(place.said(&["run", "steps", "--path", "there", "-q"]), "82\n");
    let answer = place.answer(&["run", "steps", "--resume", "last", "--from", "n1"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "82\n"), "{}", answer.err);
    assert!(answer.err.contains("n0 double: done before, in the run that this one resumes"), "{}", answer.err);
    for node in ["n1 remembered", "n2 when_there"] {
        assert!(answer.err.contains(&format!("{node}: runs again: as asked")), "{}", answer.err);
    }
}

#[test]
fn a_node_that_is_not_there_is_named_with_those_that_are() {
    let place = Place::new();
    failed(&place);
    let err = place.refused(2, &["run", "steps", "--resume", "last", "--from", "n7"]);
    assert!(err.contains("`flows.steps` has no node `n7`; it has `n0`, `n1`, `n2`"), "{err}");
    let err = place.refused(2, &["run", "steps", "--path", "there", "--from", "n0"]);
    assert!(err.contains("--resume <RUN>"), "{err}");
}

#[test]
fn tasks_that_another_build_changed_are_listed_and_refused_where_that_is_asked_for() {
    let place = Place::new();
    let id = failed(&place);
    let path = place.path().join(format!(".nebulakit/runs/{id}/build.json"));
    let mut build: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(build["version"], 1);
    build["id"] = json!("another build");
    build["tasks"]["flows.double"]["source"] = json!("other");
    build["tasks"]["flows.remembered"]["interface"] = json!("other");
    // It did not run.
    build["tasks"]["flows.divide"]["source"] = json!("other");
    fs::write(&path, build.to_string()).unwrap();
    let err = place.refused(1, &["run", "steps", "--resume", &id, "--strict"]);
    assert!(err.contains("a task was changed: flows.double: source"), "{err}");
    mend(&place);
    let answer = place.answer(&["run", "steps", "--resume", &id]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "82\n"), "{}", answer.err);
    let note =
        format!("note: tasks were changed since the run {id}:\n  flows.double: source\n  flows.remembered: interface; it runs again\n");
    assert!(answer.err.starts_with(&note), "{}", answer.err);
}

#[test]
fn a_run_is_retried_with_nothing_to_type() {
    let place = Place::new();
    let id = failed(&place);
    mend(&place);
    let answer = place.answer(&["runs", "retry", "last"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "82\n"), "{}", answer.err);
    assert!(answer.err.contains("n1 remembered: done before, in the run that this one resumes"), "{}", answer.err);
    let err = place.refused(2, &["runs", "retry", "last"]);
    assert!(err.contains("succeeded: there is nothing to continue") && err.contains("flows run flows.steps --resume "), "{err}");
    assert_eq!(place.said(&["runs", "retry", &id, "-q", "--", "--jobs", "1"]), "82\n");
    let events = place.said(&["runs", "retry", &id, "--json"]);
    assert!(events.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{events}");
}

#[test]
fn a_run_that_goes_on_is_not_retried_and_a_stopped_one_is() {
    let place = Place::new();
    let mut started = place.start(&["run", "endless"]);
    let id = started.id();
    started.hears("n0 waits: started");
    for words in [&["runs", "retry", &id][..], &["run", "endless", "--resume", &id]] {
        let err = place.refused(1, words);
        let expected = format!("error: the run `{id}` is still going on: a process drives it\n\nhint: `flows runs cancel {id}` stops it\n");
        assert_eq!(err, expected);
    }
    let err = place.refused(1, &["runs", "outputs", &id]);
    assert!(err.starts_with(&format!("error: the run `{id}` has no outputs: it is not over\n")), "{err}");
    started.signal(Signal::SIGINT);
    started.ended();
    let mut again = place.start(&["runs", "retry", &id]);
    again.hears("n0 waits: started");
    again.signal(Signal::SIGINT);
    assert_eq!(again.ended().code, 130);
}

#[test]
fn what_was_killed_is_told_with_the_command_that_goes_on_with_it() {
    let place = Place::new();
    let mut started = place.start(&["run", "endless"]);
    let id = started.id();
    started.hears("n0 waits: started");
    started.signal(Signal::SIGKILL);
    started.child.wait().unwrap();
    let hint = format!("\n\nhint: `flows runs retry {id}` continues it\n");
    for words in [&["runs", "attach", &id][..], &["runs", "cancel", &id]] {
        let answer = place.answer(words);
        assert!(answer.code == 1 && answer.err.ends_with(&hint), "{words:?}: {}", answer.err);
    }
}

#[test]
fn a_run_that_cannot_begin_leaves_nothing_that_could_be_the_last() {
    let place = Place::new();
    let mut command = place.command_of("sh".as_ref(), &["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" run steps --path there", FLOWS]);
    let answer = Answer::of(command.output().unwrap());
    assert!(answer.code == 1 && answer.err.contains("graph.json`: "), "{}", answer.err);
    assert_eq!(place.said(&["runs", "list", "--json"]), "[]\n");
}

#[test]
fn a_run_that_did_not_begin_is_not_gone_on_with() {
    let place = Place::new();
    failed(&place);
    let id = "99981231-235959-aaaa";
    fs::create_dir(place.path().join(".nebulakit/runs").join(id)).unwrap();
    for words in [&["run", "steps", "--resume", "last"][..], &["runs", "retry", "last"]] {
        let err = place.refused(2, words);
        assert!(err.starts_with(&format!("error: the run `{id}` did not begin: it has no events\n")), "{err}");
    }
}

#[test]
fn checkpoints_of_tasks_in_processes_are_kept() {
    let place = Place::new();
    let words = ["run", "training", "--strategy", "process"];
    let answer = place.answer(&words);
    assert!(answer.code == 1 && answer.err.contains("at 1"), "{}", answer.err);
    assert_eq!(place.said(&["runs", "retry", "last", "-q", "--", "--strategy", "process"]), "4\n");
    let runs = place.json(&["runs", "list", "--json"]);
    let left = Path::new(".nebulakit/runs").join(runs[0]["run"].as_str().unwrap()).join("checkpoints/n0");
    assert!(!place.path().join(left).exists(), "what succeeded needs none");
}
