//! Why an execution, a node or an attempt failed.

use std::fmt;

use nebulakit_types::wire::flyteidl::core::execution_error::ErrorKind;
use nebulakit_types::wire::flyteidl::core::{ContainerError, ExecutionError};

/// At how many characters the control plane cuts messages in lists.
const CUT: usize = 100;

/// Why an execution, a node or an attempt failed, in the platform's words. It displays as `code (user): message`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecutionFailure {
    /// The code, such as `USER:NonRecoverable`; empty for mapped tasks.
    pub code: String,
    /// The message.
    pub message: String,
    /// Whose failure it is.
    pub kind: FailureOrigin,
    /// Whether the message is as long as lists leave it.
    may_be_cut: bool,
}

/// Whose failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureOrigin {
    /// The platform does not say.
    Unknown,
    /// The user's code.
    User,
    /// The system's.
    System,
}

impl FailureOrigin {
    fn from_wire(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unknown => Self::Unknown,
            ErrorKind::User => Self::User,
            ErrorKind::System => Self::System,
        }
    }

    /// It in a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::User => "user",
            Self::System => "system",
        }
    }
}

impl ExecutionFailure {
    pub(super) fn from_wire(error: &ExecutionError) -> Self {
        let kind = FailureOrigin::from_wire(error.kind());
        // Characters that are not ASCII may count as one or as several.
        let may_be_cut = error.message.len() == CUT || error.message.chars().count() == CUT;
        Self { code: error.code.clone(), message: error.message.trim_end().to_owned(), kind, may_be_cut }
    }

    /// What a task's own document says.
    pub(super) fn of_document(error: &ContainerError) -> Self {
        let (code, kind) = (error.code.clone(), FailureOrigin::from_wire(error.origin()));
        // Of elements the platform tells the message alone, and so the code is in it too.
        let message = error.message.strip_prefix(&format!("{code}: ")).unwrap_or(&error.message);
        Self { message: message.trim_end().to_owned(), code, kind, may_be_cut: false }
    }

    /// Whether a list may have cut the message.
    pub(crate) fn may_be_cut(&self) -> bool {
        self.may_be_cut
    }

    /// The message as a list tells it, with a sign where it was cut.
    pub(crate) fn listed(&self) -> Self {
        let message = if self.may_be_cut { format!("{}…", self.message) } else { self.message.clone() };
        Self { message, ..self.clone() }
    }
}

impl fmt::Display for ExecutionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, kind, .. } = self;
        match (code.as_str(), kind) {
            ("", FailureOrigin::Unknown) => f.write_str(message),
            ("", kind) => write!(f, "({}) {message}", kind.as_str()),
            (code, FailureOrigin::Unknown) => write!(f, "{code}: {message}"),
            (code, kind) => write!(f, "{code} ({}): {message}", kind.as_str()),
        }
    }
}
