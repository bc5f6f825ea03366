//! Work on its way into a coordinator.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::TryAcquireError;

use crate::coordinator::error::SubmitError;
use crate::coordinator::handle::JobHandle;
use crate::coordinator::system::{Coordinator, Taken};
use crate::coordinator::work::{IntoWork, Work};
use crate::task::strategy::Strategy;

impl Coordinator {
    /// Submits work. Where as many jobs are open as may be, it waits for one to end; dropping it before it is over leaves nothing behind.
    ///
    /// # Errors
    /// When the work is not taken; no job came of it then.
    pub fn submit<W: IntoWork>(&self, work: W, strategy: Strategy) -> Submitting<'_, W::Output>
    where
        W::Output: Send + 'static,
    {
        Submitting(Step::New(self, work.into_work(), strategy))
    }
}

/// Submits work when it is awaited: what [`Coordinator::submit`] gives. Dropped before it is over, it leaves nothing behind.
// A type with a name, and not the future of an async function: of those the compiler says each mistake three times.
#[must_use = "nothing is submitted until it is awaited"]
pub struct Submitting<'a, T>(Step<'a, T>);

enum Step<'a, T> {
    New(&'a Coordinator, Work<T>, Strategy),
    /// It waits for room, which few do.
    Waiting(Pin<Box<dyn Future<Output = Result<JobHandle<T>, SubmitError>> + Send + 'a>>),
    Over,
}

impl<T> fmt::Debug for Submitting<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submitting").finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Future for Submitting<'_, T> {
    type Output = Result<JobHandle<T>, SubmitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match std::mem::replace(&mut self.0, Step::Over) {
                Step::New(coordinator, work, strategy) => {
                    let core = &coordinator.inner.core;
                    let work = work.ready(&strategy, &*coordinator.inner)?;
                    if core.publisher.has_room() {
                        // Nobody is overtaken: as long as others wait there is no permit to be had at once.
                        match core.room.try_acquire() {
                            Ok(permit) => return Poll::Ready(coordinator.open(work).map(|taken| taken.into_handle(permit))),
                            Err(TryAcquireError::Closed) => return Poll::Ready(Err(SubmitError::Closed)),
                            Err(TryAcquireError::NoPermits) => {}
                        }
                    }
                    self.0 = Step::Waiting(Box::pin(when_there_is_room(coordinator, work)));
                }
                Step::Waiting(mut waiting) => {
                    let polled = waiting.as_mut().poll(context);
                    if polled.is_pending() {
                        self.0 = Step::Waiting(waiting);
                    }
                    return polled;
                }
                Step::Over => panic!("a future is not polled after its end"),
            }
        }
    }
}

async fn when_there_is_room<T: Send + 'static>(coordinator: &Coordinator, work: Work<T>) -> Result<JobHandle<T>, SubmitError> {
    let core = &coordinator.inner.core;
    core.publisher.room().await;
    let permit = core.room.acquire().await.map_err(|_| SubmitError::Closed)?;
    coordinator.open(work).map(|taken: Taken<T>| taken.into_handle(permit))
}
