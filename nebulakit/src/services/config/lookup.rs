//! One setting: where it stands, and its value as the type that is due.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::error::ConfigError;
use super::settings::AuthMode;
use crate::services::env::{self, Environment};
use crate::services::secrets::Secret;

/// Where a setting stands: its variables (the first one present counts), `section.option` in ini, and its path in YAML, if it has one.
pub(super) struct Key {
    variables: &'static [&'static str],
    ini: &'static [&'static str],
    yaml: Option<&'static str>,
}

impl Key {
    pub(super) const fn new(variables: &'static [&'static str], ini: &'static [&'static str]) -> Self {
        Self { variables, ini, yaml: None }
    }

    /// A setting that only flytectl's file has.
    pub(super) const fn flytectl(path: &'static str) -> Self {
        Self::new(&[], &[]).yaml(path)
    }

    pub(super) const fn yaml(self, path: &'static str) -> Self {
        Self { yaml: Some(path), ..self }
    }
}

/// The values of a file by `section.option` or by YAML path.
pub(super) type Entries = BTreeMap<String, Entry>;

pub(super) struct Entry {
    pub(super) value: Unparsed,
    /// Counted from 1; 0 where it is not known.
    pub(super) line: usize,
}

#[derive(Clone)]
pub(super) enum Unparsed {
    Text(String),
    #[cfg_attr(not(feature = "run"), expect(dead_code, reason = "only YAML has lists"))]
    List(Vec<String>),
    /// What no setting can be, named for errors: a map, or a list of more than texts.
    #[cfg_attr(not(feature = "run"), expect(dead_code, reason = "only YAML has other values"))]
    Other(&'static str),
}

pub(super) struct Lookup<'a> {
    pub(super) environment: &'a Environment,
    pub(super) file: Option<(PathBuf, Entries)>,
    /// Whether a value that is not of its setting's form counts as absent instead of being an error.
    pub(super) tolerant: bool,
}

/// A value and where it comes from, for errors.
struct Resolved {
    value: Unparsed,
    place: String,
}

impl Lookup<'_> {
    pub(super) fn wrong<T: Default>(&self, place: &str, expected: &str, found: &str) -> Result<T, ConfigError> {
        let error = ConfigError::value(place, expected, found);
        if !self.tolerant {
            return Err(error);
        }
        tracing::warn!("{error}; going on as if it were absent");
        Ok(T::default())
    }

    fn find(&self, key: &Key) -> Option<Resolved> {
        for name in key.variables {
            if let Some(value) = self.environment.get(name) {
                return Some(Resolved { value: Unparsed::Text(value.to_owned()), place: format!("environment variable `{name}`") });
            }
        }
        let (path, entries) = self.file.as_ref()?;
        let names: &[&str] = if is_yaml(path) { key.yaml.as_slice() } else { key.ini };
        names.iter().find_map(|name| {
            let entry = entries.get(*name)?;
            let place = place(path, entry.line, name);
            Some(Resolved { value: entry.value.clone(), place })
        })
    }

    /// The trimmed text of a setting, which may be empty; `None` when nothing gives it.
    pub(super) fn raw_text(&self, key: &Key) -> Result<Option<(String, String)>, ConfigError> {
        match self.find(key) {
            None => Ok(None),
            Some(Resolved { value: Unparsed::Text(text), place }) => Ok(Some((text.trim().to_owned(), place))),
            Some(Resolved { value: Unparsed::List(_), place }) => self.wrong(&place, "one value", "a list"),
            Some(Resolved { value: Unparsed::Other(what), place }) => self.wrong(&place, "one value", what),
        }
    }

    pub(super) fn text(&self, key: &Key) -> Result<Option<String>, ConfigError> {
        Ok(self.raw_text(key)?.map(|(text, _)| text).filter(|text| !text.is_empty()))
    }

    pub(super) fn secret(&self, key: &Key) -> Result<Option<Secret>, ConfigError> {
        Ok(self.text(key)?.map(Secret::from))
    }

    pub(super) fn path(&self, key: &Key) -> Result<Option<PathBuf>, ConfigError> {
        Ok(self.text(key)?.map(PathBuf::from))
    }

    pub(super) fn flag(&self, key: &Key, default: bool) -> Result<bool, ConfigError> {
        Ok(self.raw_text(key)?.map_or(default, |(text, _)| env::truthy(&text)))
    }

    pub(super) fn parsed<T: FromStr>(&self, key: &Key, expected: &str) -> Result<Option<T>, ConfigError> {
        match self.raw_text(key)?.filter(|(text, _)| !text.is_empty()) {
            None => Ok(None),
            Some((text, place)) => text.parse().map(Some).or_else(|_| self.wrong(&place, expected, &format!("`{text}`"))),
        }
    }

    pub(super) fn list(&self, key: &Key) -> Result<Vec<String>, ConfigError> {
        let items: Vec<String> = match self.find(key) {
            None => return Ok(Vec::new()),
            Some(Resolved { value: Unparsed::Text(text), .. }) => text.split(',').map(|item| item.trim().to_owned()).collect(),
            Some(Resolved { value: Unparsed::List(items), .. }) => items,
            Some(Resolved { value: Unparsed::Other(what), place }) => return self.wrong(&place, "a list of texts", what),
        };
        Ok(items.into_iter().filter(|item| !item.is_empty()).collect())
    }

    pub(super) fn auth_mode(&self, key: &Key) -> Result<AuthMode, ConfigError> {
        let Some((text, place)) = self.raw_text(key)?.filter(|(text, _)| !text.is_empty()) else { return Ok(AuthMode::default()) };
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(&text));
        if is(&["Pkce", "standard"]) {
            Ok(AuthMode::Pkce)
        } else if is(&["ClientSecret", "client_credentials", "basic"]) {
            Ok(AuthMode::ClientSecret)
        } else if is(&["DeviceFlow"]) {
            Ok(AuthMode::DeviceFlow)
        } else if is(&["ExternalCommand"]) {
            Ok(AuthMode::ExternalCommand)
        } else {
            let expected = "`Pkce` (or `standard`), `ClientSecret` (or `basic`, `client_credentials`), `DeviceFlow` or `ExternalCommand`";
            self.wrong(&place, expected, &format!("`{text}`"))
        }
    }

    /// A duration as flytectl's file has them, such as `1m30s`.
    pub(super) fn duration(&self, key: &Key, default: Duration) -> Result<Duration, ConfigError> {
        let Some((text, place)) = self.raw_text(key)?.filter(|(text, _)| !text.is_empty()) else { return Ok(default) };
        let parsed = text.parse::<jiff::SignedDuration>().ok().and_then(|duration| Duration::try_from(duration).ok());
        match parsed {
            Some(duration) => Ok(duration),
            None => self.wrong::<()>(&place, "a duration such as `15s` or `1m30s`", &format!("`{text}`")).map(|()| default),
        }
    }

    pub(super) fn seconds(&self, key: &Key) -> Result<Option<Duration>, ConfigError> {
        const EXPECTED: &str = "a number of seconds";
        let Some(seconds) = self.parsed::<f64>(key, EXPECTED)? else { return Ok(None) };
        Duration::try_from_secs_f64(seconds).map(Some).or_else(|_| {
            let place = self.find(key).map(|origin| origin.place).unwrap_or_default();
            self.wrong(&place, EXPECTED, &format!("`{seconds}`"))
        })
    }

    pub(super) fn port(&self, key: &Key) -> Result<Option<u16>, ConfigError> {
        let Some((text, place)) = self.raw_text(key)?.filter(|(text, _)| !text.is_empty()) else { return Ok(None) };
        // Kubernetes gives every pod `<SERVICE>_PORT=tcp://<address>:<port>`, so a service called flyte-statsd sets this very variable.
        let digits = if text.contains("://") { text.rsplit(':').next().unwrap_or_default() } else { &text };
        digits.parse().map(Some).or_else(|_| self.wrong(&place, "a port from 0 to 65535", &format!("`{text}`")))
    }
}

pub(super) fn place(path: &Path, line: usize, key: &str) -> String {
    match line {
        0 => format!("{}: `{key}`", path.display()),
        line => format!("{}:{line}: `{key}`", path.display()),
    }
}

/// Whether a file of this name is YAML; any other is ini.
pub(super) fn is_yaml(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.ends_with(b"yaml") || name.ends_with(b"yml")
}
