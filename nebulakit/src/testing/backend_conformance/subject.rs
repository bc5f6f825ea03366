//! The backend that is tested.

use std::path::Path;
use std::time::Duration;

use crate::backend::{Backend, Options};

/// A backend to test: how to create it, and how to set up its runs. A closure that takes a folder and returns a backend is a subject.
pub trait Subject: Sync {
    /// The backend, as a separate program would create it. Its data is in `folder`, or belongs to it: two backends of one
    /// folder know each other's runs and share a cache, and backends of different folders do not.
    fn backend(&self, folder: &Path) -> Box<dyn Backend>;

    /// How graphs are compiled.
    fn options(&self) -> Options {
        Options::new()
    }

    /// How long a run of a few small tasks may take, from its start to its end.
    fn patience(&self) -> Duration {
        Duration::from_secs(120)
    }
}

impl<B: Backend + 'static, F: Fn(&Path) -> B + Sync> Subject for F {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        Box::new(self(folder))
    }
}
