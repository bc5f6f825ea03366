//! What the messages of several files say in the same words.

use std::time::Duration;

use super::file_fault::cannot;
use super::shown::shown;
use crate::{Error, ErrorKind};

/// How messages end that speak of a request that was made once.
pub(super) const ONE_TRY: &str = " (1 try)";

/// How messages end that speak of what was tried so often, for so long.
pub(super) fn tried(tries: u32, took: Duration) -> String {
    match tries {
        0 => " (0 tries)".to_owned(),
        1 => ONE_TRY.to_owned(),
        _ => format!(" ({tries} tries in {:.1} s)", took.as_secs_f64()),
    }
}

/// How messages end that speak of a deadline.
pub(super) const LATE: &str = "; the deadline has passed";

/// The error when the deadline passes outside of a request.
pub(super) fn late(url: &str, why: &str) -> Error {
    Error::new(ErrorKind::Unavailable, format!("`{}`: {why}{LATE}", shown(url)))
}

/// The same, for what waits its turn.
pub(super) fn crowded(url: &str) -> Error {
    late(url, "other transfers were still under way (0 tries)")
}

/// Says in an error what was being done, unless it says so itself.
pub(super) fn doing(what: &str, error: Error) -> Error {
    let verb = match what {
        "fetching" | "reading" => "read ",
        "storing" | "writing" => "write ",
        "deleting" => "delete ",
        "listing" => "list ",
        "looking for" => "look at ",
        _ => "",
    };
    if !verb.is_empty() && cannot(&error).is_some_and(|done| done.starts_with(verb)) {
        return error;
    }
    let message = format!("{what}: {}", error.message());
    error.saying(message)
}
