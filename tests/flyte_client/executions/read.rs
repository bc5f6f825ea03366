//! What the client reads of executions: nodes, lists, data, addresses.

use nebulakit::backend::flyte::{ClientErrorKind, ExecutionFilter, ExecutionPhase};
use nebulakit_types::Dialect;
use nebulakit_types::wire::flyteidl::admin::{ResourceListRequest, UrlBlob, WorkflowExecutionGetDataResponse};
use nebulakit_types::wire::flyteidl::core::LiteralMap;
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::given::{LONG, failed};
use super::{of, reached};
use crate::double::client;
use crate::double::executions::{Executions, execution};

#[tokio::test]
async fn nodes_within_nodes_have_paths_and_whole_messages() {
    let (home, executions) = (tempdir().unwrap(), Executions::with(failed));
    let client = reached(&executions, home.path()).await;
    let nodes = of(&client, "bad").nodes().await.unwrap();
    let all: Vec<_> = nodes[0].walk().collect();
    assert_eq!(all.iter().map(|node| node.path.as_str()).collect::<Vec<_>>(), ["n0", "n0/n0", "n0/n1"]);
    assert_eq!(all[0].failure.as_ref().unwrap().message, LONG, "and not its first hundred characters");
    let outline = of(&client, "bad").outline().await.unwrap();
    assert_eq!(outline[0].failure, all[0].failure);
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
async fn values_that_do_not_fit_are_downloaded_up_to_the_limit() {
    let home = tempdir().unwrap();
    let literal = nebulakit_types::encode(&7_i64, &Dialect::FLYTE_1).unwrap();
    let literals = [("o0".to_owned(), prost::Message::decode(literal.as_slice()).unwrap())].into();
    let stored = LiteralMap { literals }.encode_to_vec();
    let (served, size) = (stored.clone(), stored.len() as i64);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let store = listener.local_addr().unwrap();
    let busy = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(4));
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
