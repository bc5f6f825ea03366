//! What all failed requests tell their users.

use super::config::StorageConfig;
use super::transport::{Trace, brief};
use super::words::{LATE, tried};
use crate::ErrorKind;

/// What was answered where nothing is, as the end of a message that names the URL.
pub(super) fn absence(config: &StorageConfig, trace: &Trace) -> String {
    let said = trace.last.as_ref().map(|last| format!(": {} {}", last.origin, brief(last))).unwrap_or_default();
    config.scrub(said + &effort(trace))
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
