//! `executions show`: an execution and its nodes.

use nebulakit_types::visible;
use serde_json::{Value, json};

use crate::backend::flyte::{
    AttemptPhase, CacheUsed, ExecutionDetails, ExecutionFailure, ExecutionId, ExecutionNode, MapElement, NodeAttempt, NodePhase, Planned,
    What,
};
use crate::cli::complaint::Complaint;
use crate::cli::flyte::place::reached;
use crate::cli::follow::words;
use crate::cli::output::say;
use crate::cli::setting::Setting;
use crate::cli::shown::{columns, instant, moment};
use crate::process::exit::Exit;
use crate::services::config::Config;

pub(super) fn show(id: ExecutionId, is_json: bool, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let ((details, console), nodes, plan) = reached(config, setting, async |client| {
        let execution = client.execution_of(id);
        Ok(((execution.details().await?, execution.console_url()), execution.nodes().await?, execution.plan(None).await?))
    })?;
    if is_json {
        let mut whole = described(&details);
        whole["console"] = json!(console);
        whole["nodes"] = nodes.iter().flat_map(ExecutionNode::walk).map(of_node).collect();
        return say(&format!("{whole:#}\n"));
    }
    let rows: Vec<_> = nodes.iter().flat_map(ExecutionNode::walk).map(|node| row(node, plan.get(&node.path))).collect();
    let nodes = if rows.is_empty() { String::new() } else { format!("\n{}", columns(&rows)) };
    say(&format!("{}{nodes}", columns(&about(&details, &console))))
}

fn about(details: &ExecutionDetails, console: &str) -> Vec<[String; 2]> {
    let row = |name: &str, value: String| [name.to_owned(), visible::line(&value).into_owned()];
    let launched = &details.launched;
    let what = if launched.is_task { "task" } else { "launch plan" };
    let mut about = vec![
        row("execution", details.id.to_string()),
        row("of", format!("{} (a {what}, version {})", launched.name, launched.version)),
        row("phase", details.phase.to_string()),
        row("began", moment(details.started.or(details.created))),
    ];
    about.extend(details.duration.map(|took| row("took", words::time(took))));
    let by = if details.principal.is_empty() { String::new() } else { format!(" by {}", details.principal) };
    about.push(row("launched", format!("{}{by}", details.mode)));
    about.extend(details.reference.as_ref().map(|former| row("after", former.to_string())));
    about.extend(details.parent.as_ref().map(|parent| row("within", parent.to_string())));
    if !details.labels.is_empty() {
        let labels: Vec<_> = details.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        about.push(row("labels", labels.join(", ")));
    }
    if let Some(abort) = &details.abort {
        let by = if abort.principal.is_empty() { String::new() } else { format!(" (by {})", abort.principal) };
        about.push(row("stopped", format!("{}{by}", abort.cause)));
    }
    about.extend(details.failure.as_ref().map(|failure| row("error", failure.to_string())));
    about.push(row("console", console.to_owned()));
    about
}

/// A node on its line.
fn row(node: &ExecutionNode, planned: Option<&Planned>) -> [String; 4] {
    let short = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let task = match planned {
        Some(planned) => Some(short(&planned.of)),
        None => node.last_attempt().map(|attempt| short(&attempt.task.name)),
    };
    let name = [Some(node.path.to_string()), task].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let mut about = Vec::new();
    if let Some(What::Gate { signal, takes }) = planned.map(|planned| &planned.what).filter(|_| !node.phase.is_over()) {
        about.push(format!("waits for the signal `{signal}`: {takes}"));
    }
    if node.attempts.len() > 1 {
        about.push(format!("{} attempts", node.attempts.len()));
    }
    match node.cache {
        CacheUsed::Disabled | CacheUsed::Miss | CacheUsed::Populated => {}
        CacheUsed::Hit => about.push("its outputs are from the cache".to_owned()),
        other => about.push(format!("cache: {}", cache(other))),
    }
    if node.phase == NodePhase::Recovered {
        about.push("done in the execution that this one recovers".to_owned());
    }
    about.extend(node.execution.as_ref().map(|execution| format!("as the execution {}", execution.name)));
    about.extend(node.last_attempt().filter(|last| !last.elements.is_empty()).map(elements));
    match (&node.failure, node.last_attempt()) {
        (Some(failure), _) => about.push(failure.to_string()),
        // Why it does not go on.
        (None, Some(last)) if !node.phase.is_over() && !last.reason.is_empty() => about.push(last.reason.clone()),
        _ => {}
    }
    [
        visible::line(&name).into_owned(),
        node.phase.to_string(),
        node.duration.map(words::time).unwrap_or_default(),
        visible::line(&about.join("; ")).into_owned(),
    ]
}

/// `3 elements: 2 succeeded, 1 failed`
fn elements(attempt: &NodeAttempt) -> String {
    let latest = attempt.latest();
    let mut counts: Vec<(AttemptPhase, usize)> = Vec::new();
    for MapElement { phase, .. } in &latest {
        match counts.iter_mut().find(|(known, _)| known == phase) {
            Some((_, count)) => *count += 1,
            None => counts.push((*phase, 1)),
        }
    }
    let counts: Vec<_> = counts.into_iter().map(|(phase, count)| format!("{count} {phase}")).collect();
    format!("{}: {}", words::elements(latest.len() as u64), counts.join(", "))
}

/// An execution for machines.
pub(super) fn described(details: &ExecutionDetails) -> Value {
    let launched = &details.launched;
    json!({
        "project": details.id.project,
        "domain": details.id.domain,
        "name": details.id.name,
        "phase": details.phase.as_str(),
        "launched": {
            "kind": if launched.is_task { "task" } else { "launch plan" },
            "project": launched.project,
            "domain": launched.domain,
            "name": launched.name,
            "version": launched.version,
        },
        "mode": details.mode,
        "principal": details.principal,
        "reference": details.reference.as_ref().map(ToString::to_string),
        "parent": details.parent.as_ref().map(ToString::to_string),
        "created": instant(details.created),
        "started": instant(details.started),
        "updated": instant(details.updated),
        "seconds": details.duration.map(|took| took.as_secs_f64()),
        "labels": details.labels,
        "failure": failure(details.failure.as_ref()),
        "abort": details.abort.as_ref().map(|abort| json!({ "cause": abort.cause, "principal": abort.principal })),
    })
}

fn of_node(node: &ExecutionNode) -> Value {
    json!({
        "node": node.path,
        "id": node.id,
        "phase": node.phase.as_str(),
        "cache": cache(node.cache),
        "started": instant(node.started),
        "seconds": node.duration.map(|took| took.as_secs_f64()),
        "execution": node.execution.as_ref().map(ToString::to_string),
        "failure": failure(node.failure.as_ref()),
        "attempts": node.attempts.iter().map(of_attempt).collect::<Vec<_>>(),
    })
}

fn of_attempt(attempt: &NodeAttempt) -> Value {
    let element = |element: &MapElement| {
        json!({
            "index": element.index,
            "attempt": element.attempt,
            "phase": element.phase.as_str(),
            "cache": cache(element.cache),
            "execution": element.execution.as_ref().map(ToString::to_string),
        })
    };
    json!({
        "attempt": attempt.number,
        "task": attempt.task.name,
        "version": attempt.task.version,
        "phase": attempt.phase.as_str(),
        "started": instant(attempt.started),
        "seconds": attempt.duration.map(|took| took.as_secs_f64()),
        "failure": failure(attempt.failure.as_ref()),
        "logs": attempt.logs.iter().map(|log| json!({ "name": log.name, "uri": log.uri })).collect::<Vec<_>>(),
        "elements": attempt.elements.iter().map(element).collect::<Vec<_>>(),
    })
}

fn failure(failure: Option<&ExecutionFailure>) -> Option<Value> {
    failure.map(|failure| json!({ "code": failure.code, "message": failure.message, "kind": failure.kind.as_str() }))
}

fn cache(cache: CacheUsed) -> &'static str {
    match cache {
        CacheUsed::Disabled => "disabled",
        CacheUsed::Miss => "miss",
        CacheUsed::Hit => "hit",
        CacheUsed::Populated => "populated",
        CacheUsed::LookupFailure => "lookup failed",
        CacheUsed::PutFailure => "not stored",
        CacheUsed::Skipped => "skipped",
        CacheUsed::Evicted => "evicted",
    }
}
