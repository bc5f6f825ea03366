//! `runs show`: a run and its nodes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use nebulakit_types::visible;
use serde_json::{Value, json};

use crate::cli::complaint::Complaint;
use crate::cli::follow::words;
use crate::cli::shown::{columns, instant, moment};
use crate::run::words::{origin, stands};
use crate::run::{Counts, NodePath, NodeState, NodeStatus, RunHandle, RunOutcome, RunState, RunStatus};

/// The run for people.
pub(super) fn text(run: &RunHandle) -> Result<String, Complaint> {
    let (status, state) = (run.status()?, run.state()?);
    let row = |name: &str, value: String| [name.to_owned(), value];
    let until = words::until(&status, state.ended, state.latest);
    let mut about = vec![
        row("run", run.id().to_string()),
        row("of", visible::line(&state.name).into_owned()),
        row("status", words::status(&status).to_owned()),
        row("began", moment(state.created)),
        row("took", words::time(words::between(state.created, until))),
        row("nodes", words::sums(state.counts())),
        row("folder", visible::line(&run.folder().path().to_string_lossy()).into_owned()),
    ];
    about.extend(run.folder().console().map(|console| row("console", visible::line(&console).into_owned())));
    let metrics = run.metrics()?;
    let moved = (metrics.moved > 0).then(|| format!("{} moved", words::size(metrics.moved)));
    let used: Vec<_> = [words::usage(&metrics.used)].into_iter().filter(|used| !used.is_empty()).chain(moved).collect();
    if !used.is_empty() {
        about.push(row("used", used.join(", ")));
    }
    if let RunStatus::Ended(RunOutcome::Failed { node, failure }) = &status {
        let of = node.as_ref().map(|node| format!("{node}: ")).unwrap_or_default();
        about.push(row("error", visible::line(&format!("{of}{failure}")).into_owned()));
    }
    let rows: Vec<_> =
        state.nodes.iter().filter(|(path, node)| is_told(path, node)).map(|(path, node)| node_row(path, node, &state, until)).collect();
    let decks: Vec<_> =
        decks(run)?.into_iter().map(|(node, path)| row(&node, visible::line(&path.to_string_lossy()).into_owned())).collect();
    let part = |title: &str, rows: String| if rows.is_empty() { rows } else { format!("\n{title}{rows}") };
    Ok(format!("{}{}{}", columns(&about), part("", columns(&rows)), part("decks\n", columns(&decks))))
}

/// The pages of the nodes' decks.
fn decks(run: &RunHandle) -> Result<BTreeMap<NodePath, PathBuf>, Complaint> {
    Ok(run.decks()?.into_iter().filter_map(|deck| Some((deck.node?, deck.path))).collect())
}

/// Elements of maps that are done need no line, and neither does what they consist of: there may be thousands.
fn is_told(path: &NodePath, node: &NodeState) -> bool {
    !path.is_in_element() || !matches!(node.status, NodeStatus::Succeeded(_))
}

/// A node on its line; one that is not over took its time until then.
fn node_row(path: &NodePath, node: &NodeState, state: &RunState, until: SystemTime) -> [String; 4] {
    let took = node.started.or(node.ready).map(|started| words::time(words::between(Some(started), node.ended.unwrap_or(until))));
    let mut about = match (&node.status, &node.failure) {
        (NodeStatus::Waiting { signal, .. }, _) => format!("for the signal `{signal}`"),
        (NodeStatus::Skipped { because }, _) => format!("because {because} did not succeed"),
        (NodeStatus::Failed | NodeStatus::Backoff, Some(failure)) => failure.to_string(),
        (NodeStatus::Queued, _) => match (&node.behind, &node.waits_for) {
            (Some(call), _) => format!("behind an equal call: {} of the run {}", call.node, call.run),
            (None, Some(waits_for)) => format!("for {waits_for}"),
            (None, None) => String::new(),
        },
        _ => {
            let elements = node.elements.map(words::elements);
            elements.into_iter().chain(origin(&node.status, state.resumes.as_ref())).collect::<Vec<_>>().join("; ")
        }
    };
    if let Some((files, bytes)) = node.deleted {
        let gap = if about.is_empty() { "" } else { "; " };
        about = format!("{about}{gap}deleted what it stored: {}, {}", words::files(files), words::size(bytes));
    }
    let attempts = (node.attempts > 1).then(|| format!("{} attempts", node.attempts));
    let used = node.used.as_ref().map(words::usage).filter(|used| !used.is_empty());
    for before in used.into_iter().chain(attempts) {
        let gap = if about.is_empty() { "" } else { "; " };
        about = format!("{before}{gap}{about}");
    }
    [words::node(path, node), stands(&node.status).to_owned(), took.unwrap_or_default(), visible::line(&about).into_owned()]
}

/// The run for machines.
pub(super) fn json(run: &RunHandle) -> Result<String, Complaint> {
    let (status, state) = (run.status()?, run.state()?);
    let outcome = match &status {
        RunStatus::Ended(outcome) => json!(outcome),
        _ => Value::Null,
    };
    let decks = decks(run)?;
    let nodes: Vec<_> = state.nodes.iter().map(|(path, node)| described(path, node, decks.get(path))).collect();
    let whole = json!({
        "run": run.id().to_string(),
        "status": words::status(&status),
        "name": state.name,
        "backend": state.backend,
        "created": instant(state.created),
        "ended": instant(state.ended),
        "outcome": outcome,
        "counts": counts(state.planned, state.counts()),
        "used": run.metrics()?.used,
        "moved": state.moved,
        "folder": run.folder().path(),
        "nodes": nodes,
    });
    Ok(format!("{whole:#}\n"))
}

fn described(path: &NodePath, node: &NodeState, deck: Option<&PathBuf>) -> Value {
    json!({
        "node": path,
        "of": node.of,
        "status": stands(&node.status),
        "attempts": node.attempts,
        "started": instant(node.started),
        "ended": instant(node.ended),
        "elements": node.elements,
        "deleted": node.deleted.map(|(files, bytes)| json!({ "files": files, "bytes": bytes })),
        "behind": node.behind,
        "progress": node.progress.map(|(done, total)| json!({ "done": done, "total": total })),
        "waits_for": node.waits_for,
        "used": node.used,
        "failure": node.failure,
        "deck": deck,
    })
}

/// How many nodes stand where.
pub(super) fn counts(planned: u64, counts: Counts) -> Value {
    json!({
        "planned": planned,
        "queued": counts.queued,
        "running": counts.running,
        "waiting": counts.waiting,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "cancelled": counts.cancelled,
    })
}
