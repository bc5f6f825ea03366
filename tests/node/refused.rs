//! What is refused before anything is claimed, and words that are wrong.

use serde_json::json;

use super::plan::{Plan, stderr};

#[test]
fn a_plan_of_another_build_is_refused_by_name() {
    let plan = Plan::new();
    plan.says(&json!({"build": "build-id:0123"}));
    let ended = plan.run(&["--node", "n0", "--task", "increment"]);
    let said = stderr(&ended);
    assert_eq!(ended.status.code(), Some(4), "{said}");
    assert!(said.starts_with("error: the plan p1 was made by the build `build-id:0123`, and this program is the build `"), "{said}");
    assert!(said.contains("hint: run the plan's own copy of its program") && said.contains("bin/0123"), "{said}");
    assert_eq!(plan.names(""), ["plan.json"]);
}

#[test]
fn a_plan_that_cannot_be_read_is_named() {
    let plan = Plan::new();
    for (text, expected) in [
        ("", "EOF while parsing"),
        ("{\"version\":2}", "it is of version 2, and this program reads version 1"),
        ("{\"version\":1}", "missing field `id`"),
    ] {
        std::fs::write(plan.path().join("plan.json"), text).unwrap();
        let ended = plan.run(&["--node", "n0"]);
        let said = stderr(&ended);
        assert_eq!(ended.status.code(), Some(4), "{said}");
        assert!(said.starts_with("error: cannot read the plan ") && said.contains("plan.json") && said.contains(expected), "{said}");
    }
    std::fs::remove_file(plan.path().join("plan.json")).unwrap();
    assert_eq!(plan.run(&["--node", "n0"]).status.code(), Some(4));
}

#[test]
fn wrong_words_are_a_mistake_in_usage() {
    let plan = Plan::new();
    let ended = plan.run(&["--nodes", "n0"]);
    let said = stderr(&ended);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(
        said.starts_with("error: `node-execute` has no option `--nodes`\n\nusage: fixture node-execute --plan FOLDER --node ID"),
        "{said}"
    );
    assert_eq!(plan.names(""), ["plan.json"]);
}

#[test]
fn a_node_leads_out_of_no_folder() {
    let plan = Plan::new();
    let ended = plan.run(&["--node", "../../../x", "--attempt", "0", "--task", "nothing"]);
    assert_ne!(ended.status.code(), Some(4), "{}", stderr(&ended));
    assert_eq!(
        (plan.names(""), plan.names("ended")),
        (vec!["ended".into(), "nodes".into(), "plan.json".into()], vec!["%2e.%2f..%2f..%2fx.0".into()])
    );
}
