//! Why a task did not succeed, and the document that says so to the platform.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error as StdError;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use nebulakit_types::{Error, ErrorKind};

use crate::task::backtrace::of_the_task;
use crate::task::error::{IgnoreOutputs, TaskError};
use crate::task::marks::Marks;

/// Codes that documents and jobs carry when the author gave none. `docs/errors.md` lists when.
pub(crate) mod code {
    pub(crate) const USER: &str = "USER:RuntimeError";
    pub(crate) const USER_RECOVERABLE: &str = "USER:Recoverable";
    pub(crate) const PANIC: &str = "USER:Panic";
    pub(crate) const IGNORED: &str = "USER:NoOutputs";
    pub(crate) const BAD_OUTPUTS: &str = "USER:BadOutputs";
    pub(crate) const NO_GRAPH: &str = "USER:DynamicWorkflowBuildFailed";
    pub(crate) const TIMEOUT: &str = "USER:Timeout";
    pub(crate) const SYSTEM: &str = "SYSTEM";
    pub(crate) const TERMINATED: &str = "SYSTEM:Terminated";
    #[cfg(feature = "coordinator")]
    pub(crate) const CANCELLED: &str = "USER:Cancelled";
    pub(crate) const LOST: &str = "SYSTEM:Lost";
    pub(crate) const OUT_OF_MEMORY: &str = "USER:OutOfMemory";
    pub(crate) const EXITED: &str = "USER:Exited";
    pub(crate) const ABORTED: &str = "USER:Aborted";
    pub(crate) const STACK_OVERFLOW: &str = "USER:StackOverflow";
    pub(crate) const CRASHED: &str = "USER:Crashed";
    #[cfg(feature = "container")]
    pub(crate) const REFUSED: &str = "USER:Refused";
    #[cfg(feature = "container")]
    pub(crate) const NO_IMAGE: &str = "USER:NoImage";
    #[cfg(feature = "container")]
    pub(crate) const NO_COMMAND: &str = "USER:NoCommand";
    #[cfg(feature = "container")]
    pub(crate) const NO_ENGINE: &str = "SYSTEM:NoEngine";
    #[cfg(feature = "container")]
    pub(crate) const NO_SPACE: &str = "SYSTEM:NoSpace";
}

/// Who is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The task's own code, or its caller.
    User,
    /// The platform, its stores, or this library.
    System,
}

/// Where a panic was and what it said, on one line: `src/app.rs:3:9: no such file`.
#[derive(Debug)]
pub(crate) struct Panicked(pub(crate) String);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Panicked {}

/// A failure, ready to be reported.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) origin: Origin,
    /// Whether another attempt may succeed; [`None`] is the platform's habit for plain errors.
    pub(crate) recoverable: Option<bool>,
    /// The error of the task's own code, for those who are in the same process.
    pub(crate) error: Option<Arc<anyhow::Error>>,
}

impl Eq for Failure {}

impl PartialEq for Failure {
    /// Whether the platform would be told the same.
    fn eq(&self, other: &Self) -> bool {
        let told = |failure: &Self| (failure.origin, failure.recoverable);
        told(self) == told(other) && self.code == other.code && self.message == other.message
    }
}

/// How a run ended that did not return outputs.
#[derive(Debug)]
pub(crate) enum Unsuccessful {
    /// Before it began: the inputs are not what the task takes.
    BadInputs(Error),
    /// It failed.
    Failed(Failure),
    /// It asked to end without outputs.
    Ignored,
}

impl From<Failure> for Unsuccessful {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Failure {
    /// A failure of the user's side that says nothing about another attempt.
    pub(crate) fn user(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), origin: Origin::User, recoverable: None, error: None }
    }

    /// A failure of the system's side.
    pub(crate) fn system(message: impl Into<String>, recoverable: bool) -> Self {
        Self { code: code::SYSTEM.to_owned(), message: message.into(), origin: Origin::System, recoverable: Some(recoverable), error: None }
    }

    /// The operating system refuses threads or signal handlers.
    pub(crate) fn cannot_start(error: &std::io::Error) -> Self {
        Self::system(format!("cannot start what the task needs: {error}"), true)
    }

    /// The task's own error.
    pub(crate) fn of_task(error: anyhow::Error) -> Unsuccessful {
        if error.chain().any(|cause| cause.is::<IgnoreOutputs>()) {
            return Unsuccessful::Ignored;
        }
        let Marks { recoverable, code } = Marks::of(&error);
        let names = |cause: &(dyn StdError + 'static)| cause.downcast_ref::<Error>().is_some_and(|cause| cause.kind() == ErrorKind::Name);
        // No attempt can store what no store can hold, unless the task's own code says otherwise.
        let is_misnamed = error.chain().any(names);
        let recoverable = if is_misnamed { recoverable.or(Some(false)) } else { recoverable };
        let plain = match recoverable {
            Some(true) => code::USER_RECOVERABLE,
            _ if is_misnamed => code::BAD_OUTPUTS,
            _ => code::USER,
        };
        let code = code.as_deref().unwrap_or(plain);
        // Of the error that began it: that of a called task knows its own place.
        let began = error.chain().filter_map(|cause| cause.downcast_ref::<TaskError>()).last();
        let message = report(error.as_ref(), began.map_or_else(|| error.backtrace(), TaskError::backtrace));
        Failure { recoverable, error: Some(Arc::new(error)), ..Self::user(code, message) }.into()
    }

    /// A failure to read an input as what the task declares.
    pub(crate) fn of_input(task: &str, error: &Error) -> Self {
        let message = format!("cannot read the inputs of the task `{task}`: {}", chain(error));
        if error.source().is_some_and(|source| source.is::<Panicked>()) {
            return Self::user(code::PANIC, message);
        }
        match error.kind() {
            // With flytekit the function's own call fails, as an argument is missing: the user's side. A field that is missing in a value
            // has a longer path.
            ErrorKind::Missing if !error.path().contains(['.', '[']) => {
                Self { recoverable: Some(false), ..Self::user(code::USER, message) }
            }
            ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Unavailable | ErrorKind::Changed | ErrorKind::Io | ErrorKind::Url => {
                Self::system(message, true)
            }
            _ => Self::system(message, false),
        }
    }

    /// A failure to write what the task returned as what it declares.
    pub(crate) fn of_outputs(error: &Error) -> Self {
        if error.kind() == ErrorKind::Name {
            return Self::unstorable(error);
        }
        Self::user(code::BAD_OUTPUTS, format!("the outputs are not what the task declares: {}", chain(error)))
    }

    /// A failure to store the data of the outputs, by which the task is told from the store: `has_a_store` says whether there is one where
    /// data goes.
    pub(crate) fn of_data(error: &Error, has_a_store: bool) -> Self {
        match error.kind() {
            ErrorKind::Name | ErrorKind::Unencodable => Self::unstorable(error),
            // Links, names that are not text, URLs that lead nowhere: no other attempt could store them.
            ErrorKind::Url if has_a_store => Self::unstorable(error),
            _ => Self::of_store("cannot store the data of the outputs", error),
        }
    }

    /// What no attempt could store.
    fn unstorable(error: &Error) -> Self {
        let message = format!("cannot store the data of the outputs: {}", chain(error));
        Self { recoverable: Some(false), ..Self::user(code::BAD_OUTPUTS, message) }
    }

    /// A failure to read from or write to a store.
    pub(crate) fn of_store(what: &str, error: &Error) -> Self {
        // What is beyond a limit, no file at all, or of a name that no store can hold, is so at the next attempt too.
        let is_final = matches!(
            error.kind(),
            ErrorKind::Mismatch | ErrorKind::OutOfRange | ErrorKind::TooDeep | ErrorKind::Name | ErrorKind::Unencodable
        );
        Self::system(format!("{what}: {}", chain(error)), !is_final)
    }
}

/// An error and all that caused it, each once, over several lines.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let (mut text, causes) = parts(error);
    if let [only] = causes.as_slice() {
        let _ = write!(text, "\n\nCaused by:\n    {}", indented(only));
    } else if !causes.is_empty() {
        text.push_str("\n\nCaused by:");
        for (index, cause) in causes.iter().enumerate() {
            let _ = write!(text, "\n    {index}: {}", indented(cause));
        }
    }
    text
}

/// The same, and where the error began in the code of a task, where `RUST_BACKTRACE` asks for that.
pub(crate) fn report(error: &(dyn StdError + 'static), backtrace: &Backtrace) -> String {
    let mut text = chain(error);
    if backtrace.status() == BacktraceStatus::Captured
        && let Some(backtrace) = of_the_task(&backtrace.to_string())
    {
        let _ = write!(text, "\n\nStack backtrace:\n{backtrace}");
    }
    text
}

/// An error and its causes on one line, for logs.
pub(crate) fn chain_in_line(error: &(dyn StdError + 'static)) -> String {
    let (text, causes) = parts(error);
    causes.iter().fold(text, |text, cause| text + ": " + cause)
}

fn parts(error: &(dyn StdError + 'static)) -> (String, Vec<String>) {
    let text = error.to_string();
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        // Some errors say their source themselves; twice is noise.
        if !text.ends_with(&said) && causes.last() != Some(&said) {
            causes.push(said);
        }
        source = cause.source();
    }
    (text, causes)
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n       ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResultExt as _;
    use anyhow::Context as _;

    fn failed(error: anyhow::Error) -> Failure {
        match Failure::of_task(error) {
            Unsuccessful::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_code_has_its_row_in_the_documentation() {
        let rows = include_str!("../../../docs/errors.md");
        // Read from this file, so that a new code cannot be forgotten here.
        let (_, module) = include_str!("failure.rs").split_once("mod code {").unwrap();
        let (module, _) = module.split_once("\n}").unwrap();
        let codes: Vec<_> = module.lines().filter_map(|line| line.trim().strip_suffix("\";")?.rsplit('"').next()).collect();
        assert!(codes.contains(&code::USER) && codes.len() == module.matches("const ").count(), "{codes:?}");
        for code in codes {
            assert!(rows.contains(&format!("| `{code}` |")), "{code}");
        }
    }

    #[test]
    fn marks_survive_context() {
        let error = Err::<(), _>(anyhow::anyhow!("bad")).recoverable().code("MY:CODE").context("outer").unwrap_err();
        let failure = failed(error);
        assert_eq!((failure.code.as_str(), failure.recoverable), ("MY:CODE", Some(true)));
        assert!(failure.message.starts_with("outer\n\nCaused by:\n    bad"), "{}", failure.message);
    }

    #[test]
    fn marks_add_up_and_keep_the_context() {
        let marked = Err::<(), _>(anyhow::anyhow!("bad")).recoverable().context("loading table").code("C").unwrap_err();
        let failure = failed(marked);
        assert_eq!((failure.code.as_str(), failure.recoverable), ("C", Some(true)));
        assert!(failure.message.starts_with("loading table\n\nCaused by:\n    bad"), "{}", failure.message);
    }

    #[test]
    fn ignored_outputs_may_be_marked() {
        let marked = Err::<(), _>(IgnoreOutputs).recoverable().code("C").unwrap_err();
        assert!(matches!(Failure::of_task(marked), Unsuccessful::Ignored));
    }

    #[test]
    fn causes_are_listed_once() {
        let error = anyhow::anyhow!("inner").context("middle").context("outer: middle");
        assert_eq!(chain(error.as_ref()), "outer: middle\n\nCaused by:\n    inner");
        assert_eq!(chain_in_line(error.as_ref()), "outer: middle: inner");
    }

    #[test]
    fn ignored_outputs_are_no_failure() {
        let error = anyhow::Error::from(IgnoreOutputs).context("rank 3");
        assert!(matches!(Failure::of_task(error), Unsuccessful::Ignored));
    }
}
