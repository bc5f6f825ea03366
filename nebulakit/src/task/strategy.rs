//! How a piece of work is run.

use std::borrow::Cow;
use std::fmt;

/// How a piece of work is run: on the async runtime, on a thread, in a process or in a container of its own, or by a strategy that the
/// program brings.
///
/// # Examples
/// ```
/// use nebulakit::Strategy;
///
/// let strategies = ["async", "thread", "process", "container", "gpu-box"].map(Strategy::named);
/// assert_eq!(strategies[1], Strategy::Thread);
/// assert_eq!(strategies[4].to_string(), "gpu-box");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// On the runtime that it is submitted on: for work that waits.
    Async,
    /// On a thread of a pool that is as large as the machine has cores: for work that computes.
    Thread,
    /// In a process of its own, which is this binary again: for work that may crash, leak or need limits.
    Process,
    /// In a container of its own.
    Container,
    /// By a strategy that the program registered under this name.
    Named(Cow<'static, str>),
}

impl Strategy {
    /// The strategy of that name: one of the built-in four, else a strategy that the program registered.
    #[must_use]
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        match name.as_ref() {
            "async" => Self::Async,
            "thread" => Self::Thread,
            "process" => Self::Process,
            "container" => Self::Container,
            _ => Self::Named(name),
        }
    }

    /// Its name, as `--strategy` takes it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Async => "async",
            Self::Thread => "thread",
            Self::Process => "process",
            Self::Container => "container",
            Self::Named(name) => name,
        }
    }

    /// Its name, for what outlives it.
    #[cfg(feature = "coordinator")]
    pub(crate) fn to_name(&self) -> Cow<'static, str> {
        match self {
            Self::Async => "async".into(),
            Self::Thread => "thread".into(),
            Self::Process => "process".into(),
            Self::Container => "container".into(),
            Self::Named(name) => name.clone(),
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
