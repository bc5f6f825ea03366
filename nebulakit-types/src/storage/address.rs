//! Where an object is, as its store is told.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::location::split_scheme;
use super::shown::shown;

/// Where an object or a prefix is. Cheap to clone.
#[derive(Clone)]
pub struct Address(Arc<Inner>);

struct Inner {
    /// What was asked for.
    url: String,
    /// Where that is, if it is an alias.
    target: Option<String>,
    deadline: Option<Instant>,
}

impl Address {
    /// The address of a URL. That of an alias leads to the `target`.
    pub(super) fn new(url: &str, target: Option<String>, deadline: Option<Instant>) -> Self {
        Self(Arc::new(Inner { url: url.to_owned(), target, deadline }))
    }

    /// The URL as it was asked for, to be named in messages by way of [`shown`].
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The URL that the store serves: the same, unless that is an alias.
    #[must_use]
    pub fn target(&self) -> &str {
        self.0.target.as_deref().unwrap_or(&self.0.url)
    }

    /// What follows the scheme and `://`, verbatim; a plain path as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        split_scheme(self.target()).map_or(self.target(), |(_, path)| path)
    }

    /// The path at its first slash: what is called a bucket in most stores, and the key in it.
    #[must_use]
    pub fn bucket_and_key(&self) -> (&str, &str) {
        self.path().split_once('/').unwrap_or((self.path(), ""))
    }

    /// When what is asked for has to be there.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.deadline
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("url", &shown(self.url())).field("target", &shown(self.target())).finish_non_exhaustive()
    }
}
