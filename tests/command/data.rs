//! Inputs that the machines of an engine have to see.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Place;

/// Runs `weighing` of this file; the path that the job had for it.
fn given(place: &Place, file: &Path) -> PathBuf {
    assert_eq!(place.said(&["run", "weighing", "--file", file.to_str().unwrap(), "--backend", "batch"]), "1\n");
    let id = place.json(&["runs", "list", "--json"])[0]["run"].as_str().unwrap().to_owned();
    let inputs = fs::read(place.path().join(".nebulakit/plans").join(id).join("nodes/n0/0/inputs.pb")).unwrap();
    let text = String::from_utf8_lossy(&inputs).into_owned();
    let start = text.find('/').unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    PathBuf::from(&text[start..start + text[start..].find(name).unwrap() + name.len()])
}

#[test]
fn inputs_below_the_project_are_used_in_place_and_others_are_copied_once() {
    let (place, elsewhere) = (Place::new(), tempfile::tempdir().unwrap());
    let inside = place.path().join("large.txt");
    fs::write(&inside, "inside").unwrap();
    assert_eq!(given(&place, &inside), inside);
    assert!(!place.path().join(".nebulakit/inputs").exists());
    let outside = elsewhere.path().join("large.txt");
    fs::write(&outside, "outside").unwrap();
    let copy = given(&place, &outside);
    assert!(copy.starts_with(place.path().join(".nebulakit/inputs")), "{copy:?}");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "outside");
    // By its digest, wherever it is.
    let other = elsewhere.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("large.txt"), "outside").unwrap();
    assert_eq!(given(&place, &other.join("large.txt")), copy);
    assert_eq!(fs::read_dir(place.path().join(".nebulakit/inputs")).unwrap().count(), 1);
}

#[test]
fn inputs_below_the_shared_root_are_used_in_place() {
    let shared = tempfile::tempdir().unwrap();
    let place = Place::new();
    let text = format!("data.shared = [{:?}, {:?}]\n", shared.path(), place.path());
    let path = place.path().join("nebulakit.toml");
    fs::write(&path, text + &fs::read_to_string(&path).unwrap()).unwrap();
    let file = shared.path().join("x.txt");
    fs::write(&file, "x").unwrap();
    assert_eq!(given(&place, &file), file);
}

#[test]
fn a_plan_that_nobody_else_sees_is_refused_with_the_line_to_write() {
    let place = Place::new();
    let path = place.path().join("nebulakit.toml");
    fs::write(&path, "data.shared = \"/shared\"\n".to_owned() + &fs::read_to_string(&path).unwrap()).unwrap();
    let err = place.refused(1, &["run", "doubled", "--xs", "[1]", "--backend", "batch"]);
    let said = "/.nebulakit, which is not below `/shared`, the folders of `data.shared`";
    assert!(err.contains("runs are recorded in /") && err.contains(said), "{err}");
    assert!(err.contains("hint: say `NEBULAKIT_DIR=/shared/.nebulakit`") && !err.contains("the plan would be"), "{err}");
    assert_eq!(place.jobs().len(), 0);
    fs::write(&path, "data.shared = \"here\"\ndata.prefixes = 1\n").unwrap();
    let err = place.refused(2, &["run", "doubled", "--xs", "[1]"]);
    assert!(
        err.contains("`data.shared`: expected paths from `/` on, found `here`") && err.contains("`data.prefixes`: unknown key"),
        "{err}"
    );
}
