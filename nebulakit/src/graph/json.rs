//! A graph as JSON: versioned, written for tools and plans, read as anything from outside is.

use serde::{Deserialize, Serialize};

use super::Graph;
use super::cut::cut;
use super::problem::{Problem, ProblemKind, Problems};

/// The version of the JSON form of graphs, which [`docs/graph-json.md`](https://github.com/nebulakit/nebulakit/blob/main/docs/graph-json.md)
/// describes. A change that a reader of this version would not understand raises it.
pub const VERSION: u32 = 1;

/// How much is told of what is wrong with a text, in characters from both ends.
const MAX_REASON: usize = 400;

#[derive(Serialize)]
struct Written<'g> {
    version: u32,
    graph: &'g Graph,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    version: u32,
    graph: Graph,
}

/// What is known of a document of whatever version.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// What is wrong with a text. Names and paths from the text itself may be long; the reason stands before them or behind.
fn told(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.char_indices().rev().nth(MAX_REASON).map(|(start, _)| &text[start..]);
    match end {
        Some(end) if text.len() > 2 * MAX_REASON + end.len() => format!("{}{end}", cut(&text, MAX_REASON)),
        _ => text,
    }
}

impl Graph {
    /// Writes it as JSON, on one line, in the order of its parts: equal graphs give equal texts.
    ///
    /// # Errors
    /// A problem, where a constant has no JSON form (a time out of range), or where a mistake stands in the graph.
    pub fn to_json(&self) -> Result<String, Problems> {
        let written = serde_json::to_string(&Written { version: VERSION, graph: self });
        written.map_err(|error| {
            Problem::new(ProblemKind::Json, format!("the graph cannot be written as JSON: {error}")).at(self.at.clone()).into()
        })
    }

    /// Reads what [`Graph::to_json`] wrote, and validates it: the text may come from anywhere.
    ///
    /// ```
    /// use nebulakit::graph::{Graph, ProblemKind};
    ///
    /// let text = r#"{"version":1,"graph":{"name":"flows.nothing"}}"#;
    /// assert_eq!(Graph::from_json(text)?.to_json()?, text);
    ///
    /// let text = r#"{"version":1,"graph":{"name":"flows.a","body":{"nodes":[{"id":"n0","run":{"task":"flows.b"}}]}}}"#;
    /// let problems = Graph::from_json(text).unwrap_err();
    /// assert_eq!(problems.iter().next().map(|problem| problem.kind), Some(ProblemKind::Unknown));
    /// # Ok::<(), nebulakit::graph::Problems>(())
    /// ```
    ///
    /// # Errors
    /// Where the text is not JSON, nests deeper than 128 levels, is of another version or not a graph; a key that stands twice; and the
    /// problems that the graph has, up to [`MAX_PROBLEMS`](super::MAX_PROBLEMS) of them.
    pub fn from_json(text: &str) -> Result<Self, Problems> {
        let graph = Self::read_json(text)?;
        graph.problems().or(graph)
    }

    /// The same, for who validates it.
    pub(crate) fn read_json(text: &str) -> Result<Self, Problems> {
        let wrong = |message: String| Problems::from(Problem::new(ProblemKind::Json, message));
        let read = serde_json::from_str::<Read>(text);
        // A document of another version may be of another form.
        let version = match &read {
            Ok(read) => Some(read.version),
            Err(_) => serde_json::from_str::<Versioned>(text).ok().map(|versioned| versioned.version),
        };
        if let Some(version) = version.filter(|version| *version != VERSION) {
            return Err(wrong(format!("expected a graph of version {VERSION}, found version {version}")));
        }
        let Read { graph, .. } = read.map_err(|error| wrong(format!("not a graph as JSON: {}", told(&error))))?;
        Ok(graph)
    }
}
