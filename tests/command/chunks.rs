//! Several elements of a map in one job.

use std::collections::BTreeSet;
use std::fs;

use nix::sys::signal::Signal;

use crate::Place;

/// The folder of the plan of the only run.
fn plan(place: &Place) -> std::path::PathBuf {
    let mut plans = fs::read_dir(place.path().join(".nebulakit/plans")).unwrap();
    plans.next().unwrap().unwrap().path()
}

#[test]
fn as_many_elements_as_are_asked_for_are_one_job() {
    let place = Place::with("[task.\"dou*\"]\nchunk = 3\n");
    assert_eq!(place.said(&["run", "doubled", "--xs", "[1,2,3,4,5,6,7]", "--backend", "batch"]), "[2,4,6,8,10,12,14]\n");
    assert_eq!(place.jobs().len(), 3);
    // Each element has its own attempt, record and outputs, and says where it ran.
    for element in 0..7 {
        let attempt = plan(&place).join(format!("nodes/n0[{element}]/0"));
        for name in ["record.json", "outputs.pb", "claim", "stdout", "stderr"] {
            assert!(attempt.join(name).exists(), "{name} of {element}");
        }
    }
    let placed: BTreeSet<_> =
        place.events().iter().filter(|event| event["event"] == "placed").map(|event| event["id"].to_string()).collect();
    assert_eq!(placed.len(), 7, "{placed:?}");
    // A node that is no element is a job of its own.
    assert_eq!(place.said(&["run", "steps", "--path", "/", "--x", "1", "--backend", "batch"]), "6\n");
    assert_eq!(place.jobs().len(), 3 + 3);
}

#[test]
fn an_element_that_fails_takes_no_other_with_it() {
    let place = Place::with("[task.picky]\nchunk = 5\n");
    assert_eq!(place.said(&["run", "picked", "--xs", "[1,2,3,4,5]", "--backend", "batch"]), "[1,2,null,null,5]\n");
    let begun = |element: usize| {
        fs::read_dir(plan(&place).join(format!("nodes/n0[{element}]"))).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir())
    };
    let attempts: Vec<_> = (0..5).map(|element| begun(element).count()).collect();
    // A process that aborts is not tried again, as in local runs.
    assert_eq!(attempts, [1, 2, 1, 1, 1]);
    assert_eq!(place.jobs().len(), 2);
    assert!(place.log("n0[4]").contains(&"stdout number 5".to_owned()), "{:?}", place.log("n0[4]"));
}

#[test]
fn a_job_that_is_killed_costs_the_element_that_ran_and_the_others_run_in_another_one() {
    let place = Place::with("[task.goes]\nchunk = 3\n");
    let folder = place.path().to_str().unwrap().to_owned();
    let started = place.start(&["run", "going", "--folder", &folder, "--xs", "[1,2,3]", "--backend", "batch"]);
    place.waits_for("runs-1");
    let [job] = place.jobs().try_into().unwrap();
    // All that it started ends with it, as on a cluster.
    for process in descendants(fs::read_to_string(job.join("pid")).unwrap().trim()) {
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), Signal::SIGKILL);
    }
    place.waits_for(job.join("exit").to_str().unwrap());
    fs::write(place.path().join("go"), "").unwrap();
    let ended = started.ended();
    assert_eq!((ended.code, ended.out.as_str()), (0, "[null,2,3]\n"), "{}", ended.err);
    assert_eq!(place.jobs().len(), 2);
    let log = place.log("n0[1]");
    assert!(log.iter().any(|line| line.contains("of its chunk ended before its turn came")), "{log:?}");
}

#[test]
fn ctrl_c_ends_the_job_and_nothing_of_it_begins_any_more() {
    let place = Place::with("[task.runs_on]\nchunk = 3\n");
    let folder = place.path().to_str().unwrap().to_owned();
    let mut started = place.start(&["run", "running_on", "--folder", &folder, "--xs", "[1,2,3]", "--backend", "batch"]);
    place.waits_for("runs-1");
    started.signal(Signal::SIGINT);
    started.hears("stopping (");
    assert_eq!(started.ended().code, 130);
    let [job] = place.jobs().try_into().unwrap();
    place.waits_for(job.join("exit").to_str().unwrap());
    assert!(!place.path().join("runs-2").exists() && !place.path().join("runs-3").exists());
}

#[test]
fn a_chunk_is_found_by_another_driver_and_by_its_name() {
    for loses_answer in [false, true] {
        let place = Place::with("[task.goes]\nchunk = 2\n[task.double]\nchunk = 2\n");
        if loses_answer {
            fs::write(place.queue().join("lose-answers"), "").unwrap();
            assert_eq!(place.said(&["run", "doubled", "--xs", "[1,2]", "--backend", "batch"]), "[2,4]\n");
            assert_eq!(place.jobs().len(), 1);
            continue;
        }
        let folder = place.path().to_str().unwrap().to_owned();
        let started = place.start(&["run", "going", "--folder", &folder, "--xs", "[1,2]", "--backend", "batch"]);
        place.waits_for("runs-1");
        place.waits_until("its id", || {
            fs::read_dir(plan(&place).join("chunks")).is_ok_and(|mut chunks| chunks.any(|chunk| chunk.unwrap().path().join("id").exists()))
        });
        place.waits_until("the note", || {
            fs::read_to_string(plan(&place).join("nodes/n0[1]/0/job.json")).is_ok_and(|note| note.contains("#1"))
        });
        started.signal(Signal::SIGKILL);
        started.ended();
        let attached = place.start(&["runs", "attach", "last"]);
        fs::write(place.path().join("go"), "").unwrap();
        let ended = attached.ended();
        assert_eq!((ended.code, ended.out.as_str()), (0, "[1,2]\n"), "{}", ended.err);
        assert_eq!(place.jobs().len(), 1);
    }
}

/// A process, and all that it has started.
fn descendants(process: &str) -> Vec<i32> {
    let mut all = vec![process.parse().unwrap()];
    let mut at = 0;
    while at < all.len() {
        let tasks = format!("/proc/{0}/task/{0}/children", all[at]);
        let children = fs::read_to_string(tasks).unwrap_or_default();
        all.extend(children.split_whitespace().map(|child| child.parse::<i32>().unwrap()));
        at += 1;
    }
    all
}
