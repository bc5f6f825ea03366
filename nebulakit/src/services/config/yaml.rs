//! flytectl's configuration file.

use std::path::Path;

use super::error::ConfigError;
use super::lookup::Entries;
#[cfg(feature = "run")]
use super::lookup::{Entry, Unparsed};

#[cfg(not(feature = "run"))]
pub(super) fn read_yaml(path: &Path, _text: &str) -> Result<Entries, ConfigError> {
    let hint = "name an ini file by FLYTECTL_CONFIG, set the environment's FLYTE_* variables, or build with the feature `run`";
    Err(ConfigError::new(format!("configuration file `{}` is YAML, which this build does not read: {hint}", path.display())))
}

#[cfg(feature = "run")]
pub(super) fn read_yaml(path: &Path, text: &str) -> Result<Entries, ConfigError> {
    let mut entries = Entries::new();
    if text.trim().is_empty() {
        return Ok(entries);
    }
    let root: serde_json::Value = serde_saphyr::from_str_with_options(text, limits())
        .map_err(|error| ConfigError::new(format!("{}: {}", path.display(), error.without_snippet())))?;
    match root {
        serde_json::Value::Object(map) => flatten(map, "", &mut entries),
        serde_json::Value::Null => {}
        other => return Err(ConfigError::value(&path.display().to_string(), "a map of sections", kind(&other))),
    }
    Ok(entries)
}

/// How deep the maps of a file may be nested: flytectl's settings are three levels deep.
#[cfg(feature = "run")]
const DEEPEST: usize = 16;

/// How many values a file may have, those counted that aliases repeat.
#[cfg(feature = "run")]
const MOST_VALUES: usize = 10_000;

/// No snippet: an error must not show lines that may hold secrets. And a file of some bytes must not become gigabytes by its aliases.
#[cfg(feature = "run")]
fn limits() -> serde_saphyr::Options {
    serde_saphyr::options! {
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            max_nodes: MOST_VALUES,
            max_events: 3 * MOST_VALUES,
            max_recorded_anchor_events: 3 * MOST_VALUES,
            max_merge_keys: 100,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 3 * MOST_VALUES },
    }
}

#[cfg(feature = "run")]
fn flatten(map: serde_json::Map<String, serde_json::Value>, prefix: &str, entries: &mut Entries) {
    use serde_json::Value;
    for (name, value) in map {
        let key = format!("{prefix}{name}");
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            _ => None,
        };
        let value = match value {
            Value::Null => continue,
            Value::Object(map) => {
                flatten(map, &format!("{key}."), entries);
                Unparsed::Other("a map")
            }
            Value::Array(items) => {
                items.iter().map(text).collect::<Option<_>>().map_or(Unparsed::Other("a list of more than texts"), Unparsed::List)
            }
            scalar => Unparsed::Text(text(&scalar).unwrap_or_default()),
        };
        entries.insert(key, Entry { value, line: 0 });
    }
}

#[cfg(feature = "run")]
fn kind(value: &serde_json::Value) -> &'static str {
    use serde_json::Value;
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "run")]
    use super::super::Config;
    #[cfg(feature = "run")]
    use super::super::tests::folder;
    use super::super::tests::named;
    use crate::services::env::Environment;

    #[cfg(feature = "run")]
    #[test]
    fn flytectls_yaml_is_read() {
        let text = "\
admin:
  endpoint: dns:///flyte.example.com
  insecure: true
  authType: Pkce
  command: [sh, -c, echo token]
  scopes: [all]
console:
  endpoint: https://console
logger:
  level: 6
storage:
  connection:
    access-key: minio
    secret-key: miniostorage
    endpoint: http://localhost:30002
task:
  project: p
images:
  main: ghcr.io/me/app:1
";
        let folder = folder(&[("home/.flyte/config.yaml", text)]);
        let environment = Environment::empty().with("HOME", folder.path().join("home"));
        let config = Config::load(&environment, folder.path()).unwrap();
        assert_eq!(config.platform.endpoint, "flyte.example.com");
        assert!(config.platform.insecure);
        assert_eq!(config.platform.console_endpoint.as_deref(), Some("https://console"));
        assert_eq!(config.credentials.command, ["sh", "-c", "echo token"]);
        assert_eq!(config.credentials.scopes, ["all"]);
        assert_eq!(config.aws.secret_access_key.unwrap().expose(), "miniostorage");
        assert_eq!(config.local.project.as_deref(), Some("p"));
        assert_eq!(config.images["main"], "ghcr.io/me/app:1");
        let load = |name: &str, text: &str| named(name, text, Environment::empty());
        let error = load("bad.yaml", "admin: {endpoint: [a]}").unwrap_err();
        assert_eq!(error, "bad.yaml: `admin.endpoint`: expected one value, found a list");
        let error = load("broken.yml", "a: [hunter2").unwrap_err();
        assert!(error.starts_with("broken.yml: ") && error.contains("line") && !error.contains("hunter2"), "{error}");
        assert_eq!(load("empty.yaml", "\n").unwrap().platform, Config::default().platform);
    }

    #[cfg(feature = "run")]
    #[test]
    fn what_only_flytectl_has_is_read() {
        use std::time::Duration;

        let load = |text: &str| named("config.yaml", text, Environment::empty());
        let config = load(
            "{admin: {maxRetries: 2, maxBackoffDelay: 1m30s, perRetryTimeout: 250ms, maxMessageSizeBytes: 1024, useAudienceFromAdmin: true, \
             tokenUrl: \"https://id/token\", authorizationHeader: x-auth, tokenRefreshWindow: 1m, pkceConfig: {timeout: 5s}, \
             deviceFlowConfig: {timeout: 1h}}}",
        )
        .unwrap();
        let platform = &config.platform;
        assert_eq!((platform.max_retries, platform.max_message_size_bytes), (2, 1024));
        assert_eq!((platform.max_backoff_delay, platform.per_retry_timeout), (Duration::from_secs(90), Duration::from_millis(250)));
        let credentials = &config.credentials;
        assert!(credentials.use_audience_from_admin);
        assert_eq!(credentials.token_url.as_deref(), Some("https://id/token"));
        assert_eq!(credentials.authorization_header.as_deref(), Some("x-auth"));
        assert_eq!(credentials.token_refresh_window, Duration::from_secs(60));
        assert_eq!((credentials.pkce_timeout, credentials.device_timeout), (Duration::from_secs(5), Duration::from_secs(3600)));
        assert_eq!(load("admin: {maxMessageSizeBytes: 0}").unwrap().platform, Config::default().platform, "0 is flytectl's default");

        let error = load("admin: {perRetryTimeout: soon}").unwrap_err();
        assert_eq!(error, "config.yaml: `admin.perRetryTimeout`: expected a duration such as `15s` or `1m30s`, found `soon`");
        let error = load("admin: {maxBackoffDelay: -1s}").unwrap_err();
        assert_eq!(error, "config.yaml: `admin.maxBackoffDelay`: expected a duration such as `15s` or `1m30s`, found `-1s`");
        let error = load("admin: {maxRetries: many}").unwrap_err();
        assert_eq!(error, "config.yaml: `admin.maxRetries`: expected a whole number, found `many`");
    }

    #[cfg(not(feature = "run"))]
    #[test]
    fn yaml_is_refused_with_the_way_out() {
        let error = named("config.yaml", "admin: {}", Environment::empty()).unwrap_err();
        assert!(error.contains("is YAML, which this build does not read: name an ini file"), "{error}");
    }
}
