//! The findings of conformance suites.

use std::fmt;

/// A promise that is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    /// The promise.
    pub promise: &'static str,
    /// What was found instead.
    pub found: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.found)
    }
}

/// All promises that a store or a backend does not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotConforming {
    /// What was tested.
    of: &'static str,
    broken: Vec<Broken>,
}

impl NotConforming {
    /// An error if promises are broken.
    pub(super) fn unless_kept(of: &'static str, broken: Vec<Broken>) -> Result<(), Self> {
        if broken.is_empty() { Ok(()) } else { Err(Self { of, broken }) }
    }

    /// The promises that are not kept.
    #[must_use]
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }
}

impl fmt::Display for NotConforming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} does not keep {} of its promises", self.of, self.broken.len())?;
        self.broken.iter().try_for_each(|broken| write!(f, "\n  {broken}"))
    }
}

impl std::error::Error for NotConforming {}
