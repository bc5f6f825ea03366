//! A plan that was written before, started by hand.

use std::fs;
use std::process::Command;

use crate::Place;

/// Writes the plan of a run, and gives what was said of it.
fn laid_out(place: &Place, words: &[&str]) -> String {
    let said = place.said(&[words, &["--backend", "batch", "--plan", "--plan-dir", "p"]].concat());
    assert_eq!(place.jobs().len(), 0);
    said
}

fn script(place: &Place, more: &[&str]) -> (i32, String, String) {
    // From another folder, as a person may.
    let mut command = Command::new("sh");
    command.arg(place.path().join("p/run.sh")).args(more).current_dir("/").env("HOME", place.path());
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn its_script_starts_it_once() {
    let place = Place::new();
    let said = laid_out(&place, &["run", "doubled", "--xs", "[4,5]"]);
    assert!(said.contains("n0 ") && said.contains("would run"), "{said}");
    assert_eq!(place.json(&["runs", "list", "--json"]).as_array().map(Vec::len), Some(0), "nothing is recorded");
    let (code, out, err) = script(&place, &[]);
    assert_eq!((code, out.as_str()), (0, "[8,10]\n"), "{err}");
    assert_eq!(place.jobs().len(), 2);
    // It is a run as any other, of that plan.
    assert_eq!(place.json(&["runs", "list", "--json"])[0]["status"], "succeeded");
    assert_eq!(place.said(&["runs", "outputs", "last"]), "[8,10]\n");
    let (code, out, err) = script(&place, &[]);
    assert_eq!((code, out.as_str()), (0, "[8,10]\n"), "{err}");
    assert_eq!(place.jobs().len(), 2, "it is over");
}

#[test]
fn attach_with_its_folder_starts_it_or_drives_it_on() {
    let place = Place::new();
    let folder = place.path().to_str().unwrap().to_owned();
    laid_out(&place, &["run", "serialized", "--folder", &folder, "--who", "me"]);
    let started = place.start(&["runs", "attach", "p"]);
    place.waits_for("ran-me");
    started.signal(nix::sys::signal::Signal::SIGKILL);
    started.ended();
    fs::write(place.path().join("go"), "").unwrap();
    assert_eq!(place.said(&["runs", "attach", "p"]), "me\n");
    assert_eq!(place.jobs().len(), 1);
}

#[test]
fn what_is_cached_is_said_and_why_and_it_has_no_job() {
    let place = Place::new();
    let folder = place.path().to_str().unwrap().to_owned();
    fs::write(place.path().join("go"), "").unwrap();
    let words = ["run", "serialized", "--folder", &folder, "--who", "me"];
    assert_eq!(place.said(&[&words[..], &["--backend", "batch"]].concat()), "me\n");
    let said = place.said(&[&words[..], &["--backend", "batch", "--plan", "--plan-dir", "p"]].concat());
    assert!(said.contains("1 cached") && said.contains("n0 alone"), "{said}");
    let (code, out, err) = script(&place, &[]);
    assert_eq!((code, out.as_str()), (0, "me\n"), "{err}");
    assert_eq!(place.jobs().len(), 1);
}

#[test]
fn a_plan_that_another_process_starts_is_refused() {
    let place = Place::new();
    laid_out(&place, &["run", "doubled", "--xs", "[1]"]);
    fs::write(place.path().join("p/begun"), "").unwrap();
    let err = place.refused(1, &["runs", "attach", "p"]);
    assert!(err.contains("another process starts the plan") && err.contains("p/begun"), "{err}");
    fs::remove_file(place.path().join("p/begun")).unwrap();
    assert_eq!(place.said(&["runs", "attach", "p"]), "[2]\n");
}
