//! What runs side by side: the nodes of a scope, or the elements of a map.

use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::walk::Walk;

/// How many begin before those that began have had their turn. A hundred thousand that begin together are in nobody's cache when they go on: each takes three times
/// as long, and memory for all of them.
const BATCH: usize = 256;

/// Futures that run side by side, and begin batch by batch. What was told of those that are over is written before others begin, and whenever it waits.
pub(super) struct Running<'g, F> {
    walk: Arc<Walk<'g>>,
    all: FuturesUnordered<F>,
    /// How many began since the last turn.
    begun: usize,
    /// Whether any is there that was not polled yet.
    is_new: bool,
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

impl<'g, F: Future> Running<'g, F> {
    pub(super) fn new(walk: &Arc<Walk<'g>>) -> Self {
        Self { walk: Arc::clone(walk), all: FuturesUnordered::new(), begun: 0, is_new: false }
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
        (self.begun, self.is_new) = (self.begun + 1, true);
        self.all.push(future);
    }

    /// Waits until one is over. If there are `more` to begin, it only lets the others run once.
    pub(super) async fn next(&mut self, more: bool) -> Next<F::Output> {
        if std::mem::take(&mut self.is_new) {
            self.walk.flush();
        }
        if let Some(Some(over)) = self.all.next().now_or_never() {
            return Next::Over(over);
        }
        self.walk.flush();
        if more {
            tokio::task::yield_now().await;
            self.begun = 0;
            return Next::Begin;
        }
        self.all.next().await.map_or(Next::None, Next::Over)
    }
}
