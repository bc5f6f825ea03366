//! What drives requests over the network: threads that are started when the first of them is made.

use std::io;
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Runtime};

/// A runtime that is made when it is first needed: a task whose data is on this machine never does. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reactor(Arc<OnceLock<Runtime>>);

impl Reactor {
    /// Blocks until `future` is ready. Its connections live on between calls.
    ///
    /// # Errors
    /// When a thread cannot be started.
    ///
    /// # Panics
    /// In async code, where `.await` does the same.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> io::Result<T> {
        if self.0.get().is_none() {
            // One thread is enough to move bytes, and whoever waits lends a hand. Another caller may have been faster; its runtime serves
            // as well.
            let _ = self.0.set(Builder::new_multi_thread().worker_threads(1).thread_name("nebulakit-io").enable_all().build()?);
        }
        self.0.get().map_or_else(|| Err(io::Error::other("no thread for requests")), |runtime| Ok(runtime.block_on(future)))
    }
}
