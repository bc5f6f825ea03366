//! Runs that are told to stop: by signals, and by another process.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::Place;

#[test]
fn a_signal_stops_the_run_and_its_exit_code_says_so() {
    for (signal, name, code) in [(Signal::SIGINT, "SIGINT", 130), (Signal::SIGTERM, "SIGTERM", 143)] {
        let place = Place::new();
        let mut started = place.start(&["run", "endless"]);
        let id = started.id();
        started.hears("n0 waits: started");
        started.signal(signal);
        started.hears("stopping (");
        let ended = started.ended();
        assert_eq!((ended.code, ended.out.as_str()), (code, ""), "{}", ended.err);
        let told = format!(
            "error: the run {id} was stopped by {name}\n\nhint: `flows runs show {id}` shows how far it came, and `flows runs retry {id}` continues it\n"
        );
        assert!(ended.err.ends_with(&told), "{}", ended.err);
        assert_eq!(place.json(&["runs", "list", "--json"])[0]["status"], "cancelled");
    }
}

/// What it ends is recorded, as that it was stopped.
#[test]
fn a_second_signal_ends_what_runs_and_the_record_is_whole() {
    for (words, strategy) in [(["run", "stubborn"], "async"), (["run", "stays"], "process"), (["run", "stays"], "async")] {
        let place = Place::new();
        let mut started = place.start(&[&words[..], &["--strategy", strategy]].concat());
        started.hears("deaf");
        started.signal(Signal::SIGINT);
        assert_eq!(started.hears("stopping ("), "stopping (Ctrl-C again ends what runs)\n");
        started.signal(Signal::SIGINT);
        started.hears("ending what runs (once more leaves at once)");
        let ended = started.ended();
        assert_eq!((ended.code, ended.out.as_str()), (130, ""), "{}", ended.err);
        let shown = place.json(&["runs", "show", "last", "--json"]);
        assert_eq!((&shown["status"], &shown["nodes"][0]["status"]), (&json!("cancelled"), &json!("stopped")), "{shown}");
    }
}

#[test]
fn a_third_signal_leaves_at_once() {
    let place = Place::new();
    let mut started = place.start(&["run", "blocks"]);
    started.hears("deaf");
    let id = place.last();
    for said in ["stopping (", "ending what runs (", "was left by SIGTERM"] {
        started.signal(Signal::SIGTERM);
        started.hears(said);
    }
    assert_eq!(started.ended().code, 143);
    assert_eq!(place.json(&["runs", "show", &id, "--json"])["status"], "interrupted");
}

#[test]
fn a_run_is_killed_from_another_process() {
    let place = Place::new();
    let mut started = place.start(&["run", "stubborn"]);
    started.hears("deaf");
    assert!(place.refused(0, &["runs", "cancel", "last", "--now"]).ends_with(" was asked to end at once\n"));
    assert_eq!(started.ended().code, 1);
    assert_eq!(place.json(&["runs", "list", "--json"])[0]["status"], "cancelled");
}

#[test]
fn another_process_stops_the_run() {
    let place = Place::new();
    let mut started = place.start(&["run", "endless"]);
    let id = started.id();
    started.hears("n0 waits: started");
    let err = place.refused(1, &["runs", "delete", &id]);
    assert!(err.contains(&format!(" drives the run `{id}`")), "{err}");
    assert_eq!(place.refused(0, &["runs", "cancel", "last"]), format!("the run {id} was asked to stop\n"));
    let ended = started.ended();
    assert_eq!(ended.code, 1, "{}", ended.err);
    assert!(ended.err.contains(&format!("error: the run {id} was stopped\n")), "{}", ended.err);
    let err = place.refused(1, &["runs", "cancel", "last"]);
    assert_eq!(err, format!("error: the run `{id}` is over\n"));
}

#[test]
fn logs_are_followed_until_the_run_is_over() {
    let place = Place::new();
    let mut started = place.start(&["run", "endless"]);
    started.hears("n0 waits: started");
    let followed = place.start(&["runs", "logs", "last", "-f"]);
    place.said(&["runs", "cancel", "last"]);
    assert_eq!(followed.ended().code, 0);
    assert_eq!(started.ended().code, 1);
}

#[test]
fn a_run_whose_process_was_killed_is_interrupted() {
    let place = Place::new();
    let mut started = place.start(&["run", "endless"]);
    let id = started.id();
    started.hears("n0 waits: started");
    started.child.kill().unwrap();
    started.child.wait().unwrap();
    assert_eq!(place.json(&["runs", "show", "last", "--json"])["status"], "interrupted");
    let err = place.refused(1, &["runs", "attach", "last"]);
    assert!(err.contains(&format!("no process drives the run `{id}`")), "{err}");
    assert!(!err.contains("running after"), "{err}");
}

#[test]
fn an_interrupted_run_took_its_time_up_to_its_last_event() {
    let place = Place::new();
    let mut started = place.start(&["run", "endless"]);
    let id = started.id();
    started.hears("n0 waits: started");
    started.child.kill().unwrap();
    started.child.wait().unwrap();
    let path = place.path().join(".nebulakit/runs").join(id).join("events.jsonl");
    // An event each second.
    let events = std::fs::read_to_string(&path).unwrap();
    let events = events.lines().enumerate().map(|(second, event)| {
        let mut event: serde_json::Value = serde_json::from_str(event).unwrap();
        event["at"] = json!(format!("2026-01-01T00:00:0{second}Z"));
        format!("{event}\n")
    });
    std::fs::write(&path, events.collect::<String>()).unwrap();
    let (list, shown) = (place.said(&["runs", "list"]), place.said(&["runs", "show", "last"]));
    assert!(list.contains("  2.0 s: 1 running"), "{list}");
    assert!(shown.contains("\ntook    2.0 s\n") && shown.contains("\nn0 waits  running  0 ms"), "{shown}");
}

/// The outputs are recorded by then.
#[test]
fn a_signal_gives_up_what_puts_outputs_into_a_folder() {
    let place = Place::new();
    let large = std::fs::File::create(place.path().join("large.bin")).unwrap();
    // It takes much longer to copy than a signal takes.
    large.set_len(8 << 30).unwrap();
    let out = place.path().join("out");
    let mut id = None;
    for words in [&["run", "passed", "--file", "large.bin", "-o", "out"][..], &["runs", "outputs", "last", "-o", "out"]] {
        let started = place.start(words);
        while std::fs::read_dir(&out).ok().and_then(|mut entries| entries.next()).is_none() {}
        started.signal(Signal::SIGINT);
        let ended = started.ended();
        assert_eq!((ended.code, ended.out.as_str()), (130, ""), "{}", ended.err);
        assert!(ended.err.contains("error: cannot put the output `o0` into `out`: stopped by SIGINT\n"), "{}", ended.err);
        let run = place.last();
        let hint = format!("hint: the outputs are recorded: `flows runs outputs {run} --output out` puts them there\n");
        assert!(id.is_some() || ended.err.ends_with(&hint), "{}", ended.err);
        assert_eq!(std::fs::read_dir(&out).unwrap().count(), 0, "nothing is left behind");
        id = Some(run);
    }
    assert_eq!(place.json(&["runs", "list", "--json"])[0]["status"], "succeeded");
}

#[test]
fn a_program_that_is_built_again_meanwhile_runs_its_tasks_as_it_was() {
    let place = Place::new();
    let program = place.path().join("program");
    std::fs::copy(crate::FLOWS, &program).unwrap();
    let mut started = Place::started(&mut place.command_of(&program, &["run", "gated", "--strategy", "process"]));
    started.hears("waits for the signal `number`");
    std::fs::remove_file(&program).unwrap();
    std::fs::write(&program, "another program").unwrap();
    place.said(&["runs", "signal", "last", "number", "21"]);
    started.hears("waits for the signal `go/no-go`");
    place.said(&["runs", "approve", "last", "go/no-go"]);
    assert_eq!(started.ended().out, "42\n");
}
