//! What is put to the test.

use std::path::Path;
use std::time::Duration;

use crate::backend::{Backend, Options};

/// A backend that is put to the test: what makes it, and how its runs are set up. A closure that takes a folder and gives a backend is one.
pub trait Subject: Sync {
    /// The backend, as a program of its own would have it. What it keeps of its runs is in `folder`, or belongs to it: two backends of one
    /// folder know of each other's runs, and what a run of another folder remembers is not there.
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
