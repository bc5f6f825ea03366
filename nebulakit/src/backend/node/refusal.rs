//! Why a node was not run.

use nebulakit_types::visible;

use crate::process::exit::Exit;
use crate::process::terminal;

/// Why a node was not run, and how the process ends for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) exit: Exit,
    message: String,
}

impl Refusal {
    /// The plan is not one that this program can run.
    pub(super) fn unfit(message: impl Into<String>) -> Self {
        Self { exit: Exit::Unfit, message: message.into() }
    }

    /// What happened cannot be left in the plan's folder.
    pub(super) fn unrecorded(message: impl Into<String>) -> Self {
        Self { exit: Exit::Unrecorded, message: message.into() }
    }

    /// Says it on standard error.
    pub(super) fn tell(&self) {
        terminal::write(&format!("error: {}\n", terminal::continued(&visible::lines(&self.message))));
    }
}
