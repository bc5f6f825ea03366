//! `graph`: a workflow or a launch plan as a picture.

use std::fmt::Write as _;

use super::complaint::Complaint;
use super::generated;
use crate::graph::{Graph, Problems};
use crate::task::def::TaskDef;
use crate::workflow::WorkflowDef;

/// The forms of pictures, the one that is meant where none is named first.
pub(super) const FORMS: [&str; 5] = ["text", "mermaid", "graphviz", "json", "svg"];

/// The graph of a workflow.
pub(super) fn of(workflow: &'static WorkflowDef) -> Result<Graph, Complaint> {
    workflow.graph().map_err(|problems| wrong(workflow.name(), &problems))
}

/// The graph of a task that is run alone.
pub(super) fn of_task(task: &'static TaskDef) -> Result<Graph, Complaint> {
    task.graph().map_err(|problems| wrong(task.name, &problems))
}

/// The workflow in one of the [`FORMS`].
pub(super) fn drawn(workflow: &'static WorkflowDef, form: &str) -> Result<String, Complaint> {
    let graph = of(workflow)?;
    let refused = |problems: Problems| wrong(workflow.name(), &problems);
    let mut text = match form {
        "mermaid" => graph.to_mermaid(),
        "graphviz" => graph.to_graphviz(),
        "json" => graph.to_json().map_err(refused)?,
        "svg" => graph.to_svg().map_err(refused)?,
        _ => graph.to_string(),
    };
    if form == "text" {
        let generated = generated::lines(&graph);
        if !generated.is_empty() {
            let _ = write!(text, "{}\nOn Flyte\n{generated}", if text.ends_with('\n') { "" } else { "\n" });
        }
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// Everything that is wrong with a workflow, a line for each.
fn wrong(name: &str, problems: &Problems) -> Complaint {
    let mut message = format!("`{name}` has {}", counted(problems.len()));
    for problem in problems {
        let _ = write!(message, "\n{problem}");
    }
    Complaint::failed(message)
}

fn counted(problems: usize) -> String {
    if problems == 1 { "one problem".to_owned() } else { format!("{problems} problems") }
}
