//! How a run ended, for people or as JSON.

use nebulakit_types::visible;
use serde_json::json;

use super::stops::of_signal;
use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::output::say;
use crate::cli::setting::Setting;
use crate::cli::values;
use crate::process::exit::Exit;
use crate::run::{JobFailure, NodePath, RunHandle, RunOutcome};
use crate::task::failure::chain;

/// Shows what the run gave, or complains of what it ended by; `signal` is what asked it to stop, if something did.
pub(in crate::cli) fn tell(
    run: &RunHandle,
    outcome: RunOutcome,
    signal: Option<&'static str>,
    is_json: bool,
    folder: &Folder,
    setting: &Setting<'_>,
) -> Result<Exit, Complaint> {
    let exit = signal.map(of_signal);
    let id = run.id().to_string();
    let complaint = match outcome {
        RunOutcome::Succeeded => return say(&outputs(run, is_json)?).map(|_| exit.unwrap_or(Exit::Stored)),
        RunOutcome::Failed { node, failure } => failed(run, node.as_ref(), failure, folder, setting)?,
        RunOutcome::Cancelled => {
            let by = signal.map(|signal| format!(" by {signal}")).unwrap_or_default();
            let shows = folder.command("show", &[&id], setting);
            Complaint::failed(format!("the run {id} was stopped{by}")).hint(format!("hint: `{shows}` shows how far it came"))
        }
    };
    Err(Complaint { exit: exit.unwrap_or(complaint.exit), ..complaint })
}

/// The outputs as text; as JSON they are one more event.
fn outputs(run: &RunHandle, is_json: bool) -> Result<String, Complaint> {
    let text =
        values::shown(&run.result()?, is_json).map_err(|error| Complaint::failed(format!("cannot show the outputs: {}", chain(&error))))?;
    if is_json {
        let id = json!(run.id().to_string());
        return Ok(format!("{{\"event\":\"outputs\",\"run\":{id},\"outputs\":{}}}\n", text.trim_end()));
    }
    Ok(text)
}

fn failed(
    run: &RunHandle,
    node: Option<&NodePath>,
    failure: JobFailure,
    folder: &Folder,
    setting: &Setting<'_>,
) -> Result<Complaint, Complaint> {
    let id = run.id().to_string();
    let shows = folder.command("show", &[&id], setting);
    let (who, hint) = match node {
        Some(node) => {
            let of = run.state()?.nodes.get(node).map(|node| format!(" ({})", visible::line(&node.of))).unwrap_or_default();
            let logs = folder.command("logs", &[&id, node], setting);
            (
                format!("the node {}{of} of the run {id}", visible::line(node)),
                format!("`{shows}` shows the run, `{logs}` what the node logged"),
            )
        }
        None => (format!("the run {id}"), format!("`{shows}` shows it")),
    };
    let complaint = Complaint::failed(format!("{who} failed: {}", failure.message)).hint(format!("hint: {hint}"));
    Ok(Complaint { code: Some(failure.code), ..complaint })
}
