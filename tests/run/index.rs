//! The index of runs, when something is wrong with it.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use rusqlite::Connection;

use crate::Scratch;

/// Where SQLite keeps the version of what is in a file.
const VERSION_AT: u64 = 60;

impl Scratch {
    fn index(&self) -> PathBuf {
        self.runs.path().join("index.sqlite")
    }

    /// A run that the index knows.
    fn indexed() -> Self {
        let scratch = Self::new();
        drop(scratch.run());
        assert_eq!(scratch.why_not(), None);
        scratch
    }

    /// Why the index is not used. The runs are told all the same.
    fn why_not(&self) -> Option<String> {
        let summaries = self.runs.summaries().unwrap();
        assert!(matches!(summaries.runs.as_slice(), [(_, Ok(run))] if run.name == "tests.flow"), "{summaries:?}");
        summaries.without_index
    }
}

#[test]
fn it_saves_the_reading_of_events() {
    let scratch = Scratch::indexed();
    Connection::open(scratch.index()).unwrap().execute("UPDATE runs SET summary = replace(summary, 'tests.flow', 'told')", []).unwrap();
    assert_eq!(scratch.runs.summaries().unwrap().runs[0].1.as_ref().unwrap().name, "told");
}

#[test]
fn one_that_is_missing_is_made_anew() {
    let scratch = Scratch::indexed();
    fs::remove_file(scratch.index()).unwrap();
    assert_eq!(scratch.why_not(), None);
    assert!(scratch.index().exists());
}

#[test]
fn one_that_is_damaged_is_made_anew() {
    let scratch = Scratch::indexed();
    fs::write(scratch.index(), "This is not a database, and longer than the head of one. ".repeat(100)).unwrap();
    assert_eq!(scratch.why_not(), Some(format!("`{}` was damaged, and is rebuilt", scratch.index().display())));
    assert_eq!(scratch.why_not(), None);
}

#[test]
fn pages_that_are_damaged_cost_time_alone() {
    let scratch = Scratch::indexed();
    let index = fs::OpenOptions::new().write(true).open(scratch.index()).unwrap();
    index.write_all_at(&[0xff; 4096], 4096).unwrap();
    assert!(scratch.why_not().is_some());
    assert_eq!(scratch.why_not(), None);
}

#[test]
fn one_of_another_shape_is_made_anew() {
    let shapes = [
        "",
        "CREATE TABLE runs (run TEXT)",
        "CREATE TABLE runs (run TEXT, size TEXT, modified_ns INTEGER, inode INTEGER, summary TEXT, more TEXT)",
    ];
    for shape in shapes {
        let scratch = Scratch::indexed();
        Connection::open(scratch.index()).unwrap().execute_batch(&format!("DROP TABLE runs; {shape}")).unwrap();
        assert_eq!(scratch.why_not(), Some(format!("`{}` was damaged, and is rebuilt", scratch.index().display())), "{shape}");
        assert_eq!(scratch.why_not(), None);
    }
}

#[test]
fn one_of_a_newer_version_is_left_alone() {
    let scratch = Scratch::indexed();
    fs::OpenOptions::new().write(true).open(scratch.index()).unwrap().write_all_at(&7_u32.to_be_bytes(), VERSION_AT).unwrap();
    let before = fs::read(scratch.index()).unwrap();
    let why = scratch.why_not().unwrap();
    assert!(why.ends_with("it has version 7, and this one knows up to 1"), "{why}");
    assert_eq!(fs::read(scratch.index()).unwrap(), before);
}

#[test]
fn one_that_another_process_writes_is_done_without() {
    let scratch = Scratch::indexed();
    let writer = Connection::open(scratch.index()).unwrap();
    writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert_eq!(scratch.why_not(), Some(format!("another process writes `{}`", scratch.index().display())));
    writer.execute_batch("ROLLBACK").unwrap();
    assert_eq!(scratch.why_not(), None);
}

#[test]
fn one_that_cannot_be_opened_is_done_without() {
    let scratch = Scratch::indexed();
    fs::remove_file(scratch.index()).unwrap();
    fs::create_dir(scratch.index()).unwrap();
    let why = scratch.why_not().unwrap();
    assert!(why.starts_with(&format!("cannot use `{}`: ", scratch.index().display())), "{why}");
}

#[test]
fn many_at_once_make_and_read_it() {
    let scratch = Scratch::new();
    drop(scratch.run());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(scratch.why_not(), None));
        }
    });
}
