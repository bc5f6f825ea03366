//! Tasks that are run alone, and recorded as workflows of one node.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::Place;

#[test]
fn a_task_is_a_run_of_one_node() {
    let place = Place::new();
    let answer = place.answer(&["run", "divide", "--total", "17", "--by", "5"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "quotient: 3\nremainder: 2\n"), "{}", answer.err);
    let list = place.json(&["runs", "list", "--json"]);
    assert_eq!((&list[0]["name"], &list[0]["counts"]["succeeded"]), (&json!("flows.divide"), &json!(1)));
    let id = list[0]["run"].as_str().unwrap();
    assert!(answer.err.starts_with(&format!("run {id} succeeded after ")) && answer.err.lines().count() == 1, "{}", answer.err);
    assert_eq!(place.said(&["runs", "outputs", id, "--json"]), "{\"quotient\":3,\"remainder\":2}\n");
    assert_eq!(place.said(&["run", "divide", "--total", "17", "--by", "5", "--json", "-q"]), "{\"quotient\":3,\"remainder\":2}\n");
}

#[test]
fn its_failure_is_told_as_its_own() {
    let place = Place::new();
    let err = place.refused(1, &["run", "divide", "--total", "1", "--by", "0", "-q"]);
    assert_eq!(err, "error[USER:Division]: cannot divide 1 by 0\\u001b[2J\n");
    assert_eq!(place.json(&["runs", "list", "--json"])[0]["status"], "failed");
}

#[test]
fn remembered_outputs_are_told_to_be_cached() {
    let place = Place::new();
    let is_cached = |options: &[&str]| {
        let answer = place.answer(&[&["run", "remembered", "--x", "1"], options].concat());
        assert_eq!((answer.code, answer.out.as_str()), (0, "2\n"), "{}", answer.err);
        answer.err.ends_with(" (cached)\n")
    };
    assert_eq!([is_cached(&[]), is_cached(&[]), is_cached(&["--no-cache"])], [false, true, false]);
}

#[test]
fn it_goes_on_from_its_checkpoint_after_a_stop_and_after_a_failure() {
    let place = Place::new();
    let mut started = place.start(&["run", "trains", "--steps", "3"]);
    started.hears("saved 1");
    started.signal(Signal::SIGINT);
    let ended = started.ended();
    let id = place.last();
    assert_eq!(ended.code, 130, "{}", ended.err);
    let hint = format!("hint: `flows run flows.trains --resume {id}` continues from its checkpoint\n");
    assert!(ended.err.ends_with(&format!("error: the run {id} was stopped by SIGINT\n\n{hint}")), "{}", ended.err);
    let answer = place.answer(&["run", "trains", "--resume", &id]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{}", answer.err);
    assert!(answer.err.contains("error: stopped at 2\n\nhint: `flows run flows.trains --resume "), "{}", answer.err);
    assert_eq!(place.said(&["run", "trains", "--resume", "last", "-q"]), "3\n");
}

#[test]
fn what_it_prints_in_another_process_is_heard() {
    let place = Place::new();
    let answer = place.answer(&["run", "prints", "--strategy", "process", "-q"]);
    assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (0, "", "printed by a worker\n"));
}

#[test]
fn its_logs_may_be_shown_beside_its_outputs_as_json() {
    let place = Place::new();
    let answer = place.answer(&["run", "divide", "--total", "17", "--by", "5", "-v", "--json"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "{\"quotient\":3,\"remainder\":2}\n"), "{}", answer.err);
    let err = place.refused(2, &["run", "division", "--total", "17", "--by", "5", "-v", "--json"]);
    assert!(err.contains("--json"), "{err}");
}

#[test]
fn inputs_that_are_missing_are_told_with_what_was_read() {
    let place = Place::new();
    std::fs::write(place.path().join("in.json"), r#"{"by": 5}"#).unwrap();
    let err = place.refused(2, &["run", "divide", "--inputs-file", "in.json"]);
    assert_eq!(err, "error: missing from the flags and the file: `total` (int)\n");
}

#[test]
fn options_of_containers_are_for_what_runs_in_one() {
    let place = Place::new();
    for (words, option) in [
        (&["run", "divide", "--total", "1", "--by", "1", "--container-network"][..], "network"),
        (&["run", "twice", "--x", "1", "--container-image", "nowhere/none:1"], "image"),
        (&["run", "twice", "--x", "1", "--container-engine", "podman"], "engine"),
        (&["run", "grown", "--x", "1", "--container-image", "nowhere/none:1"], "image"),
    ] {
        let err = place.refused(2, words);
        assert!(err.starts_with(&format!("error: `--container-{option}` is for tasks that run in a container, and ")), "{err}");
        assert!(err.ends_with("\n\nhint: add `--strategy container`\n"), "{err}");
    }
    // Each of these has a container to run in, if only its engine were there.
    for words in [&["run", "contained", "--x", "1"][..], &["run", "twice", "--x", "1", "--strategy", "container", "--container-image", "a"]]
    {
        let err = place.refused(1, &[words, &["-q", "--container-engine", "/not/there"]].concat());
        assert!(err.contains("/not/there"), "{err}");
    }
}

#[test]
fn it_takes_what_this_machine_has_where_that_is_less_than_it_asks_for() {
    let place = Place::new();
    assert_eq!(place.said(&["run", "greedy", "-q"]), "0 GPUs\n");
    assert_eq!(place.said(&["run", "licensed", "-q"]), "7\n");
    let err = place.refused(2, &["run", "licensed", "--tokens", "seats=1"]);
    assert!(err.contains("tokens `licences`, which have no limit"), "{err}");
}
