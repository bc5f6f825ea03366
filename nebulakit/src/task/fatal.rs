//! An error that ends more than its own job.

use std::error::Error as StdError;
use std::fmt;

/// An error that ends the whole run: the other jobs of the run are cancelled, whatever their parents make of it.
/// In a workflow, failure handlers still run.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::{Fatal, Work};
///
/// let work = Work::new(|_| async { Err::<(), _>(Fatal::new(anyhow::anyhow!("the licence has expired"))) });
/// # drop(work);
/// ```
#[derive(Debug)]
pub struct Fatal(anyhow::Error);

impl Fatal {
    /// Makes an error fatal.
    #[must_use]
    pub fn new(error: impl Into<anyhow::Error>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Fatal {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
