//! Runs that are removed, and what stays because something refers to it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use nebulakit::run::{Durability, EventKind, Fate, Prune, RecordErrorKind, Recorder, RunId, RunOutcome};

use crate::{Scratch, created, ended, node, succeeded};

/// Outputs that are too large for an event.
fn large(byte: u8) -> Vec<u8> {
    vec![byte; 10_000]
}

impl Scratch {
    /// A run that is over, with these outputs of a node.
    fn over(&self, outputs: &[u8]) -> RunId {
        let recorder = self.run();
        recorder.record(Some(&node("n0")), succeeded(recorder.keep(outputs).unwrap())).unwrap();
        recorder.record(None, ended()).unwrap();
        recorder.folder().id().clone()
    }

    /// Runs that have begun, by their ids: those of one moment are in any order.
    fn begun<const N: usize>(&self) -> [Recorder; N] {
        let mut runs = std::array::from_fn(|_| self.run());
        runs.sort_by_key(|recorder: &Recorder| recorder.folder().id().to_string());
        runs
    }

    /// A run that was interrupted, and had begun to go on with another one.
    fn interrupted(&self, resumed: &RunId) -> RunId {
        let recorder = Recorder::create(&self.runs, Durability::Kernel).unwrap();
        let mut kind = created(recorder.folder().id());
        if let EventKind::Created { resumes, .. } = &mut kind {
            *resumes = Some(resumed.clone());
        }
        recorder.record(None, kind).unwrap();
        recorder.folder().id().clone()
    }

    /// The files of data.
    fn data(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.runs.path().join("data")).unwrap();
        folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap()).map(|file| file.unwrap().path()).collect()
    }

    fn copy_of_input(&self, name: &str) -> PathBuf {
        let folder = self.runs.path().join("inputs").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("0"), "copied").unwrap();
        folder
    }

    fn path_of(&self, run: &RunId) -> PathBuf {
        self.attach(run).folder().path().to_owned()
    }
}

fn text(path: &Path) -> &[u8] {
    path.to_str().unwrap().as_bytes()
}

#[test]
fn data_goes_with_the_last_run_that_refers_to_it() {
    let scratch = Scratch::new();
    let runs = [scratch.over(&large(1)), scratch.over(&large(1)), scratch.over(&large(2))];
    assert_eq!(scratch.data().len(), 2);
    scratch.runs.delete(&runs[0]).unwrap();
    assert_eq!(scratch.data().len(), 2);
    let pruned = scratch.runs.delete(&runs[1]).unwrap();
    assert!(pruned.bytes > 10_000 && pruned.not_cleared.is_none(), "{pruned:?}");
    assert_eq!(scratch.data().len(), 1);
    assert_eq!(scratch.attach(&runs[2]).outputs("n0").unwrap(), Some(large(2)));
}

#[test]
fn copies_of_inputs_go_with_the_last_run_that_was_given_them() {
    let scratch = Scratch::new();
    let (one, other) = (scratch.copy_of_input("0a"), scratch.copy_of_input("0b"));
    let runs = [scratch.run(), scratch.run(), scratch.run()];
    for (recorder, copy) in runs.iter().zip([&one, &one, &other]) {
        recorder.folder().write_inputs(text(copy), recorder.durability()).unwrap();
        recorder.record(None, ended()).unwrap();
    }
    let ids = runs.each_ref().map(|recorder| recorder.folder().id().clone());
    drop(runs);
    scratch.runs.delete(&ids[0]).unwrap();
    assert!(one.exists() && other.exists());
    scratch.runs.delete(&ids[1]).unwrap();
    assert!(!one.exists() && other.exists());
}

#[test]
fn runs_are_chosen_by_age_number_and_end() {
    let scratch = Scratch::new();
    let runs = scratch.begun::<4>();
    let outcome = |index| if index == 3 { RunOutcome::Cancelled } else { RunOutcome::Succeeded };
    for (index, recorder) in runs.iter().enumerate() {
        recorder.record(None, EventKind::Ended { outcome: outcome(index), outputs: None }).unwrap();
    }
    let [first, second, third, cancelled] = runs.map(|recorder| recorder.folder().id().clone());
    let succeeded = [first, second, third];
    let would = |prune: Prune| scratch.runs.prune(&prune.dry_run()).unwrap().runs;
    assert_eq!(would(Prune::new()).len(), 4);
    assert_eq!(would(Prune::new().keep(2)), succeeded[..2]);
    assert_eq!(would(Prune::new().fate(Fate::Succeeded).keep(2)), succeeded[..1]);
    assert_eq!(would(Prune::new().fate(Fate::Cancelled).fate(Fate::Failed)), [cancelled]);
    assert_eq!(would(Prune::new().older_than(Duration::from_secs(3600))), []);
    assert_eq!(would(Prune::new().older_than(Duration::ZERO).fate(Fate::Interrupted)), []);
    assert_eq!(scratch.runs.list().unwrap().len(), 4, "nothing was removed");
}

#[test]
fn runs_whose_files_others_use_stay() {
    let scratch = Scratch::new();
    let runs = scratch.begun::<5>();
    for (recorder, used) in runs.iter().zip([None, Some(0), Some(1), None, Some(2)]) {
        let file = used.map(|used: usize| runs[used].folder().path().join("raw/n0/file"));
        let outputs = file.map(|file| recorder.keep(text(&file)).unwrap());
        recorder.record(None, EventKind::Ended { outcome: RunOutcome::Succeeded, outputs }).unwrap();
    }
    let [first, second, third, unused, last] = runs.map(|recorder| recorder.folder().id().clone());
    let pruned = scratch.runs.prune(&Prune::new().keep(1)).unwrap();
    assert_eq!(pruned.runs, [unused]);
    assert_eq!(pruned.used, [(first, second.clone()), (second, third.clone()), (third, last)]);
}

#[test]
fn a_run_stays_that_an_interrupted_one_goes_on_with() {
    let scratch = Scratch::new();
    let resumed = scratch.over(b"");
    let interrupted = scratch.interrupted(&resumed);
    let pruned = scratch.runs.prune(&Prune::new().fate(Fate::Succeeded)).unwrap();
    assert_eq!((pruned.runs, pruned.used), (vec![], vec![(resumed, interrupted)]));
    assert_eq!(scratch.runs.prune(&Prune::new()).unwrap().runs.len(), 2);
}

#[test]
fn nothing_is_removed_while_a_run_that_stays_cannot_be_read() {
    let scratch = Scratch::new();
    let resumed = scratch.over(b"");
    let interrupted = scratch.interrupted(&resumed);
    let events = scratch.path_of(&interrupted).join("events.jsonl");
    fs::write(&events, fs::read_to_string(&events).unwrap() + "{}\n").unwrap();
    let pruned = scratch.runs.prune(&Prune::new()).unwrap();
    assert!(pruned.unread.as_ref().is_some_and(|why| why.starts_with("line 2 of `")), "{pruned:?}");
    assert!(pruned.runs.is_empty() && scratch.path_of(&resumed).exists());
    scratch.runs.delete(&interrupted).unwrap();
    assert_eq!(scratch.runs.prune(&Prune::new()).unwrap().runs, [resumed]);
}

#[test]
fn folders_that_are_read_only_are_removed_too() {
    let scratch = Scratch::new();
    let run = scratch.over(b"");
    let inner = scratch.path_of(&run).join("raw/n0/module");
    fs::create_dir_all(&inner).unwrap();
    fs::write(inner.join("file"), "text").unwrap();
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o500)).unwrap();
    let pruned = scratch.runs.prune(&Prune::new()).unwrap();
    assert_eq!((pruned.runs, pruned.left), (vec![run], vec![]));
    assert_eq!(fs::read_dir(scratch.runs.path().join("runs")).unwrap().count(), 0);
}

#[test]
fn a_run_stays_whose_files_another_one_took_meanwhile() {
    let scratch = Scratch::new();
    let [first, slow, going] = scratch.begun::<3>();
    first.record(None, ended()).unwrap();
    let (file, inputs) = (first.folder().path().join("raw/n0/file"), slow.folder().path().join("inputs.pb"));
    let (used, user) = (first.folder().id().clone(), going.folder().id().clone());
    drop((first, slow));
    assert!(Command::new("mkfifo").arg(&inputs).status().unwrap().success());
    let pruned = thread::scope(|scope| {
        let pruning = scope.spawn(|| scratch.runs.prune(&Prune::new().fate(Fate::Succeeded)));
        // It is read when the later run has been looked through.
        let read = fs::OpenOptions::new().write(true).open(&inputs).unwrap();
        going.record(Some(&node("n0")), succeeded(going.keep(text(&file)).unwrap())).unwrap();
        drop(read);
        pruning.join().unwrap().unwrap()
    });
    assert_eq!((pruned.runs, pruned.used), (vec![], vec![(used.clone(), user)]));
    assert!(scratch.runs.list().unwrap().contains(&used));
}

#[test]
fn while_another_process_drives_a_run_what_runs_share_stays() {
    let scratch = Scratch::new();
    let over = scratch.over(&large(1));
    let mut driving = scratch.drive(&["drive"]);
    let pruned = scratch.runs.prune(&Prune::new()).unwrap();
    assert_eq!(pruned.runs, [over]);
    assert_eq!(pruned.not_cleared.as_deref(), Some("a run that is going on may use it; `runs prune` removes it later"));
    assert_eq!(scratch.data().len(), 1);
    assert_eq!(scratch.runs.delete(&driving.run).unwrap_err().kind(), RecordErrorKind::Driven);
    driving.kill();
    let pruned = scratch.runs.prune(&Prune::new()).unwrap();
    assert_eq!(pruned.runs, [driving.run.clone()]);
    assert!(scratch.data().is_empty());
}

#[test]
fn what_a_crash_left_of_a_removal_is_cleared() {
    let scratch = Scratch::new();
    let over = scratch.over(&large(1));
    let half = scratch.runs.path().join("runs/.20261129-231501-k3f9-0123");
    fs::rename(scratch.path_of(&over), &half).unwrap();
    fs::write(scratch.data()[0].with_file_name(".0123456789abcdef0123456789abcdef"), "torn").unwrap();
    let pruned = scratch.runs.prune(&Prune::new()).unwrap();
    assert!(pruned.runs.is_empty() && pruned.bytes > 10_000, "{pruned:?}");
    assert!(!half.exists() && scratch.data().is_empty());
}

#[test]
fn where_a_run_cannot_be_read_nothing_is_removed_that_it_may_refer_to() {
    let scratch = Scratch::new();
    let (over, other) = (scratch.over(&large(1)), scratch.over(b""));
    fs::write(scratch.path_of(&other).join("events.jsonl"), "{}\n").unwrap();
    let pruned = scratch.runs.delete(&over).unwrap();
    assert!(pruned.not_cleared.as_ref().is_some_and(|why| why.contains("events.jsonl` is damaged")), "{pruned:?}");
    assert_eq!(scratch.data().len(), 1);
}

#[test]
fn data_that_is_damaged_does_not_stop_anybody() {
    let scratch = Scratch::new();
    let over = scratch.over(&large(1));
    fs::write(&scratch.data()[0], "other").unwrap();
    let interrupted = scratch.run().folder().id().clone();
    assert_eq!(scratch.runs.prune(&Prune::new().fate(Fate::Succeeded)).unwrap().runs, [over]);
    assert_eq!(scratch.runs.list().unwrap(), [interrupted]);
    assert!(scratch.data().is_empty());
}
