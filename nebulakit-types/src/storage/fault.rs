//! What a failed request tells its user.

use super::config::StorageConfig;
use super::shown::shown;
use super::transport::{Failure, Trace, What, brief, status_text};
use super::words::{LATE, tried};
use crate::{Error, ErrorKind};

/// What was answered where nothing is, as the end of a message that names the URL.
pub(super) fn absence(config: &StorageConfig, trace: &Trace) -> String {
    let said = trace.last.as_ref().map(|last| format!(": {} {}", last.origin, brief(last))).unwrap_or_default();
    config.scrub(said + &effort(trace))
}

/// The error of a URL that is fetched by itself.
#[cfg(feature = "http")]
pub(super) fn explain_web(url: &str, config: &StorageConfig, why: &str, trace: &Trace) -> Error {
    let url = shown(url);
    let (kind, text) = match &trace.last {
        Some(Failure { origin, what: What::Answer { status, code, message }, .. }) => {
            (status_kind(*status), format!("`{url}`: {origin} answered {}{}", status_text(*status, code, message), effort(trace)))
        }
        Some(failure @ Failure { what: What::Elsewhere { .. }, .. }) => {
            (ErrorKind::Io, format!("`{url}`: {} {}{}", failure.origin, brief(failure), effort(trace)))
        }
        Some(Failure { origin, what: What::Refused { kind, why }, .. }) => (*kind, format!("`{url}`: {origin} {why}{}", effort(trace))),
        Some(Failure { origin, what: What::Silence(why), .. }) => {
            (ErrorKind::Unavailable, format!("`{url}`: {origin} {why}{}", effort(trace)))
        }
        Some(Failure { what: What::Unreadable(why), .. }) => (ErrorKind::Io, format!("`{url}`: {why}{}", effort(trace))),
        None if trace.is_late => (ErrorKind::Unavailable, format!("`{url}`: nothing was asked for{}", effort(trace))),
        None => (ErrorKind::Io, format!("`{url}`: {why}{}", effort(trace))),
    };
    Error::new(kind, config.scrub(text))
}

pub(super) fn status_kind(status: u16) -> ErrorKind {
    match status {
        401 | 403 | 407 => ErrorKind::Denied,
        404 | 410 => ErrorKind::NotFound,
        412 => ErrorKind::Changed,
        416 => ErrorKind::OutOfRange,
        408 | 429 | 500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Io,
    }
}

/// How much was tried. What failed without a failed request had an answer that is of no use.
pub(super) fn effort(trace: &Trace) -> String {
    let unused = u32::from(trace.last.is_none() && trace.asked > 0);
    let mut text = tried(trace.tries + unused, trace.started.elapsed());
    if trace.is_late {
        text.push_str(LATE);
    }
    text
}
