//! Work for the processor, on threads of its own: encoding and decoding would hold up every other future of its thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

use futures_util::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::{mpsc, oneshot};

use super::fault::{broken, panic_text};
use crate::storage::shown;
use crate::{Error, ErrorKind, Result};

/// How many batches of a stream may wait to be taken.
const WAITING: usize = 2;

/// Maximum number of threads: with more, memory is the bottleneck.
const MOST: usize = 16;

/// How many threads are worth while.
pub(super) fn parallelism() -> usize {
    thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

/// Starts a detached thread: its owner talks to it through channels, and it ends when they are closed.
pub(super) fn spawn(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let spawned = Builder::new().name("nebulakit-table".to_owned()).spawn(work);
    spawned.map(drop).map_err(|error| Error::new(ErrorKind::Io, "cannot start a thread for a table").with_source(error))
}

/// Runs `work` on the table at `url` on a thread and waits for it without blocking.
pub(super) async fn run<T: Send + 'static>(url: &str, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (sender, receiver) = oneshot::channel();
    let worked_on = url.to_owned();
    spawn(move || {
        // The caller may be gone.
        let _ = sender.send(reported(&worked_on, work));
    })?;
    receiver.await.unwrap_or_else(|_| Err(panicked(url)))
}

/// Runs `work` on the table at `url`. A panic in it is an error that names the table.
pub(super) fn reported<T>(url: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panicked(url).with_source(panic_text(payload.as_ref()))))
}

/// Runs `decode` on a thread and streams what it sends, until it sends nothing more, or nobody takes it any more, which the function that
/// sends answers with `false`.
pub(super) fn stream<T: Send + 'static>(
    url: &str,
    decode: impl FnOnce(&mut dyn FnMut(T) -> bool) -> Result<()> + Send + 'static,
) -> Result<BoxStream<'static, Result<T>>> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let url = url.to_owned();
    spawn(move || {
        let decoded = guarded(&url, || decode(&mut |item| sender.blocking_send(Ok(item)).is_ok()));
        if let Err(error) = decoded {
            // The reader may have gone.
            let _ = sender.blocking_send(Err(error));
        }
    })?;
    Ok(stream::unfold(receiver, |mut receiver| async move { receiver.recv().await.map(|item| (item, receiver)) }).boxed())
}

/// Runs a decoder of the object at `url`. A panic in it is an error: decoders are other crates', and what they are given may be anything.
pub(super) fn guarded<T>(url: &str, decode: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|payload| Err(broken(url, panic_text(payload.as_ref()).into())))
}

pub(super) fn panicked(url: &str) -> Error {
    Error::new(ErrorKind::Io, format!("a thread that worked on the table `{}` panicked", shown(url)))
}

/// Runs `work` on every item, each on whichever thread is free first. A panic of one of them goes on in this thread.
pub(super) fn on_each<T: Send>(items: Vec<T>, work: impl Fn(T) -> Result<()> + Sync) -> Result<()> {
    let threads = parallelism().min(items.len());
    if threads <= 1 {
        return items.into_iter().try_for_each(work);
    }
    let items: Vec<_> = items.into_iter().map(|item| std::sync::Mutex::new(Some(item))).collect();
    let next = AtomicUsize::new(0);
    let drain = || -> Result<()> {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            let item = item.lock().ok().and_then(|mut item| item.take());
            item.map_or(Ok(()), &work)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(drain)).collect();
        let mut result = drain();
        for other in others {
            result = result.and(other.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload)));
        }
        result
    })
}
