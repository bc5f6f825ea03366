//! Errors of the folder of runs, or of a run in it.

use std::error::Error as StdError;
use std::path::Path;
use std::{fmt, io};

use nebulakit_types::visible;

/// Why a run cannot be recorded, read or controlled.
///
/// It displays as one lower-case clause, which names the file or the run, and, if something can be done about it, a line that starts with `hint: `. Control
/// characters in names are escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: RecordErrorKind,
    message: String,
    hint: Option<String>,
}

/// The kind of a [`RecordError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordErrorKind {
    /// There is no run, node, or data with that name.
    NotFound,
    /// Several runs have an id that begins with this.
    Ambiguous,
    /// No run can have this id.
    Name,
    /// The folder is used for something else.
    Foreign,
    /// A newer version of nebulakit wrote it.
    Newer,
    /// A file is damaged.
    Corrupt,
    /// Another process drives the run.
    Driven,
    /// No process drives the run.
    Interrupted,
    /// The run goes on elsewhere, and no process watches it from here.
    Unwatched,
    /// The run is over.
    Over,
    /// No gate accepts such an answer.
    Refused,
    /// The run or the node has no outputs: it did not succeed, or is not over.
    NoOutputs,
    /// A file cannot be read or written.
    Io(io::ErrorKind),
}

impl RecordError {
    pub(crate) fn new(kind: RecordErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), hint: None }))
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// An error about a file: `verb` says what failed.
    pub(crate) fn io(verb: &str, path: &Path, cause: &io::Error) -> Self {
        let error = Self::new(RecordErrorKind::Io(cause.kind()), format!("cannot {verb} `{}`: {cause}", path.display()));
        match way_out(cause.kind()) {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// What went wrong, and what to do about it, if anything.
    pub(crate) fn parts(&self) -> (&str, Option<&str>) {
        (&self.0.message, self.0.hint.as_deref())
    }

    /// The kind of error.
    #[must_use]
    pub fn kind(&self) -> RecordErrorKind {
        self.0.kind
    }
}

/// What to do about a system error.
fn way_out(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind::{FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match kind {
        StorageFull | QuotaExceeded | FileTooLarge => {
            Some("free some space: what was recorded is intact, and `--resume` continues the run")
        }
        PermissionDenied | ReadOnlyFilesystem => {
            Some("runs need a folder that you may read and write: `--dir` and `NEBULAKIT_DIR` name another one")
        }
        _ => None,
    }
}

/// Adds to an error what failed with which file.
pub(crate) trait At<T> {
    fn at(self, verb: &str, path: &Path) -> Result<T, RecordError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, verb: &str, path: &Path) -> Result<T, RecordError> {
        self.map_err(|cause| RecordError::io(verb, path, &cause))
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible::line(&self.0.message))?;
        match &self.0.hint {
            Some(hint) => write!(f, "\nhint: {}", visible::line(hint)),
            None => Ok(()),
        }
    }
}

impl StdError for RecordError {}

impl From<RecordError> for io::Error {
    fn from(error: RecordError) -> Self {
        let kind = match error.kind() {
            RecordErrorKind::Io(kind) => kind,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
