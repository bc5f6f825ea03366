//! The process that drives a run: it is told to stop, it is killed, and another one goes on; or nobody waits for it.

use std::fs;

use nix::sys::signal::Signal;

use crate::Place;

#[test]
fn ctrl_c_ends_the_jobs() {
    let place = Place::new();
    let mut started = place.start(&["run", "endless", "--backend", "batch", "-v"]);
    started.hears("as the job");
    started.signal(Signal::SIGINT);
    started.hears("stopping (");
    let ended = started.ended();
    assert_eq!(ended.code, 130, "{}", ended.err);
    assert_eq!(place.json(&["runs", "list", "--json"])[0]["status"], "cancelled");
    let [job] = place.jobs().try_into().unwrap();
    place.waits_for(job.join("exit").to_str().unwrap());
}

#[test]
fn a_run_whose_driver_was_killed_is_driven_on_and_nothing_runs_twice() {
    let place = Place::new();
    let folder = place.path().to_str().unwrap().to_owned();
    let started = place.start(&["run", "serialized", "--folder", &folder, "--who", "me", "--backend", "batch"]);
    place.waits_for("ran-me");
    started.signal(Signal::SIGKILL);
    assert_eq!(started.ended().code, -1);
    assert_eq!(place.json(&["runs", "show", "last", "--json"])["status"], "interrupted");
    fs::remove_file(place.path().join("ran-me")).unwrap();
    fs::write(place.path().join("go"), "").unwrap();
    assert_eq!(place.said(&["runs", "attach", "last"]), "me\n");
    assert!(!place.path().join("ran-me").exists(), "it ran twice");
    assert_eq!(place.jobs().len(), 1);
    // Each thing that happened is told once.
    let events = place.events();
    for kind in ["created", "ready", "started", "succeeded", "ended"] {
        let count = events.iter().filter(|event| event["event"] == kind).count();
        assert_eq!(count, 1, "{kind}: {events:#?}");
    }
    assert_eq!(place.said(&["runs", "outputs", "last"]).trim(), "me");
}

#[test]
fn only_one_process_drives_a_run() {
    let place = Place::new();
    let folder = place.path().to_str().unwrap().to_owned();
    let started = place.start(&["run", "serialized", "--folder", &folder, "--who", "me", "--backend", "batch"]);
    place.waits_for("ran-me");
    // The other one follows it.
    let other = place.start(&["runs", "attach", "last"]);
    fs::write(place.path().join("go"), "").unwrap();
    assert_eq!((started.ended().out.as_str(), other.ended().out.as_str()), ("me\n", "me\n"));
    assert_eq!(place.jobs().len(), 1);
}

#[test]
fn a_detached_run_goes_on_by_itself() {
    let place = Place::new();
    let folder = place.path().to_str().unwrap().to_owned();
    let id = place.said(&["run", "serialized", "--folder", &folder, "--who", "me", "--backend", "batch", "--detach"]);
    let id = id.trim();
    place.waits_for("ran-me");
    let plan = place.path().join(".nebulakit/plans").join(id);
    fs::write(place.path().join("go"), "").unwrap();
    // By the folder of its plan as well as by its id.
    assert_eq!(place.said(&["runs", "attach", plan.to_str().unwrap()]), "me\n");
    assert_eq!(place.jobs().len(), 1);
}

/// Killed at every event of a run, and attached again: nothing is lost, and nothing runs twice.
#[test]
fn a_driver_that_is_killed_at_any_event_loses_nothing() {
    for events in 1..=16 {
        let place = Place::new();
        let started = place.start(&["run", "doubled", "--xs", "[4,5]", "--backend", "batch"]);
        let count = || {
            let run = fs::read_dir(place.path().join(".nebulakit/runs")).ok().and_then(|mut runs| Some(runs.next()?.ok()?.path()));
            run.and_then(|run| fs::read_to_string(run.join("events.jsonl")).ok()).map_or(0, |text| text.lines().count())
        };
        while count() < events {
            std::thread::yield_now();
        }
        started.signal(Signal::SIGKILL);
        let out = started.ended().out;
        assert!(out.is_empty() || out == "[8, 10]\n", "{events}: {out}");
        let answer = place.answer(&["runs", "attach", "last"]);
        assert_eq!((answer.code, answer.out.as_str()), (0, "[8, 10]\n"), "{events}: {}", answer.err);
        assert_eq!(place.jobs().len(), 2, "killed at event {events}");
        let all = place.events();
        for (kind, expected) in [("created", 1), ("started", 3), ("succeeded", 3), ("ended", 1)] {
            let count = all.iter().filter(|event| event["event"] == kind).count();
            assert_eq!(count, expected, "{kind}, killed at event {events}: {all:#?}");
        }
    }
}
