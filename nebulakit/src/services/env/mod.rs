//! The environment: the only file that reads it.
//!
//! A process takes one snapshot when it starts ([`Environment::from_process`]) and hands it on; whatever wants a variable asks the
//! snapshot. Tests make their own with [`Environment::with`] and never touch the process. `variables` has the list of them all.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use nebulakit_types::visible;

mod variables;

pub use self::variables::*;

/// A snapshot of a process's environment.
///
/// Clones share the snapshot. Variables whose *name* is not UTF-8 are left out. `Debug` shows names only, since values may be secrets.
#[derive(Clone, Default)]
pub struct Environment {
    /// As they came, and the last of one name counts: a process asks for some dozens of names once, which is not worth an index.
    values: Arc<Vec<(String, Value)>>,
}

#[derive(Clone)]
struct Value {
    text: String,
    /// What the variable really holds, where that is not UTF-8.
    raw: Option<OsString>,
}

impl Environment {
    /// Takes a snapshot of this process's environment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_process() -> Self {
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// Makes an environment without variables.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a variable, replacing one of the same name; clones made before keep what they had.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<OsString>) -> Self {
        let values = Arc::make_mut(&mut self.values);
        values.retain(|(known, _)| known != name);
        values.push((name.to_owned(), Value::new(value.into())));
        self
    }

    /// The variable's value, which may be empty; `None` when it is absent.
    ///
    /// Bytes that are not UTF-8 show as U+FFFD; [`raw`](Self::raw) has them as they are.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.value(name).map(|value| value.text.as_str())
    }

    /// The variable's value, `None` when it is absent or empty.
    #[must_use]
    pub fn non_empty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The variable's value as the system holds it, which may be empty and need not be UTF-8.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        self.value(name).map(Value::raw)
    }

    /// The value of `name` if it is present, even empty; else that of `alias`; else empty text (Flyte task contract, environment).
    #[must_use]
    pub fn either(&self, name: &str, alias: &str) -> &str {
        self.get(name).or_else(|| self.get(alias)).unwrap_or_default()
    }

    /// The variable's value as a `T`; `None` when it is absent or blank. `expected` says in the error what was due, as in "a whole number".
    ///
    /// # Errors
    /// The value does not parse.
    pub fn parse<T: FromStr>(&self, name: &str, expected: &str) -> Result<Option<T>, InvalidVariable> {
        match self.get(name).map(str::trim).filter(|value| !value.is_empty()) {
            None => Ok(None),
            Some(value) => value.parse().map(Some).map_err(|_| InvalidVariable {
                name: name.to_owned(),
                expected: expected.to_owned(),
                found: value.to_owned(),
            }),
        }
    }

    /// The folder of temporary files.
    #[must_use]
    pub fn temporary_folder(&self) -> PathBuf {
        self.raw(TMPDIR).filter(|folder| !folder.is_empty()).map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
    }

    /// Every variable with its value as the system holds it, for libraries that pick what concerns them.
    pub fn variables(&self) -> impl Iterator<Item = (OsString, OsString)> + '_ {
        self.values.iter().map(|(name, value)| (name.into(), value.raw().to_owned()))
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().rfind(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Whether the variable is there and true, by [`truthy`].
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(truthy)
    }
}

impl Value {
    fn new(value: OsString) -> Self {
        match value.into_string() {
            Ok(text) => Self { text, raw: None },
            Err(raw) => Self { text: raw.to_string_lossy().into_owned(), raw: Some(raw) },
        }
    }

    fn raw(&self) -> &OsStr {
        self.raw.as_deref().unwrap_or(OsStr::new(&self.text))
    }
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let mut values = Vec::with_capacity(64);
        values.extend(variables.into_iter().map(|(name, value)| (name.into(), Value::new(value.into()))));
        Self { values: Arc::new(values) }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment ")?;
        f.debug_set().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}

/// Whether a setting's text means true: all but empty text, `false`, `0`, `off` and `no` in any case do (Flyte task contract,
/// configuration file).
#[must_use]
pub fn truthy(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && !["false", "0", "off", "no"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A variable whose value is not of the form that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidVariable {
    name: String,
    expected: String,
    found: String,
}

impl InvalidVariable {
    /// The variable's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for InvalidVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "environment variable `{}`: expected {}, found `{}`", self.name, self.expected, visible::line(&self.found))
    }
}

impl std::error::Error for InvalidVariable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_empty_are_told_apart() {
        let environment = Environment::empty().with("A", "").with("B", "b");
        assert_eq!(environment.get("A"), Some(""));
        assert_eq!(environment.non_empty("A"), None);
        assert_eq!(environment.get("C"), None);
        assert_eq!(environment.either("A", "B"), "", "a long name that is there beats its alias even when it is empty");
        assert_eq!(environment.either("C", "B"), "b");
        assert_eq!(environment.either("C", "D"), "");
    }

    #[test]
    fn temporary_files_lie_where_the_snapshot_says() {
        assert_eq!(Environment::empty().temporary_folder(), PathBuf::from("/tmp"));
        assert_eq!(Environment::empty().with("TMPDIR", "").temporary_folder(), PathBuf::from("/tmp"));
        assert_eq!(Environment::empty().with("TMPDIR", "/scratch").temporary_folder(), PathBuf::from("/scratch"));
    }

    #[test]
    fn debug_shows_no_values() {
        let environment = Environment::empty().with("PASSWORD", "hunter2");
        assert_eq!(format!("{environment:?}"), "Environment {\"PASSWORD\"}");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_text_are_kept() {
        use std::os::unix::ffi::OsStrExt;
        let environment = Environment::empty().with("A", OsStr::from_bytes(b"a\xff"));
        assert_eq!(environment.get("A"), Some("a\u{fffd}"));
        assert_eq!(environment.raw("A").map(OsStrExt::as_bytes), Some(&b"a\xff"[..]));
    }

    #[test]
    fn numbers_name_the_variable_when_they_are_none() {
        let environment = Environment::empty().with("A", " 7 ").with("B", "many").with("C", " ");
        assert_eq!(environment.parse::<u32>("A", "a whole number"), Ok(Some(7)));
        assert_eq!(environment.parse::<u32>("C", "a whole number"), Ok(None));
        let error = environment.parse::<u32>("B", "a whole number").unwrap_err();
        assert_eq!(error.to_string(), "environment variable `B`: expected a whole number, found `many`");
    }

    #[test]
    fn booleans_follow_the_rule() {
        for text in ["false", "FALSE", "0", "off", "No", ""] {
            assert!(!truthy(text), "{text}");
        }
        for text in ["true", "1", "on", "yes", "anything"] {
            assert!(truthy(text), "{text}");
        }
    }
}
