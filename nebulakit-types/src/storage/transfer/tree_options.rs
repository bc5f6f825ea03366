//! Which objects of a tree are moved, and how many at once.

use super::super::object::TreeOptions;
use super::limits::AT_ONCE;
use crate::{Error, ErrorKind, Result};

/// A pattern of keys.
pub(super) struct Pattern(glob::Pattern);

impl Pattern {
    pub(super) fn matches(&self, key: &str) -> bool {
        let options = glob::MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };
        self.0.matches_with(key, options)
    }
}

impl TreeOptions {
    pub(super) fn pattern(&self) -> Result<Option<Pattern>> {
        let Some(text) = &self.glob else { return Ok(None) };
        let pattern = glob::Pattern::new(text);
        pattern.map(|pattern| Some(Pattern(pattern))).map_err(|error| {
            Error::new(ErrorKind::Mismatch, format!("`{text}` is not a pattern: {} at character {}", error.msg, error.pos))
        })
    }

    pub(super) fn at_once(&self) -> usize {
        self.concurrency.unwrap_or(AT_ONCE).max(1)
    }
}
