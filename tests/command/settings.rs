//! Settings: every mistake at once, and where each is from.

use std::fs;

use crate::Place;

#[test]
fn all_mistakes_are_said_at_once() {
    let place = Place::new();
    let text = "pol = \"3s\"\n[defaults]\ncores = \"two\"\n[task.align]\nmemory = \"lots\"\npartition = \"x\"\n[backends.bad]\nkind = \"command\"\n";
    fs::write(place.path().join("nebulakit.toml"), text).unwrap();
    let err = place.refused(2, &["run", "doubled", "--xs", "[1]"]);
    let expected = [
        "`pol`: unknown key; did you mean `poll`?",
        "`defaults.cores`: expected a number above 0, found \"two\"",
        "`task.align.memory`: expected an amount of memory such as `4Gi`, found \"lots\"",
        "`task.align.partition`: unknown key",
    ];
    for said in expected {
        assert!(err.contains(said), "{said}: {err}");
    }
    fs::write(
        place.path().join("nebulakit.toml"),
        "[backends.bad]\nkind = \"command\"\nsubmit = \"bsub -J x\"\nstatus_job = '(?<id>.)'\nstates = { A = \"waiting\" }\n",
    )
    .unwrap();
    let err = place.refused(2, &["run", "doubled", "--xs", "[1]", "--backend", "bad"]);
    let expected = [
        "`backends.bad.submit`: expected a list of words",
        "`backends.bad.submit_id`: is missing",
        "`backends.bad.status`: is missing",
        "`backends.bad.status_job`: expected a group `(?<state>..)`",
        "`A` is `\"waiting\"`; expected one of `queued`",
        "`backends.bad.cancel`: is missing",
    ];
    for said in expected {
        assert!(err.contains(said), "{said}: {err}");
    }
}

#[test]
fn a_backend_that_nobody_knows_is_named_with_those_that_are_known() {
    let place = Place::new();
    let err = place.refused(2, &["run", "doubled", "--xs", "[1]", "--backend", "lsf"]);
    assert!(err.contains("there is no backend `lsf`; there are") && err.contains("`batch`"), "{err}");
}

#[test]
fn what_is_said_most_closely_counts_and_its_origin_is_shown() {
    let place = Place::with("[task.\"do*\"]\ncores = 2\n");
    let user = place.path().join(".config/nebulakit");
    fs::create_dir_all(&user).unwrap();
    fs::write(user.join("config.toml"), "backend = \"batch\"\nplan_dir = \"mine\"\n[backends.batch]\npoll = \"9s\"\nsettle = \"7s\"\n")
        .unwrap();
    let output = place.command(&["config", "show", "--json"]).env("NEBULAKIT_POLL", "2s").output().unwrap();
    let shown: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |key: &str| {
        let one = shown.as_array().unwrap().iter().find(|one| one["key"] == key).unwrap_or_else(|| panic!("{key}: {shown}"));
        (one["value"].as_str().unwrap().to_owned(), one["origin"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
    };
    let is = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(of("backend"), is("\"batch\"", "config.toml"));
    assert_eq!(of("poll"), is("\"2s\"", "NEBULAKIT_POLL"));
    assert_eq!(of("backends.batch.poll"), is("\"1s\"", "nebulakit.toml"));
    assert_eq!(of("backends.batch.settle"), is("\"7s\"", "config.toml"));
    assert_eq!(of("task.\"do*\".cores"), is("2", "nebulakit.toml"));
    // The user's own choice runs it there.
    let answer = place.answer(&["run", "doubled", "--xs", "[1]", "--plan-dir", "p"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "[2]\n"), "{}", answer.err);
    assert!(place.path().join("p/plan.json").exists());
}
