//! Odd answers of the engine.

use std::fs;

use crate::Place;

#[test]
fn a_submit_whose_answer_was_lost_is_found_by_its_name() {
    let place = Place::new();
    fs::write(place.queue().join("lose-answers"), "").unwrap();
    let folder = place.path().to_str().unwrap().to_owned();
    let mut started = place.start(&["run", "serialized", "--folder", &folder, "--who", "me", "--backend", "batch", "-v"]);
    started.hears("as its job");
    fs::write(place.path().join("go"), "").unwrap();
    assert_eq!(started.ended().out, "me\n");
    assert_eq!(place.jobs().len(), 1);
}

#[test]
fn an_engine_that_refuses_a_job_is_quoted() {
    let place = Place::new();
    let path = place.path().join("nebulakit.toml");
    let text = fs::read_to_string(&path).unwrap();
    let text: String = text
        .lines()
        .map(|line| {
            if line.starts_with("submit = ") {
                "submit = [\"sh\", \"-c\", \"echo no such queue >&2; exit 7\", \"{command}\"]\n".to_owned()
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    fs::write(path, text).unwrap();
    let err = place.refused(1, &["run", "doubled", "--xs", "[1]", "--backend", "batch"]);
    assert!(err.contains("`batch` refuses the job") && err.contains("no such queue"), "{err}");
}

#[test]
fn an_unknown_word_is_shown_and_does_no_harm() {
    let place = Place::new();
    let path = place.path().join("nebulakit.toml");
    let text = fs::read_to_string(&path).unwrap().replace("RUN = \"running\", ", "");
    fs::write(path, text).unwrap();
    let folder = place.path().to_str().unwrap().to_owned();
    let mut started = place.start(&["run", "serialized", "--folder", &folder, "--who", "me", "--backend", "batch"]);
    let line = started.hears("which is no word of `states`");
    assert!(line.contains("is `RUN`"), "{line}");
    fs::write(place.path().join("go"), "").unwrap();
    assert_eq!(started.ended().out, "me\n");
}
