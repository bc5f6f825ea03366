//! Executions: read as the platform was recorded to tell of them, and steered.

use std::path::Path;
use std::process::{Command, Output};

use nebulakit::backend::flyte::{
    CacheUsed, ClientErrorKind, Execution, ExecutionFilter, ExecutionPhase, FailureOrigin, FlyteClient, NodePhase, RelaunchOptions,
};
use nebulakit::run::Answer;
use nebulakit_types::wire::flyteidl::admin::execution_closure::OutputResult;
use nebulakit_types::wire::flyteidl::admin::node_execution_closure::OutputResult as NodeResult;
use nebulakit_types::wire::flyteidl::admin::{
    ExecutionRecoverRequest, NodeExecution, NodeExecutionClosure, NodeExecutionMetaData, ResourceListRequest, SignalSetRequest,
    TaskExecution, TaskExecutionClosure, UrlBlob, Workflow, WorkflowClosure, WorkflowExecutionGetDataResponse,
};
use nebulakit_types::wire::flyteidl::core::gate_node::Condition;
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use nebulakit_types::wire::flyteidl::core::{
    ApproveCondition, CompiledWorkflow, CompiledWorkflowClosure, Container, ExecutionError, GateNode, Identifier, LiteralMap,
    NodeExecutionIdentifier, ResourceType, SignalCondition, TaskExecutionIdentifier, TaskTemplate, WorkflowTemplate, execution_error, node,
    node_execution, task_execution, task_template,
};
use nebulakit_types::{Dialect, NebulaType as _};
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::double::client;
use crate::double::executions::{Executions, State, execution};
use crate::double::grpc;
use crate::recorded::{Messages, lines};

/// The methods whose answers are read as they were recorded.
const RECORDED: [&str; 5] = ["GetExecution", "GetExecutionData", "ListNodeExecutions", "GetNodeExecutionData", "ListTaskExecutions"];

/// A client of what was recorded: each call is answered by the line with that method and that request, whatever the page.
async fn recorded(home: &Path) -> FlyteClient {
    let messages = Messages::new();
    let mut answers = Vec::new();
    for line in lines("flyte1-admin.jsonl") {
        let (Some(method), Some(response)) = (line["method"].as_str(), line.get("response")) else { continue };
        let is_whole = !line["note"].as_str().unwrap_or_default().starts_with("parts of");
        // Of some executions only a part of the answer was recorded.
        let is_whole = is_whole && (method != "GetExecution" || response.get("closure").is_some());
        if !is_whole || !RECORDED.contains(&method) {
            continue;
        }
        let response = response.to_string().replace("\"<time>\"", "\"2026-11-29T10:00:00Z\"").replace("\"<duration>\"", "\"1.500s\"");
        let request = messages.request(method, &line["request"]);
        let response: Value = serde_json::from_str(&response).unwrap();
        answers.push((method.to_owned(), place(method, &request), messages.encoded(method, &response)));
    }
    let address = grpc::serve(move |call| {
        let place = place(&call.method, &call.message);
        let found = answers.iter().rev().find(|(method, other, _)| *method == call.method && *other == place);
        let answer = match found {
            Some((.., answer)) => Ok(answer.clone()),
            None => Err((grpc::NOT_FOUND, format!("nothing was recorded of {}", call.method))),
        };
        async move { answer }
    })
    .await;
    client(home, &json!({ "endpoint": address.to_string(), "insecure": true }))
}

/// What a request is about: its first field, an id.
fn place(method: &str, request: &[u8]) -> Vec<u8> {
    // Lists name their execution there too; what follows is the page.
    let length = usize::from(*request.get(1).unwrap_or(&0));
    assert!(request.is_empty() || request[0] == 0x0a, "{method}: {request:?}");
    request.get(..2 + length).unwrap_or_default().to_vec()
}

fn of(client: &FlyteClient, name: &str) -> Execution {
    client.execution("flytesnacks", "development", name).unwrap()
}

#[tokio::test]
async fn what_is_known_of_an_execution_is_what_was_recorded() {
    let home = tempdir().unwrap();
    let client = recorded(home.path()).await;
    let one = of(&client, "nk-one").details().await.unwrap();
    assert_eq!((one.phase, one.launched.name.as_str(), one.launched.version.as_str()), (ExecutionPhase::Succeeded, "w.a", "v1"));
    assert_eq!((one.labels["team"].as_str(), one.launched.is_task, one.mode), ("x", false, "manual"));
    assert_eq!((one.duration.unwrap().as_millis(), one.failure, one.abort), (1500, None, None));
    let half = of(&client, "nk-half").details().await.unwrap();
    let failure = half.failure.unwrap();
    assert_eq!(
        (half.phase, failure.kind, failure.to_string().as_str()),
        (ExecutionPhase::Failed, FailureOrigin::User, "NkError (user): nk failed attempt 0")
    );
    let slow = of(&client, "nk-slow").details().await.unwrap();
    assert_eq!((slow.phase, slow.abort.unwrap().cause.as_str()), (ExecutionPhase::Aborted, "enough"));
}

#[tokio::test]
async fn nodes_and_data_are_what_was_recorded() {
    let home = tempdir().unwrap();
    let client = recorded(home.path()).await;
    let one = of(&client, "nk-one");
    let nodes = one.nodes().await.unwrap();
    assert_eq!(nodes.iter().map(|node| node.path.to_string()).collect::<Vec<_>>(), ["n0"], "not those of the platform");
    let node = &nodes[0];
    assert_eq!((node.phase, node.cache, node.has_deck), (NodePhase::Succeeded, CacheUsed::Disabled, true));
    let attempt = node.last_attempt().unwrap();
    assert_eq!((attempt.task.name.as_str(), attempt.number, attempt.logs[0].name.as_str()), ("t.a", 0, "Kubernetes Logs (User)"));
    let integer = |bytes: &[u8], name: &str| {
        let literal = LiteralMap::decode(bytes).unwrap().literals[name].encode_to_vec();
        nebulakit_types::decode::<i64>(&literal).unwrap()
    };
    assert_eq!(integer(&one.inputs().await.unwrap(), "a"), 5);
    assert_eq!(integer(&one.outputs().await.unwrap(), "o0"), 5);
    assert_eq!(integer(&one.node_inputs(node).await.unwrap(), "a"), 5);
    let aborted = of(&client, "nk-slow").outline().await.unwrap();
    assert_eq!((aborted[0].phase, aborted[0].failure.as_ref().unwrap().code.as_str()), (NodePhase::Aborted, "NodeAborted"));
    let recovered = of(&client, "nk-rec").outline().await;
    // What was attempted at the node that failed was not recorded.
    assert_eq!(recovered.unwrap_err().kind(), ClientErrorKind::NotFound);
}

fn error(code: &str, message: &str) -> ExecutionError {
    let (code, message) = (code.to_owned(), message.to_owned());
    ExecutionError { code, message, kind: execution_error::ErrorKind::User.into(), ..ExecutionError::default() }
}

fn node_id(name: &str, node: &str) -> NodeExecutionIdentifier {
    let id = execution(name, Phase::Undefined, None).id;
    NodeExecutionIdentifier { node_id: node.to_owned(), execution_id: id }
}

/// A node as the platform tells it.
fn node(name: &str, id: &str, spec: &str, phase: node_execution::Phase, error: Option<ExecutionError>, is_parent: bool) -> NodeExecution {
    let closure =
        NodeExecutionClosure { phase: phase.into(), output_result: error.map(NodeResult::Error), ..NodeExecutionClosure::default() };
    let metadata = NodeExecutionMetaData { spec_node_id: spec.to_owned(), is_parent_node: is_parent, ..NodeExecutionMetaData::default() };
    NodeExecution { id: Some(node_id(name, id)), closure: Some(closure), metadata: Some(metadata), ..NodeExecution::default() }
}

fn task_id(name: &str) -> Identifier {
    Identifier {
        resource_type: ResourceType::Task.into(),
        project: "flytesnacks".to_owned(),
        domain: "development".to_owned(),
        name: name.to_owned(),
        version: "v1".to_owned(),
        ..Identifier::default()
    }
}

const LONG: &str =
    "-4 is below zero, and this message is longer than the hundred characters that lists of the platform leave of any message";

/// An execution that failed in a node of a sub-workflow, whose id is a hash, in the second attempt.
fn failed(state: &mut State) {
    let result = OutputResult::Error(error("USER:Root", LONG));
    state.executions.push(execution("bad", Phase::Failed, Some(result)));
    let key = |parent: &str| ("bad".to_owned(), parent.to_owned());
    let succeeded = node_execution::Phase::Succeeded;
    let top = vec![
        node("bad", "start-node", "start-node", succeeded, None, false),
        node("bad", "n0", "n0", node_execution::Phase::Failed, Some(error("USER:Root", LONG)), true),
    ];
    state.nodes.insert(key(""), top);
    let inner = vec![
        node("bad", "f3mqif3y", "n0", succeeded, None, false),
        node("bad", "f7abcdef", "n1", node_execution::Phase::Failed, None, false),
        node("bad", "end-node", "end-node", succeeded, None, false),
    ];
    state.nodes.insert(key("n0"), inner);
    let attempts = [0, 1].map(|retry_attempt| {
        let id = TaskExecutionIdentifier {
            task_id: Some(task_id("steered.root")),
            node_execution_id: Some(node_id("bad", "f7abcdef")),
            retry_attempt,
        };
        let result = nebulakit_types::wire::flyteidl::admin::task_execution_closure::OutputResult::Error(error("USER:Root", "below zero"));
        let phase = task_execution::Phase::Failed.into();
        let closure = TaskExecutionClosure { phase, output_result: Some(result), ..TaskExecutionClosure::default() };
        TaskExecution { id: Some(id), closure: Some(closure), ..TaskExecution::default() }
    });
    state.attempts.insert(key("f7abcdef"), attempts.into());
    let literal = nebulakit_types::encode(&-4_i64, &Dialect::FLYTE_1).unwrap();
    let literals = [("x".to_owned(), prost::Message::decode(literal.as_slice()).unwrap())].into();
    let full_inputs = Some(LiteralMap { literals });
    state.data.insert("bad/f7abcdef".to_owned(), WorkflowExecutionGetDataResponse { full_inputs, ..Default::default() });
    state.tasks.push(root("execute"));
}

/// The task as it is registered.
fn root(verb: &str) -> TaskTemplate {
    let args = [verb, "--task-name", "steered.root"].map(str::to_owned).into();
    let container = Container { args, ..Container::default() };
    let interface = nebulakit_types::Interface {
        inputs: vec![nebulakit_types::Variable::new("x", i64::literal_type(&Dialect::FLYTE_1))],
        outputs: Vec::new(),
    };
    TaskTemplate {
        id: Some(task_id("steered.root")),
        interface: Some(interface.to_wire()),
        target: Some(task_template::Target::Container(container)),
        ..TaskTemplate::default()
    }
}

async fn reached(executions: &Executions, home: &Path) -> FlyteClient {
    client(home, &json!({ "endpoint": executions.serve().await.to_string(), "insecure": true, "maxBackoffDelay": "1ms" }))
}

#[tokio::test]
async fn nodes_within_nodes_have_paths_and_whole_messages() {
    let (home, executions) = (tempdir().unwrap(), Executions::with(failed));
    let client = reached(&executions, home.path()).await;
    let nodes = of(&client, "bad").nodes().await.unwrap();
    let all: Vec<_> = nodes[0].walk().collect();
    assert_eq!(all.iter().map(|node| node.path.as_str()).collect::<Vec<_>>(), ["n0", "n0/n0", "n0/n1"]);
    assert_eq!(all[0].failure.as_ref().unwrap().message, LONG, "and not its first hundred characters");
    assert_eq!(all[2].failure.as_ref().unwrap().message, "below zero", "the node itself has none");
    assert_eq!(all[2].attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [0, 1]);
    let listed = client.executions("flytesnacks", "development", &ExecutionFilter::default()).await.unwrap();
    let listed = &listed[0].failure.as_ref().unwrap().message;
    assert!(listed.len() < LONG.len() && LONG.starts_with(listed.as_str()), "{listed}");
}

#[tokio::test]
async fn lists_are_read_page_by_page_up_to_the_limit() {
    let home = tempdir().unwrap();
    let executions = Executions::with(|state| {
        state.page = Some(2);
        state.executions.extend((0..4).map(|number| execution(&format!("e{number}"), Phase::Succeeded, None)));
    });
    let client = reached(&executions, home.path()).await;
    let names = async |filter: ExecutionFilter| {
        let found = client.executions("flytesnacks", "development", &filter).await.unwrap();
        found.into_iter().map(|details| details.id.name).collect::<Vec<_>>()
    };
    // The last full page has a token, and the page behind it is empty.
    assert_eq!(names(ExecutionFilter::default()).await, ["e3", "e2", "e1", "e0"]);
    assert_eq!(executions.sent::<ResourceListRequest>("ListExecutions").len(), 3);
    assert_eq!(names(ExecutionFilter::default().limit(3)).await, ["e3", "e2", "e1"]);
    assert_eq!(executions.sent::<ResourceListRequest>("ListExecutions").last().unwrap().limit, 1);
    assert!(names(ExecutionFilter::default().phase(ExecutionPhase::Failed)).await.is_empty());
}

#[tokio::test]
async fn a_lost_answer_does_not_start_two_executions() {
    let home = tempdir().unwrap();
    let executions = Executions::with(|state| {
        state.executions.push(execution("bad", Phase::Failed, None));
        state.loses_answer = true;
    });
    let client = reached(&executions, home.path()).await;
    let next = of(&client, "bad").recover(&RelaunchOptions::default()).await.unwrap();
    assert_eq!(executions.sent::<ExecutionRecoverRequest>("RecoverExecution").len(), 2, "the call was repeated");
    assert_eq!(executions.look(|state| state.executions.len()), 2);
    let details = next.details().await.unwrap();
    assert_eq!((details.mode, details.reference.unwrap().name.as_str()), ("recovered", "bad"));
    executions.change(|state| state.loses_answer = true);
    let named = of(&client, "bad").relaunch(&RelaunchOptions::default().name("again")).await.unwrap();
    assert_eq!(named.id().name, "again", "an answer that is lost is no failure of a named one either");
    let twice = of(&client, "bad").relaunch(&RelaunchOptions::default().name("again")).await.unwrap_err();
    assert_eq!(twice.kind(), ClientErrorKind::AlreadyExists, "the first try was refused already");
    let taken = of(&client, "bad").relaunch(&RelaunchOptions::default().name("bad")).await.unwrap_err();
    assert_eq!(taken.kind(), ClientErrorKind::AlreadyExists);
    let refused = of(&client, "bad").relaunch(&RelaunchOptions::default().name("Bad_")).await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Settings, "the platform would take it, and fail the execution");
}

#[tokio::test]
async fn what_is_over_cannot_be_stopped_and_a_lost_answer_is_no_failure() {
    let home = tempdir().unwrap();
    let executions = Executions::with(|state| {
        state.executions.push(execution("done", Phase::Succeeded, None));
        state.executions.push(execution("runs", Phase::Running, None));
    });
    let client = reached(&executions, home.path()).await;
    let error = of(&client, "done").terminate("late").await.unwrap_err();
    assert_eq!(error.message(), "the execution `done` is over already: succeeded");
    executions.change(|state| state.loses_answer = true);
    of(&client, "runs").terminate("enough").await.unwrap();
    assert_eq!(of(&client, "runs").terminate("again").await.unwrap_err().kind(), ClientErrorKind::Invalid);
}

/// A workflow with a gate for a value and one for an approval.
fn gated(state: &mut State) {
    let id = Identifier { resource_type: ResourceType::Workflow.into(), ..task_id("steered.gated") };
    let gate = |id: &str, condition| {
        let target = Some(node::Target::GateNode(GateNode { condition: Some(condition) }));
        nebulakit_types::wire::flyteidl::core::Node { id: id.to_owned(), target, ..Default::default() }
    };
    let more = SignalCondition {
        signal_id: "more".to_owned(),
        r#type: Some(i64::literal_type(&Dialect::FLYTE_1).to_wire()),
        output_variable_name: "o0".to_owned(),
    };
    let nodes = vec![gate("n0", Condition::Signal(more)), gate("n1", Condition::Approve(ApproveCondition { signal_id: "go".to_owned() }))];
    let template = WorkflowTemplate { id: Some(id.clone()), nodes, ..WorkflowTemplate::default() };
    let primary = Some(CompiledWorkflow { template: Some(template), ..CompiledWorkflow::default() });
    let compiled_workflow = Some(CompiledWorkflowClosure { primary, ..CompiledWorkflowClosure::default() });
    let closure = Some(WorkflowClosure { compiled_workflow, ..WorkflowClosure::default() });
    state.workflow = Some(Workflow { id: Some(id.clone()), closure, ..Workflow::default() });
    let mut waits = execution("waits", Phase::Running, None);
    waits.closure.as_mut().unwrap().workflow_id = Some(id);
    state.executions.push(waits);
}

#[tokio::test]
async fn a_gate_is_answered_before_the_platform_has_reached_it() {
    let (home, executions) = (tempdir().unwrap(), Executions::with(gated));
    let client = reached(&executions, home.path()).await;
    let waits = of(&client, "waits");
    let value = nebulakit_types::encode(&7_i64, &Dialect::FLYTE_1).unwrap();
    waits.answer("more", Answer::Value(value)).await.unwrap();
    waits.answer("go", Answer::Reject).await.unwrap();
    let sent = executions.sent::<SignalSetRequest>("SetSignal");
    let sent: Vec<_> = sent.iter().map(|request| request.value.as_ref().unwrap().encode_to_vec()).collect();
    assert_eq!(nebulakit_types::decode::<i64>(&sent[0]).unwrap(), 7);
    assert!(!nebulakit_types::decode::<bool>(&sent[1]).unwrap());
    let error = waits.answer("other", Answer::Approve).await.unwrap_err();
    assert_eq!(error.message(), "the execution `waits` has no signal `other`; it has `go`, `more`");
    let error = waits.answer("more", Answer::Approve).await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Invalid, "{error}");
    assert_eq!(executions.sent::<SignalSetRequest>("SetSignal").len(), 2, "what its gate does not take is not sent");
}

#[tokio::test]
async fn values_that_do_not_fit_are_downloaded_up_to_the_limit() {
    let home = tempdir().unwrap();
    let literal = nebulakit_types::encode(&7_i64, &Dialect::FLYTE_1).unwrap();
    let literals = [("o0".to_owned(), prost::Message::decode(literal.as_slice()).unwrap())].into();
    let stored = LiteralMap { literals }.encode_to_vec();
    let (served, size) = (stored.clone(), stored.len() as i64);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = listener.local_addr().unwrap();
    let busy = std::sync::atomic::AtomicUsize::new(4);
    let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let answer = match request.uri().query() {
            Some("signature=busy") if busy.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) > 1 => {
                (http::StatusCode::SERVICE_UNAVAILABLE, Vec::new())
            }
            Some("signature=hidden" | "signature=busy") => (http::StatusCode::OK, served.clone()),
            _ => (http::StatusCode::FORBIDDEN, Vec::new()),
        };
        async move { answer }
    });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let executions = Executions::with(|state| {
        for (name, query, bytes) in [
            ("big", "signature=hidden", size),
            ("slow", "signature=busy", size),
            ("gone", "signature=old", size),
            ("huge", "signature=hidden", 1 << 40),
        ] {
            let outputs = Some(UrlBlob { url: format!("http://{store}/outputs.pb?{query}"), bytes });
            state.data.insert(name.to_owned(), WorkflowExecutionGetDataResponse { outputs, ..Default::default() });
        }
    });
    let client = reached(&executions, home.path()).await;
    assert_eq!(of(&client, "big").outputs().await.unwrap(), stored);
    assert_eq!(of(&client, "slow").outputs().await.unwrap(), stored, "a busy store is asked again");
    let error = of(&client, "gone").outputs().await.unwrap_err();
    assert!(error.to_string().contains("403") && !error.to_string().contains("signature"), "{error}");
    assert_eq!(of(&client, "huge").outputs().await.unwrap_err().kind(), ClientErrorKind::TooLarge);
}

#[test]
fn the_address_in_the_console_is_that_of_the_settings_or_of_the_endpoint() {
    let home = tempdir().unwrap();
    let address = |settings: &Value| of(&client(home.path(), settings), "n1").console_url();
    let behind = "/console/projects/flytesnacks/domains/development/executions/n1";
    assert_eq!(address(&json!({ "endpoint": "dns:///flyte.example.com" })), format!("https://flyte.example.com{behind}"));
    assert_eq!(address(&json!({ "endpoint": "localhost:30080", "insecure": true })), format!("http://localhost:30080{behind}"));
    for parts in [["", "d", "n"], ["p", "", "n"], ["p", "d", ""], ["p", "d", "a/b"]] {
        let [project, domain, name] = parts;
        let error = client(home.path(), &json!({ "endpoint": "localhost:1" })).execution(project, domain, name).unwrap_err();
        assert_eq!(error.kind(), ClientErrorKind::Settings, "{parts:?}");
    }
}

/// Runs the program in a home folder.
async fn app(home: &Path, executions: &Executions, words: &str) -> Output {
    let settings = json!({
        "admin": { "endpoint": executions.serve().await.to_string(), "insecure": true },
        "task": { "project": "flytesnacks" },
    });
    let file = home.join("config.yaml");
    std::fs::write(&file, settings.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_steered"));
    command.args(words.split_whitespace()).current_dir(home).env_clear().env("HOME", home).env("FLYTECTL_CONFIG", file);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn a_failed_execution_is_shown_watched_and_replayed() {
    let (home, executions) = (tempdir().unwrap(), Executions::with(failed));
    let (shown, _) = said(&app(home.path(), &executions, "executions show bad").await);
    assert!(shown.contains(&format!("USER:Root (user): {LONG}")) && shown.contains("n0/n1 root"), "{shown}");
    let watched = app(home.path(), &executions, "executions watch flytesnacks:development:bad").await;
    let (_, stderr) = said(&watched);
    let expected =
        format!("error[USER:Root]: the node n0/n1 (steered.root) of the execution bad failed, in attempt 2 (user error): {LONG}\n\nhint: ");
    assert!(watched.status.code() == Some(1) && stderr.contains(&expected), "{stderr}");
    for words in ["executions replay bad n0/n1", "executions replay bad f7abcdef", "executions replay bad"] {
        let replayed = app(home.path(), &executions, words).await;
        let (_, stderr) = said(&replayed);
        assert!(replayed.status.code() == Some(1) && stderr.contains("-4 is below zero"), "{words}: {stderr}");
        assert!(stderr.contains("replaying n0/n1, attempt 2"), "{stderr}");
    }
    let (runs, _) = said(&app(home.path(), &executions, "runs list").await);
    assert_eq!(runs.lines().filter(|line| line.contains("steered.root")).count(), 3, "{runs}");
    let (_, stderr) = said(&app(home.path(), &executions, "executions replay bad n7").await);
    assert!(stderr.contains("the execution `bad` has no node `n7`; it has `n0`, `n0/n0`, `n0/n1`"), "{stderr}");
}

#[tokio::test]
async fn a_task_that_is_another_one_here_is_not_replayed() {
    let home = tempdir().unwrap();
    let executions = Executions::with(|state| {
        failed(state);
        let interface = state.tasks[0].interface.as_mut().unwrap();
        let other = interface.inputs.as_mut().unwrap().variables.get_mut("x").unwrap();
        other.r#type = Some(String::literal_type(&Dialect::FLYTE_1).to_wire());
    });
    let (_, stderr) = said(&app(home.path(), &executions, "executions replay bad n0/n1").await);
    assert!(stderr.contains("another one in this binary: the input `x` was registered as str, and is int"), "{stderr}");
    executions.change(|state| {
        let Some(task_template::Target::Container(container)) = &mut state.tasks[0].target else { panic!() };
        container.args[2] = "elsewhere.root".to_owned();
    });
    let (_, stderr) = said(&app(home.path(), &executions, "executions replay bad n0/n1").await);
    assert!(stderr.contains("the task `steered.root` of the version v1 cannot be replayed: "), "{stderr}");
}

#[tokio::test]
async fn commands_answer_gates_and_refuse_what_names_nothing() {
    let (home, executions) = (tempdir().unwrap(), Executions::with(gated));
    for (words, expected) in [
        ("executions signal waits more 12", "`more` of the execution waits is answered\n"),
        ("executions signal waits go approve", "`go` of the execution waits is answered\n"),
        ("executions signal waits go maybe", "error: the signal `go` takes `approve` or `reject`, not `maybe`\n"),
        ("executions signal waits more ten", "error: the signal `more`: expected an integer, found `ten`\n"),
        ("executions show p:d", "error: `p:d` is not an execution\n"),
        ("executions terminate waits --cause enough", "the execution waits was asked to stop\n"),
    ] {
        let (_, stderr) = said(&app(home.path(), &executions, words).await);
        assert!(stderr.starts_with(expected), "{words}: {stderr}");
    }
    let (relaunched, console) = said(&app(home.path(), &executions, "executions relaunch waits --name again").await);
    assert_eq!(relaunched, "again\n");
    assert!(console.ends_with("/console/projects/flytesnacks/domains/development/executions/again\n"), "{console}");
    let (listed, _) = said(&app(home.path(), &executions, "executions list --phase aborting").await);
    assert!(listed.starts_with("waits  aborting"), "{listed}");
}
