//! Errors of a task's own code: how the author says what the platform should make of them.

use std::backtrace::Backtrace;
use std::fmt;

use crate::task::marks::Marks;

/// An error with what the platform should make of it: what [`ResultExt`] makes of the error of a `Result`, without a `Result`.
///
/// # Examples
/// ```
/// use nebulakit::TaskError;
///
/// fn fetch(reply: u16) -> anyhow::Result<String> {
///     if reply == 503 {
///         anyhow::bail!(TaskError::recoverable(anyhow::anyhow!("the service is away")).with_code("FETCH:Away"));
///     }
///     Ok(std::fs::read_to_string("/no/such/file").map_err(TaskError::permanent)?)
/// }
/// let error = fetch(503).unwrap_err();
/// let error = error.downcast_ref::<TaskError>().unwrap();
/// assert_eq!((error.is_recoverable(), error.code()), (Some(true), Some("FETCH:Away")));
/// ```
#[derive(Debug)]
pub struct TaskError {
    error: anyhow::Error,
    marks: Marks,
}

impl TaskError {
    /// The error as it is; marks that it carries already hold on.
    #[must_use]
    pub fn new(error: impl Into<anyhow::Error>) -> Self {
        error.into().downcast().unwrap_or_else(|error| Self { marks: Marks::of(&error), error })
    }

    /// An error after which another attempt may succeed: the platform repeats the task as often as its `retries` say.
    #[must_use]
    pub fn recoverable(error: impl Into<anyhow::Error>) -> Self {
        Self::new(error).marked(Marks { recoverable: Some(true), ..Marks::default() })
    }

    /// An error after which no other attempt can succeed: the task fails at once, whatever its `retries`.
    #[must_use]
    pub fn permanent(error: impl Into<anyhow::Error>) -> Self {
        Self::new(error).marked(Marks { recoverable: Some(false), ..Marks::default() })
    }

    /// Sets the code that the console shows instead of `USER:RuntimeError`.
    #[must_use]
    pub fn with_code(self, code: impl Into<String>) -> Self {
        self.marked(Marks { code: Some(code.into()), ..Marks::default() })
    }

    /// An error with these marks alone.
    pub(crate) fn with_marks(error: anyhow::Error, recoverable: Option<bool>, code: Option<String>) -> Self {
        Self { error, marks: Marks { recoverable, code } }
    }

    /// The same error, with more said of it.
    #[cfg(feature = "coordinator")]
    pub(crate) fn with_note(self, note: &str) -> Self {
        let said = format!("{}; {note}", self.error);
        Self { error: self.error.context(said), ..self }
    }

    fn marked(self, marks: Marks) -> Self {
        Self { marks: marks.or(|| self.marks), ..self }
    }

    /// Whether another attempt may succeed; [`None`] leaves it to the platform's habit for plain errors.
    #[must_use]
    pub fn is_recoverable(&self) -> Option<bool> {
        self.marks.recoverable
    }

    /// The code that the console shows, as `MY:CODE`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.marks.code.as_deref()
    }

    /// The error below the marks, by its type: that of a task that was called, too, where it ran in this process.
    #[must_use]
    pub fn downcast_ref<E: fmt::Display + fmt::Debug + Send + Sync + 'static>(&self) -> Option<&E> {
        of_type(&self.error)
    }

    /// Where the error was made.
    pub(crate) fn backtrace(&self) -> &Backtrace {
        self.error.backtrace()
    }
}

/// The error of type `E` that `error` is, or that a task which was called failed with.
pub(crate) fn of_type<E: fmt::Display + fmt::Debug + Send + Sync + 'static>(error: &anyhow::Error) -> Option<&E> {
    error.downcast_ref().or_else(|| error.chain().find_map(|cause| cause.downcast_ref::<TaskError>())?.downcast_ref())
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.marks.tell() { Ok(()) } else { self.error.fmt(f) }
    }
}

impl std::error::Error for TaskError {
    /// The error itself, which says the same, so that a search for its type finds it.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.error.as_ref())
    }
}

/// Says on a [`Result`] what the platform should make of its error.
///
/// The error stays what it is: its text, its causes, its backtrace and its type, by which [`anyhow::Error::downcast_ref`] finds it. Several
/// marks add up, and `.context(..)` on top of them takes none away. Of two marks of one kind the last one counts.
///
/// # Examples
/// ```
/// use nebulakit::ResultExt as _;
///
/// fn fetch() -> anyhow::Result<String> {
///     std::fs::read_to_string("/no/such/file").recoverable().code("FETCH:File")
/// }
/// let error = fetch().unwrap_err();
/// assert!(error.is::<std::io::Error>());
/// ```
pub trait ResultExt<T> {
    /// Another attempt may succeed: the platform repeats the task as often as its `retries` say.
    ///
    /// # Errors
    /// The error of the result, marked.
    fn recoverable(self) -> anyhow::Result<T>;

    /// No other attempt can succeed: the task fails at once, whatever its `retries`.
    ///
    /// # Errors
    /// The error of the result, marked.
    fn permanent(self) -> anyhow::Result<T>;

    /// The code that the console shows instead of `USER:RuntimeError`.
    ///
    /// # Errors
    /// The error of the result, marked.
    fn code(self, code: impl Into<String>) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> ResultExt<T> for Result<T, E> {
    fn recoverable(self) -> anyhow::Result<T> {
        self.map_err(|error| Marks { recoverable: Some(true), ..Marks::default() }.put_on(error.into()))
    }

    fn permanent(self) -> anyhow::Result<T> {
        self.map_err(|error| Marks { recoverable: Some(false), ..Marks::default() }.put_on(error.into()))
    }

    fn code(self, code: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| Marks { code: Some(code.into()), ..Marks::default() }.put_on(error.into()))
    }
}

/// Ends a task without outputs, as a success: of the workers of a distributed job, only one stores the result.
///
/// # Examples
/// ```
/// fn worker(rank: i64) -> anyhow::Result<f64> {
///     if rank != 0 {
///         return Err(nebulakit::IgnoreOutputs.into());
///     }
///     Ok(0.5)
/// }
/// # assert!(worker(1).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IgnoreOutputs;

impl fmt::Display for IgnoreOutputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the outputs of this worker are ignored")
    }
}

impl std::error::Error for IgnoreOutputs {}
