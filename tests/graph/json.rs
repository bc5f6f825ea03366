//! The JSON of graphs: there and back, versions, and what comes from outside.

use nebulakit::graph::{Binding, Graph, Kind, Node, Problem, ProblemKind, Problems};
use serde_json::{Value, json};

use crate::{ALL_KINDS, all_kinds, document};

#[test]
fn a_graph_comes_back_as_it_went() {
    let graph = all_kinds();
    let text = graph.to_json().unwrap();
    assert_eq!(Graph::from_json(&text).unwrap(), graph);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document(), "nothing is added or lost");
    assert_eq!(Graph::from_json(&text).unwrap().to_json().unwrap(), text);
}

fn only(problems: Problems) -> Problem {
    assert_eq!(problems.len(), 1, "{problems}");
    problems.into_iter().next().unwrap()
}

fn refused(text: &str) -> Problem {
    only(Graph::from_json(text).unwrap_err())
}

#[test]
fn another_version_is_named() {
    let mut other = document();
    other["version"] = json!(2);
    other["graph"]["wings"] = json!(2);
    let problem = refused(&other.to_string());
    assert_eq!((problem.kind, problem.message.as_str()), (ProblemKind::Json, "expected a graph of version 1, found version 2"));
    // Of a form that we know, it is none that we know the meaning of.
    other["graph"].as_object_mut().unwrap().remove("wings");
    assert_eq!(refused(&other.to_string()).message, "expected a graph of version 1, found version 2");
    let unversioned = json!({"graph": {"name": "a"}}).to_string();
    assert!(refused(&unversioned).message.starts_with("not a graph as JSON: missing field `version`"));
}

#[test]
fn what_is_not_a_graph_is_told_with_its_line() {
    for (text, reason) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[]", "invalid length 0"),
        (r#"{"version":1,"graph":{"name":"a","nodes":[]}}"#, "unknown field `nodes`"),
        (r#"{"version":1,"graph":{"name":"a","body":{"nodes":[{"id":"n0"}]}}}"#, "missing field `run` at line 1 column 61"),
        (r#"{"version":1,"graph":{"name":"a","body":{"nodes":[{"id":"n0","run":{"fly":"b"}}]}}}"#, "unknown variant `fly`"),
        (
            r#"{"version":1,"graph":{"name":"a","inputs":[{"name":"x","type":{"simple":"INT"}}]}}"#,
            "`simple`: expected one of NONE, INTEGER",
        ),
        (r#"{"version":1,"graph":{"name":"a","inputs":[{"name":"x","type":{}}]}}"#, "a literal type that names no type"),
        (r#"{"version":1,"graph":{"name":"a","inputs":[{"name":"x","type":{"simple":"NONE","blob":{}}}]}}"#, "not both"),
        (r#"{"version":1,"graph":{"name":"a","at":"src"}}"#, "a place is written as `file:line:column`"),
        (r#"{"version":1,"graph":{"name":"a","body":{"nodes":[{"id":"n0","run":{"sleep":"1h"}}]}}}"#, "a span of time is written as"),
    ] {
        let problem = refused(text);
        assert!(problem.kind == ProblemKind::Json && problem.message.contains(reason), "{text}: {problem}");
    }
}

/// 10,000 levels of everything that nests.
#[test]
fn what_nests_without_end_is_an_error() {
    const LEVELS: usize = 10_000;
    let lists = |inside: &str| format!("{}{inside}{}", r#"{"list":["#.repeat(LEVELS), "]}".repeat(LEVELS));
    let types = |inside: &str| format!("{}{inside}{}", r#"{"collectionType":"#.repeat(LEVELS), "}".repeat(LEVELS));
    let tests = |inside: &str| format!("{}{inside}{}", r#"{"all":["#.repeat(LEVELS), "]}".repeat(LEVELS));
    let arm = r#"{"when":{"all":[]},"body":{"nodes":[{"id":"n0","run":{"branch":{"outputs":[],"otherwise":{"fail":""},"arms":["#;
    let branches = format!("{}{}", arm.repeat(LEVELS), "]}}}]}}".repeat(LEVELS));
    let nodes = |nodes: &str| format!(r#"{{"version":1,"graph":{{"name":"a","body":{{"nodes":[{nodes}]}}}}}}"#);
    let workflows =
        format!(r#"{{"version":1,"graph":{}{{"name":"a"}}{}}}"#, r#"{"name":"a","workflows":{"a":"#.repeat(LEVELS), "}}".repeat(LEVELS));
    for text in [
        nodes(&format!(r#"{{"id":"n0","run":{{"task":"t"}},"inputs":[{{"name":"x","from":{}}}]}}"#, lists(r#""failure""#))),
        nodes(&format!(r#"{{"id":"n0","run":{{"branch":{{"arms":[{branches}],"otherwise":{{"fail":""}},"outputs":[]}}}}}}"#)),
        nodes(&format!(
            r#"{{"id":"n0","run":{{"branch":{{"arms":[{{"when":{},"body":{{}}}}],"otherwise":{{"fail":""}},"outputs":[]}}}}}}"#,
            tests(r#"{"all":[]}"#)
        )),
        nodes(&format!(r#"{{"id":"n0","run":{{"wait":{{"signal":"s","type":{}}}}}}}"#, types(r#"{"simple":"NONE"}"#))),
        workflows,
    ] {
        let problem = refused(&text);
        assert!(problem.message.contains("recursion limit exceeded"), "{problem}");
    }
}

/// Deep types and literals that JSON's own limit lets through.
#[test]
fn what_nests_deeper_than_protobuf_reads_is_an_error() {
    let types = format!("{}{}{}", r#"{"collectionType":"#.repeat(110), r#"{"simple":"NONE"}"#, "}".repeat(110));
    let text = format!(r#"{{"version":1,"graph":{{"name":"a","inputs":[{{"name":"x","type":{types}}}]}}}}"#);
    let problem = refused(&text);
    assert!(problem.message.contains("nested deeper than 100 messages"), "{problem}");
}

#[test]
fn a_mistake_has_no_json_form() {
    let mut graph = Graph::new("flows.a");
    graph.body.nodes.push(Node::new("n0", Kind::Task("flows.b".into())).with("x", Binding::Fault));
    let problem = only(graph.to_json().unwrap_err());
    assert_eq!(problem.kind, ProblemKind::Json);
    assert!(problem.message.starts_with("the graph cannot be written as JSON: "), "{problem}");
}

/// Every prefix of a document, and every document with one part taken out or replaced, is a graph or an error.
#[test]
fn damaged_documents_are_errors_or_graphs() {
    for end in (0..ALL_KINDS.len()).step_by(97) {
        assert!(Graph::from_json(&ALL_KINDS[..end]).is_err());
    }
    let whole = document();
    let mut paths = Vec::new();
    pointers(&whole, String::new(), &mut paths);
    assert!(paths.len() > 500);
    for (index, path) in paths.iter().enumerate() {
        let damages = [Value::Null, json!({}), json!([]), json!("n0"), json!(-1), json!(1e300)];
        let mut damaged = whole.clone();
        *damaged.pointer_mut(path).unwrap() = damages[index % damages.len()].clone();
        if let Ok(graph) = Graph::from_json(&damaged.to_string()) {
            assert_eq!(Graph::from_json(&graph.to_json().unwrap()).unwrap(), graph, "{path}");
        }
    }
}

/// A pointer to each part of a value, the whole last.
pub(crate) fn pointers(value: &Value, path: String, out: &mut Vec<String>) {
    match value {
        Value::Array(values) => values.iter().enumerate().for_each(|(index, value)| pointers(value, format!("{path}/{index}"), out)),
        Value::Object(values) => {
            let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
            values.iter().for_each(|(key, value)| pointers(value, format!("{path}/{}", escaped(key)), out));
        }
        _ => {}
    }
    out.push(path);
}
