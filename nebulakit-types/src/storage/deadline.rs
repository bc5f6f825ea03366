//! Waiting no longer than a deadline allows.

use std::pin::{Pin, pin};
use std::time::Instant;

/// What `work` gives, or [`None`] if the deadline passes first. Without one it is simply awaited.
pub(super) async fn in_time<T: Send>(deadline: Option<Instant>, work: impl Future<Output = T> + Send) -> Option<T> {
    let Some(deadline) = deadline else { return Some(work.await) };
    let mut done = None;
    until(deadline, pin!(async { done = Some(work.await) })).await;
    done
}

/// Erased, so that a binary holds the code of the clock once.
async fn until(deadline: Instant, work: Pin<&mut (dyn Future<Output = ()> + Send)>) {
    // Whether it was over in time is told by what it left.
    let _ = tokio::time::timeout_at(deadline.into(), work).await;
}
