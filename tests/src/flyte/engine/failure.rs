//! How nodes end other than well.

use nebulakit_types::wire::flyteidl::core::ExecutionError;
use nebulakit_types::wire::flyteidl::core::execution_error::ErrorKind;

/// Why a node gave nothing.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Error(ExecutionError),
    TimedOut(ExecutionError),
    /// It was told to end.
    Stopped(String),
}

pub(crate) fn error(code: &str, kind: ErrorKind, message: impl Into<String>) -> ExecutionError {
    ExecutionError { code: code.to_owned(), message: message.into(), kind: kind.into(), ..ExecutionError::default() }
}

/// A failure that is the user's.
pub(crate) fn user(code: &str, message: impl Into<String>) -> Failure {
    Failure::Error(error(code, ErrorKind::User, message))
}

/// A failure that is the system's.
pub(crate) fn system(code: &str, message: impl Into<String>) -> Failure {
    Failure::Error(error(code, ErrorKind::System, message))
}

/// What stands for a node that was told to end.
pub(crate) fn aborted(why: &str) -> ExecutionError {
    ExecutionError { code: "NodeAborted".to_owned(), message: why.to_owned(), ..ExecutionError::default() }
}
