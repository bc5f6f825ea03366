//! A process that drives a run, for tests that end it.
//!
//! - `nodes DIR kernel|disk FIRST COUNT [RUN]`: says the run's id, records that many nodes, and says of each that its success is recorded
//! - `fill DIR`: records nodes until that fails, and says why, twice
//! - `flood DIR`: has the events of many nodes written at once, and says why that fails
//! - `drive DIR`: says the run's id, and then each request as it comes

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of tests fails by panicking, and prints"
)]

use std::io::Write as _;

use nebulakit::run::{Control, Durability, EVENT_VERSION, EventKind, NodePath, Origin, RecordError, Recorder, RunId, RunsFolder};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["nodes", folder, durability, first, count, run @ ..] => {
            let durability = if *durability == "disk" { Durability::Disk } else { Durability::Kernel };
            let runs = RunsFolder::open(folder).unwrap();
            let recorder = match run {
                [run] => Recorder::resume(&runs, &RunId::from(*run), durability).unwrap(),
                _ => created(&runs, durability),
            };
            say(recorder.folder().id());
            let first: usize = first.parse().unwrap();
            for number in first..first + count.parse::<usize>().unwrap() {
                node(&recorder, number).unwrap();
                say(number);
            }
        }
        ["fill", folder] => {
            let recorder = created(&RunsFolder::open(folder).unwrap(), Durability::Kernel);
            say(recorder.folder().id());
            let error = (0..).find_map(|number| small(&recorder, number).err()).unwrap();
            say(error);
            say(small(&recorder, 0).unwrap_err());
        }
        ["flood", folder] => {
            let recorder = created(&RunsFolder::open(folder).unwrap(), Durability::Kernel);
            say(recorder.folder().id());
            for number in 0..200 {
                let _ = recorder.record(Some(&NodePath::from(format!("n{number}"))), EventKind::Started { attempt: 0 });
            }
            say(small(&recorder, 0).unwrap_err());
        }
        ["drive", folder] => {
            let recorder = created(&RunsFolder::open(folder).unwrap(), Durability::Kernel);
            let mut control = Control::new(recorder.folder());
            say(recorder.folder().id());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            loop {
                say(format_args!("{:?}", runtime.block_on(control.watch()).unwrap()));
            }
        }
        _ => panic!("{words:?}"),
    }
}

fn say(what: impl std::fmt::Display) {
    println!("{what}");
    std::io::stdout().flush().unwrap();
}

fn created(runs: &RunsFolder, durability: Durability) -> Recorder {
    let recorder = Recorder::create(runs, durability).unwrap();
    let run = recorder.folder().id().clone();
    let created = EventKind::Created {
        version: EVENT_VERSION,
        run,
        name: "tests.flow".into(),
        backend: "tests".into(),
        nodes: 0,
        resumes: None,
        from: None,
    };
    recorder.record(None, created).unwrap();
    recorder
}

/// Records a node that logs and succeeds, with outputs that are large now and then.
fn node(recorder: &Recorder, number: usize) -> Result<(), RecordError> {
    let path = NodePath::from(format!("n{number}"));
    recorder.record(Some(&path), EventKind::Ready { of: "tests.task".into() })?;
    recorder.record(Some(&path), EventKind::Started { attempt: 0 })?;
    recorder.record(Some(&path), EventKind::Log { level: "INFO".to_owned(), message: format!("node {number}") })?;
    recorder.record(Some(&path), EventKind::Progress { done: 1, total: Some(1) })?;
    let outputs = recorder.keep(&vec![number as u8; if number.is_multiple_of(3) { 5000 } else { 10 }])?;
    recorder.record(Some(&path), EventKind::Succeeded { outputs, inputs: None, files: None, from: Origin::Run, used: None })
}

fn small(recorder: &Recorder, number: usize) -> Result<(), RecordError> {
    let path = NodePath::from(format!("n{number}"));
    recorder.record(Some(&path), EventKind::Started { attempt: 0 })?;
    let outputs = recorder.keep(b"small")?;
    recorder.record(Some(&path), EventKind::Succeeded { outputs, inputs: None, files: None, from: Origin::Run, used: None })
}
