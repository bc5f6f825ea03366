//! `runs approve`, `reject` and `signal`: answers to the gates of a run.

use nebulakit_types::{LiteralType, visible};

use crate::cli::complaint::Complaint;
use crate::cli::follow::gates::{self, Takes};
use crate::cli::run;
use crate::cli::setting::Setting;
use crate::cli::usage::listed;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::{NodeStatus, RunHandle};

/// Says yes to a gate.
pub(super) fn approve(run: &RunHandle, signal: &str) -> Result<Exit, Complaint> {
    of_approval(run, signal)?;
    run.approve(signal)?;
    Ok(told(run, signal, "approved"))
}

/// Says no to a gate.
pub(super) fn reject(run: &RunHandle, signal: &str) -> Result<Exit, Complaint> {
    of_approval(run, signal)?;
    run.reject(signal)?;
    Ok(told(run, signal, "rejected"))
}

/// Gives a value to a gate.
pub(super) fn signal(run: &RunHandle, signal: &str, value: &str, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let shown = visible::line(signal);
    let literal = match gate(run, signal)? {
        Some(Takes::Value(literal_type)) => literal(run, value, &literal_type, setting)?,
        Some(Takes::Approval) => return Err(Complaint::usage(format!("the gate `{shown}` takes an approval or a rejection, not a value"))),
        None => {
            let message = format!("the graph of the run {} has no gate `{shown}`, so the type of its value is not known", run.id());
            return Err(Complaint::failed(message));
        }
    };
    run.signal(signal, &literal)?;
    Ok(told(run, signal, "answered"))
}

/// The literal of this type that `text` says.
pub(super) fn literal(run: &RunHandle, text: &str, literal_type: &LiteralType, setting: &Setting<'_>) -> Result<Vec<u8>, Complaint> {
    run::literal(text, literal_type, run.folder().path().join("answers"), setting)
}

/// Whether the gate takes a yes or a no.
fn of_approval(run: &RunHandle, signal: &str) -> Result<(), Complaint> {
    match gate(run, signal)? {
        Some(Takes::Value(literal_type)) => {
            let message = format!("the gate `{}` takes a value ({literal_type}), not an approval or a rejection", visible::line(signal));
            Err(Complaint::usage(message).hint("hint: `runs signal RUN SIGNAL VALUE` gives it one"))
        }
        Some(Takes::Approval) | None => Ok(()),
    }
}

/// What the gate takes; [`None`] where it is of a graph that was made while the run went on.
fn gate(run: &RunHandle, signal: &str) -> Result<Option<Takes>, Complaint> {
    let mut gates = gates::of(&run.graph()?);
    let takes = gates.remove(signal);
    let waits = || {
        let waits = |status: &NodeStatus| matches!(status, NodeStatus::Waiting { signal: own } if own == signal);
        run.state().map(|state| state.nodes.values().any(|node| waits(&node.status)))
    };
    if takes.is_some() || waits()? {
        return Ok(takes);
    }
    let known: Vec<_> = gates.into_keys().collect();
    let has = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", listed(&known)) };
    Err(Complaint::usage(format!("the run {} has no gate `{}`; {has}", run.id(), visible::line(signal))))
}

fn told(run: &RunHandle, signal: &str, what: &str) -> Exit {
    terminal::write(&format!("`{}` of the run {} is {what}\n", visible::line(signal), run.id()));
    Exit::Stored
}
