//! What is shown of a run while it goes on.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, SystemTime};

use super::history::Expected;
use super::{block, lines, transfers, words};
use crate::cli::output::say;
use crate::process::terminal;
use crate::run::{Event, EventKind, Misplaced, RunState};
use crate::services::env::{self, Environment};
use crate::services::stores::Stores;

/// What is shown of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Shown {
    pub(in crate::cli) form: Form,
    /// Whether what nodes log is shown as it comes, and each of their attempts.
    pub(in crate::cli) shows_logs: bool,
}

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Form {
    /// Not at all, but for gates.
    Quiet,
    /// Each event as JSON, on standard output.
    Json,
    /// Each event that matters as a line.
    Lines,
    /// As lines that a terminal draws over each other.
    Live,
}

impl Form {
    /// Whether people read it.
    pub(in crate::cli) fn is_for_people(self) -> bool {
        matches!(self, Self::Lines | Self::Live)
    }

    /// What is asked for, else what standard error can show.
    pub(in crate::cli) fn of(is_json: bool, is_quiet: bool, environment: &Environment) -> Self {
        let can_draw = || io::stderr().is_terminal() && environment.get(env::TERM) != Some("dumb");
        match (is_json, is_quiet) {
            (true, _) => Self::Json,
            (false, true) => Self::Quiet,
            (false, false) if can_draw() => Self::Live,
            (false, false) => Self::Lines,
        }
    }
}

/// How long a task that is run alone takes at least before anything of it is drawn.
const BRIEF: Duration = Duration::from_millis(300);

/// A run as it is shown.
pub(in crate::cli) struct Screen<'a> {
    shown: Shown,
    /// Whether it is a task that is run alone: its one node is not shown apart from the run.
    is_alone: bool,
    /// The stores whose transfers are drawn.
    stores: Option<&'a Stores>,
    state: RunState,
    expected: Expected,
}

impl<'a> Screen<'a> {
    pub(in crate::cli) fn new(shown: Shown, is_alone: bool, stores: Option<&'a Stores>, expected: Expected) -> Self {
        Self { shown, is_alone, stores, state: RunState::new(), expected }
    }

    pub(in crate::cli) fn state(&self) -> &RunState {
        &self.state
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// When it cannot be the next one.
    pub(in crate::cli) fn take(&mut self, event: &Event) -> Result<(), Misplaced> {
        self.state.apply(event)?;
        let Shown { form, shows_logs } = self.shown;
        let is_told = match form {
            Form::Json => {
                let json = serde_json::to_string(event).expect("events have a form as JSON");
                // A reader that went away does not stop the run.
                let _ = say(&format!("{json}\n"));
                false
            }
            Form::Lines => true,
            Form::Live => shows_logs,
            // The run does not go on by itself.
            Form::Quiet => matches!(event.kind, EventKind::Waiting { .. }),
        };
        if is_told && let Some(line) = lines::line(event, &self.state, self.is_alone, shows_logs) {
            terminal::write(&format!("{line}\n"));
        }
        Ok(())
    }

    /// Draws how far it is, over what was drawn before.
    pub(in crate::cli) fn draw(&self) {
        let now = SystemTime::now();
        if self.shown.form != Form::Live || self.state.run.is_none() {
            return;
        }
        let (transfers, rest) = (self.stores.and_then(transfers::under_way), self.expected.rest(&self.state, now));
        let height = terminal::height();
        if !self.is_alone {
            terminal::draw(&block::block(&self.state, transfers, rest, now, height));
        } else if words::between(self.state.created, now) >= BRIEF || transfers.is_some() {
            terminal::draw(&block::alone(&self.state, transfers, rest, now, height));
        }
    }

    /// Says how it ended.
    pub(in crate::cli) fn end(&self) {
        let (Some(run), true) = (&self.state.run, self.shown.form.is_for_people()) else { return };
        let took = words::time(words::between(self.state.created, self.state.ended.unwrap_or_else(SystemTime::now)));
        let status = words::status(&self.state.status);
        let more = if self.is_alone { words::origin(&self.state).to_owned() } else { format!(": {}", words::sums(self.state.counts())) };
        terminal::write(&format!("run {run} {status} after {took}{more}\n"));
    }
}
