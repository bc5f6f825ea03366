//! What a failed operation on a cloud tells its user.

use object_store::Error as StoreError;

use super::bucket::{Bucket, Kind, Place};
use crate::storage::config::StorageConfig;
use crate::storage::fault::{effort, status_kind};
use crate::storage::shown::shown;
use crate::storage::transport::{FailedRequest, Trace, What, brief, innermost, said, status_text};
use crate::{Error, ErrorKind};

pub(super) const NO_CREDENTIALS: &str = "no credentials found";

/// The error of an operation on the object at `place`.
pub(super) fn explain(cloud: &Kind, place: &Place<'_>, store: &Bucket, config: &StorageConfig, error: &StoreError, trace: &Trace) -> Error {
    let url = shown(place.url);
    let (kind, text) = match &trace.last {
        Some(failure) if failure.metadata => {
            let what = brief(failure);
            let (places, origin, effort) = (store.looked_for, &failure.origin, effort(trace));
            (ErrorKind::Denied, format!("`{url}`: {NO_CREDENTIALS}; looked for {places}; {origin} {what}{effort}"))
        }
        Some(failure) => match &failure.what {
            What::Answer { status, code, message } => answer(cloud, place, failure, (*status, code, message), trace),
            What::Elsewhere { status, code, place: to } => {
                let (origin, said) = (&failure.origin, status_text(*status, code, ""));
                let text = format!("`{url}`: {origin} answered {said} and sent on to {to}, which is not followed{}", effort(trace));
                (ErrorKind::Io, text)
            }
            What::Refused { kind, why } => (*kind, format!("`{url}`: {} {why}{}", failure.origin, effort(trace))),
            What::Silence(why) => (ErrorKind::Unavailable, format!("`{url}`: {} {why}{}", failure.origin, effort(trace))),
            What::Unreadable(why) => (ErrorKind::Io, format!("`{url}`: {why}{}", effort(trace))),
        },
        None if trace.is_late => (ErrorKind::Unavailable, format!("`{url}`: nothing was asked for{}", effort(trace))),
        None => match error {
            // What is at the bottom does not say what it was the bottom of.
            StoreError::Generic { source, .. } => {
                (kind_of(error), format!("`{url}`: {}{}", said(&config.scrub(source.to_string())), effort(trace)))
            }
            _ => (kind_of(error), format!("`{url}`: {}{}", innermost(error), effort(trace))),
        },
    };
    let error = Error::new(kind, config.scrub(text));
    match &trace.last {
        Some(FailedRequest { what: What::Elsewhere { .. } | What::Answer { status: 300..400, .. }, .. }) => {
            error.with_hint(cloud.elsewhere)
        }
        _ => error,
    }
}

fn answer(
    cloud: &Kind,
    place: &Place<'_>,
    failure: &FailedRequest,
    (status, code, message): (u16, &str, &str),
    trace: &Trace,
) -> (ErrorKind, String) {
    let url = shown(place.url);
    let origin = &failure.origin;
    let said = status_text(status, code, message);
    if no_bucket(failure) {
        let text = format!("`{url}`: there is no bucket `{}` at {origin}, which answered {said}{}", place.authority, effort(trace));
        return (ErrorKind::NotFound, text);
    }
    let mut text = format!("`{url}`: {origin} answered {said}{}", effort(trace));
    match status {
        403 if cloud.denies_absence && code == "AccessDenied" => {
            text.push_str("; a missing object gets the same answer where the credentials may not list the bucket");
        }
        412 => text.push_str("; the object changed while it was read"),
        301 | 307 | 400 if trace.region.is_some() => {
            let region = trace.region.as_deref().unwrap_or_default();
            text.push_str(&format!("; the bucket is in the region `{region}`"));
        }
        _ => {}
    }
    // What has expired is refused like what is wrong, whatever the number says.
    let expired = matches!(code, "ExpiredToken" | "ExpiredTokenException" | "InvalidToken" | "TokenRefreshRequired");
    (if expired { ErrorKind::Denied } else { status_kind(status) }, text)
}

/// Whether what is missing is the bucket itself.
pub(super) fn no_bucket(failure: &FailedRequest) -> bool {
    matches!(&failure.what, What::Answer { status: 404, code, .. } if matches!(code.as_str(), "NoSuchBucket" | "ContainerNotFound"))
}

fn kind_of(error: &StoreError) -> ErrorKind {
    match error {
        StoreError::NotFound { .. } => ErrorKind::NotFound,
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => ErrorKind::Denied,
        StoreError::InvalidPath { .. } => ErrorKind::Url,
        StoreError::Precondition { .. } => ErrorKind::Changed,
        // The client tells by nothing else that a server gave bytes for a range that the object does not have.
        StoreError::Generic { source, .. } if innermost(&**source).starts_with("Wanted range starting at") => ErrorKind::OutOfRange,
        _ => ErrorKind::Io,
    }
}
