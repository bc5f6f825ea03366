//! What is said of keys and of what came of looking them up, each on one line and fit for a terminal.

use nebulakit_types::visible;
use serde_json::{Value, json};

use crate::cli::values;
use crate::render::{self, Reader};
use crate::run::{Caller, KeyChange, KeyPart, Lookup, Nearest};

/// How many digits of a digest are shown: enough to name an entry.
const DIGITS: usize = 12;

/// The beginning of a digest.
pub(super) fn short(digest: &str) -> &str {
    digest.get(..DIGITS).unwrap_or(digest)
}

/// A digest among values.
pub(super) fn digest(digest: &str) -> String {
    format!("sha256 {}", short(digest))
}

/// `the node n1 of the run 20261129-231501-k3f9`
pub(super) fn caller(caller: &Caller) -> String {
    format!("the node {} of the run {}", visible::line(&caller.node), caller.run)
}

/// An input of a key.
pub(super) fn part(name: &str, part: &KeyPart) -> String {
    match part {
        KeyPart::Digest(sha256) => digest(sha256),
        KeyPart::Value(literal) => match values::read(name, literal, Reader::Person) {
            Ok(value) => visible::line(&render::plain(&value)).into_owned(),
            Err(_) => "not readable".to_owned(),
        },
    }
}

/// The same for machines.
pub(super) fn part_json(part: &KeyPart) -> Value {
    match part {
        KeyPart::Digest(sha256) => json!({ "sha256": sha256 }),
        KeyPart::Value(literal) => {
            json!({ "value": values::read("value", literal, Reader::Machine).ok().map(|value| render::to_value(&value)) })
        }
    }
}

/// What changed, with the values where they are known.
pub(super) fn change(change: &KeyChange) -> String {
    let about = match change {
        KeyChange::Version { before, now } => format!(" was `{before}`, and is `{now}`"),
        KeyChange::Input { before: None, .. } => " is new".to_owned(),
        KeyChange::Input { now: None, .. } => " is gone".to_owned(),
        KeyChange::Input { name, before: Some(before @ KeyPart::Value(_)), now: Some(now @ KeyPart::Value(_)) } => {
            format!(" was {}, and is {}", part(name, before), part(name, now))
        }
        _ => " changed".to_owned(),
    };
    visible::line(&format!("{change}{about}")).into_owned()
}

/// All that changed, for machines.
pub(super) fn changes_json(nearest: &Nearest) -> Vec<Value> {
    nearest.changes.iter().map(change_json).collect()
}

fn change_json(change: &KeyChange) -> Value {
    match change {
        KeyChange::Input { name, before, now } => {
            json!({ "part": "input", "name": name, "before": before.as_ref().map(part_json), "now": now.as_ref().map(part_json) })
        }
        other => json!(other),
    }
}

/// What came of looking outputs up.
pub(super) fn lookup(found: &Lookup, nearest: Option<&Nearest>) -> String {
    match found {
        Lookup::Off => "`--no-cache` was given".to_owned(),
        Lookup::Overwrite { .. } => "`--overwrite-cache` was given".to_owned(),
        Lookup::Unkeyed { why } => format!("the cache could not be used: {}", visible::line(why)),
        Lookup::Hit { from, .. } => format!("{} gave the outputs", caller(from)),
        Lookup::Gone { from, .. } => format!("the outputs that {} gave are gone or damaged", caller(from)),
        Lookup::Miss { key } => match nearest.filter(|nearest| !nearest.changes.is_empty()) {
            None => format!("there was no entry of `{}`", visible::line(&key.task)),
            Some(nearest) => {
                let changes: Vec<_> = nearest.changes.iter().map(|change| visible::line(&change.to_string()).into_owned()).collect();
                let (last, others) = changes.split_last().map(|(last, others)| (last.as_str(), others.join(", "))).unwrap_or_default();
                let changed = if others.is_empty() { last.to_owned() } else { format!("{others} and {last}") };
                format!("{changed} changed since {} ran", caller(&nearest.entry.from()))
            }
        },
    }
}

/// The same in a word, for machines.
pub(super) fn lookup_name(found: &Lookup) -> &'static str {
    match found {
        Lookup::Off => "off",
        Lookup::Unkeyed { .. } => "unkeyed",
        Lookup::Miss { .. } => "miss",
        Lookup::Gone { .. } => "gone",
        Lookup::Overwrite { .. } => "overwrite",
        Lookup::Hit { .. } => "hit",
    }
}
