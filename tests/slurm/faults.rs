//! What happens to runs when something is taken from under them.

use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{Answer, Place, program, until};

/// The job of the task that sleeps.
fn napping(place: &Place) -> String {
    until("the nap did not begin", || place.ran().contains(&"nap".to_owned()).then_some(()));
    until("Slurm has no job of it", || place.jobs().pop())
}

#[test]
fn a_job_that_is_cancelled_from_outside_is_told() {
    let place = Place::new();
    let child = place.start("napping");
    program("scancel", &[&napping(&place)]);
    let answer = Answer::of(child.wait_with_output().unwrap());
    // Whether a cancelled attempt is tried again is the driver's to say; what is certain is that it is told.
    assert!(answer.err.contains("cancel") || answer.err.contains("SIGTERM") || answer.err.contains("ended by"), "{}", answer.err);
}

#[test]
fn an_attempt_that_is_lost_with_its_node_is_tried_again() {
    let place = Place::with("[defaults.slurm]\nflags = [\"--nodelist=n3\"]\n");
    let child = place.start("napping");
    let _ = napping(&place);
    let node = |what: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/slurm/node.sh");
        assert!(Command::new(script).args([what, "n3"]).status().unwrap().success());
    };
    node("kill");
    // The controller learns of it after ten seconds without a word.
    until("Slurm did not see it", || program("sinfo", &["--noheader", "--nodes=n3", "--format=%t"]).contains("down").then_some(()));
    node("start");
    let answer = Answer::of(child.wait_with_output().unwrap());
    assert_eq!((answer.code, answer.out.trim()), (0, "4"), "{}", answer.err);
    assert_eq!(place.ran(), ["nap", "nap", "double", "double"]);
}

#[test]
fn a_run_whose_driver_was_killed_goes_on_where_it_was() {
    let place = Place::new();
    let mut child = place.start("napping");
    let job = napping(&place);
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    assert_eq!(place.jobs(), [job]);
    std::fs::write(format!("{}.go", place.ledger().display()), "").unwrap();
    let run =
        serde_json::from_str::<serde_json::Value>(&place.said(&["runs", "list", "--json"])).unwrap()[0]["run"].as_str().unwrap().to_owned();
    let said = place.said(&["runs", "attach", &run]);
    assert_eq!(said.trim(), "4");
    assert_eq!(place.ran(), ["nap", "double", "double"]);
}
