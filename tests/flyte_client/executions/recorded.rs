//! What was recorded of a running platform, as the client reads it.

use std::path::Path;

use nebulakit::backend::flyte::{CacheUsed, ClientErrorKind, ExecutionPhase, FailureOrigin, FlyteClient, NodePhase};
use nebulakit_types::wire::flyteidl::core::LiteralMap;
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::of;
use crate::double::{client, grpc};
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
