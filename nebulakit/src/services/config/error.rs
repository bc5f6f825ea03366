//! What is wrong with a configuration.

use std::fmt;

use nebulakit_types::visible;

/// A configuration that cannot be used: the file and line or key, or the variable, what was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Box<str>);

impl ConfigError {
    /// A message of more bytes than this, 2 KiB, is cut: values and names in a file may have any length.
    const LONGEST: usize = 2048;

    pub(super) fn new(mut text: String) -> Self {
        if text.len() > Self::LONGEST {
            text.truncate(text.floor_char_boundary(Self::LONGEST));
            text.push('…');
        }
        Self(text.into())
    }

    pub(super) fn value(place: &str, expected: &str, found: &str) -> Self {
        Self::new(format!("{place}: expected {expected}, found {found}"))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible::line(&self.0))
    }
}

impl std::error::Error for ConfigError {}
