//! Log lines on stderr: what `tracing` hears, in the form that Flyte's Python SDK writes.
//!
//! An event → whether its target's level is wanted ([`settings`]) → what it and its spans say ([`fields`]) → one [`line`].
//!
//! Written by hand, since the `json` and `env-filter` parts of `tracing-subscriber` cost 0.7 MB of binary and the filter's regular
//! expressions cost start-up time.

mod fields;
mod layer;
mod lazily;
mod line;
#[cfg(feature = "run")]
mod read;
mod settings;
mod task;

use std::ffi::OsString;

use self::lazily::Lazily;
#[cfg(feature = "run")]
pub(crate) use self::read::{Said, may_say, read};
pub(crate) use self::settings::LogSettings;
pub(crate) use self::task::TaskLines;
use crate::process::platform::Platform;
use crate::services::env::{self, Environment};

/// Makes log lines go to stderr for the whole process, as the environment asks (Flyte task contract, logging).
///
/// Where the user's program has installed a subscriber of its own, that one stays and this does nothing.
pub(crate) fn install(environment: &Environment, platform: &Platform) {
    let (settings, problems) = LogSettings::new(environment, platform);
    install_with(settings, &problems, environment);
}

/// The same where a driver reads the lines: they are JSON whatever the environment says.
pub(crate) fn install_for_a_driver(environment: &Environment, platform: &Platform) {
    let (settings, problems) = LogSettings::new(environment, platform);
    install_with(LogSettings { json: true, ..settings }, &problems, environment);
}

fn install_with(settings: LogSettings, problems: &[String], environment: &Environment) {
    if tracing::dispatcher::has_been_set() {
        return;
    }
    let lazily = Lazily::new(settings, environment.raw(env::TZ).map(OsString::from));
    if tracing::subscriber::set_global_default(lazily).is_ok() {
        for problem in problems {
            tracing::warn!("{problem}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::layer::LogLayer;
    use super::*;

    /// Runs `body` under a layer and returns the lines that it wrote.
    fn lines(settings: LogSettings, body: impl FnOnce()) -> Vec<String> {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&written);
        let layer = LogLayer::new(settings, Some("UTC0".into())).with_sink(move |line| {
            assert!(line.ends_with('\n') && line.replace("\n    ", "").matches('\n').count() == 1, "one line in one write");
            sink.lock().unwrap().push(line.trim_end().to_owned());
        });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), body);
        let lines = written.lock().unwrap();
        lines.clone()
    }

    fn settings(variables: &[(&str, &str)], platform: &Platform) -> LogSettings {
        let (settings, problems) = LogSettings::new(&variables.iter().copied().collect(), platform);
        assert_eq!(problems, [""; 0]);
        settings
    }

    /// Cuts the value of asctime out, after checking its form.
    fn timeless(line: &str) -> String {
        let (start, rest) = line.split_at("{\"asctime\": \"".len());
        let (time, rest) = rest.split_at("2026-11-20 09:07:53,898".len());
        let form: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(form, "0000-00-00 00:00:00,000");
        format!("{start}{rest}")
    }

    #[test]
    fn a_json_line_has_pythons_keys_first_and_then_the_fields() {
        let written = lines(LogSettings::default(), || {
            let outer = tracing::info_span!(target: "app", "outer", rows = 3, path = tracing::field::Empty);
            let _outer = outer.enter();
            let _inner = tracing::info_span!(target: "app", "inner").entered();
            outer.record("path", "a\"b");
            let error = std::io::Error::other("disk \u{e9}\nfull");
            tracing::warn!(target: "app::math", count = 2_u64, ratio = 0.5, ok = true, nan = f64::NAN, name = "n", error = &error as &dyn std::error::Error, "half {}", "done");
        });
        assert_eq!(written.len(), 1);
        assert_eq!(
            timeless(&written[0]),
            r#"{"asctime": "", "name": "app::math", "levelname": "WARNING", "message": "half done", "count": 2, "ratio": 0.5, "ok": true, "nan": "NaN", "fields.name": "n", "error": "disk é\nfull", "spans": [{"name": "outer", "rows": 3, "path": "a\"b"}, {"name": "inner"}]}"#
        );
        serde_json::from_str::<serde_json::Value>(&written[0]).unwrap();
    }

    #[test]
    fn text_lines_are_for_people() {
        let settings = settings(&[("FLYTE_SDK_LOGGING_FORMAT", "plain")], &Platform::FLYTE_1);
        let written = lines(settings, || {
            let _span = tracing::info_span!(target: "app", "outer", rows = 3).entered();
            tracing::info!(target: "app", count = 2, "done");
        });
        assert_eq!(written, ["[app] done count=2 outer{rows=3}"]);
    }

    #[test]
    fn several_lines_of_text_are_one_line_of_the_log() {
        let settings = settings(&[("FLYTE_SDK_LOGGING_FORMAT", "plain")], &Platform::FLYTE_1);
        let written = lines(settings, || {
            let _span = tracing::info_span!(target: "app", "outer", of = "c\nd").entered();
            tracing::info!(target: "app", field = "a\nb", "one\ntwo");
        });
        assert_eq!(written, ["[app] one\n    two field=a\n    b outer{of=c\n    d}"]);
    }

    #[test]
    fn our_messages_and_the_users_have_levels_of_their_own() {
        let settings = settings(&[], &Platform::FLYTE_1);
        let written = lines(settings, || {
            tracing::info!(target: "nebulakit::io", "no");
            tracing::info!(target: "object_store::client::retry", "no");
            tracing::warn!(target: "nebulakit_types::storage", "ours");
            tracing::info!(target: "nebulakit_demo", "a user's crate of a like name");
            tracing::debug!(target: "app", "no");
            tracing::info!(target: "developer", "dev");
        });
        assert_eq!(written.len(), 3, "{written:?}");
        assert!(written[0].contains("\"ours\"") && written[1].contains("like name") && written[2].contains("\"dev\""));
    }
}
