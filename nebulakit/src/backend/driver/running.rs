//! What runs side by side: the nodes of a scope, or the elements of a map.

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

/// How many futures begin before those that began are polled again. If a hundred thousand begin together, they are no longer in the CPU's caches when they
/// go on: each takes three times as long, and all of them take memory.
const BATCH: usize = 256;

/// Futures that run side by side, and begin batch by batch.
pub(super) struct Running<F> {
    all: FuturesUnordered<F>,
    /// How many began since the last turn.
    begun: usize,
}

/// What happens next.
pub(super) enum Next<T> {
    /// One is over.
    Over(T),
    /// More may begin.
    Begin,
    /// All are over.
    None,
}

impl<F: Future> Running<F> {
    pub(super) fn new() -> Self {
        Self { all: FuturesUnordered::new(), begun: 0 }
    }

    /// How many run.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether another one may begin before the next turn.
    pub(super) fn takes(&self) -> bool {
        self.begun < BATCH
    }

    pub(super) fn push(&mut self, future: F) {
        self.begun += 1;
        self.all.push(future);
    }

    /// Waits until one is over. If there are `more` to begin, it only lets the others run once.
    pub(super) async fn next(&mut self, more: bool) -> Next<F::Output> {
        if let Some(Some(over)) = self.all.next().now_or_never() {
            return Next::Over(over);
        }
        if more {
            tokio::task::yield_now().await;
            self.begun = 0;
            return Next::Begin;
        }
        self.all.next().await.map_or(Next::None, Next::Over)
    }
}
