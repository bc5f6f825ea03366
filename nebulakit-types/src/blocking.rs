//! Calls that take their time: awaited in async code, waited for elsewhere.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

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

/// A call on a [`File`](crate::File), a [`Directory`](crate::Directory) or the like that has not been made yet: `.await` it.
///
/// In code that is not async, such as a task that is a plain `fn`, call the same method on what `.blocking()` gives:
///
/// ```
/// # use nebulakit_types::{Directory, file::Any, workspace::Workspace};
/// # let folder = tempfile::tempdir().unwrap();
/// # let workspace = Workspace::local(folder.path());
/// let out = Directory::<Any>::create(&workspace)?.blocking(); // where `async` code has `Directory::create(&ctx)?`
/// out.put("counts.csv", "a,1")?; //                              `out.put("counts.csv", "a,1").await?`
/// let file = out.finish().file("counts.csv")?;
/// assert_eq!(file.blocking().read_to_string()?, "a,1"); //       `file.read_to_string().await?`
/// # Ok::<(), nebulakit_types::Error>(())
/// ```
///
/// The compiler names this type where it meets neither: "the `?` operator cannot be applied to type `AwaitOrBlocking`".
#[must_use = "nothing happens until this is awaited; in code that is not async, call the same method on `.blocking()`"]
pub struct AwaitOrBlocking<'a, T>(Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>);

impl<'a, T> AwaitOrBlocking<'a, T> {
    /// Wraps a future.
    #[doc(hidden)]
    pub fn new(future: impl Future<Output = Result<T>> + Send + 'a) -> Self {
        Self(Box::pin(future))
    }

    /// Waits for the result, in code that is not async: `file.path().blocking()?` is `file.blocking().path()?`.
    ///
    /// # Errors
    /// Those of the call.
    ///
    /// # Panics
    /// In async code, where `.await` does the same.
    pub fn blocking(self) -> Result<T> {
        wait(self)
    }
}

impl<T> Future for AwaitOrBlocking<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for AwaitOrBlocking<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwaitOrBlocking").finish_non_exhaustive()
    }
}
