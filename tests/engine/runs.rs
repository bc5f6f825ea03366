//! Each construct, from its registration to its outputs.

use nebulakit_tests::flyte::id;
use nebulakit_types::wire::flyteidl::admin::{
    ExecutionCreateResponse, ExecutionRecoverRequest, ExecutionRelaunchRequest, ExecutionTerminateRequest, ExecutionTerminateResponse,
    SignalSetRequest, SignalSetResponse,
};
use nebulakit_types::wire::flyteidl::core::node_execution::Phase as NodePhase;
use nebulakit_types::wire::flyteidl::core::{ResourceType, SignalIdentifier, primitive};
use serde_json::{Value, json};

use crate::shown::{launch, list, literal, number, of, request, run, shown};
use crate::{flows, registered};

fn node<'v>(shown: &'v Value, id: &str) -> &'v Value {
    let nodes = shown["nodes"].as_array().unwrap();
    nodes.iter().find(|node| node["id"] == id).unwrap_or_else(|| panic!("no node {id}: {shown:#}"))
}

#[tokio::test]
async fn a_chain_gives_what_its_tasks_give() {
    let double = registered([flows::chain::graph().unwrap()]).await;
    let shown = run(&double, "engine.flows.chain", "chain", [("x", number(3))]).await;
    let expected = json!({
        "phase": "SUCCEEDED",
        "nodes": [
            { "id": "end-node", "phase": "SUCCEEDED", "attempts": 0 },
            { "id": "n0", "phase": "SUCCEEDED", "attempts": 1, "task_phases": ["SUCCEEDED"] },
            { "id": "n1", "phase": "SUCCEEDED", "attempts": 1, "task_phases": ["SUCCEEDED"] },
            { "id": "start-node", "phase": "SUCCEEDED", "attempts": 0 },
        ],
        "outputs": { "o0": 12 },
    });
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_workflow_within_a_workflow_has_nodes_of_its_own() {
    let double = registered([flows::nested::graph().unwrap()]).await;
    let shown = run(&double, "engine.flows.nested", "nested", [("x", number(1))]).await;
    assert_eq!((&shown["phase"], &shown["outputs"]), (&json!("SUCCEEDED"), &json!({ "o0": 20 })), "{shown:#}");
    let inner = node(&shown, "n0");
    assert_eq!((&inner["is_parent_node"], &inner["attempts"]), (&json!(true), &json!(0)));
    let ids: Vec<_> = inner["children"].as_array().unwrap().iter().map(|child| child["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["n0-0-end-node", "n0-0-n0", "n0-0-n1", "n0-0-start-node"]);
}

#[tokio::test]
async fn a_launch_plan_of_a_node_is_an_execution_of_its_own() {
    let double = registered([flows::parent::graph().unwrap()]).await;
    let shown = run(&double, "engine.flows.parent", "par", [("x", number(1))]).await;
    assert_eq!((&shown["phase"], &shown["outputs"]), (&json!("SUCCEEDED"), &json!({ "o0": 8 })), "{shown:#}");
    assert_eq!(double.executions(), ["par", "par-n0-0"]);
    assert_eq!(crate::shown::shown(&double, "par-n0-0").await["outputs"], json!({ "o0": 4 }));
}

#[tokio::test]
async fn gates_wait_for_values_and_for_a_word() {
    let double = registered([flows::gated::graph().unwrap()]).await;
    let set = async |name: &str, signal: &str, value| {
        double.awaited(name, signal).await;
        let signal = SignalIdentifier { signal_id: signal.to_owned(), execution_id: Some(id(name)) };
        let request = SignalSetRequest { id: Some(signal), value: Some(literal(value)) };
        let _: SignalSetResponse = double.call("SetSignal", &request).await.unwrap();
    };
    for (name, word, phase) in [("yes", true, "SUCCEEDED"), ("no", false, "FAILED")] {
        launch(&double, "engine.flows.gated", name, []).await;
        set(name, "number", primitive::Value::Integer(4)).await;
        set(name, "fine", primitive::Value::Boolean(word)).await;
        double.ended(name).await;
        let shown = shown(&double, name).await;
        assert_eq!(shown["phase"], phase, "{shown:#}");
        match word {
            true => assert_eq!(shown["outputs"], json!({ "o0": 16 })),
            false => assert_eq!(shown["error"]["code"], "ReceivedRejectSignal"),
        }
    }
}

#[tokio::test]
async fn what_is_recoverable_is_tried_again_with_what_it_saved() {
    let double = registered([flows::retried::graph().unwrap()]).await;
    let shown = run(&double, "engine.flows.retried", "good", [("times", number(2))]).await;
    assert_eq!((&shown["phase"], &shown["outputs"]), (&json!("SUCCEEDED"), &json!({ "o0": 2 })), "{shown:#}");
    assert_eq!(node(&shown, "n0")["task_phases"], json!(["FAILED", "FAILED", "SUCCEEDED"]));
    let shown = run(&double, "engine.flows.retried", "bad", [("times", number(3))]).await;
    let error =
        json!({ "code": "RetriesExhausted|FLAKY", "kind": "USER", "message": "[3/3] currentAttempt done. Last Error: USER::not yet: 2" });
    assert_eq!(shown["error"]["code"], error["code"], "{shown:#}");
    assert_eq!(shown["error"]["kind"], "USER");
    assert!(shown["error"]["message"].as_str().unwrap().starts_with("[3/3] currentAttempt done. Last Error: USER::"));
}

#[tokio::test]
async fn a_handler_is_told_and_the_failure_stays() {
    let double = registered([flows::handled::graph().unwrap()]).await;
    let shown = run(&double, "engine.flows.handled", "handled", [("x", number(5))]).await;
    assert_eq!((&shown["phase"], &shown["error"]["code"]), (&json!("FAILED"), &json!("BROKEN")), "{shown:#}");
    assert_eq!(node(&shown, "fn0")["phase"], "SUCCEEDED", "{shown:#}");
    let said = double.log("handled-fn0-0");
    assert!(said.contains("cleaned up 5: ") && said.contains("5 is broken"), "{said}");
}

#[tokio::test]
async fn an_execution_that_is_ended_ends_its_containers() {
    let double = registered([flows::aborted::graph().unwrap()]).await;
    launch(&double, "engine.flows.aborted", "aborted", [("x", number(1))]).await;
    double.reached("aborted", "n0", NodePhase::Running).await;
    let request = ExecutionTerminateRequest { id: Some(id("aborted")), cause: "enough".to_owned() };
    let _: ExecutionTerminateResponse = double.call("TerminateExecution", &request).await.unwrap();
    double.ended("aborted").await;
    let shown = shown(&double, "aborted").await;
    assert_eq!(shown["phase"], "ABORTED");
    let ended = node(&shown, "n0");
    assert_eq!((&ended["phase"], &ended["error"]["code"]), (&json!("ABORTED"), &json!("NodeAborted")), "{shown:#}");
    let again = double.call::<ExecutionTerminateResponse>("TerminateExecution", &request).await.unwrap_err();
    assert_eq!(again, (9, "Cannot abort an already terminated workflow execution".to_owned()));
}

#[tokio::test]
async fn what_has_succeeded_is_not_run_again() {
    let double = registered([flows::half::graph().unwrap()]).await;
    let former = run(&double, "engine.flows.half", "half", [("x", number(5))]).await;
    assert_eq!(former["phase"], "FAILED", "{former:#}");
    let request = ExecutionRecoverRequest { id: Some(id("half")), name: "rec".to_owned(), metadata: None };
    let _: ExecutionCreateResponse = double.call("RecoverExecution", &request).await.unwrap();
    double.ended("rec").await;
    let recovered = shown(&double, "rec").await;
    assert_eq!((&recovered["phase"], &recovered["outputs"]), (&json!("SUCCEEDED"), &json!({ "o0": 10 })), "{recovered:#}");
    assert_eq!((&node(&recovered, "n0")["phase"], &node(&recovered, "n0")["attempts"]), (&json!("RECOVERED"), &json!(0)));
    let request = ExecutionRelaunchRequest { id: Some(id("half")), name: "again".to_owned(), overwrite_cache: false };
    let _: ExecutionCreateResponse = double.call("RelaunchExecution", &request).await.unwrap();
    double.ended("again").await;
    assert_eq!(node(&shown(&double, "again").await, "n0")["phase"], "SUCCEEDED");
}

#[tokio::test]
async fn what_is_cached_is_not_run_again() {
    let double = registered([flows::cached::graph().unwrap()]).await;
    for (name, cache, attempts) in [("first", "CACHE_POPULATED", 1), ("second", "CACHE_HIT", 0)] {
        let shown = run(&double, "engine.flows.cached", name, [("x", number(5))]).await;
        assert_eq!(shown["outputs"], json!({ "o0": 105 }), "{shown:#}");
        assert_eq!((&node(&shown, "n0")["cache"], &node(&shown, "n0")["attempts"]), (&json!(cache), &json!(attempts)));
    }
}

#[tokio::test]
async fn elements_of_maps_may_fail_within_the_criterion() {
    let double = registered([flows::some::graph().unwrap(), flows::all::graph().unwrap()]).await;
    let xs = || [("xs", list([1, 2, 3].map(number).into()))];
    let shown = run(&double, "engine.flows.some", "some", xs()).await;
    assert_eq!((&shown["phase"], &shown["outputs"]), (&json!("SUCCEEDED"), &json!({ "o0": [1, null, 3] })), "{shown:#}");
    let shown = run(&double, "engine.flows.all", "all", xs()).await;
    assert_eq!((&shown["phase"], &shown["error"]["code"], &shown["error"]["kind"]), (&json!("FAILED"), &json!(""), &json!("UNKNOWN")));
    assert!(shown["error"]["message"].as_str().unwrap().starts_with("[1]: "), "{shown:#}");
}

#[tokio::test]
async fn files_travel_through_the_store() {
    let double = registered([flows::files::graph().unwrap()]).await;
    let text = literal(primitive::Value::StringValue("four".to_owned()));
    let shown = run(&double, "engine.flows.files", "files", [("text", text)]).await;
    assert_eq!((&shown["phase"], &shown["outputs"]), (&json!("SUCCEEDED"), &json!({ "o0": 4 })), "{shown:#}");
}

#[tokio::test]
async fn a_task_runs_alone() {
    let double = registered([flows::chain::graph().unwrap()]).await;
    let request = request(of(ResourceType::Task, "engine.flows.double"), "alone", [("x", number(4))]);
    let _: ExecutionCreateResponse = double.call("CreateExecution", &request).await.unwrap();
    double.ended("alone").await;
    let shown = shown(&double, "alone").await;
    assert_eq!(shown["outputs"], json!({ "o0": 8 }));
    assert_eq!(node(&shown, "engineflowsdouble")["attempts"], 1);
}
