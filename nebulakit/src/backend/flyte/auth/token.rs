//! A token, and when it ends.

use std::time::{Duration, SystemTime};

use nebulakit_types::Secret;
use oauth2::TokenResponse as _;
use oauth2::basic::BasicTokenResponse;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) access: Secret,
    /// What a new token is given out for, without a login.
    pub(super) refresh: Option<Secret>,
    /// When it ends, if its giver says so.
    pub(super) end: Option<SystemTime>,
}

impl Token {
    /// A token of which nothing more is known.
    pub(super) fn lasting(access: Secret) -> Self {
        Self { access, refresh: None, end: None }
    }

    pub(super) fn given(answer: &BasicTokenResponse) -> Self {
        Self {
            access: answer.access_token().secret().as_str().into(),
            refresh: answer.refresh_token().map(|token| token.secret().as_str().into()),
            end: answer.expires_in().and_then(|lasts| SystemTime::now().checked_add(lasts)),
        }
    }

    /// Whether it ends within that time, or has ended.
    pub(super) fn ends_within(&self, window: Duration) -> bool {
        self.end.is_some_and(|end| end.duration_since(SystemTime::now()).map_or(true, |left| left < window))
    }
}
