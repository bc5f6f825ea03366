//! One budget for all transfers of a `Storage`: how many requests are in flight, and how much memory their bodies take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::deadline::in_time;

/// Requests in flight: enough for all objects of a tree that are under way. Small ones are bound by latency, and a store answers in tens of
/// milliseconds.
pub(super) const REQUESTS: usize = 64;

/// Fewer than this are never allowed, however much a store complains.
const FEWEST: usize = 4;

/// How many answers without a complaint let one more request in, after complaints.
const PATIENCE: usize = 8;

/// Bytes of bodies held in memory. With what connections and allocators keep it stays far below the 96 MB of a whole program.
pub(super) const MEMORY: usize = 40 << 20;

const UNIT: usize = 1 << 10;

#[derive(Debug)]
pub(super) struct Budget {
    requests: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    /// How many requests the stores bear: halved when one asks for less, and growing again while none does.
    bearable: AtomicUsize,
    /// How many permits there are, free or taken.
    existing: AtomicUsize,
    content: AtomicUsize,
}

/// The right to one request.
#[derive(Debug)]
pub(super) struct Request {
    permit: Option<OwnedSemaphorePermit>,
    budget: Arc<Budget>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            requests: Arc::new(Semaphore::new(REQUESTS)),
            memory: Arc::new(Semaphore::new(MEMORY / UNIT)),
            bearable: AtomicUsize::new(REQUESTS),
            existing: AtomicUsize::new(REQUESTS),
            content: AtomicUsize::new(0),
        }
    }
}

impl Budget {
    /// Waits for the right to one more request.
    pub(super) async fn request(self: &Arc<Self>) -> Request {
        // The semaphore is never closed.
        Request { permit: self.requests.clone().acquire_owned().await.ok(), budget: self.clone() }
    }

    /// The same, until a deadline; `None` if that passes first.
    pub(super) async fn request_until(self: &Arc<Self>, deadline: Option<Instant>) -> Option<Request> {
        in_time(deadline, self.request()).await
    }

    /// Waits for the right to hold this many bytes. More than the whole budget counts as the whole budget.
    pub(super) async fn memory(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let units = bytes.div_ceil(UNIT).clamp(1, MEMORY / UNIT);
        self.memory.clone().acquire_many_owned(u32::try_from(units).unwrap_or(u32::MAX)).await.ok()
    }

    /// The same without waiting.
    pub(super) fn memory_now(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let units = bytes.div_ceil(UNIT).clamp(1, MEMORY / UNIT);
        self.memory.clone().try_acquire_many_owned(u32::try_from(units).unwrap_or(u32::MAX)).ok()
    }

    /// A store asked for fewer requests.
    pub(super) fn throttled(&self) {
        self.content.store(0, Relaxed);
        // Complaints come in crowds: those about the requests that were under way already say nothing new.
        let bearable = self.bearable.load(Relaxed);
        let existing = self.existing.load(Relaxed);
        if existing <= bearable {
            let _ = self.bearable.compare_exchange(bearable, (bearable / 2).max(FEWEST), Relaxed, Relaxed);
        }
    }

    /// A store answered.
    pub(super) fn answered(&self) {
        if self.bearable.load(Relaxed) >= REQUESTS || self.content.fetch_add(1, Relaxed) < PATIENCE {
            return;
        }
        self.content.store(0, Relaxed);
        let bearable = self.bearable.fetch_add(1, Relaxed) + 1;
        if self.existing.load(Relaxed) < bearable {
            self.existing.fetch_add(1, Relaxed);
            self.requests.add_permits(1);
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let budget = &self.budget;
        if budget.existing.load(Relaxed) > budget.bearable.load(Relaxed)
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
            budget.existing.fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn complaints_halve_what_is_allowed_and_patience_restores_it() {
        let budget = Arc::new(Budget::default());
        let mut held = Vec::new();
        for _ in 0..REQUESTS {
            held.push(budget.request().await);
        }
        for _ in 0..20 {
            budget.throttled();
        }
        held.clear();
        assert_eq!(budget.requests.available_permits(), REQUESTS / 2);
        for _ in 0..REQUESTS * (PATIENCE + 1) {
            budget.answered();
        }
        assert_eq!(budget.requests.available_permits(), REQUESTS);
    }
}
