//! One event as one line.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::{Level, Metadata};

use super::fields::{Fields, Value};

/// How each JSON line begins.
#[cfg(feature = "run")]
pub(super) const BEGINNING: &str = "{\"asctime\": \"";

/// What stands for the logger where the task speaks for itself.
pub(super) const TASK: &str = "task";

/// The same where it tells how far it is.
pub(super) const PROGRESS: &str = "task.progress";

/// What a task says by its context, as a line with its line feed.
pub(super) fn of_task(asctime: &str, level: Level, message: &str) -> String {
    let mut line = Line::of(asctime, TASK, level, message);
    line.raw("}\n");
    line.0
}

/// How far a task is, as a line with its line feed.
pub(super) fn of_progress(asctime: &str, done: u64, total: Option<u64>) -> String {
    let message = total.map_or_else(|| done.to_string(), |total| format!("{done} of {total}"));
    let mut line = Line::of(asctime, PROGRESS, Level::INFO, &message);
    line.raw(&format!(", \"done\": {done}"));
    if let Some(total) = total {
        line.raw(&format!(", \"total\": {total}"));
    }
    line.raw("}\n");
    line.0
}

/// A line with its line feed: Python's keys first, and then the fields.
pub(super) fn as_json(asctime: &str, metadata: &Metadata<'_>, fields: &Fields, spans: &[(&'static str, Fields)]) -> String {
    let mut line = Line::of(asctime, metadata.target(), *metadata.level(), &fields.message);
    line.members(fields, &["asctime", "name", "levelname", "message", "spans"]);
    if !spans.is_empty() {
        line.raw(", \"spans\": [");
        for (index, (name, fields)) in spans.iter().enumerate() {
            line.raw(if index == 0 { "{\"name\": " } else { ", {\"name\": " });
            line.text(name);
            line.members(fields, &["name"]);
            line.raw("}");
        }
        line.raw("]");
    }
    line.raw("}\n");
    line.0
}

/// What stands in the text log for a line break in a message or a field: what follows does not begin a line.
pub(super) const CONTINUED: &str = "\n    ";

/// A line for people: `[name] message`, and then the fields and the spans. Where one of them has several lines, all but the first are indented.
pub(super) fn as_text(metadata: &Metadata<'_>, fields: &Fields, spans: &[(&'static str, Fields)]) -> String {
    let mut line = Line(String::with_capacity(256));
    line.raw(&format!("[{}] {}", metadata.target(), fields.message));
    line.pairs(fields, " ");
    for (name, fields) in spans {
        line.raw(&format!(" {name}{{"));
        line.pairs(fields, "");
        line.raw("}");
    }
    let mut text = line.0.replace('\n', CONTINUED);
    text.push('\n');
    text
}

struct Line(String);

impl Line {
    /// Python's keys, of an object that goes on.
    fn of(asctime: &str, name: &str, level: Level, message: &str) -> Self {
        let mut line = Self(String::with_capacity(256));
        line.raw("{\"asctime\": ");
        line.text(asctime);
        line.raw(", \"name\": ");
        line.text(name);
        line.raw(", \"levelname\": ");
        line.text(level_name(level));
        line.raw(", \"message\": ");
        line.text(message);
        line
    }

    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// Writes a JSON string.
    fn text(&mut self, text: &str) {
        self.0.push_str(&serde_json::to_string(text).expect("text is a JSON string"));
    }

    /// Writes fields as members of an object. A field of the user's must not turn up as one of `ours`.
    fn members(&mut self, fields: &Fields, ours: &[&str]) {
        for (name, value) in &fields.others {
            self.raw(", ");
            self.text(&if ours.contains(name) { format!("fields.{name}") } else { (*name).to_owned() });
            self.raw(": ");
            match value {
                Value::Plain(text) => self.raw(text),
                Value::Text(text) => self.text(text),
            }
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

/// As Python's `logging` writes it.
pub(super) fn asctime(now: Timestamp, zone: &TimeZone) -> String {
    // Printing by a pattern would bring every directive of it into every binary.
    let at = zone.to_datetime(now);
    let (date, time) = (at.date(), at.time());
    let (hour, minute, second, millisecond) = (time.hour(), time.minute(), time.second(), time.millisecond());
    format!("{:04}-{:02}-{:02} {hour:02}:{minute:02}:{second:02},{millisecond:03}", date.year(), date.month(), date.day())
}

/// The local zone as the C library finds it: by `TZ`, else `/etc/localtime`, else UTC.
pub(super) fn zone(tz: Option<&std::ffi::OsStr>) -> TimeZone {
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
    use super::*;

    #[test]
    fn times_are_local() {
        let now: Timestamp = "2026-11-20T08:07:53.898765Z".parse().unwrap();
        assert_eq!(asctime(now, &zone(Some("CET-1".as_ref()))), "2026-11-20 09:07:53,898");
        assert_eq!(asctime(now, &zone(Some("".as_ref()))), "2026-11-20 08:07:53,898");
        assert_eq!(asctime(now, &zone(Some("No/Such_Place".as_ref()))), "2026-11-20 08:07:53,898");
    }
}
