//! Async calls from code that blocks.

use std::future::Future;
use std::sync::OnceLock;

use crate::{Error, ErrorKind, Result};

/// Waits for a future in code that blocks, on one runtime for the whole process, so that connections are kept between calls.
///
/// # Errors
/// When the runtime cannot be started, and those of the future.
///
/// # Panics
/// In async code, where `.await` does the same.
pub(crate) fn wait<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    if RUNTIME.get().is_none() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("nebulakit-blocking").enable_all().build();
        let runtime = runtime.map_err(|error| Error::new(ErrorKind::Io, "cannot start threads for data").with_source(error))?;
        // Another thread may have been faster; its runtime serves as well.
        let _ = RUNTIME.set(runtime);
    }
    RUNTIME.get().map_or_else(|| Err(Error::new(ErrorKind::Io, "cannot start threads for data")), |runtime| runtime.block_on(future))
}
