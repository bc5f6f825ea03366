//! The double answers what clients ask of executions as a running platform was recorded to answer.

use nebulakit::backend::flyte::compile::{Entity, Program};
use nebulakit::prelude::*;
use nebulakit_tests::flyte::Double;
use nebulakit_types::wire::flyteidl::admin::execution_spec::NotificationOverrides;
use nebulakit_types::wire::flyteidl::admin::{ExecutionCreateResponse, TaskSpec};
use nebulakit_types::wire::flyteidl::core::{ResourceType, node_execution};
use prost::Message as _;
use serde_json::{Value, json};

use crate::flows;
use crate::messages::{Messages, code, lines};
use crate::shown::{of, request};

/// The lines that are asked again, in their order. The others are of methods that no client of ours has, of what is asked in the moment before something
/// happens, of messages that our tasks do not have, or of what `recorded_refusals`, `recorded_runs` and `uploads` claim.
const CLAIMED: [&str; 50] = [
    "oauth.metadata",
    "tasks.page1",
    "tasks.page2",
    "tasks.page3",
    "tasks.exact",
    "tasks.latest",
    "tasks.default_order",
    "tasks.filter_eq",
    "tasks.filter_contains",
    "tasks.filter_not_like",
    "tasks.filter_and",
    "tasks.filter_in",
    "tasks.filter_created",
    "tasks.filter_state",
    "tasks.filter_percent",
    "task.get",
    "workflows.list",
    "lp.get",
    "lp.activate",
    "lp.activate2",
    "lp.active",
    "lp.deactivated",
    "lps.active",
    "exec.create",
    "exec.get",
    "exec.data",
    "nodes.list",
    "node.data",
    "tasks_of_node",
    "taskexec.data",
    "exec.terminate_done",
    "exec.recover_ok",
    "exec.relaunch",
    "exec.relaunch_same_name",
    "exec.relaunched",
    "execs.filter_phase_num",
    "execs.filter_name",
    "upload.create",
    "upload.no_meta",
    "upload.root",
    "exec.terminate",
    "exec.aborted",
    "exec.terminate_twice",
    "nodes.aborted",
    "signal.list",
    "signal.set",
    "signal.outputs",
    "signal.create_first",
    "signal.set_first",
    "signal.first_outputs",
];

#[workflow(name = "w.slow")]
fn slow() -> Promise<i64> {
    flows::slow::node(1)
}

#[workflow(name = "w.gate")]
fn waiting() -> Promise<i64> {
    gate::wait_for::<i64>("sig")
}

#[tokio::test]
async fn clients_are_answered_as_recorded() {
    let (messages, recorded, double) = (Messages::new(), lines("flyte1-admin.jsonl"), crate::double());
    let line = |id: &str| recorded.iter().find(|line| line["id"] == id).unwrap_or_else(|| panic!("no line {id}"));
    prepare(&double, &messages, &line).await;
    let mut wrong = Vec::new();
    for id in CLAIMED {
        meanwhile(&double, id).await;
        let line = line(id);
        let method = line["method"].as_str().unwrap();
        let answer = match messages.request(method, &line["request"]) {
            Some(request) => double.answer(method, request).await,
            // Without authentication this service does not exist.
            None => double.answer(method, Vec::new()).await,
        };
        let ours = match answer {
            Err((number, text)) => json!({ "code": code(number), "message": text }),
            Ok(answer) => {
                let mut ours = json!({ "code": "OK", "response": messages.response(method, &answer) });
                if method == "CreateExecution" || method.starts_with("Re") {
                    double.ended(ours["response"]["id"]["name"].as_str().unwrap()).await;
                }
                if let Some(rows) = line.get("response_ids") {
                    ours["token"] = ours["response"].get("token").cloned().unwrap_or_else(|| json!(""));
                    ours["response_ids"] = rows_of(&ours["response"]);
                    assert!(rows.is_array());
                    ours.as_object_mut().unwrap().remove("response");
                }
                parts(line, &mut ours);
                ours
            }
        };
        let fields = ["code", "message", "response", "response_ids", "token", "state"];
        let theirs = fields.iter().filter_map(|field| Some(((*field).to_owned(), line.get(*field)?.clone()))).collect();
        let (mut ours, mut theirs) = (ours, Value::Object(theirs));
        [&mut ours, &mut theirs].into_iter().for_each(stripped);
        if ours != theirs {
            wrong.push(format!("{id}\n  ours   {ours}\n  theirs {theirs}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Only those parts of an answer that were recorded.
fn parts(line: &Value, ours: &mut Value) {
    if let Some(state) = line.get("state") {
        // What is inactive is not written.
        assert_eq!((state, ours["response"]["closure"].get("state")), (&json!("INACTIVE"), None));
        *ours = json!({ "code": "OK", "state": state });
    }
    if line["note"].as_str().is_some_and(|note| note.starts_with("parts of")) {
        let (spec, phase) = (&ours["response"]["spec"], &ours["response"]["closure"]["phase"]);
        let parts = line["response"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| (name.clone(), if name == "phase" { phase } else { &spec[name] }.clone()));
        *ours = json!({ "code": "OK", "response": Value::Object(parts.collect()) });
    }
}

/// What happened before a line was recorded.
async fn meanwhile(double: &Double, id: &str) {
    let launch = async |plan: &str, name: &str| {
        let mut request = request(of(ResourceType::LaunchPlan, plan), name, []);
        request.spec.as_mut().unwrap().notification_overrides = Some(NotificationOverrides::DisableAll(true));
        let _: ExecutionCreateResponse = double.call("CreateExecution", &request).await.unwrap();
    };
    match id {
        "exec.terminate" => {
            crate::register(double, Program::of([slow::graph().unwrap()])).await;
            launch("w.slow", "nk-slow").await;
            double.reached("nk-slow", "n0", node_execution::Phase::Running).await;
        }
        "exec.aborted" => drop(double.ended("nk-slow").await),
        "signal.list" => {
            crate::register(double, Program::of([waiting::graph().unwrap()])).await;
            launch("w.gate", "nk-gate").await;
            double.awaited("nk-gate", "sig").await;
        }
        "signal.outputs" => drop(double.ended("nk-gate").await),
        "signal.create_first" => launch("w.gate", "nk-gate2").await,
        "signal.first_outputs" => drop(double.ended("nk-gate2").await),
        _ => {}
    }
}

/// Registers what was registered when the lines were recorded.
async fn prepare<'l>(double: &Double, messages: &Messages, line: &impl Fn(&str) -> &'l Value) {
    let compiled = crate::compiled(&Program::default().with_task(flows::same::def()));
    let Some(Entity::Task { spec, .. }) = compiled.entities.first() else { panic!("no task") };
    let task = line("task.get")["response"]["closure"]["compiled_task"]["template"].clone();
    let create = async |method: &str, request: Value| {
        double.answer(method, messages.request(method, &request).unwrap()).await.unwrap_or_else(|error| panic!("{error:?}"));
    };
    for version in ["v1", "v2"] {
        own_task(double, "t.a", version, spec).await;
    }
    for name in ["t.b", "u.c", "t.slow", "t.bad", "t.flaky"] {
        let mut id = task["id"].clone();
        id["name"] = json!(name);
        let description = json!({ "short_description": line("task.get")["response"]["short_description"] });
        create("CreateTask", json!({ "id": id, "spec": { "template": task, "description": description } })).await;
    }
    let workflow = &line("workflow.get")["response"];
    let mut template = workflow["closure"]["compiled_workflow"]["primary"]["template"].clone();
    let nodes = template["nodes"].as_array_mut().unwrap();
    nodes.drain(..2);
    nodes[0]["inputs"][0]["binding"]["promise"].as_object_mut().unwrap().remove("node_id");
    create("CreateWorkflow", json!({ "id": workflow["id"], "spec": { "template": template } })).await;
    for id in ["lp.get", "lp.active"] {
        let plan = &line(id)["response"];
        create("CreateLaunchPlan", json!({ "id": plan["id"], "spec": plan["spec"] })).await;
    }
}

async fn own_task(double: &Double, name: &str, version: &str, spec: &TaskSpec) {
    use nebulakit_types::wire::flyteidl::admin::TaskCreateRequest;
    use nebulakit_types::wire::flyteidl::core::Identifier;
    let id = Identifier { version: version.to_owned(), ..of(ResourceType::Task, name) };
    let request = TaskCreateRequest { id: Some(id), spec: Some(spec.clone()) };
    double.answer("CreateTask", request.encode_to_vec()).await.unwrap();
}

/// The names and versions of a list's rows.
fn rows_of(response: &Value) -> Value {
    let rows = response.as_object().unwrap().values().find_map(Value::as_array);
    let of = |row: &Value| json!([row["id"]["name"], row["id"].get("version")]);
    rows.into_iter().flatten().map(of).collect()
}

/// Without what differs from run to run, and without what only Kubernetes has to tell.
fn stripped(value: &mut Value) {
    const DIFFERENT: [&str; 15] = [
        "created_at",
        "updated_at",
        "started_at",
        "occurred_at",
        "expires_at",
        "duration",
        "connections",
        "deck_uri",
        "checkpoint_uri",
        "logs",
        "reason",
        "reasons",
        "signed_url",
        "details",
        "event_version",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| !DIFFERENT.contains(&name.as_str()) && !value.is_null() && value != "");
            fields.values_mut().for_each(stripped);
            // Empty messages are as good as none.
            fields.retain(|_, value| value != &json!({}));
        }
        Value::Array(items) => items.iter_mut().for_each(stripped),
        _ => {}
    }
}
