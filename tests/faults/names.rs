//! Names that come from outside, in files and in messages.

use std::path::Path;

use nebulakit::run::{Durability, EVENT_VERSION, EventKind, NodePath, Origin, OutputStream, Recorded, Recorder, RunHandle};

use crate::Place;

/// Names that lead elsewhere, that no file can have, or that a terminal would obey.
fn hostile() -> Vec<String> {
    let names =
        ["", ".", "..", "../../../escaped", "/etc/escaped", "a/b", "a\\b", "nul\0nul", "line\nline", "\u{1b}[2J", "CON", "é\u{202e}"];
    names.into_iter().map(str::to_owned).chain(["n".repeat(300), "long/".repeat(2000)]).collect()
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn name_cannot_escape_directory() {
    let place = Place::new();
    let recorder = Recorder::create(&place.runs, Durability::Kernel).unwrap();
    let run = recorder.folder().id().clone();
    let created = EventKind::Created {
        version: EVENT_VERSION,
        run: run.clone(),
        name: "x".into(),
        backend: "tests".into(),
        nodes: 0,
        resumes: None,
        from: None,
    };
    recorder.record(None, created).unwrap();
    let handle = RunHandle::attach(&place.runs, &run).unwrap();
    for name in hostile() {
        let node = NodePath::from(name.as_str());
        recorder.record(Some(&node), EventKind::Ready { of: name.clone().into() }).unwrap();
        recorder.record(Some(&node), EventKind::Output { stream: OutputStream::Stdout, line: name.clone() }).unwrap();
        let raw = recorder.folder().raw(&node);
        std::fs::create_dir(&raw).unwrap();
        std::fs::write(raw.join("stored"), "").unwrap();
        handle.reject(&name).unwrap();
        recorder
            .record(Some(&node), EventKind::Succeeded { outputs: Recorded::Not, inputs: None, from: Origin::Run, files: None, used: None })
            .unwrap();
        assert!(handle.state().unwrap().nodes[&node].is_over());
        assert!(handle.logs(&node).read().unwrap().is_some(), "{name:?}");
    }
    let folder = recorder.folder().path();
    assert_eq!(handle.artifacts().unwrap().iter().filter(|artifact| artifact.node.is_some()).count(), hostile().len());
    for (part, count) in [("logs", hostile().len()), ("raw", hostile().len()), ("control", hostile().len())] {
        assert_eq!(std::fs::read_dir(folder.join(part)).unwrap().count(), count, "{part}");
    }
    let below = place.runs.path();
    let outside: Vec<_> = files(below.parent().unwrap()).into_iter().filter(|path| !path.starts_with(below)).collect();
    assert!(outside.is_empty(), "{outside:?}");
    assert!(!Path::new("/etc/escaped").exists());
}
