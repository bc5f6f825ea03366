//! The cache from the command line: what it holds, why a node ran, what a run would do, and processes that share it.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::{Place, Started};

const STEPS: [&str; 4] = ["run", "steps", "--path", "there"];

impl Place {
    /// A place in which `steps` come to their end.
    fn with_steps() -> Self {
        let place = Self::new();
        fs::write(place.path().join("there"), "").unwrap();
        place
    }

    fn steps(&self, options: &[&str]) {
        self.said(&[&STEPS, options, &["-q"]].concat());
    }

    /// Starts a run of `serialized`.
    fn serialized(&self, who: &str) -> Started {
        let folder = self.path().to_str().unwrap().to_owned();
        self.start(&["run", "serialized", "--folder", &folder, "--who", who])
    }

    fn ran(&self, who: &str) -> bool {
        self.path().join(format!("ran-{who}")).exists()
    }

    fn go(&self) {
        fs::write(self.path().join("go"), "").unwrap();
    }
}

#[test]
fn entries_are_listed_shown_and_cleared() {
    let place = Place::with_steps();
    assert_eq!(place.said(&["cache", "list"]), "no outputs are cached in `.nebulakit`\n");
    assert!(!place.path().join(".nebulakit").exists(), "looking makes nothing");
    place.steps(&[]);
    place.steps(&["--x", "1"]);
    let list = place.said(&["cache", "list"]);
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(list.lines().all(|line| line.contains("  flows.remembered  version 1  ") && line.contains(" B  n1 of 2")), "{list}");
    let machine = place.json(&["cache", "list", "remembered", "--json"]);
    assert_eq!((&machine[0]["task"], &machine[0]["node"]), (&json!("flows.remembered"), &json!("n1")));
    let entry = machine[0]["entry"].as_str().unwrap();
    let shown = place.said(&["cache", "show", &entry[..12]]);
    assert!(shown.contains("\ninputs\nx  2\n\noutputs\no0: 3\n"), "{shown}");
    let shown = place.json(&["cache", "show", entry, "--json"]);
    assert_eq!((&shown["inputs"], &shown["outputs"]), (&json!({"x": {"value": 2}}), &json!({"o0": 3})));
    let err = place.refused(2, &["cache", "show", "zz"]);
    assert!(err.starts_with("error: no cache entry has a digest that begins with `zz`\n\nhint: `cache list`"), "{err}");
    assert_eq!(place.refused(0, &["cache", "clear", "--older-than", "1h"]), "there are no entries that are old enough\n");
    assert_eq!(place.refused(0, &["cache", "clear", "rembered"]), "there are no entries of `rembered`\n");
    assert_eq!(place.refused(0, &["cache", "clear", "remembered"]), "removed 2 entries of `flows.remembered`\n");
    assert_eq!(place.said(&["cache", "list", "--json"]), "[]\n");
    assert_eq!(place.said(&["runs", "outputs", "last", "n1"]), "3\n", "runs keep what they gave");
    let err = place.refused(2, &["cache", "clear", "--older-than", "soon"]);
    assert!(err.contains("expected a duration"), "{err}");
}

#[test]
fn why_a_node_was_taken_or_not_is_a_sentence() {
    let place = Place::with_steps();
    let why = |node: &str| place.said(&["cache", "why", "last", node]);
    place.steps(&[]);
    let first = place.last();
    assert_eq!(why("n1"), "n1 was not taken from the cache: there was no entry of `flows.remembered`\n");
    assert_eq!(why("n0"), "n0 was not looked for in the cache: it is not a task with `cache(..)`, or the node switches the cache off\n");
    place.steps(&[]);
    assert_eq!(why("n1"), format!("n1 was taken from the cache: the node n1 of the run {first} gave the outputs\n"));
    place.steps(&["--x", "4"]);
    let changed = format!("the input `x` changed since the node n1 of the run {first} ran");
    assert_eq!(why("n1"), format!("n1 was not taken from the cache: {changed}\n  the input `x` was 40, and is 8\n"));
    let machine = place.json(&["cache", "why", "last", "n1", "--json"]);
    assert_eq!((&machine["answer"], &machine["because"]), (&json!("miss"), &json!(format!("not taken from the cache: {changed}"))));
    let changes = json!([{"part": "input", "name": "x", "before": {"value": 40}, "now": {"value": 8}}]);
    assert_eq!(machine["nearest"]["changes"], changes);
    place.steps(&["--no-cache"]);
    assert_eq!(why("n1"), "n1 was not taken from the cache: `--no-cache` was given\n");
    place.steps(&["--overwrite-cache"]);
    assert_eq!(why("n1"), "n1 was not taken from the cache: `--overwrite-cache` was given\n");
    let err = place.refused(2, &["cache", "why", "last", "n7"]);
    assert!(err.contains("has no node `n7`"), "{err}");
}

#[test]
fn a_plan_says_what_would_run_and_why_and_records_nothing() {
    let place = Place::with_steps();
    let plan = |options: &[&str]| place.said(&[&STEPS, options, &["--plan"]].concat());
    assert_eq!(
        plan(&[]),
        "flows.steps: 2 would run, 1 not known yet\n\
         n0 double      runs     it has no cache\n\
         n1 remembered  unknown  until n0 is over\n\
         n2 when_there  runs     it has no cache\n"
    );
    assert!(!place.path().join(".nebulakit").exists());
    place.steps(&[]);
    let run = place.last();
    let kept = format!("kept  it succeeded in the run {run}\n");
    let all_kept = format!("flows.steps: 3 kept\nn0 double      {kept}n1 remembered  {kept}n2 when_there  {kept}");
    assert_eq!(plan(&["--resume", "last"]), all_kept);
    let told: Value = serde_json::from_str(&plan(&["--resume", "last", "--x", "3", "--json"])).unwrap();
    let node = &told["nodes"][0];
    assert_eq!((&node["fate"], &told["resumes"]), (&json!("runs"), &json!(run)));
    assert_eq!(node["because"], json!("its inputs changed"));
    assert!(plan(&["--resume", "last", "--from", "n0"]).contains("\nn0 double      runs     as asked\n"));
    assert_eq!(told["nodes"][1]["for"], json!("n0"));
    assert_eq!(place.json(&["runs", "list", "--json"]).as_array().unwrap().len(), 1);
    let err = place.refused(2, &["run", "steps", "--plan"]);
    assert!(err.starts_with("error: `--path <str>` is missing"), "{err}");
}

#[test]
fn equal_calls_of_two_processes_wait_for_the_first() {
    let place = Place::new();
    let mut first = place.serialized("first");
    first.hears("n0 alone: started");
    let mut second = place.serialized("second");
    assert!(second.hears("equal call").contains("n0 alone: waits for an equal call: the node n0 of the run 2"), "{}", second.heard);
    let queued = place.json(&["runs", "show", "last", "--json"])["nodes"][0].clone();
    assert_eq!((&queued["status"], &queued["behind"]["node"]), (&json!("queued"), &json!("n0")));
    place.go();
    let (first, second) = (first.ended(), second.ended());
    assert_eq!((first.out.as_str(), second.out.as_str()), ("first\n", "first\n"), "{}", second.err);
    assert!(!place.ran("second"));
}

#[test]
fn who_is_killed_gives_its_turn_to_the_next() {
    let place = Place::new();
    let mut first = place.serialized("first");
    first.hears("n0 alone: started");
    let mut second = place.serialized("second");
    second.hears("equal call");
    first.signal(Signal::SIGKILL);
    second.hears("n0 alone: started");
    place.go();
    assert_eq!(second.ended().out, "second\n");
    first.child.wait().unwrap();
}

#[test]
fn who_is_stopped_waits_no_more() {
    let place = Place::new();
    let mut first = place.serialized("first");
    first.hears("n0 alone: started");
    let mut second = place.serialized("second");
    second.hears("equal call");
    second.signal(Signal::SIGINT);
    let answer = second.ended();
    assert!(answer.code != 0 && answer.err.contains("cancelled"), "{}", answer.err);
    assert!(!place.ran("second"));
    place.go();
    assert_eq!(first.ended().out, "first\n");
}

#[test]
fn two_processes_at_once_leave_a_whole_cache() {
    let place = Place::with_steps();
    let runs: Vec<_> = (0..4).map(|_| place.start(&STEPS)).collect();
    for run in runs {
        assert_eq!(run.ended().out, "82\n");
    }
    assert_eq!(place.json(&["cache", "list", "--json"]).as_array().unwrap().len(), 1);
    let answer = place.answer(&STEPS);
    assert!(answer.err.contains("n1 remembered: done before: its outputs are from the cache"), "{}", answer.err);
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let place = Place::with_steps();
    place.steps(&[]);
    let format = place.path().join(".nebulakit/format");
    fs::write(&format, "99\n").unwrap();
    for words in [&["cache", "list"][..], &["cache", "clear"], &[&STEPS[..], &["--plan"]].concat()] {
        let err = place.refused(1, words);
        assert!(err.contains("a newer version of nebulakit wrote `"), "{err}");
    }
    fs::write(&format, "1\n").unwrap();
    assert_eq!(place.said(&["cache", "list"]).lines().count(), 1, "nothing was removed");
}
