//! What nodes log and print, and what they took.

use std::process::Stdio;

use serde_json::Value;

use crate::Place;

/// The lines of a log without their times.
fn without_times(log: &str) -> Vec<&str> {
    log.lines().map(|line| line.split_once('Z').map_or(line, |(_, rest)| rest.trim_start())).collect()
}

#[test]
fn what_tracing_hears_in_a_task_is_in_the_log_of_its_node() {
    let place = Place::new();
    let answer = place.answer(&["run", "talking"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "1\n"), "{}", answer.err);
    let log = place.said(&["runs", "logs", "last", "n0"]);
    assert_eq!(
        without_times(&log),
        [
            "INFO [flows] in the task parts=3",
            "WARN [flows] in a future that carries the span task{}",
            "INFO [flows] in a thread that carries a span of the task reading{file=a.txt}",
        ]
    );
    assert!(!answer.err.contains("in the task") && answer.err.contains("in a future that carries nothing"), "{}", answer.err);
}

#[test]
fn what_tasks_print_in_this_process_is_in_the_log_of_the_run() {
    for form in [&["run", "talking"][..], &["run", "talking", "-q"], &["run", "talking", "--json"]] {
        let place = Place::new();
        place.said(form);
        let log = place.said(&["runs", "logs", "last"]);
        assert!(without_times(&log).contains(&"stdout printed"), "{form:?}: {log}");
    }
}

#[test]
fn logs_are_shown_as_they_come_where_that_is_asked() {
    let place = Place::new();
    let answer = place.answer(&["run", "talking", "-v"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let places =
        ["n0 talks: started\n", "n0 talks | INFO [flows] in the task parts=3\n", "n0 talks: done in "].map(|line| answer.err.find(line));
    assert!(places.is_sorted() && places[0].is_some(), "{}", answer.err);
}

#[test]
fn the_logs_of_more_nodes_than_are_open_at_once_are_shown_behind_their_paths() {
    let place = Place::new();
    let xs = format!("{:?}", (0..300).collect::<Vec<_>>());
    place.said(&["run", "echoed", "--xs", &xs]);
    let out = place.said(&["runs", "logs", "last"]);
    let mut said = without_times(&out);
    assert_eq!(said.len(), 300, "{out}");
    said.sort_unstable();
    assert_eq!((said[0], said[299]), ("INFO [flows] heard 0", "INFO [flows] heard 99"));
    assert!(out.lines().all(|line| line.starts_with("n0[")), "{out}");
}

#[test]
fn a_reader_of_events_that_is_stuck_does_not_hold_the_run() {
    let place = Place::new();
    let xs = format!("{:?}", (0..2_000).collect::<Vec<_>>());
    // Far more than the pipe holds.
    let stuck = place.command(&["run", "doubled", "--xs", &xs, "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    while !place.answer(&["runs", "show", "last", "--json"]).out.contains("\"status\": \"succeeded\"") {}
    let out = stuck.wait_with_output().unwrap().stdout;
    let events: Vec<Value> = out.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!((of("started"), of("succeeded"), of("ended"), of("outputs")), (2_001, 2_001, 1, 1));
}

#[test]
fn a_process_is_heard_in_full() {
    let place = Place::new();
    place.said(&["run", "pouring", "--lines", "300000", "--strategy", "process"]);
    let run = place.json(&["runs", "show", "last", "--json"]);
    let log = std::fs::read(std::path::Path::new(run["folder"].as_str().unwrap()).join("logs/n0.log")).unwrap();
    let lines: Vec<_> = log.split(|byte| *byte == b'\n').collect();
    let ends = |text: &[u8]| lines.iter().filter(|line| line.ends_with(text)).count();
    assert_eq!((ends(b" stdout x"), ends(b" stdout \xff\xfe"), ends(b" stdout half a line")), (300_000, 1, 1));
    assert_eq!(log.iter().filter(|byte| **byte == b'a').count(), 200_000 + "half a line".matches('a').count());
    let used = &run["nodes"][0]["used"];
    for figure in ["wall_us", "cpu_us", "system_us", "memory_bytes"] {
        assert!(used[figure].as_u64().is_some(), "{figure}: {used}");
    }
    assert!(used["cpu_us"].as_u64() >= used["system_us"].as_u64() && used["memory_bytes"].as_u64() > Some(1 << 20), "{used}");
}

#[test]
fn a_reader_that_leaves_ends_what_follows_a_log() {
    let place = Place::new();
    let mut started = place.start(&["run", "endless"]);
    started.hears("n0 waits: started");
    let mut followed = place.command(&["runs", "logs", "last", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(followed.stdout.take());
    assert_eq!(followed.wait().unwrap().code(), Some(0));
    place.said(&["runs", "cancel", "last"]);
    assert_eq!(started.ended().code, 1);
}
