//! Errors of a task's own code: how the author says what the platform should make of them.

use std::fmt;

/// An error with what the platform should make of it; made by [`ResultExt`].
#[derive(Debug)]
pub struct TaskError {
    error: anyhow::Error,
    recoverable: Option<bool>,
    code: Option<String>,
}

impl TaskError {
    /// Whether another attempt may succeed; [`None`] leaves it to the platform's habit for plain errors.
    #[must_use]
    pub fn is_recoverable(&self) -> Option<bool> {
        self.recoverable
    }

    /// The code that the console shows, as `MY:CODE`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Wraps an error; marks that it carries already hold on.
    fn wrap(error: anyhow::Error) -> Self {
        let (recoverable, code) = Self::marks(&error);
        let code = code.map(str::to_owned);
        Self { error, recoverable, code }
    }

    /// What an error is marked with: of several marks of one kind the outermost counts.
    pub(crate) fn marks(error: &anyhow::Error) -> (Option<bool>, Option<&str>) {
        let marked = || error.chain().filter_map(|cause| cause.downcast_ref::<Self>());
        (marked().find_map(Self::is_recoverable), marked().find_map(Self::code))
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for TaskError {
    /// The error itself, which says the same: whoever looks for its type finds it.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.error.as_ref())
    }
}

/// Says on a [`Result`] what the platform should make of its error.
///
/// # Examples
/// ```
/// use nebulakit::ResultExt as _;
///
/// fn fetch() -> anyhow::Result<String> {
///     let text = std::fs::read_to_string("/no/such/file").recoverable().code("FETCH:File")?;
///     Ok(text)
/// }
/// assert!(fetch().is_err());
/// ```
pub trait ResultExt<T> {
    /// Another attempt may succeed: the platform repeats the task as often as its `retries` say.
    ///
    /// # Errors
    /// The error of the result, marked.
    fn recoverable(self) -> Result<T, TaskError>;

    /// No other attempt can succeed: the task fails at once, whatever its `retries`.
    ///
    /// # Errors
    /// The error of the result, marked.
    fn permanent(self) -> Result<T, TaskError>;

    /// The code that the console shows instead of `USER:RuntimeError`.
    ///
    /// # Errors
    /// The error of the result, marked.
    fn code(self, code: impl Into<String>) -> Result<T, TaskError>;
}

impl<T, E: Into<anyhow::Error>> ResultExt<T> for Result<T, E> {
    fn recoverable(self) -> Result<T, TaskError> {
        self.map_err(|error| TaskError { recoverable: Some(true), ..TaskError::wrap(error.into()) })
    }

    fn permanent(self) -> Result<T, TaskError> {
        self.map_err(|error| TaskError { recoverable: Some(false), ..TaskError::wrap(error.into()) })
    }

    fn code(self, code: impl Into<String>) -> Result<T, TaskError> {
        self.map_err(|error| TaskError { code: Some(code.into()), ..TaskError::wrap(error.into()) })
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
