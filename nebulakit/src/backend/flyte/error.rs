//! What is wrong with a call of the control plane.

use std::fmt;

use nebulakit_types::visible;

use crate::backend::RunError;

/// Why a call of the control plane failed.
///
/// It displays as one clause that names the endpoint and the call, and a line behind `hint: ` where there is something to do about it.
#[derive(Debug)]
pub struct ClientError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ClientErrorKind,
    message: String,
    hint: Option<String>,
    /// The control plane's own words.
    said: String,
    /// Whether it was called more than once.
    is_repeated: bool,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientErrorKind {
    /// A setting cannot be used.
    Settings,
    /// The control plane does not answer, not in time, or is too busy, and every retry failed too.
    Unreachable,
    /// Its certificate is not trusted, or it does not speak TLS.
    Untrusted,
    /// The login failed, or the control plane does not accept its token.
    Unauthenticated,
    /// This user may not make the call.
    Denied,
    /// The entity does not exist.
    NotFound,
    /// An entity of that name and version exists.
    AlreadyExists,
    /// The control plane refuses what it was sent.
    Invalid,
    /// The message is larger than the control plane, or this client, accepts.
    TooLarge,
    /// The control plane does not have this call.
    Unimplemented,
    /// The control plane failed.
    Server,
    /// A file of this machine cannot be read, or the control plane's store does not take it.
    Upload,
}

impl ClientError {
    /// One that is found out on this side.
    pub(crate) fn of(kind: ClientErrorKind, message: impl Into<String>) -> Self {
        Self::new(kind, message)
    }

    pub(super) fn new(kind: ClientErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), hint: None, said: String::new(), is_repeated: false }))
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(super) fn saying(mut self, said: &str) -> Self {
        self.0.said = said.to_owned();
        self
    }

    pub(super) fn repeated(mut self, is_repeated: bool) -> Self {
        self.0.is_repeated = is_repeated;
        self
    }

    /// Whether the call was made before, with an answer that got lost or that passes.
    pub(super) fn is_repeated(&self) -> bool {
        self.0.is_repeated
    }

    /// The control plane's own words, if it answered.
    pub(super) fn said(&self) -> &str {
        &self.0.said
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ClientErrorKind {
        self.0.kind
    }

    /// The clause alone, without the hint.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it, if this client knows.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible::lines(&self.0.message))?;
        match &self.0.hint {
            Some(hint) => write!(f, "\nhint: {}", visible::line(hint)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ClientError {}

impl From<ClientError> for RunError {
    fn from(error: ClientError) -> Self {
        Self::Platform(Box::new(error))
    }
}
