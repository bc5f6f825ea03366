//! What nodes log and print.

use nebulakit::run::{Durability, EventKind, OutputStream, Recorded, Recorder};

use crate::{Scratch, node, recorded, succeeded};

fn printed(line: impl Into<String>) -> EventKind {
    EventKind::Output { stream: OutputStream::Stdout, line: line.into() }
}

#[test]
fn they_have_a_file_for_each_node_and_are_no_events() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    for id in ["n0", "n0[1]/n2", "../n0", "N0", ""] {
        recorder.record(Some(&node(id)), printed(format!("I am `{id}`"))).unwrap();
        recorder.record(Some(&node(id)), EventKind::Log { level: "WARN".to_owned(), message: "one\ntwo".to_owned() }).unwrap();
        recorder.record(Some(&node(id)), succeeded(Recorded::Not)).unwrap();
        let mut log = run.logs(&node(id));
        let lines: Vec<_> = std::iter::from_fn(|| log.read().unwrap()).map(|line| (line.source, line.text)).collect();
        let expected = [("stdout", format!("I am `{id}`")), ("WARN", "one".to_owned()), ("WARN", "two".to_owned())];
        assert_eq!(lines, expected.map(|(source, text)| (source.to_owned(), text)));
    }
    assert_eq!(recorded(&run).len(), 6);
}

#[test]
fn many_nodes_that_print_in_turns_lose_nothing() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    for turn in 0..5 {
        for number in 0..100 {
            recorder.record(Some(&node(&format!("n{number}"))), printed(format!("turn {turn}"))).unwrap();
        }
    }
    drop(recorder);
    for number in 0..100 {
        let mut log = run.logs(&node(&format!("n{number}")));
        let texts: Vec<_> = std::iter::from_fn(|| log.read().unwrap()).map(|line| line.text).collect();
        assert_eq!(texts, (0..5).map(|turn| format!("turn {turn}")).collect::<Vec<_>>());
    }
}

#[test]
fn half_a_line_that_a_crash_left_is_cut() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    recorder.record(Some(&node("n0")), printed("whole")).unwrap();
    drop(recorder);
    let path = run.folder().path().join("logs/n0.log");
    let torn = std::fs::read_to_string(&path).unwrap() + &"2026-11-29T10".repeat(1000);
    std::fs::write(&path, torn).unwrap();
    let recorder = Recorder::resume(&scratch.runs, run.id(), Durability::Kernel).unwrap();
    recorder.record(Some(&node("n0")), printed("next")).unwrap();
    drop(recorder);
    let mut log = run.logs(&node("n0"));
    let texts: Vec<_> = std::iter::from_fn(|| log.read().unwrap()).map(|line| line.text).collect();
    assert_eq!(texts, ["whole", "next"]);
}

#[test]
fn a_damaged_line_is_given_as_it_is() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    recorder.record(Some(&node("n0")), printed("first")).unwrap();
    recorder.record(Some(&node("n0")), succeeded(Recorded::Not)).unwrap();
    let path = run.folder().path().join("logs/n0.log");
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap() + "\0\0 torn\n").unwrap();
    recorder.record(Some(&node("n0")), printed("last")).unwrap();
    drop(recorder);
    let mut log = run.logs(&node("n0"));
    let lines: Vec<_> = std::iter::from_fn(|| log.read().unwrap()).collect();
    let told: Vec<_> = lines.iter().map(|line| (line.at.is_some(), line.source.as_str(), line.text.as_str())).collect();
    assert_eq!(told, [(true, "stdout", "first"), (false, "", "\0\0 torn"), (true, "stdout", "last")]);
    assert_eq!(lines[1].to_string(), "\0\0 torn");
}

#[test]
fn a_source_that_could_not_be_read_again_is_refused() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    for source in ["", "two words", "two\nlines", "std+"] {
        let error = recorder.log(None, source, b"text\n").unwrap_err();
        assert!(error.to_string().contains("cannot be the source of a log line"), "{error}");
    }
    recorder.log(None, "word", b"text\n").unwrap();
}

#[tokio::test]
async fn they_are_followed_until_the_node_is_over() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    let mut log = run.logs(&node("n0"));
    recorder.record(Some(&node("n0")), printed("first")).unwrap();
    assert_eq!(log.next().await.unwrap().unwrap().text, "first");
    recorder.record(Some(&node("n0")), printed("last")).unwrap();
    recorder.record(Some(&node("n0")), succeeded(Recorded::Not)).unwrap();
    assert_eq!(log.next().await.unwrap().unwrap().text, "last");
    assert_eq!(log.next().await.unwrap(), None);
}

#[tokio::test]
async fn what_belongs_to_no_node_is_in_the_log_of_the_run() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    recorder.record(None, printed("for all")).unwrap();
    drop(recorder);
    assert_eq!(run.run_log().next().await.unwrap().unwrap().text, "for all");
}
