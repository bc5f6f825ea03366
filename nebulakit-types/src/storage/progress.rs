//! How far the transfers of a `Storage` have come: counters that cost an atomic addition, and a way to wait for them to change.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use tokio::sync::Notify;

/// Follows the transfers of a [`Storage`](super::Storage) and its clones: downloads, uploads, trees and written objects, all together.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    bytes: AtomicU64,
    objects: AtomicU64,
    expected_bytes: AtomicU64,
    expected_objects: AtomicU64,
    /// Transfers whose size is not known yet, or not in full.
    open: AtomicU64,
    is_remote: AtomicBool,
    changed: Notify,
    /// Told when nothing is under way any more.
    when_done: OnceLock<fn()>,
}

/// How far transfers have come since the `Storage` was made. What failed stays in what was expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Bytes that arrived where they belong.
    pub bytes: u64,
    /// Objects that are through.
    pub objects: u64,
    /// Bytes of all transfers begun; absent while that of some is not known, as during a listing.
    pub expected_bytes: Option<u64>,
    /// The same for objects.
    pub expected_objects: Option<u64>,
    /// Whether a URL has led to another machine.
    pub is_remote: bool,
}

impl Progress {
    /// The counts at this moment.
    #[must_use]
    pub fn now(&self) -> Counts {
        let known = self.0.open.load(Relaxed) == 0;
        Counts {
            bytes: self.0.bytes.load(Relaxed),
            objects: self.0.objects.load(Relaxed),
            expected_bytes: known.then(|| self.0.expected_bytes.load(Relaxed)),
            expected_objects: known.then(|| self.0.expected_objects.load(Relaxed)),
            is_remote: self.0.is_remote.load(Relaxed),
        }
    }

    /// Has `tell` called whenever the last of the transfers under way ends, before the code that waits for it goes on. The first `tell`
    /// counts.
    pub fn when_done(&self, tell: fn()) {
        // Another has been set before.
        let _ = self.0.when_done.set(tell);
    }

    /// Waits until the counts have changed. They may change thousands of times a second: the code that shows them sets the pace.
    pub async fn changed(&self) {
        self.0.changed.notified().await;
    }

    pub(super) fn goes_out(&self) {
        self.0.is_remote.store(true, Relaxed);
    }

    pub(super) fn moved(&self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, Relaxed);
        self.0.changed.notify_waiters();
    }

    pub(super) fn done(&self) {
        self.0.objects.fetch_add(1, Relaxed);
        self.0.changed.notify_waiters();
        let counts = self.now();
        if counts.expected_objects.is_some_and(|expected| counts.objects >= expected)
            && let Some(tell) = self.0.when_done.get()
        {
            tell();
        }
    }

    pub(super) fn expect(&self, objects: u64, bytes: u64) {
        self.0.expected_objects.fetch_add(objects, Relaxed);
        self.0.expected_bytes.fetch_add(bytes, Relaxed);
        self.0.changed.notify_waiters();
    }

    /// Says that a transfer begins whose size will be known later: when the guard is dropped.
    pub(super) fn opening(&self) -> Opening {
        self.0.open.fetch_add(1, Relaxed);
        Opening(self.clone())
    }
}

#[derive(Debug)]
pub(super) struct Opening(Progress);

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Relaxed);
        self.0.0.changed.notify_waiters();
    }
}
