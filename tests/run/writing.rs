//! What the recorder writes, and when.

use std::process::Command;
use std::sync::Barrier;
use std::{fs, thread};

use nebulakit::run::{Durability, EventKind, RecordErrorKind, Recorded, Recorder, RunOutcome, RunStatus};

use crate::{Driving, RECORDING, Scratch, ended, node, ready, recorded, soon, succeeded};

#[test]
fn what_others_depend_on_is_there_at_once_and_what_came_before_it_too() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    recorder.record(Some(&node("n0")), ready()).unwrap();
    recorder.record(Some(&node("n0")), EventKind::Started { attempt: 0 }).unwrap();
    recorder.record(Some(&node("n0")), succeeded(Recorded::Not)).unwrap();
    let sequences: Vec<u64> = recorded(&run).iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, [0, 1, 2, 3]);
}

#[test]
fn what_nobody_depends_on_is_there_soon() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    for started in 1..4 {
        recorder.record(Some(&node("n0")), EventKind::Started { attempt: started }).unwrap();
        soon(|| recorded(&run).len() == 1 + started as usize);
    }
}

#[test]
fn of_many_reports_of_progress_the_last_one_counts() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    for done in 0..100_000 {
        recorder.record(Some(&node("n0")), EventKind::Progress { done, total: None }).unwrap();
    }
    recorder.record(Some(&node("n0")), succeeded(Recorded::Not)).unwrap();
    assert_eq!(run.state().unwrap().nodes["n0"].progress, Some((99_999, None)));
    assert!(recorded(&run).len() < 1000, "{}", recorded(&run).len());
}

#[test]
fn what_waits_is_written_at_the_end() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    recorder.record(Some(&node("n0")), ready()).unwrap();
    recorder.record(Some(&node("n0")), EventKind::Progress { done: 1, total: None }).unwrap();
    drop(recorder);
    assert_eq!(recorded(&run).len(), 3);
}

#[test]
fn a_hundred_thousand_events_are_written_and_read() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    for number in 0..33_333 {
        let node = node(&format!("n{number}"));
        recorder.record(Some(&node), ready()).unwrap();
        recorder.record(Some(&node), EventKind::Started { attempt: 0 }).unwrap();
        recorder.record(Some(&node), succeeded(Recorded::Here(vec![0; 20]))).unwrap();
    }
    recorder.record(None, ended()).unwrap();
    assert_eq!(run.state().unwrap().events, 100_001);
    assert_eq!(run.counts().unwrap().succeeded, 33_333);
    assert_eq!(run.status().unwrap(), RunStatus::Ended(RunOutcome::Succeeded));
}

#[test]
fn threads_record_together_on_disk_too() {
    for durability in [Durability::Kernel, Durability::Disk] {
        let scratch = Scratch::new();
        let recorder = Recorder::create(&scratch.runs, durability).unwrap();
        recorder.record(None, crate::created(recorder.folder().id())).unwrap();
        let barrier = Barrier::new(8);
        thread::scope(|scope| {
            for thread in 0..8 {
                let (recorder, barrier) = (&recorder, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for number in 0..20 {
                        let outputs = recorder.keep(&vec![thread; 5000]).unwrap();
                        recorder.record(Some(&node(&format!("n{thread}[{number}]"))), succeeded(outputs)).unwrap();
                    }
                });
            }
        });
        let run = scratch.attach(recorder.folder().id());
        assert_eq!(run.counts().unwrap().succeeded, 160);
        assert_eq!(run.outputs("n3[7]").unwrap(), Some(vec![3; 5000]));
    }
}

#[test]
fn after_a_write_that_failed_nothing_follows() {
    let scratch = Scratch::new();
    // Blocks of 512 bytes: no file is larger than 4 KiB, and no signal says so.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" fill \"$1\"";
    let mut driving = Driving::start(Command::new("sh").args(["-c", script, RECORDING]).arg(scratch.runs.path()));
    let errors: Vec<String> = std::iter::from_fn(|| driving.hear()).collect();
    let [first, hint, second, _] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(first.starts_with("cannot write `") && first.contains("events.jsonl`: File too large"), "{errors:?}");
    assert!(hint.starts_with("hint: free some space"), "{errors:?}");
    assert_eq!(first, second);
    let path = scratch.attach(&driving.run).folder().path().join("events.jsonl");
    assert!(fs::read_to_string(path).unwrap().ends_with("}\n"));
    assert_eq!(scratch.attach(&driving.run).status().unwrap(), RunStatus::Interrupted);
}

#[test]
fn of_a_write_that_failed_half_way_the_whole_lines_stay() {
    let scratch = Scratch::new();
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" flood \"$1\"";
    let mut driving = Driving::start(Command::new("sh").args(["-c", script, RECORDING]).arg(scratch.runs.path()));
    assert!(driving.hear().unwrap().starts_with("cannot write `"));
    let events = fs::read_to_string(scratch.attach(&driving.run).folder().path().join("events.jsonl")).unwrap();
    let longest = events.lines().skip(1).map(str::len).max().unwrap_or_default();
    assert!(events.ends_with("}\n") && events.len() + longest + 4 > 4096, "{} bytes", events.len());
}

#[test]
fn one_process_at_a_time_drives_a_run() {
    let scratch = Scratch::new();
    let mut driving = scratch.drive(&["drive"]);
    let error = Recorder::resume(&scratch.runs, &driving.run, Durability::Kernel).unwrap_err();
    assert_eq!(error.kind(), RecordErrorKind::Driven);
    assert!(error.to_string().contains(&format!("process {}", driving.child.id())), "{error}");
    driving.kill();
    Recorder::resume(&scratch.runs, &driving.run, Durability::Kernel).unwrap();
}

#[test]
fn readers_do_not_keep_a_run_from_being_driven() {
    let scratch = Scratch::new();
    let id = scratch.run().folder().id().clone();
    let run = scratch.attach(&id);
    let is_done = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                    run.status().unwrap();
                }
            });
        }
        for _ in 0..200 {
            Recorder::resume(&scratch.runs, &id, Durability::Kernel).unwrap();
        }
        is_done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn nothing_follows_the_end_of_a_run() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    let progress = |done| recorder.record(Some(&node("n0")), EventKind::Progress { done, total: None });
    progress(1).unwrap();
    recorder.record(None, ended()).unwrap();
    progress(2).unwrap();
    assert_eq!(recorder.record(Some(&node("n0")), ready()).unwrap_err().kind(), RecordErrorKind::Over);
    drop(recorder);
    assert!(matches!(recorded(&run).last().unwrap().kind, EventKind::Ended { .. }));
    assert_eq!(run.status().unwrap(), RunStatus::Ended(RunOutcome::Succeeded));
}

#[test]
fn a_run_that_is_over_stays_so() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let id = recorder.folder().id().clone();
    recorder.record(None, ended()).unwrap();
    drop(recorder);
    assert_eq!(Recorder::resume(&scratch.runs, &id, Durability::Kernel).unwrap_err().kind(), RecordErrorKind::Over);
}

#[test]
fn time_goes_on_where_the_clock_was_set_back() {
    let scratch = Scratch::new();
    let recorder = scratch.run();
    let run = scratch.attach(recorder.folder().id());
    drop(recorder);
    let path = run.folder().path().join("events.jsonl");
    let ahead = r#"{"sequence":1,"at":"2222-01-01T00:00:00Z","node":"n0","event":"started","attempt":0}"#;
    fs::write(&path, format!("{}{ahead}\n", fs::read_to_string(&path).unwrap())).unwrap();
    let recorder = Recorder::resume(&scratch.runs, run.id(), Durability::Kernel).unwrap();
    recorder.record(Some(&node("n0")), succeeded(Recorded::Not)).unwrap();
    let times: Vec<_> = recorded(&run).iter().map(|event| event.at).collect();
    assert!(times.is_sorted(), "{times:?}");
    assert!(times[2].duration_since(times[1]).unwrap().as_secs() < 60, "{times:?}");
}
