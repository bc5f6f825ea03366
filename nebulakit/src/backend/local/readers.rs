//! Threads that read files for a run: the one that drives it hears meanwhile what people ask of it.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::run::{RecordError, RecordErrorKind, Recorded};

/// As many of them as there are cores read at once.
#[derive(Clone)]
pub(super) struct Readers(Arc<Semaphore>);

impl Readers {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(available_parallelism().map_or(1, NonZero::get))))
    }

    /// Reads on one of them.
    ///
    /// # Errors
    /// Those of `read`.
    ///
    /// # Cancel safety
    /// What has begun is read to its end where this is dropped.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> Result<T, RecordError> + Send + 'static,
    ) -> Result<T, RecordError> {
        let reader = Arc::clone(&self.0).acquire_owned().await;
        let read = spawn_blocking(move || {
            let _reader = reader;
            read()
        });
        // It is cancelled with the runtime.
        read.await.unwrap_or_else(|error| Err(RecordError::new(RecordErrorKind::Interrupted, format!("files were not read: {error}"))))
    }

    /// Does what reads `recorded`: on one of them, unless that is small.
    ///
    /// # Errors
    /// Those of `read`.
    pub(super) async fn open<T: Send + 'static>(
        &self,
        recorded: &Recorded,
        read: impl FnOnce() -> Result<T, RecordError> + Send + 'static,
    ) -> Result<T, RecordError> {
        match recorded {
            Recorded::Data { .. } => self.read(read).await,
            Recorded::Here(_) | Recorded::Not => read(),
        }
    }
}
