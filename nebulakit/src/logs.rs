//! Log lines on stderr: what `tracing` hears, in the form that Flyte's Python SDK writes.
//!
//! Written by hand, since the `json` and `env-filter` parts of `tracing-subscriber` cost 0.7 MB of binary and the filter's regular
//! expressions cost start-up time.

use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Layered, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::env::{self, Environment};
use crate::platform::Platform;

/// Makes log lines go to stderr for the whole process, as the environment asks (Flyte task contract, logging).
///
/// Returns whether it did: where the user's program has installed a subscriber of its own, that one stays and this does nothing.
pub(crate) fn install(environment: &Environment, platform: &Platform) -> bool {
    if tracing::dispatcher::has_been_set() {
        return false;
    }
    let (settings, problems) = LogSettings::new(environment, platform);
    let lazily = Lazily { settings, tz: environment.raw(env::TZ).map(OsString::from), spans: OnceLock::new() };
    let installed = tracing::subscriber::set_global_default(lazily).is_ok();
    if installed {
        for problem in problems {
            tracing::warn!("{problem}");
        }
    }
    installed
}

/// Which messages are written, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) struct LogSettings {
    /// From which level on Nebulakit's own messages are written; WARN by default.
    pub sdk: LevelFilter,
    /// From which level on messages with the target `developer` are written; INFO by default.
    pub developer: LevelFilter,
    /// From which level on all other messages are written; INFO by default.
    pub user: LevelFilter,
    /// Levels by target, which beat the three above; the longest target that fits counts.
    pub overrides: Vec<(String, LevelFilter)>,
    /// Whether lines are JSON; else they are `[name] message`.
    pub json: bool,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { sdk: LevelFilter::WARN, developer: LevelFilter::INFO, user: LevelFilter::INFO, overrides: Vec::new(), json: true }
    }
}

impl LogSettings {
    /// Reads the settings; what cannot be understood is left at its default and told in the second result.
    #[must_use]
    pub(crate) fn new(environment: &Environment, platform: &Platform) -> (Self, Vec<String>) {
        let mut settings = Self::default();
        let mut problems = Vec::new();
        let mut level = |variables: &[&str], into: &mut LevelFilter| {
            let Some((name, text)) = variables.iter().find_map(|name| Some((name, environment.non_empty(name)?))) else { return };
            match python_level(text) {
                Some(level) => *into = level,
                None => problems.push(format!(
                    "environment variable `{name}`: expected a level as Python's number or name, found `{text}`; going on with the default"
                )),
            }
        };
        level(platform.log_level_variables, &mut settings.sdk);
        level(&[env::SDK_DEV_LOGGING_LEVEL], &mut settings.developer);
        level(platform.user_log_level_variables, &mut settings.user);
        let format = platform.log_format_variables.iter().find_map(|name| environment.non_empty(name));
        settings.json = format.is_none_or(|format| format == "json");
        for directive in environment.get(env::NEBULAKIT_LOG).unwrap_or_default().split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let (target, level) = match directive.split_once('=') {
                Some((target, level)) => (target.trim(), level.trim().parse().ok()),
                // A bare word is a level for all, or else a target of which everything is wanted.
                None => match directive.parse() {
                    Ok(level) => ("", Some(level)),
                    Err(_) => (directive, Some(LevelFilter::TRACE)),
                },
            };
            match level {
                Some(level) => settings.overrides.push((target.to_owned(), level)),
                None => problems.push(format!(
                    "environment variable `{}`: expected a level or `target=level`, found `{directive}`; it is left out",
                    env::NEBULAKIT_LOG
                )),
            }
        }
        (settings, problems)
    }

    /// From which level on messages of `target` are written.
    #[must_use]
    pub(crate) fn level(&self, target: &str) -> LevelFilter {
        let fits = |wanted: &str| {
            let rest = target.strip_prefix(wanted);
            wanted.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        // The last of equally long ones counts, as it does where one corrects another at the end of the variable.
        let chosen = self.overrides.iter().filter(|(wanted, _)| fits(wanted)).max_by_key(|(wanted, _)| wanted.len());
        if let Some((_, level)) = chosen {
            return *level;
        }
        match target.split("::").next().unwrap_or_default() {
            "nebulakit" | "nebulakit_types" | "nebulakit_macros" => self.sdk,
            "developer" => self.developer,
            _ => self.user,
        }
    }

    fn enables(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level(metadata.target())
    }

    fn most(&self) -> LevelFilter {
        self.overrides.iter().map(|(_, level)| *level).chain([self.sdk, self.developer, self.user]).max().unwrap_or(LevelFilter::OFF)
    }
}

/// Reads a level as Python counts or names them: messages of that number and above are written. TRACE counts as 5.
fn python_level(text: &str) -> Option<LevelFilter> {
    let text = text.trim();
    let number = match text.to_ascii_uppercase().as_str() {
        "TRACE" => 5,
        "DEBUG" => 10,
        "INFO" => 20,
        "WARN" | "WARNING" => 30,
        "ERROR" => 40,
        "CRITICAL" | "FATAL" => 50,
        _ => text.parse::<i64>().ok()?,
    };
    Some(match number {
        ..=5 => LevelFilter::TRACE,
        6..=10 => LevelFilter::DEBUG,
        11..=20 => LevelFilter::INFO,
        21..=30 => LevelFilter::WARN,
        31..=40 => LevelFilter::ERROR,
        41.. => LevelFilter::OFF,
    })
}

/// The subscriber of the process. Its tables of spans are made when the first span or message comes: they are a good part of what a process
/// that has nothing to tell would pay for its start.
struct Lazily {
    settings: LogSettings,
    tz: Option<OsString>,
    spans: OnceLock<Layered<LogLayer, Registry>>,
}

impl Lazily {
    fn spans(&self) -> &Layered<LogLayer, Registry> {
        self.spans.get_or_init(|| tracing_subscriber::registry().with(LogLayer::new(self.settings.clone(), self.tz.clone())))
    }
}

impl Subscriber for Lazily {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.settings.enables(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.settings.enables(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.settings.most())
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.spans().new_span(attributes)
    }

    fn record(&self, id: &Id, record: &Record<'_>) {
        self.spans().record(id, record);
    }

    fn record_follows_from(&self, id: &Id, follows: &Id) {
        self.spans().record_follows_from(id, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.spans().event(event);
    }

    fn enter(&self, id: &Id) {
        self.spans().enter(id);
    }

    fn exit(&self, id: &Id) {
        self.spans().exit(id);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.spans().clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.spans().try_close(id)
    }

    fn current_span(&self) -> Current {
        self.spans().current_span()
    }
}

type Sink = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// The `tracing` layer that writes the lines; for programs that compose a subscriber of their own.
pub(crate) struct LogLayer {
    settings: LogSettings,
    tz: Option<OsString>,
    zone: OnceLock<TimeZone>,
    sink: Sink,
}

impl LogLayer {
    /// Makes a layer that writes to stderr. `tz` is the value of the variable `TZ`.
    #[must_use]
    pub(crate) fn new(settings: LogSettings, tz: Option<OsString>) -> Self {
        // One write for a line keeps the lines of several threads and processes apart. A stderr that is gone must not stop the task.
        let sink = Arc::new(|line: &[u8]| drop(std::io::stderr().lock().write_all(line)));
        Self { settings, tz, zone: OnceLock::new(), sink }
    }

    /// Makes a layer that hands each line, with its line feed, to `sink` instead.
    #[must_use]
    #[cfg(test)]
    pub(crate) fn with_sink(mut self, sink: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        self.sink = Arc::new(sink);
        self
    }

    fn line(&self, now: Timestamp, event: &Event<'_>, spans: &[(&'static str, Fields)]) -> Vec<u8> {
        let metadata = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut line = Line(Vec::with_capacity(256));
        if self.settings.json {
            let zone = self.zone.get_or_init(|| zone(self.tz.as_deref()));
            line.raw("{\"asctime\": ");
            line.text(&asctime(now, zone));
            line.raw(", \"name\": ");
            line.text(metadata.target());
            line.raw(", \"levelname\": ");
            line.text(level_name(*metadata.level()));
            line.raw(", \"message\": ");
            line.text(&fields.message);
            for (name, value) in &fields.others {
                line.raw(", ");
                // A field of the user's must not turn up as one of ours.
                let ours = matches!(*name, "asctime" | "name" | "levelname" | "message" | "spans");
                line.text(&if ours { format!("fields.{name}") } else { (*name).to_owned() });
                line.raw(": ");
                line.value(value);
            }
            if !spans.is_empty() {
                line.raw(", \"spans\": [");
                for (index, (name, fields)) in spans.iter().enumerate() {
                    line.raw(if index == 0 { "{\"name\": " } else { ", {\"name\": " });
                    line.text(name);
                    for (name, value) in &fields.others {
                        line.raw(", ");
                        line.text(&if *name == "name" { "fields.name".to_owned() } else { (*name).to_owned() });
                        line.raw(": ");
                        line.value(value);
                    }
                    line.raw("}");
                }
                line.raw("]");
            }
            line.raw("}");
        } else {
            line.raw(&format!("[{}] {}", metadata.target(), fields.message));
            line.pairs(&fields, " ");
            for (name, fields) in spans {
                line.raw(&format!(" {name}{{"));
                line.pairs(fields, "");
                line.raw("}");
            }
        }
        line.raw("\n");
        line.0
    }
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLayer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.settings.enables(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.settings.enables(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.settings.most())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        // Recorded apart, so that no lock is held while the user's code formats a value, which may itself log.
        let mut changes = Fields::default();
        record.record(&mut changes);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            fields.update(changes);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let scope = context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root);
        let spans: Vec<_> = scope.map(|span| (span.name(), span.extensions().get::<Fields>().cloned().unwrap_or_default())).collect();
        (self.sink)(&self.line(Timestamp::now(), event, &spans));
    }
}

/// The fields of an event or a span.
#[derive(Debug, Clone, Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone)]
enum Value {
    /// A number or a truth value, which JSON writes in the same way.
    Plain(String),
    Text(String),
}

impl Fields {
    fn add(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Plain(text) | Value::Text(text)) => self.message = text,
            (name, value) => self.others.push((name, value)),
        }
    }

    fn update(&mut self, changes: Self) {
        for (name, value) in changes.others {
            match self.others.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => self.others.push((name, value)),
            }
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        let text = format!("{value:?}");
        self.add(field, if value.is_finite() { Value::Plain(text) } else { Value::Text(text) });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Plain(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::Plain(value.to_string()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Plain(value.to_string()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::Text(value.to_owned()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        self.add(field, Value::Text(text));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::Text(format!("{value:?}")));
    }
}

struct Line(Vec<u8>);

impl Line {
    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Writes a JSON string.
    fn text(&mut self, text: &str) {
        serde_json::to_writer(&mut self.0, text).expect("writing text to memory does not fail");
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Plain(text) => self.raw(text),
            Value::Text(text) => self.text(text),
        }
    }

    fn pairs(&mut self, fields: &Fields, before: &str) {
        for (index, (name, Value::Plain(text) | Value::Text(text))) in fields.others.iter().enumerate() {
            self.raw(if index == 0 { before } else { " " });
            self.raw(&format!("{name}={text}"));
        }
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::TRACE => "TRACE",
        Level::DEBUG => "DEBUG",
        Level::INFO => "INFO",
        Level::WARN => "WARNING",
        Level::ERROR => "ERROR",
    }
}

fn asctime(now: Timestamp, zone: &TimeZone) -> String {
    now.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S,%3f").to_string()
}

/// The local zone as the C library finds it: by `TZ`, else `/etc/localtime`, else UTC.
fn zone(tz: Option<&std::ffi::OsStr>) -> TimeZone {
    let file = |path: &Path| TimeZone::tzif("", &std::fs::read(path).ok()?).ok();
    let zone = match tz {
        None => file(Path::new("/etc/localtime")),
        Some(tz) => {
            let tz = Path::new(tz).to_string_lossy();
            let tz = tz.strip_prefix(':').unwrap_or(&tz);
            if tz.is_empty() { None } else { file(&Path::new("/usr/share/zoneinfo").join(tz)).or_else(|| TimeZone::posix(tz).ok()) }
        }
    };
    zone.unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Runs `body` under a layer and returns the lines that it wrote.
    fn lines(settings: LogSettings, body: impl FnOnce()) -> Vec<String> {
        let written = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&written);
        let layer = LogLayer::new(settings, Some("UTC0".into())).with_sink(move |line| {
            let line = std::str::from_utf8(line).unwrap();
            assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "one line in one write");
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
    fn spans_are_known_before_the_first_line() {
        let lazily = Lazily { settings: LogSettings::default(), tz: None, spans: OnceLock::new() };
        tracing::subscriber::with_default(lazily, || {
            let outer = tracing::info_span!(target: "app", "outer");
            let entered = outer.enter();
            assert_eq!(tracing::Span::current().id(), outer.id());
            drop(entered);
            assert_eq!(tracing::Span::current().id(), None);
        });
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
    fn our_messages_and_the_users_have_levels_of_their_own() {
        let settings = settings(&[], &Platform::FLYTE_1);
        let written = lines(settings, || {
            tracing::info!(target: "nebulakit::io", "no");
            tracing::warn!(target: "nebulakit_types::storage", "ours");
            tracing::info!(target: "nebulakit_demo", "a user's crate of a like name");
            tracing::debug!(target: "app", "no");
            tracing::info!(target: "developer", "dev");
        });
        assert_eq!(written.len(), 3, "{written:?}");
        assert!(written[0].contains("\"ours\"") && written[1].contains("like name") && written[2].contains("\"dev\""));
    }

    #[test]
    fn levels_are_pythons_numbers_or_names() {
        for (text, level) in [
            ("0", LevelFilter::TRACE),
            ("10", LevelFilter::DEBUG),
            ("15", LevelFilter::INFO),
            ("info", LevelFilter::INFO),
            ("30", LevelFilter::WARN),
            ("40", LevelFilter::ERROR),
            ("CRITICAL", LevelFilter::OFF),
        ] {
            assert_eq!(settings(&[("FLYTE_SDK_LOGGING_LEVEL", text)], &Platform::FLYTE_1).sdk, level, "{text}");
        }
        let variables = [("LOG_LEVEL", "10"), ("USER_LOG_LEVEL", "40"), ("LOG_FORMAT", "console")];
        assert_eq!(settings(&variables, &Platform::FLYTE_1), LogSettings::default(), "plain words mean nothing on Flyte 1");
        let flyte_2 = settings(&variables, &Platform::FLYTE_2);
        assert_eq!((flyte_2.sdk, flyte_2.user, flyte_2.json), (LevelFilter::DEBUG, LevelFilter::ERROR, false));
    }

    #[test]
    fn the_override_decides_by_the_longest_target() {
        let settings = settings(&[("NEBULAKIT_LOG", "error, app=debug,app::io=off, nebulakit")], &Platform::FLYTE_1);
        for (target, level) in [
            ("other", LevelFilter::ERROR),
            ("app", LevelFilter::DEBUG),
            ("app::math", LevelFilter::DEBUG),
            ("app::io::read", LevelFilter::OFF),
            ("application", LevelFilter::ERROR),
            ("nebulakit::x", LevelFilter::TRACE),
        ] {
            assert_eq!(settings.level(target), level, "{target}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told_and_left_out() {
        let environment = Environment::empty().with("FLYTE_SDK_LOGGING_LEVEL", "loud").with("NEBULAKIT_LOG", "app=loud,info");
        let (settings, problems) = LogSettings::new(&environment, &Platform::FLYTE_1);
        assert_eq!((settings.sdk, settings.level("x")), (LevelFilter::WARN, LevelFilter::INFO));
        assert_eq!(
            problems,
            [
                "environment variable `FLYTE_SDK_LOGGING_LEVEL`: expected a level as Python's number or name, found `loud`; going on with the default",
                "environment variable `NEBULAKIT_LOG`: expected a level or `target=level`, found `app=loud`; it is left out",
            ]
        );
    }

    #[test]
    fn times_are_local() {
        let now: Timestamp = "2026-11-20T08:07:53.898765Z".parse().unwrap();
        assert_eq!(asctime(now, &zone(Some("CET-1".as_ref()))), "2026-11-20 09:07:53,898");
        assert_eq!(asctime(now, &zone(Some("".as_ref()))), "2026-11-20 08:07:53,898");
        assert_eq!(asctime(now, &zone(Some("No/Such_Place".as_ref()))), "2026-11-20 08:07:53,898");
    }
}
