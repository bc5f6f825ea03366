//! The one error of this crate: an opaque value with a documented kind and the path to what is wrong.

use std::fmt;

use crate::visible;

/// What this crate's fallible calls return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for callers that decide by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not what they claim to be: truncated protobuf, broken msgpack, text that is not UTF-8.
    Corrupt,
    /// The value is well formed but of another type than the one asked for.
    Mismatch,
    /// The value is of the right type but outside what the type can hold.
    OutOfRange,
    /// A value that has to be there is not.
    Missing,
    /// Values are nested deeper than this crate follows them.
    TooDeep,
    /// A union value fits none of the variants, or more than one; or a name is that of two columns.
    Ambiguous,
    /// The value lives in a file of its own (an offloaded literal) that has not been fetched.
    NotFetched,
    /// The value cannot be written in the form that its type declares.
    Unencodable,
    /// A name under which no store, or not this one, can hold a file.
    Name,
    /// A URL that no store of this build serves, or that is not a URL.
    Url,
    /// No object under that URL.
    NotFound,
    /// The store refused the credentials, none were found, or they do not belong to the host that a URL or an answer names.
    Denied,
    /// The store did not answer, or answered with a passing fault, until the retries were used up.
    Unavailable,
    /// The object changed while it was read.
    Changed,
    /// Reading or writing failed for another reason.
    Io,
}

/// An error of this crate.
///
/// It displays as one lower-case clause, led by the path to the value it speaks of (`` `points[3].x`: … ``), and a line behind `hint: `
/// where there is something to do about it. The source, where there
/// is one, is not repeated in it. Names in it may come from outside: control characters, line breaks among them, are shown escaped
/// ([`visible::line`]).
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    path: String,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes an error from its kind and one lower-case clause.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, path: String::new(), message: message.into(), hint: None, source: None }))
    }

    /// Adds what to do about it, which displays as a line of its own behind `hint: `. These are our own words: names from outside in it are
    /// shown as in the clause.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The path to the value that the error speaks of, as `points[3].x`; empty for the value itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The clause alone, without the path.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The same error in other words.
    pub(crate) fn saying(mut self, message: String) -> Self {
        self.0.message = message;
        self
    }

    /// The same error, of another kind.
    #[cfg(feature = "cloud")]
    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Says that the error is in the field (or input) `name` of the value.
    #[must_use]
    pub fn at_field(mut self, name: &str) -> Self {
        let path = &mut self.0.path;
        if !path.is_empty() && !path.starts_with('[') {
            path.insert(0, '.');
        }
        path.insert_str(0, name);
        self
    }

    /// Says that the error is in element `index` of the value.
    #[must_use]
    pub fn at_index(self, index: usize) -> Self {
        self.bracketed(&index.to_string())
    }

    /// Says that the error is in the entry `key` of the value.
    #[must_use]
    pub fn at_key(self, key: &str) -> Self {
        self.bracketed(&format!("\"{}\"", key.replace('\\', r"\\").replace('"', "\\\"")))
    }

    fn bracketed(mut self, inside: &str) -> Self {
        let path = &mut self.0.path;
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        path.insert_str(0, &format!("[{inside}]{dot}"));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "`{}`: ", visible::line(&self.0.path))?;
        }
        f.write_str(&visible::line(&self.0.message))?;
        match &self.0.hint {
            Some(hint) => write!(f, "\nhint: {}", visible::line(hint)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_grows_outwards() {
        let error = Error::new(ErrorKind::Mismatch, "expected an integer, found a string");
        let error = error.at_field("x").at_index(3).at_field("points").at_key("a b");
        assert_eq!(error.to_string(), "`[\"a b\"].points[3].x`: expected an integer, found a string");
    }

    #[test]
    fn names_from_outside_are_shown_on_one_line() {
        let error = Error::new(ErrorKind::Mismatch, "no column `a\u{1b}[2J\nb`").at_field("c\u{202e}").at_key("d\"\u{9b}é");
        assert_eq!(error.to_string(), "`[\"d\\\"\\u009bé\"].c\\u202e`: no column `a\\u001b[2J\\nb`");
        assert_eq!(error.message(), "no column `a\u{1b}[2J\nb`", "the parts are as they were given");
    }
}
