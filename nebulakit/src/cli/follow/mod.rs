//! Follows a run to its end, whichever process drives it: events → [`screen`] → standard error, and answers to its gates.

mod block;
mod ending;
mod gates;
mod history;
mod lines;
mod screen;
mod tails;
mod transfers;
pub(super) mod words;

use std::pin::pin;
use std::time::Duration;

pub(super) use self::ending::Told;
pub(super) use self::gates::Give;
use self::gates::{Questions, Read};
pub(super) use self::history::Expected;
pub(super) use self::screen::{Form, Screen, Shown};
use self::tails::Tails;
use super::complaint::Complaint;
use super::folder::Folder;
use super::setting::Setting;
use crate::graph::{Graph, Kind};
use crate::process::terminal;
use crate::run::{EventKind, Misplaced, RunHandle, RunOutcome};
use crate::services::stores::Stores;

/// How often one looks for what is new, and draws it.
const PERIOD: Duration = Duration::from_millis(100);

/// Follows a run until it is over, and shows it meanwhile; `stores` are those of its tasks, where this process drives it.
///
/// # Errors
/// When its events cannot be read, or when nobody drives it any more.
pub(super) async fn follow(
    run: &RunHandle,
    shown: Shown,
    read: Read<'_>,
    stores: Option<&Stores>,
    folder: &Folder,
    setting: &Setting<'_>,
) -> Result<RunOutcome, Complaint> {
    let is_alone = is_of_a_task(&run.graph()?);
    let form = shown.form;
    let expected = if form == Form::Live { Expected::looked_for(folder, run.id()) } else { Expected::default() };
    let mut screen = Screen::new(shown, is_alone, stores, expected);
    let mut tails = (is_alone || shown.shows_logs).then(|| Tails::new(run, is_alone));
    let mut questions = if form == Form::Json { None } else { Questions::new(run, read) };
    let mut events = run.events();
    let mut over = pin!(run.wait());
    let outcome = loop {
        while let Some(event) = events.read()? {
            if let Some(tails) = &mut tails {
                tails.hear(&event, screen.state())?;
            }
            screen.take(&event).map_err(misplaced)?;
            match (&mut questions, &event.kind) {
                (Some(questions), _) => questions.hear(&event),
                (None, EventKind::Waiting { signal, takes }) if form != Form::Json => {
                    terminal::write(&format!("  {}\n", gates::answers(run, signal, takes, folder, setting)));
                }
                (None, _) => {}
            }
        }
        if let Some(tails) = &mut tails {
            tails.show(screen.state())?;
        }
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
        if let Some(tails) = &mut tails {
            tails.hear(&event, screen.state())?;
        }
        screen.take(&event).map_err(misplaced)?;
    }
    let outcome = outcome.map_err(|error| folder.complaint(error, run.id(), setting))?;
    screen.end();
    Ok(outcome)
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
