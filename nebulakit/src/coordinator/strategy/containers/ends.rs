//! How a container ended, or why it did not begin.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::coordinator::error::JobError;
use crate::coordinator::strategy::containers::words::Trouble;
use crate::process::fate::SignalName;
use crate::task::error::TaskError;
use crate::task::failure::code;

/// Why a container could not be started, or what became of its engine meanwhile: found by [`JobError::downcast_ref`](crate::coordinator::JobError::downcast_ref).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerError {
    /// What is wrong.
    pub trouble: Trouble,
    /// The engine.
    pub engine: Arc<str>,
    /// The image, where it is known.
    pub image: Arc<str>,
    /// The engine's own words.
    pub said: Arc<str>,
    is_pulling: bool,
}

impl ContainerError {
    pub(super) fn new(trouble: Trouble, engine: &str, image: &str, said: String) -> Self {
        Self { trouble, engine: engine.into(), image: image.into(), said: said.trim().into(), is_pulling: false }
    }

    /// What a failed fetch says need not be told apart: the image could not be had.
    pub(super) fn while_pulling(self) -> Self {
        // It is the registry that does not answer, where the daemon does or there is none.
        let is_registrys = &*self.engine != "docker" || self.said.to_lowercase().contains("error response from daemon");
        let trouble = match self.trouble {
            Trouble::Other => Trouble::NoImage,
            Trouble::Gone if is_registrys => Trouble::NoImage,
            other => other,
        };
        Self { trouble, is_pulling: true, ..self }
    }

    /// The same with a hint of its own.
    pub(super) fn with_hint(self, hint: &str) -> Self {
        Self { said: format!("{}\nhint: {hint}", self.said).into(), ..self }
    }

    /// The code that a console shows.
    pub(super) fn code(&self) -> &'static str {
        match self.trouble {
            Trouble::NotInstalled | Trouble::NoPermission => code::NO_ENGINE,
            Trouble::Gone => code::LOST,
            Trouble::NoImage => code::NO_IMAGE,
            Trouble::NoCommand => code::NO_COMMAND,
            Trouble::NoSpace => code::NO_SPACE,
            Trouble::Other => code::REFUSED,
        }
    }

    /// Whether another attempt may help.
    pub(super) fn is_recoverable(&self) -> bool {
        matches!(self.trouble, Trouble::Gone | Trouble::NoSpace) || self.is_pulling
    }

    fn hint(&self) -> Option<&'static str> {
        Some(match self.trouble {
            Trouble::NotInstalled => "install it, or name another engine by `ContainerStrategy::engine`",
            Trouble::NoPermission => "let this user use it (for docker, the group `docker`), or choose podman, which needs no privileges",
            Trouble::Gone => "start it, or see its log for why it ended",
            Trouble::NoImage if self.is_pulling => "look at the name, at the network, and at what the registry asks for (`login`)",
            Trouble::NoImage => "build or pull it first, or let the strategy pull it (`Pull::Missing`)",
            Trouble::NoCommand => {
                "look at the first word of the command: it is a path in the image, or a name that the image's `PATH` leads to; no shell reads it"
            }
            Trouble::NoSpace => "remove images and containers that nobody needs (`system prune`), or give the engine another folder",
            Trouble::Other => return None,
        })
    }
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (engine, image) = (&self.engine, self.image.escape_debug());
        match self.trouble {
            Trouble::NotInstalled => write!(f, "`{engine}` is not installed")?,
            Trouble::NoPermission => write!(f, "this user may not use `{engine}`")?,
            Trouble::Gone => write!(f, "`{engine}` does not answer, or ended while the container ran")?,
            Trouble::NoImage if self.is_pulling => write!(f, "`{engine}` cannot pull the image `{image}`")?,
            Trouble::NoImage => write!(f, "`{engine}` does not have the image `{image}`")?,
            Trouble::NoCommand => write!(f, "the command cannot be run in the image `{image}`")?,
            Trouble::NoSpace => write!(f, "`{engine}` has no space left")?,
            Trouble::Other => write!(f, "`{engine}` cannot start the container")?,
        }
        if !self.said.is_empty() {
            write!(f, ": {}", self.said)?;
        }
        // A hint of its own says more.
        match self.hint() {
            Some(hint) if !self.said.contains("\nhint: ") => write!(f, "\nhint: {hint}"),
            _ => Ok(()),
        }
    }
}

impl StdError for ContainerError {}

/// A command in a container that ended without success: found by [`JobError::downcast_ref`](crate::coordinator::JobError::downcast_ref).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandError {
    /// Its exit code; 128 and the signal where one ended it.
    pub exit: i32,
    /// The image.
    pub image: Arc<str>,
    /// The last lines of its output.
    pub tail: Arc<str>,
}

impl CommandError {
    pub(super) fn new(exit: i32, image: &str, tail: String) -> Self {
        Self { exit, image: image.into(), tail: tail.into() }
    }

    /// The signal that ended it. A command that exits with such a code by itself looks the same.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        (129..=128 + 64).contains(&self.exit).then(|| self.exit - 128)
    }

    pub(super) fn code(&self) -> &'static str {
        const ABORT: i32 = 6;
        match self.signal() {
            None => code::EXITED,
            Some(ABORT) => code::ABORTED,
            Some(signal) if crate::process::fate::is_fault(signal) => code::CRASHED,
            Some(_) => code::LOST,
        }
    }

    pub(super) fn is_recoverable(&self) -> bool {
        self.code() == code::LOST
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { exit, image, tail } = self;
        match self.signal() {
            Some(signal) => write!(f, "the command in the image `{image}` was ended by {} (exit code {exit})", SignalName(signal))?,
            None => write!(f, "the command in the image `{image}` ended with exit code {exit}")?,
        }
        if tail.is_empty() { Ok(()) } else { write!(f, "\nthe end of its output:\n{tail}") }
    }
}

impl StdError for CommandError {}

/// What cannot be done, whatever the engine.
pub(super) fn refused(said: &str) -> JobError {
    JobError::Failed(Arc::new(TaskError::permanent(anyhow::Error::msg(said.to_owned())).with_code(code::REFUSED)))
}

impl From<ContainerError> for JobError {
    fn from(error: ContainerError) -> Self {
        let (code, is_recoverable) = (error.code(), error.is_recoverable());
        marked(error.into(), is_recoverable, code)
    }
}

impl From<CommandError> for JobError {
    fn from(error: CommandError) -> Self {
        let (code, is_recoverable) = (error.code(), error.is_recoverable());
        marked(error.into(), is_recoverable, code)
    }
}

fn marked(error: anyhow::Error, is_recoverable: bool, code: &str) -> JobError {
    let error = if is_recoverable { TaskError::recoverable(error) } else { TaskError::permanent(error) };
    JobError::Failed(Arc::new(error.with_code(code)))
}
