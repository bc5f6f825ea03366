//! A job from outside.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::coordinator::error::{CancelReason, JobError};
use crate::coordinator::id::RequestId;
use crate::coordinator::piece::PieceOf;

/// A job that was taken: its value comes by [`join`](Self::join), or by `.await`.
///
/// Dropping it lets the job go on by itself; see [`abort_on_drop`](Self::abort_on_drop).
pub struct JobHandle<T> {
    pub(super) piece: Arc<dyn PieceOf<T>>,
}

impl<T> fmt::Debug for JobHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobHandle").field("job", self.id()).finish_non_exhaustive()
    }
}

impl<T> JobHandle<T> {
    /// The job.
    #[must_use]
    pub fn id(&self) -> &RequestId {
        &self.piece.live().id
    }

    /// Cancels the job, and the jobs that it started. It says whether it is the first to do so.
    pub fn cancel(&self) -> bool {
        self.piece.live().cancel(CancelReason::Caller)
    }

    /// Whether the job is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.piece.is_over()
    }

    /// Waits for the value. When this is over, the ledger shows the job closed and its last event is out.
    ///
    /// # Errors
    /// When the job gave none.
    pub async fn join(self) -> Result<T, JobError> {
        Waiting::new(&*self.piece).await
    }

    /// The same in code that is not async.
    ///
    /// # Errors
    /// When the job gave none.
    ///
    /// # Panics
    /// In async code, and when no thread can be started.
    pub fn join_blocking(self) -> Result<T, JobError> {
        nebulakit_types::block_on(self.join()).unwrap_or_else(|error| panic!("cannot start a thread: {error}"))
    }

    /// A handle whose end is the job's: dropping it cancels the job.
    pub fn abort_on_drop(self) -> AbortOnDrop<T> {
        AbortOnDrop(self)
    }
}

impl<T: 'static> IntoFuture for JobHandle<T> {
    type Output = Result<T, JobError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.join())
    }
}

/// A handle that cancels its job when it is dropped, also in the middle of a wait.
#[derive(Debug)]
#[must_use = "dropping it cancels the job"]
pub struct AbortOnDrop<T>(JobHandle<T>);

impl<T> AbortOnDrop<T> {
    /// Waits for the value; dropping the future cancels the job.
    ///
    /// # Errors
    /// When the job gave none.
    pub async fn join(self) -> Result<T, JobError> {
        Waiting::new(&*self.0.piece).await
    }

    /// The job.
    #[must_use]
    pub fn id(&self) -> &RequestId {
        self.0.id()
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        // A job that is over has nothing to cancel but what it left behind on purpose.
        if !self.0.is_finished() {
            self.0.cancel();
        }
    }
}

/// A wait for the value of a job. Dropped before that, it leaves nothing behind.
struct Waiting<'a, T> {
    piece: &'a (dyn PieceOf<T> + 'static),
    place: Option<u32>,
}

impl<'a, T> Waiting<'a, T> {
    fn new(piece: &'a (dyn PieceOf<T> + 'static)) -> Self {
        Self { piece, place: None }
    }
}

impl<T> Future for Waiting<'_, T> {
    type Output = Result<T, JobError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let piece = self.piece;
        piece.poll_value(&mut self.place, context)
    }
}

impl<T> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.piece.leave(place);
        }
    }
}
