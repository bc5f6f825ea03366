//! How far the transfers of a task have come, told in the log while they go on.

use std::time::Duration;

use nebulakit_types::storage::Counts;

use crate::services::stores::Stores;

/// How often it is told: seldom enough not to fill the log.
pub(crate) const EVERY: Duration = Duration::from_secs(15);

/// Tells of transfers that go on, if anything has changed since it was `told`. Before the task has touched a store there is nothing.
pub(crate) fn meanwhile(stores: &Stores, told: &mut Counts) {
    let counts = so_far(stores);
    if counts != *told && !is_nothing(&counts) {
        *told = counts;
        log(&counts);
    }
}

/// Tells what came of the transfers that there were.
pub(crate) fn at_the_end(stores: &Stores) {
    let counts = so_far(stores);
    if !is_nothing(&counts) {
        log(&counts);
    }
}

/// Whether no transfer has begun.
fn is_nothing(counts: &Counts) -> bool {
    (counts.bytes, counts.objects, counts.expected_objects) == (0, 0, Some(0)) || *counts == Counts::default()
}

fn so_far(stores: &Stores) -> Counts {
    stores.if_made().map(|storage| storage.progress().now()).unwrap_or_default()
}

fn log(counts: &Counts) {
    let Counts { bytes, objects, expected_bytes, expected_objects, .. } = *counts;
    tracing::info!(bytes, objects, expected_bytes, expected_objects, "transfers so far");
}
