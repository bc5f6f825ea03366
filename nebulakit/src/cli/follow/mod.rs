//! Follows a run to its end, whichever process drives it: events → [`screen`] → standard error, and answers to its gates.

mod block;
mod ending;
pub(super) mod gates;
mod lines;
mod screen;
mod stops;
mod transfers;
pub(super) mod words;

use std::pin::pin;
use std::time::Duration;

pub(super) use self::ending::Told;
use self::gates::{Questions, Read};
pub(super) use self::screen::Form;
use self::screen::Screen;
pub(super) use self::stops::Stops;
use super::complaint::Complaint;
use super::folder::Folder;
use super::setting::Setting;
use crate::graph::{Graph, Kind};
use crate::process::terminal;
use crate::run::{EventKind, LogLines, Misplaced, NodePath, RunHandle, RunOutcome};
use crate::services::stores::Stores;

/// How often one looks for what is new, and draws it.
const PERIOD: Duration = Duration::from_millis(100);

/// What only the process knows that drives a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Driving<'a> {
    /// The stores of its tasks.
    pub(super) stores: &'a Stores,
    /// Whether what its one task prints comes by its log alone, because the task is in another process.
    pub(super) is_elsewhere: bool,
}

/// Follows a run until it is over, and shows it meanwhile.
///
/// # Errors
/// When its events cannot be read, or when nobody drives it any more.
pub(super) async fn follow(
    run: &RunHandle,
    form: Form,
    read: Read<'_>,
    driving: Option<Driving<'_>>,
    folder: &Folder,
    setting: &Setting<'_>,
) -> Result<RunOutcome, Complaint> {
    let graph = run.graph()?;
    let gates = gates::of(&graph);
    let mut screen = Screen::new(form, is_of_a_task(&graph), driving.map(|driving| driving.stores));
    let mut echo = driving.filter(|driving| driving.is_elsewhere).map(|_| run.logs(&NodePath::from(ALONE)));
    let mut questions = if form.is_for_people() { Questions::new(run, read, &gates) } else { None };
    let mut events = run.events();
    let mut over = pin!(run.wait());
    let outcome = loop {
        while let Some(event) = events.read()? {
            screen.take(&event).map_err(misplaced)?;
            match (&mut questions, &event.kind) {
                (Some(questions), _) => questions.hear(&event),
                (None, EventKind::Waiting { signal }) if form.is_for_people() => {
                    terminal::write(&format!("  {}\n", gates::answers(run, signal, gates.get(&**signal), folder, setting)));
                }
                (None, _) => {}
            }
        }
        repeat(&mut echo)?;
        if !questions.as_ref().is_some_and(Questions::is_open) {
            screen.draw();
        }
        tokio::select! {
            outcome = &mut over => break outcome,
            line = answered(&mut questions) => {
                if let Some(questions) = &mut questions {
                    questions.answer(&line);
                }
            }
            () = tokio::time::sleep(PERIOD) => {}
        }
    };
    while let Some(event) = events.read()? {
        screen.take(&event).map_err(misplaced)?;
    }
    repeat(&mut echo)?;
    screen.end();
    Ok(outcome?)
}

/// The node of a task that is run alone.
const ALONE: &str = "n0";

/// Whether a graph is a task that is run alone.
pub(super) fn is_of_a_task(graph: &Graph) -> bool {
    match graph.body.nodes.as_slice() {
        [node] => matches!(&node.kind, Kind::Task(name) | Kind::Reference(name) if *name == graph.name),
        _ => false,
    }
}

/// Repeats what a task in another process printed and logged.
fn repeat(echo: &mut Option<LogLines>) -> Result<(), Complaint> {
    if let Some(lines) = echo {
        while let Some(line) = lines.read()? {
            match line.source.as_str() {
                "stdout" | "stderr" => terminal::write(&format!("{}\n", line.text)),
                level => terminal::write(&format!("{level} {}\n", line.text)),
            }
        }
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "errors are mapped by it")]
fn misplaced(error: Misplaced) -> Complaint {
    Complaint::failed(error.to_string())
}

/// The next line that somebody wrote where somebody is asked.
async fn answered(questions: &mut Option<Questions<'_>>) -> String {
    match questions {
        Some(questions) => questions.line().await,
        None => std::future::pending().await,
    }
}
