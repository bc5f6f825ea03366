//! The nodes in a table, and their errors.

use super::facts::{Facts, Node};
use super::html::{Html, cut};
use super::picture::{class, symbol};
use crate::coordinator::JobFailure;
use crate::run::event::RunOutcome;
use crate::run::state::{NodeStatus, RunStatus};
use crate::run::words::{between, elements, origin, stands, time, usage};

/// Maximum nodes in the table.
const MOST_ROWS: usize = 2_000;

/// Maximum errors.
const MOST_ERRORS: usize = 100;

/// Maximum characters of an error's message.
const LONGEST_MESSAGE: usize = 8_000;

/// Maximum characters of a name, and of the remarks on a node.
const LONGEST_REMARK: usize = 300;

/// The errors of the run and of its nodes; nothing if there are none.
pub(super) fn errors(page: &mut Html, facts: &Facts<'_>) {
    let of_run = match &facts.status {
        RunStatus::Ended(RunOutcome::Failed { node: None, failure }) => Some(failure),
        _ => None,
    };
    let mut failed = facts.ranked().iter().filter(|node| node.state.status == NodeStatus::Failed).peekable();
    if of_run.is_none() && failed.peek().is_none() {
        return;
    }
    page.markup("<section aria-labelledby=\"errors\">\n<h2 id=\"errors\">Errors</h2>\n");
    if let Some(failure) = of_run {
        error(page, "the run", "", failure);
    }
    for node in failed.by_ref().take(MOST_ERRORS) {
        if let Some(failure) = &node.state.failure {
            error(page, &node.path, &node.state.of, failure);
        }
    }
    let left_out = failed.count();
    if left_out > 0 {
        page.left_out(format_args!("{left_out} more nodes failed; their errors are left out here."));
    }
    page.markup("</section>\n");
}

fn error(page: &mut Html, node: &str, of: &str, failure: &JobFailure) {
    page.markup("<article class=\"error\">\n<h3>").text(cut(node, LONGEST_REMARK));
    page.element(" <small>", cut(of, LONGEST_REMARK), "</small></h3>\n");
    page.element("<p><code>", cut(&failure.code, LONGEST_REMARK), "</code></p>\n");
    page.element("<pre tabindex=\"0\">", cut(&failure.message, LONGEST_MESSAGE), "</pre>\n</article>\n");
}

pub(super) fn table(page: &mut Html, facts: &Facts<'_>) {
    page.markup("<section aria-labelledby=\"nodes\">\n<h2 id=\"nodes\">Nodes</h2>\n");
    let shown = facts.first(MOST_ROWS);
    if shown.is_empty() {
        page.markup("<p>Nothing has happened to a node yet.</p>\n</section>\n");
        return;
    }
    page.markup("<div class=\"wide\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">Node</th><th scope=\"col\">Runs</th>");
    page.markup("<th scope=\"col\">State</th><th scope=\"col\">Attempts</th><th scope=\"col\">Waited</th><th scope=\"col\">Ran</th>");
    page.markup("<th scope=\"col\">Took</th>");
    page.markup("<th scope=\"col\">Remarks</th></tr></thead>\n<tbody>\n");
    for node in &shown {
        row(page, node, facts);
    }
    page.markup("</tbody>\n</table>\n</div>\n");
    say_left_out(page, facts, shown.len());
    page.markup("</section>\n");
}

/// Says so if not all nodes are `shown`.
pub(super) fn say_left_out(page: &mut Html, facts: &Facts<'_>, shown: usize) {
    let all = facts.ranked().len();
    if shown < all {
        page.left_out(format_args!("{shown} of {all} nodes are shown: those that failed, those that go on, and those that took longest."));
    }
}

fn row(page: &mut Html, node: &Node, facts: &Facts<'_>) {
    let Node { path, state, .. } = node;
    let until = state.ended.unwrap_or(facts.now);
    let waited = state.ready.map(|ready| time(between(Some(ready), state.started.unwrap_or(until))));
    let ran = state.started.map(|started| time(between(Some(started), until)));
    page.element("<tr><th scope=\"row\">", cut(path, LONGEST_REMARK), "</th>").element("<td>", cut(&state.of, LONGEST_REMARK), "</td>");
    page.markup("<td><span class=\"badge ").markup(class(&state.status)).markup("\">").markup(symbol(&state.status));
    page.element(" ", stands(&state.status), "</span></td>");
    page.element("<td class=\"number\">", state.attempts, "</td>");
    page.element("<td class=\"number\">", waited.unwrap_or_default(), "</td>");
    page.element("<td class=\"number\">", ran.unwrap_or_default(), "</td>");
    page.element("<td>", state.used.as_ref().map(usage).unwrap_or_default(), "</td>");
    page.element("<td>", cut(&remarks(node, facts), LONGEST_REMARK), "</td></tr>\n");
}

fn remarks(node: &Node, facts: &Facts<'_>) -> String {
    let state = &node.state;
    let of_status = match &state.status {
        NodeStatus::Queued => state.waits_for.as_ref().map(|waits_for| format!("for {waits_for}")),
        NodeStatus::Waiting { signal, .. } => Some(format!("for the signal `{signal}`")),
        NodeStatus::Skipped { because } => Some(format!("because {because} did not succeed")),
        NodeStatus::Backoff | NodeStatus::Failed => state.failure.as_ref().map(ToString::to_string),
        status => origin(status, facts.state.resumes.as_ref()),
    };
    let elements = state.elements.map(elements);
    let progress = state.progress.filter(|_| !state.is_over()).map(|(done, total)| match total {
        Some(total) => format!("{done} of {total}"),
        None => format!("{done} so far"),
    });
    [elements, progress, of_status].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
