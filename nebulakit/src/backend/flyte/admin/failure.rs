//! What a failed call means: for the next try, and for people.

use std::error::Error as StdError;

use nebulakit_types::client::{Fault, FaultKind};
use tonic::{Code, Status};

use super::super::error::{ClientError, ClientErrorKind};
use super::settings::Settings;

/// The fault of the connection, if the answer is not the control plane's own.
fn fault(status: &Status) -> Option<&Fault> {
    let mut next = status.source();
    while let Some(error) = next {
        if let Some(fault) = error.downcast_ref() {
            return Some(fault);
        }
        next = error.source();
    }
    None
}

/// Whether a message is above a limit: no other try would change that, though its code is that of a busy server.
fn is_too_large(status: &Status) -> bool {
    let text = status.message();
    matches!(status.code(), Code::ResourceExhausted | Code::OutOfRange) && (text.contains("larger than max") || text.contains("too large"))
}

/// Whether another try may do better.
pub(super) fn is_passing(status: &Status) -> bool {
    match fault(status) {
        Some(fault) => matches!(fault.kind(), FaultKind::Unreachable | FaultKind::TimedOut | FaultKind::Interrupted),
        None => {
            matches!(status.code(), Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Aborted)
                && !is_too_large(status)
        }
    }
}

/// Whether the control plane itself answered. Proxies before it say of their own that it is not available.
pub(super) fn is_answer(status: &Status) -> bool {
    fault(status).is_none() && !matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled)
}

/// Whether the control plane asks for a token, or for another one.
pub(in super::super) fn is_unauthenticated(status: &Status) -> bool {
    fault(status).is_none() && status.code() == Code::Unauthenticated
}

/// The failure of a call in words: who, what, and what to do about it.
pub(in super::super) fn explained(settings: &Settings, call: &str, status: &Status) -> ClientError {
    let Settings { endpoint, source, .. } = settings;
    if let Some(fault) = fault(status) {
        let (kind, hint) = match fault.kind() {
            FaultKind::Untrusted if fault.to_string().contains("speak TLS") => {
                (ClientErrorKind::Untrusted, "`admin.insecure: true` is for control planes without TLS".to_owned())
            }
            FaultKind::Untrusted => (
                ClientErrorKind::Untrusted,
                "`admin.caCertFilePath` names a file of CA certificates to trust besides the system's".to_owned(),
            ),
            FaultKind::Interrupted if endpoint.is_insecure => {
                (ClientErrorKind::Unreachable, "`admin.insecure` is set; a server that expects TLS breaks off plain connections".to_owned())
            }
            _ => (ClientErrorKind::Unreachable, source.clone()),
        };
        return ClientError::new(kind, format!("`{endpoint}` {fault} ({call})")).with_hint(hint);
    }
    let (kind, hint) = match status.code() {
        _ if is_too_large(status) => (ClientErrorKind::TooLarge, None),
        Code::Unauthenticated => (ClientErrorKind::Unauthenticated, None),
        Code::PermissionDenied => (
            ClientErrorKind::Denied,
            Some("the account that is logged in lacks the permission; the operator of the control plane can grant it".to_owned()),
        ),
        Code::NotFound => (ClientErrorKind::NotFound, None),
        Code::AlreadyExists => (ClientErrorKind::AlreadyExists, None),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => (ClientErrorKind::Invalid, None),
        Code::Unavailable | Code::DeadlineExceeded => (ClientErrorKind::Unreachable, Some(source.clone())),
        // What another try may do better is not a verdict on what was asked.
        Code::ResourceExhausted | Code::Aborted => (ClientErrorKind::Unreachable, None),
        Code::Unimplemented => (ClientErrorKind::Unimplemented, Some(format!("the endpoint has to be FlyteAdmin's gRPC port; {source}"))),
        _ => (ClientErrorKind::Server, None),
    };
    let said = status.message();
    let said = if said.is_empty() { status.code().description() } else { said };
    let error = ClientError::new(kind, format!("`{endpoint}` answered {call}: {said}")).saying(said);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}
