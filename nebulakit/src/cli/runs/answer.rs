//! `runs approve`, `reject` and `signal`: answers to the gates of a run.

use std::time::Duration;

use nebulakit_types::visible;

use super::elsewhere::ask;
use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::run::{self, Stdin};
use crate::cli::setting::Setting;
use crate::cli::usage::listed;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::{Answer, GateTakes, NodeStatus, RecordError, Request, RunHandle};

/// How long one waits at most for the process that drives the run to hear the answer.
const HEARD: Duration = Duration::from_secs(5);

/// Says yes to a gate.
pub(super) fn approve(run: &RunHandle, signal: &str, folder: &Folder, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    of_approval(run, signal)?;
    if !ask(run, &Request::Answer { signal: signal.to_owned(), answer: Answer::Approve }, folder, setting)? {
        tell(run, signal, Answer::Approve)?;
    }
    Ok(said(run, signal, "approved"))
}

/// Says no to a gate.
pub(super) fn reject(run: &RunHandle, signal: &str, folder: &Folder, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    of_approval(run, signal)?;
    if !ask(run, &Request::Answer { signal: signal.to_owned(), answer: Answer::Reject }, folder, setting)? {
        tell(run, signal, Answer::Reject)?;
    }
    Ok(said(run, signal, "rejected"))
}

/// Gives a value to a gate.
pub(super) fn signal(run: &RunHandle, signal: &str, value: &str, folder: &Folder, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    match gate(run, signal)? {
        GateTakes::Value(literal_type) => {
            let mut asked = Ok(true);
            let give = |literal: Vec<u8>| {
                let answer = Answer::Value(literal);
                asked = ask(run, &Request::Answer { signal: signal.to_owned(), answer: answer.clone() }, folder, setting);
                // Those who were asked themselves have said what came of it.
                if matches!(asked, Ok(false)) { tell(run, signal, answer) } else { Ok(()) }
            };
            let answered = run::answer(run, value, &literal_type, Stdin::Unread, setting, give);
            answered.map_err(|complaint| complaint.about(&format!("the signal `{}`", visible::line(signal))))??;
            asked?;
            Ok(said(run, signal, "answered"))
        }
        GateTakes::Approval => {
            Err(Complaint::usage(format!("the gate `{}` takes an approval or a rejection, not a value", visible::line(signal))))
        }
    }
}

/// Looks whether the gate takes a yes or a no.
fn of_approval(run: &RunHandle, signal: &str) -> Result<(), Complaint> {
    match gate(run, signal)? {
        GateTakes::Value(literal_type) => {
            let message = format!("the gate `{}` takes a value ({literal_type}), not an approval or a rejection", visible::line(signal));
            Err(Complaint::usage(message).hint("hint: `runs signal RUN SIGNAL VALUE` gives it one"))
        }
        GateTakes::Approval => Ok(()),
    }
}

/// What the gate takes: one of the graph, or one that waits in a graph that was made while the run went on.
fn gate(run: &RunHandle, signal: &str) -> Result<GateTakes, Complaint> {
    let mut gates = GateTakes::of_all(&run.graph()?);
    for node in run.state()?.nodes.values() {
        if let NodeStatus::Waiting { signal, takes } = &node.status {
            gates.insert(signal.to_string(), takes.clone());
        }
    }
    if let Some(takes) = gates.remove(signal) {
        return Ok(takes);
    }
    let known: Vec<_> = gates.into_keys().collect();
    let has = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", listed(&known)) };
    Err(Complaint::usage(format!("the run {} has no gate `{}`; {has}", run.id(), visible::line(signal))))
}

/// Answers the gate. A process that is too busy to hear it now hears it later.
fn tell(run: &RunHandle, signal: &str, answer: Answer) -> Result<(), RecordError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| RecordError::io("follow", run.folder().path(), &error))?;
    let heard = runtime.block_on(async { tokio::time::timeout(HEARD, run.tell(signal, answer)).await });
    heard.unwrap_or(Ok(()))
}

fn said(run: &RunHandle, signal: &str, what: &str) -> Exit {
    terminal::write(&format!("`{}` of the run {} is {what}\n", visible::line(signal), run.id()));
    Exit::Stored
}
