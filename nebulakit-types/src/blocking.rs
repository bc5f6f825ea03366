//! Calls that take their time: awaited in async code, waited for elsewhere.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::{Context, Poll};

use tokio::runtime::{Builder, Handle, Runtime};

use crate::{Error, ErrorKind, Result};

/// Waits for a future in code that blocks: on the runtime that the code belongs to, as in `tokio::task::spawn_blocking`, else on one for the
/// whole process, which is made at the first such call, so that connections are kept between calls.
///
/// # Errors
/// When threads cannot be started.
///
/// # Panics
/// In async code, where `.await` does the same.
#[doc(hidden)]
pub fn block_on<T>(future: impl Future<Output = T>) -> io::Result<T> {
    let mut done = None;
    wait_for(pin!(async { done = Some(future.await) }))?;
    Ok(done.expect("the future is over"))
}

/// Erased, so that a binary holds the runtime's code for waiting once, and not once for each future.
fn wait_for(future: Pin<&mut dyn Future<Output = ()>>) -> io::Result<()> {
    handle()?.block_on(future);
    Ok(())
}

/// The runtime that the calling code belongs to, else the one of the process.
///
/// # Errors
/// When threads cannot be started.
#[doc(hidden)]
pub fn handle() -> io::Result<Handle> {
    Handle::try_current().or_else(|_| process_handle())
}

/// The runtime of the process, which has timers and I/O.
///
/// # Errors
/// When threads cannot be started.
#[doc(hidden)]
pub fn process_handle() -> io::Result<Handle> {
    of_process().map(|runtime| runtime.handle().clone())
}

fn of_process() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if RUNTIME.get().is_none() {
        // One thread is enough to move bytes: the caller that waits lends a hand. Another may have been faster; its runtime serves as well.
        let _ = RUNTIME.set(Builder::new_multi_thread().worker_threads(1).thread_name("nebulakit-io").enable_all().build()?);
    }
    RUNTIME.get().ok_or_else(|| io::Error::other("no thread for requests"))
}

/// The same for futures with errors of this crate.
pub(crate) fn wait<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    block_on(future).map_err(|error| Error::new(ErrorKind::Io, "cannot start threads for data").with_source(error))?
}

/// A call on a [`File`](crate::File), a [`Directory`](crate::Directory) or a similar type that has not been made yet: `.await` it.
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
