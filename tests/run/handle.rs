//! A run in the hands of anyone.

use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};

use nebulakit::run::{Durability, RecordErrorKind, Recorded, RunHandle, RunOutcome, RunStatus};
use nebulakit::types::convert::writer::map_of_literals;

use crate::{Scratch, ended, node, succeeded};

#[tokio::test]
async fn who_follows_a_run_of_another_process_hears_all_of_it_and_its_end() {
    let scratch = Scratch::new();
    let mut driving = scratch.drive(&["nodes", "kernel", "0", "50"]);
    let run = scratch.attach(&driving.run);
    let mut events = run.events();
    let mut heard = 0;
    while let Some(event) = events.next().await.unwrap() {
        assert_eq!(event.sequence, heard);
        heard += 1;
    }
    driving.kill();
    assert_eq!(run.state().unwrap().events, heard);
    assert_eq!(run.counts().unwrap().succeeded, 50);
    assert_eq!(run.wait().await.unwrap_err().kind(), RecordErrorKind::Interrupted);
}

#[tokio::test]
async fn waiting_is_over_when_the_run_is() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let attached = scratch.attach(recorder.folder().id());
    let (done, completion) = tokio::sync::oneshot::channel();
    let driven = RunHandle::driven(recorder.folder(), async { completion.await.ok().map(Ok) });
    let waiting = [tokio::spawn(async move { attached.wait().await }), tokio::spawn(async move { driven.wait().await })];
    recorder.record(None, ended()).unwrap();
    done.send(RunOutcome::Succeeded).unwrap();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().unwrap(), RunOutcome::Succeeded);
    }
}

#[test]
fn a_run_that_nobody_drives_is_interrupted() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    assert_eq!(run.status().unwrap(), RunStatus::Running);
    drop(recorder);
    assert_eq!(run.status().unwrap(), RunStatus::Interrupted);
    let state = run.state().unwrap();
    assert_eq!(state.status, RunStatus::Running);
    let took = state.latest.unwrap().duration_since(state.created.unwrap()).unwrap();
    assert_eq!(run.metrics().unwrap().elapsed, took, "nothing more is known of it");
}

#[test]
fn outputs_are_those_that_were_kept() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    for (id, outputs) in [("small", vec![1; 10]), ("large", vec![2; 10_000]), ("none", Vec::new())] {
        recorder.record(Some(&node(id)), succeeded(recorder.keep(&outputs).unwrap())).unwrap();
        assert_eq!(run.outputs(id).unwrap(), Some(outputs));
    }
    recorder.record(Some(&node("not")), succeeded(Recorded::Not)).unwrap();
    assert_eq!(run.outputs("not").unwrap(), None);
    let error = run.outputs("missing").unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::NotFound);
    assert!(error.to_string().contains(" has no node `missing`"), "{error}");
    let error = run.result().unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::NoOutputs);
    assert!(error.to_string().ends_with("has no outputs: it is not over"), "{error}");
}

#[test]
fn outputs_that_were_damaged_are_told_with_their_file() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    let Recorded::Data { sha256, size } = recorder.keep(&[2; 10_000]).unwrap() else { panic!() };
    recorder.record(Some(&node("n0")), succeeded(Recorded::Data { sha256: sha256.clone(), size })).unwrap();
    let path = scratch.runs.path().join("data").join(&sha256[..2]).join(&sha256);
    fs::write(&path, [3; 10_000]).unwrap();
    let error = run.outputs("n0").unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Corrupt);
    assert!(error.to_string().contains(&format!("{sha256}` is damaged")), "{error}");
    fs::remove_file(&path).unwrap();
    assert_eq!(run.outputs("n0").unwrap_err().kind(), RecordErrorKind::NotFound);
}

#[test]
fn a_digest_that_leads_elsewhere_is_not_followed() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    let hostile = Recorded::Data { sha256: "../../../../etc/hostname".to_owned(), size: 1 };
    recorder.record(Some(&node("n0")), succeeded(hostile)).unwrap();
    assert_eq!(run.outputs("n0").unwrap_err().kind(), RecordErrorKind::Corrupt);
}

#[test]
fn artifacts_have_their_size_their_digest_and_who_stored_them() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    let path = recorder.folder().raw(&node("n3[5]/n0")).join("0/words.txt");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "abc").unwrap();
    recorder.record(Some(&node("n3[5]/n0")), succeeded(Recorded::Not)).unwrap();
    let [artifact] = run.artifacts().unwrap().try_into().unwrap();
    assert_eq!((artifact.path.as_path(), artifact.size, artifact.node.as_deref()), (path.as_path(), 3, Some("n3[5]/n0")));
    assert_eq!(artifact.sha256().unwrap(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn artifacts_of_a_run_that_goes_on_may_vanish_meanwhile() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    let folder = recorder.folder().raw(&node("n0"));
    fs::create_dir_all(&folder).unwrap();
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let names: Vec<_> = (0..50).map(|number| folder.join(number.to_string())).collect();
            while !is_done.load(Ordering::SeqCst) {
                names.iter().for_each(|name| fs::write(name, "").unwrap());
                names.iter().for_each(|name| fs::remove_file(name).unwrap());
            }
        });
        let all_told = (0..2000).try_for_each(|_| run.artifacts().map(drop));
        is_done.store(true, Ordering::SeqCst);
        all_told.unwrap();
    });
}

#[test]
fn what_a_run_runs_and_was_given_is_there_where_it_was_recorded() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    assert_eq!(run.inputs().unwrap_err().kind(), RecordErrorKind::NotFound);
    let error = run.graph().unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::NotFound);
    assert_eq!(error.to_string(), format!("the run `{}` has no record of its graph", run.id()));
    let json = include_str!("../graph/all_kinds.json");
    recorder.folder().write_graph(json, Durability::Kernel).unwrap();
    let inputs = map_of_literals([("x", b"".as_slice())]);
    recorder.folder().write_inputs(&inputs, Durability::Disk).unwrap();
    assert_eq!(run.inputs().unwrap(), inputs);
    assert_eq!(run.graph().unwrap(), nebulakit::graph::Graph::from_json(json).unwrap());
}

#[test]
fn a_run_that_is_not_there_is_named() {
    let scratch = Scratch::new();
    let error = RunHandle::attach(&scratch.runs, &"r1".into()).unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::NotFound);
    assert!(error.to_string().starts_with("there is no run `r1` in `"), "{error}");
}
