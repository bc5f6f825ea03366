//! What an attempt leaves.

use nebulakit_tests::literals::{int, text};
use serde_json::json;

use super::plan::{Plan, stderr};

#[test]
fn an_attempt_leaves_outputs_and_a_record() {
    let plan = Plan::new().given("n0", 0, &[("x", int(41))]);
    let mut command = plan.command(&["--node", "n0", "--attempt", "0", "--task", "increment"]);
    command.env("SLURM_JOB_ID", "17").env("SLURM_ARRAY_TASK_ID", "3").env("A_SECRET", "marker");
    let ended = command.output().unwrap();
    assert_eq!((ended.status.code(), stderr(&ended).as_str()), (Some(0), ""));
    assert_eq!(plan.output("n0", 0), int(42));
    let record = plan.record("n0", 0);
    let expected = json!({
        "version": 1, "node": "n0", "attempt": 0, "task": "increment", "outcome": "succeeded", "outputs": 0, "exit": 0,
        "engine": {"SLURM_JOB_ID": "17", "SLURM_ARRAY_TASK_ID": "3"},
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&record[key], value, "{key} of {record}");
    }
    assert!(record["cpu_seconds"].as_f64().unwrap() < 10.0 && record["peak_bytes"].as_u64().unwrap() > 1 << 20, "{record}");
    let [began, ended] = ["began", "ended"].map(|key| record[key].as_str().unwrap().to_owned());
    assert!(began <= ended && began.len() == "2026-01-01T00:00:00.000Z".len(), "{record}");
    assert_eq!(std::fs::read_to_string(plan.path().join("nodes/n0/outputs")).unwrap(), "0\n");
    assert_eq!(
        (plan.names("ended"), plan.names("nodes/n0/0")),
        (vec!["n0.0".into()], vec!["claim".into(), "inputs.pb".into(), "outputs.pb".into(), "record.json".into()])
    );
    assert!(!record.to_string().contains("marker"));
}

#[test]
fn an_attempt_without_a_number_is_the_first_that_nobody_has() {
    let plan = Plan::new().given("n0", 0, &[("x", int(1))]).given("n0", 1, &[("x", int(2))]);
    // As a process leaves it that was killed: a claim, and no record.
    std::fs::write(plan.attempt("n0", 0).join("claim"), "").unwrap();
    let words = ["--node", "n0", "--task", "increment"];
    assert_eq!(plan.run(&words).status.code(), Some(0));
    assert_eq!((plan.output("n0", 1), plan.names("ended")), (int(3), vec!["n0.1".to_owned()]));
    // What has succeeded is not run again.
    let again = plan.run(&words);
    assert_eq!(
        (again.status.code(), stderr(&again).as_str()),
        (Some(0), "note: attempt 1 at the node `n0` has succeeded; nothing is run\n")
    );
    assert_eq!(plan.names("nodes/n0"), ["0", "1", "outputs"]);
}

#[test]
fn an_attempt_after_a_success_has_its_outputs() {
    let plan = Plan::new().given("n0", 0, &[("x", int(1))]);
    for attempt in ["0", "1"] {
        assert_eq!(plan.run(&["--node", "n0", "--attempt", attempt, "--task", "increment"]).status.code(), Some(0));
    }
    let record = plan.record("n0", 1);
    assert_eq!((&record["outcome"], &record["outputs"], record.get("exit")), (&json!("succeeded"), &json!(0), None));
    assert_eq!(plan.names("ended"), ["n0.0", "n0.1"]);
}

#[test]
fn an_element_of_an_array_is_a_line_of_a_list() {
    let plan = Plan::new().given("n3[5]", 2, &[("x", int(5))]);
    let list = plan.path().join("array-0");
    std::fs::write(&list, "n0\nn3[5] 2\n").unwrap();
    let words = ["--index-from", "SLURM_ARRAY_TASK_ID", "--list", list.to_str().unwrap(), "--task", "increment"];
    let ended = plan.command(&words).env("SLURM_ARRAY_TASK_ID", "1").output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert_eq!((plan.output("n3[5]", 2), plan.names("ended")), (int(6), vec!["n3[5].2".to_owned()]));
    let ended = plan.command(&words).env("SLURM_ARRAY_TASK_ID", "2").output().unwrap();
    assert_eq!(ended.status.code(), Some(4));
    assert!(stderr(&ended).contains("has no line 2, which the variable `SLURM_ARRAY_TASK_ID` asks for"), "{}", stderr(&ended));
}

#[test]
fn a_task_goes_on_from_the_checkpoint_of_the_attempt_before() {
    let plan = (0..2).fold(Plan::new(), |plan, attempt| plan.given("n0", attempt, &[("a", int(7))]));
    // The first attempt leaves a checkpoint, and its outputs are lost.
    assert_eq!(plan.run(&["--node", "n0", "--attempt", "0", "--task", "mod.cp"]).status.code(), Some(0));
    assert_eq!(plan.output("n0", 0), int(-1));
    std::fs::remove_file(plan.path().join("nodes/n0/outputs")).unwrap();
    assert_eq!(plan.run(&["--node", "n0", "--attempt", "1", "--task", "mod.cp"]).status.code(), Some(0));
    assert_eq!(plan.output("n0", 1), int(7));
}

#[test]
fn data_goes_where_the_plan_says() {
    let plan = Plan::new().given("n2%2fn0", 0, &[("place", text("p"))]);
    let build =
        serde_json::from_slice::<serde_json::Value>(&std::fs::read(plan.path().join("plan.json")).unwrap()).unwrap()["build"].clone();
    plan.says(&json!({"build": build, "data": plan.path().join("data")}));
    let ended = plan.run(&["--node", "n2/n0", "--attempt", "0", "--task", "write_blocking"]);
    assert_ne!(ended.status.code(), Some(0), "it takes no input");
    let plan = plan.given("n2%2fn0", 1, &[]);
    let ended = plan.run(&["--node", "n2/n0", "--attempt", "1", "--task", "write_blocking"]);
    assert_eq!(ended.status.code(), Some(0), "{}", stderr(&ended));
    assert!(!plan.names("data/n2%2fn0/1").is_empty());
}
