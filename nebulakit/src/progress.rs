//! How far the transfers of a task have come, told while they go on.

use std::time::Duration;

use nebulakit_types::storage::Counts;

use crate::stores::Stores;

/// Who is told, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telling {
    pub(crate) every: Duration,
    /// Told when something has changed, and with `true` a last time when all has ended.
    pub(crate) tell: fn(&Counts, bool),
}

impl Telling {
    /// Lines in the log, seldom enough not to fill it.
    pub(crate) const LOG: Self = Self { every: Duration::from_secs(15), tell: log };

    /// Runs `work`, and tells of transfers that go on meanwhile. Before the task has touched a store there is nothing to ask.
    pub(crate) async fn during<T>(&self, stores: &Stores, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut told = Counts::default();
        loop {
            let ended = tokio::time::timeout(self.every, &mut work).await.ok();
            let counts = stores.if_made().map(|storage| storage.progress().now()).unwrap_or_default();
            let news = counts != told;
            told = counts;
            if news || (ended.is_some() && told != Counts::default()) {
                (self.tell)(&told, ended.is_some());
            }
            if let Some(ended) = ended {
                return ended;
            }
        }
    }
}

fn log(counts: &Counts, _: bool) {
    let Counts { bytes, objects, expected_bytes, expected_objects, .. } = *counts;
    tracing::info!(bytes, objects, expected_bytes, expected_objects, "transfers so far");
}
