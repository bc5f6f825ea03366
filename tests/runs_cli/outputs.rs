//! Outputs in a folder of the caller's.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::Place;

#[test]
fn outputs_are_files_under_their_names() {
    let place = Place::new();
    let answer = place.answer(&["run", "kinds", "-o", "out"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    let read = |path: &str| fs::read_to_string(place.path().join("out").join(path)).unwrap();
    assert_eq!((read("note.txt"), read("numbers.csv"), read("folder/a/b.txt")), ("text".into(), "1,2".into(), "b".into()));
    assert_eq!((read("several/0.txt"), read("several/1.txt"), read("by_key/%2e.%2fup.txt")), ("0".into(), "1".into(), "up".into()));
    let values: serde_json::Value = serde_json::from_str(&read("outputs.json")).unwrap();
    let expected = json!({
        "note": "note.txt", "numbers": "numbers.csv", "folder": "folder", "several": ["several/0.txt", "several/1.txt"],
        "by_key": {"../up": "by_key/%2e.%2fup.txt"}, "count": 3,
    });
    assert_eq!(values, expected);
    assert!(answer.out.contains("note: out/note.txt\n") && answer.out.contains("count: 3\n"), "{}", answer.out);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2, "nothing was written beside the folder and the record");
}

#[test]
fn one_file_needs_no_list_of_values_and_workflows_do_the_same() {
    let place = Place::new();
    assert_eq!(place.said(&["run", "written", "--text", "x", "-q", "-o", "out"]), "out/o0.txt\n");
    assert_eq!(fs::read_dir(place.path().join("out")).unwrap().count(), 1);
    fs::write(place.path().join("in.txt"), "12345").unwrap();
    let out = place.said(&["run", "files", "--file", "in.txt", "--input_dir", "text", "-q", "-o", "both"]);
    assert_eq!(out, "size: 5\nfile: both/file.txt\n");
    assert_eq!(fs::read_to_string(place.path().join("both/file.txt")).unwrap(), "text");
}

#[test]
fn what_is_there_is_found_before_the_run_and_replaced_by_force_alone() {
    let place = Place::new();
    let words = ["run", "kinds", "-q", "-o", "out"];
    for (there, output) in [("note.md", "note"), ("numbers.csv", "numbers"), ("folder", "folder"), ("outputs.json", "several")] {
        let path = place.path().join("out").join(there);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        let err = place.refused(2, &words);
        let expected = format!("error: `out/{there}` is there already, and the output `{output}` would replace it\n");
        assert!(err.starts_with(&expected) && err.contains("`--force`"), "{err}");
        fs::remove_file(path).unwrap();
    }
    assert_eq!(place.said(&["runs", "list", "--json"]), "[]\n", "nothing ran");
    place.said(&words);
    fs::write(place.path().join("out/folder/mine.txt"), "mine").unwrap();
    place.said(&[&words[..], &["--force"]].concat());
    assert!(!place.path().join("out/folder/mine.txt").exists(), "a folder is replaced whole");
    let left: Vec<_> = fs::read_dir(place.path().join("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.len() == 6 && !left.iter().any(|name| name.to_str().unwrap().starts_with('.')), "{left:?}");
}

#[test]
fn outputs_that_cannot_be_put_there_stay_in_the_run() {
    let place = Place::new();
    fs::write(place.path().join("file"), "").unwrap();
    let err = place.refused(2, &["run", "written", "--text", "x", "-q", "-o", "file"]);
    assert_eq!(err, "error: `--output`: `file` is not a folder\n");
    // It is gone when the task has run.
    let answer = place.answer(&["run", "meddles", "-q", "-o", "out", "--path", "out"]);
    let id = place.last();
    assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{}", answer.err);
    assert!(answer.err.starts_with("error: cannot write into the folder `out`: "), "{}", answer.err);
    assert!(answer.err.ends_with(&format!("\nhint: the outputs are recorded: `flows runs outputs {id} --output out` puts them there\n")));
    fs::remove_file(place.path().join("out")).unwrap();
    assert_eq!(place.said(&["runs", "outputs", &id, "--output", "out"]), "out/o0.txt\n");
    assert_eq!(fs::read_to_string(place.path().join("out/o0.txt")).unwrap(), "kept");
    let err = place.refused(2, &["runs", "outputs", &id, "-o", "out"]);
    assert!(err.contains("`out/o0.txt` is there already"), "{err}");
    assert_eq!(place.said(&["runs", "outputs", &id, "n0", "-o", "out", "--force"]), "out/o0.txt\n");
}

#[test]
fn what_is_in_the_way_after_the_run_is_told_with_its_output_and_the_record() {
    let place = Place::new();
    place.said(&["run", "division", "--total", "17", "--by", "5", "-q", "-o", "out"]);
    let err = place.refused(2, &["runs", "outputs", "last", "-o", "out"]);
    assert!(err.starts_with("error: `out/outputs.json` is there already, and the output `quotient` would replace it\n"), "{err}");
    let answer = place.answer(&["run", "takes_place", "-q", "-o", "new", "--path", "new/o0.txt"]);
    let err = answer.err;
    assert!(answer.code == 2 && err.starts_with("error: `new/o0.txt` is there already, and the output `o0` would replace it\n"), "{err}");
    assert!(err.contains("hint: `--force` replaces it") && err.contains("\nhint: the outputs are recorded: "), "{err}");
}

#[test]
fn a_folder_that_nobody_may_write_into_is_named() {
    let place = Place::new();
    place.said(&["run", "written", "--text", "x", "-q"]);
    let folder = place.path().join("closed");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    let answer = place.answer(&["runs", "outputs", "last", "-o", "closed"]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    // Those who run this as root may write everywhere.
    if answer.code != 0 {
        assert!(answer.err.starts_with("error: cannot write into the folder `closed`: Permission denied"), "{}", answer.err);
    }
}

#[test]
fn outputs_of_one_name_are_all_there() {
    let place = Place::new();
    let out = place.said(&["run", "alike", "-q", "-o", "out"]);
    assert!(out.contains("outputs: out/outputs-2.json\n"), "{out}");
    let read = |path: &str| fs::read_to_string(place.path().join("out").join(path)).unwrap();
    let values: serde_json::Value = serde_json::from_str(&read("outputs.json")).unwrap();
    let texts = json!({ "report": "texts/report.txt", "report.txt": "texts/report-2.txt" });
    assert_eq!(values, json!({ "outputs": "outputs-2.json", "texts": texts, "count": 3 }));
    assert_eq!([read("outputs-2.json"), read("texts/report.txt"), read("texts/report-2.txt")], ["[]", "report", "report.txt"]);
}
