//! Reads the lines that [`line`](super::line) writes: what a driver hears of a task whose process is elsewhere.

use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use tracing::Level;

use super::line::{BEGINNING, CONTINUED, PROGRESS, TASK};

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A message, as the log of a node has it.
    Log(Level, String),
    /// How far the task is.
    Progress(u64, Option<u64>),
}

/// Whether a line that is not whole yet may become one of these.
pub(crate) fn may_say(beginning: &[u8]) -> bool {
    let expected = BEGINNING.as_bytes();
    beginning.starts_with(expected) || expected.starts_with(beginning)
}

/// What a line says; [`None`] where it is none of these, but something that the task printed.
pub(crate) fn read(line: &[u8]) -> Option<Said> {
    if !line.starts_with(BEGINNING.as_bytes()) {
        return None;
    }
    let mut members = serde_json::Deserializer::from_slice(line).deserialize_map(Members).ok()?;
    if members.len() < 4 {
        return None;
    }
    let others = members.split_off(4);
    let [("asctime", _), ("name", name), ("levelname", level), ("message", message)] = texts(&members)? else { return None };
    let level = level_of(level)?;
    if name == PROGRESS {
        let number = |wanted: &str| others.iter().find(|(name, _)| name == wanted).and_then(|(_, value)| value.as_u64());
        return number("done").map(|done| Said::Progress(done, number("total")));
    }
    // What the task said by its context has no name and no fields: it is kept as it is.
    if name == TASK && others.is_empty() {
        return Some(Said::Log(level, message.to_owned()));
    }
    let mut text = format!("[{name}] {message}");
    let mut spans = Vec::new();
    for (name, value) in others {
        match value {
            Value::Array(all) if name == "spans" => spans = all,
            value => text.push_str(&format!(" {}={}", name.strip_prefix("fields.").unwrap_or(&name), shown(&value))),
        }
    }
    for span in spans {
        let Value::Object(mut fields) = span else { continue };
        let name = fields.remove("name").as_ref().map(shown).unwrap_or_default();
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect();
        text.push_str(&format!(" {name}{{{}}}", fields.join(" ")));
    }
    Some(Said::Log(level, text.replace('\n', CONTINUED)))
}

/// The first members, where all of them are texts.
fn texts(members: &[(String, Value)]) -> Option<[(&str, &str); 4]> {
    let texts: Vec<_> = members.iter().filter_map(|(name, value)| Some((&**name, value.as_str()?))).collect();
    texts.try_into().ok()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A level by the name that Python has for it.
fn level_of(name: &str) -> Option<Level> {
    Some(match name {
        "TRACE" => Level::TRACE,
        "DEBUG" => Level::DEBUG,
        "INFO" => Level::INFO,
        "WARNING" => Level::WARN,
        "ERROR" | "CRITICAL" => Level::ERROR,
        _ => return None,
    })
}

/// The members of an object, in their order.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::{of_progress, of_task};
    use super::*;

    #[test]
    fn what_a_task_said_is_read_as_it_was() {
        for message in ["halfway there", "", "two\nlines", "a \"b\" \\ \u{1b}[31m ä\0", "{\"asctime\": \"x\"}"] {
            let line = of_task("2026-11-20 09:07:53,898", Level::WARN, message);
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
            assert_eq!(read(line.trim_end().as_bytes()), Some(Said::Log(Level::WARN, message.to_owned())));
        }
        let line = of_progress("2026-11-20 09:07:53,898", 3, Some(10));
        assert_eq!(read(line.trim_end().as_bytes()), Some(Said::Progress(3, Some(10))));
        assert_eq!(read(of_progress("", 3, None).trim_end().as_bytes()), Some(Said::Progress(3, None)));
    }

    #[test]
    fn an_event_is_read_as_the_text_log_has_it() {
        let line = r#"{"asctime": "2026-11-20 09:07:53,898", "name": "app::math", "levelname": "ERROR", "message": "half\ndone", "count": 2, "ratio": 0.5, "ok": true, "fields.name": "n", "spans": [{"name": "outer", "rows": 3}, {"name": "inner"}]}"#;
        let text = "[app::math] half\n    done count=2 ratio=0.5 ok=true name=n outer{rows=3} inner{}";
        assert_eq!(read(line.as_bytes()), Some(Said::Log(Level::ERROR, text.to_owned())));
    }

    #[test]
    fn other_lines_are_printed_text() {
        for line in [
            "",
            "{",
            "plain",
            r#"{"asctime": 1}"#,
            r#"{"asctime": "", "name": "a", "levelname": "LOUD", "message": ""}"#,
            r#"{"asctime": ""#,
        ] {
            assert_eq!(read(line.as_bytes()), None, "{line}");
        }
        assert!(may_say(b"") && may_say(b"{\"asc") && may_say(br#"{"asctime": "2026"#) && !may_say(b"x"));
    }
}
