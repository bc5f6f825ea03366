//! What a failed request to Batch means.

use std::error::Error as _;

use aws_sdk_batch::error::{ProvideErrorMetadata, SdkError};
use nebulakit_types::client::{Fault as HttpFault, FaultKind};
use nebulakit_types::visible;

use crate::backend::engine::{EngineError, NotSubmitted};

/// The codes by which services of this cloud say that they were asked too often.
const THROTTLED: [&str; 5] =
    ["TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded", "RequestThrottledException"];

/// What a failed request means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing was done, and later it may be.
    Later(String),
    /// Nothing was done, nor will be.
    Refused(String),
    /// Whether it was done is not known.
    Unclear(String),
}

impl Fault {
    /// That of a request of this name.
    pub(super) fn of<E>(asked: &str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match error {
            SdkError::ConstructionFailure(_) => Self::Refused(format!("`{asked}` cannot be asked: {}", innermost(error))),
            SdkError::DispatchFailure(failure) => {
                let fault = failure.as_connector_error().and_then(|error| error.source()).and_then(|source| source.downcast_ref());
                let said = format!("`{asked}`: Batch {}", fault.map_or_else(|| innermost(error), HttpFault::to_string));
                match fault.map(HttpFault::kind) {
                    Some(FaultKind::Unreachable) => Self::Later(said),
                    Some(FaultKind::Untrusted | FaultKind::Other) => Self::Refused(said),
                    Some(FaultKind::TimedOut | FaultKind::Interrupted) => Self::Unclear(said),
                    // It never came to a request.
                    None => Self::Refused(format!("`{asked}` cannot be asked: {}", innermost(error))),
                }
            }
            SdkError::ServiceError(answer) => {
                let status = answer.raw().status().as_u16();
                let (code, message) = (answer.err().code().unwrap_or("no code"), answer.err().message().unwrap_or("no message"));
                let said = format!("`{asked}`: Batch answered {status} {}: {}", visible::line(code), visible::line(message));
                match status {
                    _ if status == 429 || THROTTLED.contains(&code) => Self::Later(said),
                    500.. => Self::Unclear(said),
                    _ => Self::Refused(said),
                }
            }
            _ => Self::Unclear(format!("`{asked}`: the answer of Batch was not understood: {}", innermost(error))),
        }
    }

    /// What was said.
    pub(super) fn said(self) -> String {
        match self {
            Self::Later(said) | Self::Refused(said) | Self::Unclear(said) => said,
        }
    }
}

impl From<Fault> for NotSubmitted {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Later(said) => Self::Held(said),
            Fault::Refused(said) => Self::Refused(said),
            Fault::Unclear(said) => Self::Unclear(said),
        }
    }
}

impl From<Fault> for EngineError {
    fn from(fault: Fault) -> Self {
        Self(fault.said())
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    visible::line(&last.to_string()).into_owned()
}
