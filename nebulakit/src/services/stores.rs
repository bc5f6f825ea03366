//! The object stores of a run, made when the first of them is needed.

use std::fmt;
use std::sync::{Arc, OnceLock};

use nebulakit_types::storage::Storage;

/// A [`Storage`] that is made when it is first asked for: a task whose data is on this machine reads no settings. Clones share it.
#[derive(Clone)]
pub(crate) struct Stores(Arc<Inner>);

struct Inner {
    make: Box<dyn Fn() -> Storage + Send + Sync>,
    storage: OnceLock<Storage>,
}

impl Stores {
    /// Stores that `make` makes, once.
    pub(crate) fn new(make: impl Fn() -> Storage + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { make: Box::new(make), storage: OnceLock::new() }))
    }

    /// The storage for any URL.
    pub(crate) fn all(&self) -> &Storage {
        self.0.storage.get_or_init(&self.0.make)
    }

    /// The storage, if anything has asked for it yet.
    pub(crate) fn if_made(&self) -> Option<&Storage> {
        self.0.storage.get()
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stores").field("is_made", &self.if_made().is_some()).finish_non_exhaustive()
    }
}
