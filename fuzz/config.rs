//! What holds for any bytes at all as settings: the fuzz target `config` tries it, and `tests/fuzz_regressions.rs` tries it on what that
//! found.
#![allow(dead_code, unreachable_pub, reason = "each user has it as a module and uses its own part")]

use std::path::Path;
use std::sync::LazyLock;

use nebulakit::__private::wrong_settings;
use nebulakit::config::{Config, ConfigError, LazyConfig};
use nebulakit::env::Environment;
use tempfile::TempDir;

/// Settings whose values are more than text.
const READ: [&str; 18] = [
    "FLYTE_AWS_RETRIES",
    "FLYTE_AWS_BACKOFF_SECONDS",
    "FLYTE_STORAGE_RETRIES",
    "FLYTE_STORAGE_BACKOFF_SECONDS",
    "FLYTE_AWS_ADDRESSING_STYLE",
    "FLYTE_STATSD_PORT",
    "FLYTE_STATSD_DISABLED",
    "FLYTE_CREDENTIALS_AUTH_MODE",
    "FLYTE_CREDENTIALS_SCOPES",
    "FLYTE_CREDENTIALS_COMMAND",
    "FLYTE_PLATFORM_URL",
    "FLYTE_PLATFORM_INSECURE",
    "FLYTE_SDK_LOGGING_LEVEL",
    "NEBULAKIT_LOG",
    "NEBULAKIT_MAX_OUTPUTS_MB",
    "_F_L_MIN_SIZE_MB",
    "_F_L_MAX_SIZE_MB",
    "FLYTE_ATTEMPT_NUMBER",
];

/// The longest message: it names a file, a line and a key, and says what is wrong with them.
const LONGEST_MESSAGE: usize = 4096;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("there is room for files"));

/// Any bytes as settings: reading them ends in settings or an error, the same whenever they are read; what reads only what is good never
/// fails; and a value of ini is read as it was written.
pub fn config(bytes: &[u8]) {
    for name in ["c.ini", "c.yaml"] {
        file(name, bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for name in READ {
        value(name, text);
    }
    written(text);
}

fn file(name: &str, bytes: &[u8]) {
    let (environment, strict) = loaded(name, bytes);
    let lazy = LazyConfig::new(&environment);
    let tolerant = lazy.get_or_environment();
    match &strict {
        Ok(config) => assert_eq!(config, tolerant, "another file was read"),
        Err(error) => check(error),
    }
    assert_eq!(lazy.get(), strict.as_ref().map_err(Clone::clone));
    let _ = format!("{tolerant:?}");
}

fn loaded(name: &str, bytes: &[u8]) -> (Environment, Result<Config, ConfigError>) {
    // Tests run in threads.
    let path = FOLDER.path().join(format!("{:?}-{name}", std::thread::current().id()));
    std::fs::write(&path, bytes).expect("there is room for a file");
    let environment = Environment::empty().with("FLYTECTL_CONFIG", path);
    let config = Config::load(&environment, Path::new(""));
    (environment, config)
}

fn check(error: &ConfigError) {
    let text = error.to_string();
    assert!(text.len() <= LONGEST_MESSAGE, "a message of {} bytes: {text}", text.len());
}

fn value(name: &str, text: &str) {
    let environment = Environment::empty().with(name, text);
    if let Err(error) = Config::from_environment(&environment) {
        assert!(error.to_string().starts_with(&format!("environment variable `{name}`: ")), "{error}");
    }
    for problem in wrong_settings(&environment) {
        assert!(problem.contains(&format!("environment variable `{name}`")), "{problem}");
    }
}

/// A value that refers to nothing.
fn written(text: &str) {
    let text = text.lines().next().unwrap_or_default().trim();
    if text.is_empty() {
        return;
    }
    let (_, config) = loaded("written.ini", format!("[sdk]\nlogging_level = {}", text.replace('%', "%%")).as_bytes());
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            assert!(text.len() > 1 << 18, "{error}");
            return;
        }
    };
    assert_eq!(config.sdk.logging_level.as_deref(), Some(text));
}
