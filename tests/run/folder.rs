//! The folder of all runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nebulakit::run::{Durability, RecordErrorKind, Recorded, Recorder, RunHandle, RunId, RunsFolder};
use tempfile::TempDir;

use crate::Scratch;

#[test]
fn it_is_for_its_user_alone_and_git_ignores_it() {
    let scratch = Scratch::new();
    let path = scratch.runs.path();
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::read_to_string(path.join(".gitignore")).unwrap(), "*\n");
}

#[test]
fn a_newer_format_is_refused_and_stays_as_it_is() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("format"), "2\n").unwrap();
    let error = RunsFolder::open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Newer);
    assert!(error.to_string().contains("its format is 2, and this one knows up to 1"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_of_something_else_stays_as_it_is() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join(".gitignore"), "/target\n").unwrap();
    let error = RunsFolder::open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Foreign);
    assert!(error.to_string().contains("it holds `.gitignore` but no `format`"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(dir.path().join(".gitignore")).unwrap(), "/target\n");
}

#[test]
fn a_folder_that_was_begun_is_finished() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join(".0123456789abcdef0123456789abcdef"), "").unwrap();
    RunsFolder::open(dir.path()).unwrap();
    fs::remove_file(dir.path().join(".gitignore")).unwrap();
    RunsFolder::open(dir.path()).unwrap();
    assert_eq!(fs::read_to_string(dir.path().join("format")).unwrap(), "1\n");
    assert_eq!(fs::read_to_string(dir.path().join(".gitignore")).unwrap(), "*\n");
}

#[test]
fn a_format_that_is_not_a_number_is_told_with_its_file() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("format"), "\0\0").unwrap();
    let error = RunsFolder::open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Corrupt);
    assert!(error.to_string().contains("format` does not hold a format version"), "{error}");
}

#[test]
fn who_only_reads_makes_no_folder() {
    let dir = TempDir::new().unwrap();
    let error = RunsFolder::open_existing(dir.path().join("x")).unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::NotFound);
    assert!(error.to_string().starts_with("no runs are recorded in `"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    RunsFolder::open(dir.path().join("x")).unwrap();
    RunsFolder::open_existing(dir.path().join("x")).unwrap();
}

#[test]
fn runs_are_listed_in_their_order_and_found_by_how_their_ids_begin() {
    let scratch = Scratch::new();
    let made: Vec<RunId> = (0..20).map(|_| Recorder::create(&scratch.runs, Durability::Kernel).unwrap().folder().id().clone()).collect();
    let mut sorted = made.clone();
    sorted.sort();
    assert_eq!(scratch.runs.list().unwrap(), sorted);
    assert_eq!(scratch.runs.find(&made[3].to_string()).unwrap(), made[3]);
    let error = scratch.runs.find("2").unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Ambiguous);
    assert!(error.to_string().ends_with("and 17 more"), "{error}");
    assert_eq!(scratch.runs.find("1").unwrap_err().kind(), RecordErrorKind::NotFound);
}

#[test]
fn an_id_that_leads_elsewhere_is_refused() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.dir.path().join("elsewhere")).unwrap();
    for hostile in ["", ".", "..", "../../elsewhere", "a/b", "a\0b", "a\nb", "\u{1b}[2J", &"a".repeat(101)] {
        let error = scratch.runs.find(hostile).unwrap_err();
        assert_eq!(error.kind(), RecordErrorKind::Name, "{hostile:?}");
        assert!(!error.to_string().contains(['\0', '\u{1b}']), "{error}");
        assert_eq!(RunHandle::attach(&scratch.runs, &RunId::from(hostile)).unwrap_err().kind(), RecordErrorKind::Name, "{hostile:?}");
    }
}

#[test]
fn the_same_bytes_are_kept_once_for_all_runs() {
    let scratch = Scratch::new();
    let bytes = vec![7; 5000];
    let kept: Vec<Recorded> = (0..2).map(|_| scratch.run().keep(&bytes).unwrap()).collect();
    let Recorded::Data { sha256, size: 5000 } = &kept[0] else { panic!("{kept:?}") };
    assert_eq!(kept[0], kept[1]);
    let folder = scratch.runs.path().join("data").join(&sha256[..2]);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(fs::read(folder.join(sha256)).unwrap(), bytes);
}

#[test]
fn a_file_beside_the_runs_is_not_a_run() {
    let scratch = Scratch::new();
    let run = scratch.run().folder().id().clone();
    fs::write(scratch.runs.path().join("runs/README"), "These are runs.").unwrap();
    assert_eq!(scratch.runs.list().unwrap(), [run]);
}

#[test]
fn data_that_is_damaged_is_written_anew() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let bytes = vec![7; 5000];
    let Recorded::Data { sha256, .. } = recorder.keep(&bytes).unwrap() else { panic!() };
    let path = scratch.runs.path().join("data").join(&sha256[..2]).join(&sha256);
    for damaged in [vec![], vec![8; 5000]] {
        fs::write(&path, damaged).unwrap();
        recorder.keep(&bytes).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn small_outputs_stand_in_their_event() {
    let scratch = Scratch::new();
    assert_eq!(scratch.run().keep(b"small").unwrap(), Recorded::Here(b"small".to_vec()));
    assert_eq!(fs::read_dir(scratch.runs.path().join("data")).unwrap().count(), 0);
}
