//! What a list tells of runs, with an index and without one.

use std::fs;

use nebulakit::run::{RecordErrorKind, RunId, RunStatus, RunSummary};

use crate::{Scratch, ended, node, ready};

impl Scratch {
    pub(crate) fn summary(&self, run: &RunId) -> RunSummary {
        let runs = self.runs.summaries().unwrap().runs;
        runs.into_iter().find(|(id, _)| id == run).unwrap().1.unwrap()
    }

    /// A summary is what the state says, however often it is asked for.
    fn agrees(&self, run: &RunId) -> RunSummary {
        let summaries = [self.summary(run), self.summary(run)];
        let (state, status) = (self.attach(run).state().unwrap(), self.attach(run).status().unwrap());
        for summary in &summaries {
            assert_eq!(
                (summary.name.as_str(), &summary.status, summary.planned, summary.counts),
                (&*state.name, &status, state.planned, state.counts())
            );
            assert_eq!((summary.created, summary.ended, summary.latest), (state.created, state.ended, state.latest));
        }
        summaries[0].clone()
    }
}

#[test]
fn they_follow_a_run_to_its_end() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = recorder.folder().id().clone();
    assert_eq!(scratch.agrees(&run).status, RunStatus::Running);
    recorder.record(Some(&node("n0")), ready()).unwrap();
    recorder.record(Some(&node("n0")), crate::succeeded(recorder.keep(b"1").unwrap())).unwrap();
    assert_eq!(scratch.agrees(&run).counts.succeeded, 1);
    drop(recorder);
    assert_eq!(scratch.agrees(&run).status, RunStatus::Interrupted);
    let recorder = nebulakit::run::Recorder::resume(&scratch.runs, &run, nebulakit::run::Durability::Kernel).unwrap();
    assert_eq!(scratch.agrees(&run).status, RunStatus::Running);
    recorder.record(None, ended()).unwrap();
    assert!(matches!(scratch.agrees(&run).status, RunStatus::Ended(_)));
}

#[test]
fn a_run_that_is_deleted_is_not_told_and_one_that_is_damaged_hides_no_other() {
    let scratch = Scratch::new();
    let runs: Vec<_> = (0..3).map(|_| scratch.run().folder().id().clone()).collect();
    assert_eq!(scratch.runs.summaries().unwrap().runs.len(), 3);
    scratch.runs.delete(&runs[0]).unwrap();
    fs::write(scratch.attach(&runs[1]).folder().path().join("events.jsonl"), "{}\n").unwrap();
    for _ in 0..2 {
        let told = scratch.runs.summaries().unwrap().runs;
        assert_eq!(told.len(), 2);
        let damaged = told.iter().find(|(run, _)| *run == runs[1]).unwrap().1.as_ref().unwrap_err();
        assert_eq!(damaged.kind(), RecordErrorKind::Corrupt);
        scratch.agrees(&runs[2]);
    }
}

#[test]
fn events_that_were_edited_are_read_anew() {
    let scratch = Scratch::new();
    let run = scratch.run().folder().id().clone();
    scratch.agrees(&run);
    let events = scratch.attach(&run).folder().path().join("events.jsonl");
    fs::write(&events, fs::read_to_string(&events).unwrap().replace("tests.flow", "tests.edit")).unwrap();
    assert_eq!(scratch.agrees(&run).name, "tests.edit");
}
