//! What tasks log in jobs: with its level, as it comes, and once, whichever driver reads it.

use std::fs;

use nix::sys::signal::Signal;

use crate::Place;

/// What the task says of itself before it waits, by source.
const BEFORE: [&str; 6] =
    ["WARN one", "WARN two", "DEBUG fine", "ERROR [flows] bad parts=3", "stdout printed before", "stderr told before"];

/// And behind that.
const AFTER: [&str; 2] = ["stdout printed after", "INFO after"];

fn sorted<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<_> = lines.into_iter().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn what_a_task_logs_is_what_it_logs_on_this_machine() {
    let logged = |more: &[&str]| {
        let place = Place::new();
        fs::write(place.path().join("go"), "").unwrap();
        place.said(&[&["run", "saying", "--folder", place.path().to_str().unwrap()], more].concat());
        let progress: Vec<_> =
            place.events().iter().filter(|event| event["event"] == "progress").map(|event| event["done"].clone()).collect();
        (place.log("n0"), progress)
    };
    let (on_engine, progress) = logged(&["--backend", "batch"]);
    let (here, expected) = logged(&[]);
    assert_eq!(sorted(on_engine.iter().map(String::as_str)), sorted(BEFORE.into_iter().chain(AFTER)));
    // What a task prints is not taken from this process.
    let of_log = |lines: &[String]| lines.iter().filter(|line| !line.starts_with("std")).cloned().collect::<Vec<_>>();
    assert_eq!(of_log(&on_engine), of_log(&here));
    assert_eq!(progress.last(), expected.last());
    assert_eq!(progress.last(), Some(&2.into()));
}

#[test]
fn logs_are_live_and_a_second_driver_goes_on_where_the_first_one_stopped() {
    // The job ends while nobody drives the run, or goes on.
    for is_over in [true, false] {
        let place = Place::new();
        let folder = place.path().to_str().unwrap().to_owned();
        let started = place.start(&["run", "saying", "--folder", &folder, "--backend", "batch"]);
        place.waits_until("its log", || place.log("n0").len() == BEFORE.len());
        assert_eq!(sorted(place.log("n0").iter().map(String::as_str)), sorted(BEFORE));
        started.signal(Signal::SIGKILL);
        assert_eq!(started.ended().code, -1);
        let attached = if is_over {
            fs::write(place.path().join("go"), "").unwrap();
            let [job] = place.jobs().try_into().unwrap();
            place.waits_for(job.join("exit").to_str().unwrap());
            place.start(&["runs", "attach", "last"])
        } else {
            let attached = place.start(&["runs", "attach", "last"]);
            fs::write(place.path().join("go"), "").unwrap();
            attached
        };
        let ended = attached.ended();
        assert_eq!((ended.code, ended.out.as_str()), (0, "1\n"), "{}", ended.err);
        let lines = place.log("n0");
        assert_eq!(sorted(lines.iter().map(String::as_str)), sorted(BEFORE.into_iter().chain(AFTER)), "over: {is_over}");
        assert_eq!(place.jobs().len(), 1);
    }
}
