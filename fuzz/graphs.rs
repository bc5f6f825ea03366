//! What holds for any bytes at all as the JSON of a graph: the fuzz target `graph` tries it, and `tests/fuzz_regressions.rs` tries it on what that
//! found.
#![allow(dead_code, unreachable_pub, reason = "each user has it as a module and uses its own part")]

use nebulakit::graph::Graph;

/// How much text problems are at most, as a multiple of what was read: each names two ends, cut where they are long.
const LONGEST: usize = 300;

/// Any bytes as a graph: reading them ends in a graph or in problems that are fit for a terminal; a graph comes back from its own JSON as it is;
/// and every picture of it keeps its form, whatever is wrong with it.
pub fn graph(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Graph::from_json(text) {
        Ok(graph) => {
            let json = graph.to_json().expect("what was read can be written");
            let again = Graph::from_json(&json).expect("what was written can be read");
            assert_eq!(again.to_json().as_ref(), Ok(&json), "it comes back as it went");
            pictures(&graph);
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "an error says what is wrong");
            let told = problems.to_string();
            assert!(!told.chars().any(|letter| letter != '\n' && letter.is_control()), "{told:?}");
            assert!(told.len() <= LONGEST * (text.len() + 10), "{} bytes of problems for {} bytes", told.len(), text.len());
        }
    }
    // Graphs that nobody validated are drawn as well.
    let document = serde_json::from_str::<serde_json::Value>(text).unwrap_or_default();
    if let Ok(graph) = serde_json::from_value::<Graph>(document["graph"].clone()) {
        pictures(&graph);
    }
}

fn pictures(graph: &Graph) {
    let text = graph.to_string();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(!text.chars().any(|letter| letter != '\n' && letter.is_control()), "{text:?}");
    assert!(graph.to_mermaid().lines().nth(3) == Some("flowchart TD"));
    assert!(graph.to_graphviz().ends_with("}\n"));
}
