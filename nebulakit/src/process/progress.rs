//! How far the transfers of a task have come, told while they go on.

use std::time::Duration;

use nebulakit_types::storage::Counts;

use crate::services::stores::Stores;

/// Who is told, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telling {
    pub(crate) every: Duration,
    pub(crate) tell: fn(&Counts, Moment),
}

/// When it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Something has changed.
    Changed,
    /// Nothing has, since it was told last.
    Idle,
    /// All has ended.
    Over,
}

impl Telling {
    /// Lines in the log, seldom enough not to fill it.
    pub(crate) const LOG: Self = Self { every: Duration::from_secs(15), tell: log };

    /// Tells of transfers that go on, if anything has changed since it was `told`. Before the task has touched a store there is nothing.
    pub(crate) fn meanwhile(&self, stores: &Stores, told: &mut Counts) {
        let counts = so_far(stores);
        if is_nothing(&counts) {
            return;
        }
        if counts != *told {
            *told = counts;
            (self.tell)(&counts, Moment::Changed);
        } else {
            (self.tell)(&counts, Moment::Idle);
        }
    }

    /// Tells what came of the transfers that there were.
    pub(crate) fn at_the_end(&self, stores: &Stores) {
        let counts = so_far(stores);
        if !is_nothing(&counts) {
            (self.tell)(&counts, Moment::Over);
        }
    }
}

/// Whether no transfer has begun.
fn is_nothing(counts: &Counts) -> bool {
    (counts.bytes, counts.objects, counts.expected_objects) == (0, 0, Some(0)) || *counts == Counts::default()
}

fn so_far(stores: &Stores) -> Counts {
    stores.if_made().map(|storage| storage.progress().now()).unwrap_or_default()
}

fn log(counts: &Counts, moment: Moment) {
    if moment == Moment::Idle {
        return;
    }
    let Counts { bytes, objects, expected_bytes, expected_objects, .. } = *counts;
    tracing::info!(bytes, objects, expected_bytes, expected_objects, "transfers so far");
}
