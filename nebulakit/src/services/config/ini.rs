//! flytekit's configuration file.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::ConfigError;
use super::lookup::{Entries, Entry, Unparsed};

/// Reads ini as Python's `configparser` does: `#` and `;` comment whole lines, indented lines continue a value, options are
/// case-blind, `[DEFAULT]` gives every section its options, `%(option)s` stands for another option and `%%` for a percent sign.
///
/// Errors name lines and never show them: they may hold secrets.
pub(super) fn read_ini(path: &Path, text: &str) -> Result<Entries, ConfigError> {
    let fail = |line: usize, message: &str| Err(ConfigError::new(format!("{}:{line}: {message}", path.display())));
    let mut sections: BTreeMap<String, Options> = BTreeMap::new();
    let mut section: Option<String> = None;
    let mut option: Option<String> = None;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let number = index + 1;
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with([' ', '\t'])
            && let (Some(section), Some(option)) = (&section, &option)
        {
            if let Some((value, _)) = sections.get_mut(section).and_then(|options| options.get_mut(option)) {
                value.push('\n');
                value.push_str(content);
            }
            continue;
        }
        if let Some(name) = content.strip_prefix('[') {
            let Some(name) = name.strip_suffix(']') else { return fail(number, "expected `[section]`, found no closing `]`") };
            if sections.contains_key(name) {
                return fail(number, &format!("section `{name}` is there twice"));
            }
            sections.insert(name.to_owned(), BTreeMap::new());
            (section, option) = (Some(name.to_owned()), None);
            continue;
        }
        let Some(section) = &section else { return fail(number, "expected `[section]` before the first option") };
        let Some((name, value)) = content.split_once(['=', ':']) else {
            return fail(number, "expected `option = value`, found neither `=` nor `:`");
        };
        let name = name.trim().to_lowercase();
        let options = sections.entry(section.clone()).or_default();
        if let Some((_, first)) = options.insert(name.clone(), (value.trim().to_owned(), number)) {
            return fail(number, &format!("option `{section}.{name}` is there twice, first in line {first}"));
        }
        option = Some(name);
    }

    let defaults = sections.remove("DEFAULT").unwrap_or_default();
    let mut budget = MOST_READ;
    let mut entries = Entries::new();
    for (section, options) in &sections {
        let scope = Scope { options, defaults: &defaults };
        for (name, (value, line)) in scope.all() {
            let read = spend(&mut budget, section.len() + name.len()).and_then(|()| interpolate(value, scope, 0, &mut budget));
            match read {
                Ok(value) => entries.insert(format!("{section}.{name}"), Entry { value: Unparsed::Text(value), line: *line }),
                Err(message) => return fail(*line, &format!("`{section}.{name}`: {message}")),
            };
        }
    }
    Ok(entries)
}

/// How many bytes are read of a file's values, 4 MiB, where each reference to an option counts as its value once more, and the options of
/// `[DEFAULT]` once for each section. Without it, ten options that refer to one another are read for ever.
const MOST_READ: usize = 4 << 20;

/// Counts what is read next.
fn spend(budget: &mut usize, bytes: usize) -> Result<(), String> {
    match budget.checked_sub(bytes + 1) {
        Some(left) => {
            *budget = left;
            Ok(())
        }
        None => Err(format!("the file refers to more than can be read: with all its references it has more than {MOST_READ} bytes")),
    }
}

type Options = BTreeMap<String, (String, usize)>;

/// The options that a section has: its own, and those of `[DEFAULT]` that it does not set itself.
#[derive(Clone, Copy)]
struct Scope<'a> {
    options: &'a Options,
    defaults: &'a Options,
}

impl<'a> Scope<'a> {
    fn get(self, name: &str) -> Option<&'a str> {
        self.options.get(name).or_else(|| self.defaults.get(name)).map(|(value, _)| value.as_str())
    }

    fn all(self) -> impl Iterator<Item = (&'a String, &'a (String, usize))> {
        self.options.iter().chain(self.defaults.iter().filter(move |(name, _)| !self.options.contains_key(*name)))
    }
}

fn interpolate(value: &str, scope: Scope<'_>, depth: u32, budget: &mut usize) -> Result<String, String> {
    spend(budget, value.len())?;
    let mut result = String::with_capacity(value.len());
    let mut rest = value;
    // Looked for once: of many `%(` without an end, each would be followed to the end of the value.
    let last_end = value.rfind(")s").unwrap_or(0);
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        rest = &rest[at..];
        let ends = value.len() - rest.len() < last_end;
        if let Some(after) = rest.strip_prefix("%%") {
            result.push('%');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix("%(").filter(|_| ends).and_then(|after| after.split_once(")s")) {
            let Some(other) = scope.get(&name.to_lowercase()) else {
                return Err(format!("it refers to `{name}`, which is not set"));
            };
            // The depth that configparser allows.
            if depth >= 10 {
                return Err(format!("the references from it to `{name}` never end"));
            }
            result.push_str(&interpolate(other, scope, depth + 1, budget)?);
            rest = after;
        } else {
            // A password with a percent sign; configparser refuses it, which helps nobody.
            result.push('%');
            rest = &rest[1..];
        }
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nebulakit_types::storage::AddressingStyle;

    use super::super::AuthMode;
    use super::super::tests::named;
    use super::*;
    use crate::services::env::Environment;

    #[test]
    fn every_section_of_an_ini_file_is_read() {
        let text = "\
# a comment
[DEFAULT]
key = s3%%cret
[platform]
URL = dns:///flyte.example.com
insecure: True
ca_cert_file_path = /ca.pem
[credentials]
command = sh, -c,
    echo token
client_secret = %(key)s
auth_mode = client_credentials
scopes = all,offline
; another
[aws]
endpoint = http://localhost:30002
access_key_id = minio
secret_access_key = 50%off
addressing_style = path
retries = 5
backoff_seconds = 0.5
[azure]
storage_account_key = k
[persistence]
attach_execution_metadata = off
[local]
cache_enabled = 0
project = p
[secrets]
env_prefix =
port = 9125
[images]
Main = ghcr.io/me/app:1
";
        let config = named("c.ini", text, Environment::empty()).unwrap();
        assert_eq!(config.platform.endpoint, "flyte.example.com");
        assert!(config.platform.insecure);
        assert_eq!(config.platform.ca_cert_file_path.as_deref(), Some(Path::new("/ca.pem")));
        assert_eq!(config.credentials.command, ["sh", "-c", "echo token"]);
        assert_eq!(config.credentials.client_secret.unwrap().expose(), "s3%cret");
        assert_eq!(config.credentials.auth_mode, AuthMode::ClientSecret);
        assert_eq!(config.credentials.scopes, ["all", "offline"]);
        assert_eq!(config.aws.endpoint.as_deref(), Some("http://localhost:30002"));
        assert_eq!(config.aws.secret_access_key.unwrap().expose(), "50%off");
        assert_eq!(config.aws.addressing_style, Some(AddressingStyle::Path));
        assert_eq!((config.storage.retries, config.storage.backoff), (Some(5), Some(Duration::from_millis(500))));
        assert_eq!(config.azure.storage_account_key.unwrap().expose(), "k");
        assert!(!config.persistence.attach_execution_metadata && !config.local.cache_enabled);
        assert_eq!(config.local.project.as_deref(), Some("p"));
        assert_eq!(config.secrets.env_prefix, "");
        assert_eq!(config.statsd.port, 9125, "flytekit reads statsd's settings from the section of secrets");
        assert_eq!(
            config.images,
            BTreeMap::from([("key".to_owned(), "s3%cret".to_owned()), ("main".to_owned(), "ghcr.io/me/app:1".to_owned())])
        );
    }

    #[test]
    fn errors_name_the_place_and_what_was_expected() {
        let none = Environment::empty;
        let error = |text: &str| named("c.ini", text, none()).unwrap_err();
        assert_eq!(error("[aws]\n\nretries = many"), "c.ini:3: `aws.retries`: expected a whole number, found `many`");
        assert_eq!(error("[statsd]\nport = 70000"), "c.ini:2: `statsd.port`: expected a port from 0 to 65535, found `70000`");
        assert_eq!(error("[aws]\nbackoff_seconds = -1"), "c.ini:2: `aws.backoff_seconds`: expected a number of seconds, found `-1`");
        assert!(error("[credentials]\nauth_mode = magic").ends_with("`DeviceFlow` or `ExternalCommand`, found `magic`"));
        assert_eq!(error("url = x"), "c.ini:1: expected `[section]` before the first option");
        assert_eq!(error("[aws]\nsecret_access_key hunter2"), "c.ini:2: expected `option = value`, found neither `=` nor `:`");
        assert_eq!(error("[aws]\na = 1\nA = 2"), "c.ini:3: option `aws.a` is there twice, first in line 2");
        assert_eq!(error("[aws]\n[aws]"), "c.ini:2: section `aws` is there twice");
        assert_eq!(error("[aws\n"), "c.ini:1: expected `[section]`, found no closing `]`");
        assert_eq!(error("[aws]\na = %(b)s"), "c.ini:2: `aws.a`: it refers to `b`, which is not set");
        assert!(error("[aws]\na = %(a)s").ends_with("`aws.a`: the references from it to `a` never end"));
        let error = named("c.ini", "", none().with("FLYTE_AWS_ADDRESSING_STYLE", "sideways")).unwrap_err();
        assert_eq!(error, "environment variable `FLYTE_AWS_ADDRESSING_STYLE`: expected `path`, `virtual` or `auto`, found `sideways`");
    }
}
