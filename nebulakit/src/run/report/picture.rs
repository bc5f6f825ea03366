//! The graph, with the status of each node.

use super::facts::Facts;
use super::html::{Html, cut};
use crate::graph::Mark;
use crate::run::event::RunOutcome;
use crate::run::state::{NodeState, NodeStatus, RunStatus};
use crate::run::words::{between, stands, time};

/// Maximum characters of the reason why there is no picture.
const LONGEST_REASON: usize = 500;

pub(super) fn write(page: &mut Html, facts: &Facts<'_>) {
    page.markup("<section aria-labelledby=\"graph\">\n<h2 id=\"graph\">Graph</h2>\n");
    let drawn = facts.run.graph().map_err(|error| error.to_string()).and_then(|graph| {
        let mark = |id: &str| {
            let node = facts.state.nodes.get(id);
            Some(node.map_or_else(|| Mark { class: "", line: "not begun".to_owned() }, |node| mark(node, facts)))
        };
        graph.to_marked_svg(mark).map_err(|problems| problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; "))
    });
    match drawn {
        Ok(svg) => {
            page.markup("<figure class=\"graph\" role=\"img\" aria-label=\"The graph of the workflow; the table below has its nodes\" tabindex=\"0\">\n");
            page.picture(&svg).markup("\n</figure>\n");
        }
        Err(reason) => drop(page.left_out(format_args!("The graph is not drawn: {}.", cut(&reason, LONGEST_REASON)))),
    }
    page.markup("</section>\n");
}

fn mark(node: &NodeState, facts: &Facts<'_>) -> Mark {
    let took = node.started.map(|started| format!(", {}", time(between(Some(started), node.ended.unwrap_or(facts.now)))));
    Mark { class: class(&node.status), line: format!("{} {}{}", symbol(&node.status), stands(&node.status), took.unwrap_or_default()) }
}

/// The CSS class for a node.
pub(super) fn class(status: &NodeStatus) -> &'static str {
    match status {
        NodeStatus::Queued => "queued",
        NodeStatus::Running | NodeStatus::Backoff => "running",
        NodeStatus::Waiting { .. } => "waiting",
        NodeStatus::Succeeded(_) => "done",
        NodeStatus::Failed => "failed",
        NodeStatus::Skipped { .. } | NodeStatus::Cancelled => "skipped",
    }
}

/// A symbol that distinguishes states for readers who do not see colours.
pub(super) fn symbol(status: &NodeStatus) -> &'static str {
    match status {
        NodeStatus::Queued => "◌",
        NodeStatus::Running => "▶",
        NodeStatus::Backoff => "↻",
        NodeStatus::Waiting { .. } => "⏸",
        NodeStatus::Succeeded(_) => "✓",
        NodeStatus::Failed => "✗",
        NodeStatus::Skipped { .. } => "↷",
        NodeStatus::Cancelled => "■",
    }
}

/// The CSS class for a run.
pub(super) fn class_of_run(status: &RunStatus) -> &'static str {
    match status {
        RunStatus::Ended(RunOutcome::Succeeded) => "done",
        RunStatus::Ended(RunOutcome::Failed { .. }) => "failed",
        RunStatus::Ended(RunOutcome::Cancelled) => "skipped",
        RunStatus::Interrupted | RunStatus::Elsewhere => "waiting",
        RunStatus::Unknown | RunStatus::Running | RunStatus::Stopping => "running",
    }
}
