//! What a URL that is fetched by itself tells its user when it cannot be.

use super::config::StorageConfig;
use super::fault::{effort, status_kind};
use super::shown::shown;
use super::transport::{FailedRequest, Trace, What, brief, status_text};
use crate::{Error, ErrorKind};

/// The error of a URL that is fetched by itself.
pub(super) fn explain_web(url: &str, config: &StorageConfig, why: &str, trace: &Trace) -> Error {
    let url = shown(url);
    let (kind, text) = match &trace.last {
        Some(FailedRequest { origin, what: What::Answer { status, code, message }, .. }) => {
            (status_kind(*status), format!("`{url}`: {origin} answered {}{}", status_text(*status, code, message), effort(trace)))
        }
        Some(failure @ FailedRequest { what: What::Elsewhere { .. }, .. }) => {
            (ErrorKind::Io, format!("`{url}`: {} {}{}", failure.origin, brief(failure), effort(trace)))
        }
        Some(FailedRequest { origin, what: What::Refused { kind, why }, .. }) => {
            (*kind, format!("`{url}`: {origin} {why}{}", effort(trace)))
        }
        Some(FailedRequest { origin, what: What::Silence(why), .. }) => {
            (ErrorKind::Unavailable, format!("`{url}`: {origin} {why}{}", effort(trace)))
        }
        Some(FailedRequest { what: What::Unreadable(why), .. }) => (ErrorKind::Io, format!("`{url}`: {why}{}", effort(trace))),
        None if trace.is_late => (ErrorKind::Unavailable, format!("`{url}`: nothing was asked for{}", effort(trace))),
        None => (ErrorKind::Io, format!("`{url}`: {why}{}", effort(trace))),
    };
    Error::new(kind, config.scrub(text))
}
