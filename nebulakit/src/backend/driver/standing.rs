//! What no witness of a job hears: what nodes wait for that are queued for long, and how much data was moved.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::job_id::{job_id, node};
use super::walk::Walk;
use super::world::World;
use crate::coordinator::RequestId;
use crate::run::{EventKind, NodePath, WaitsFor};

/// How often it is recorded. Most shorter waits get no event.
const PERIOD: Duration = Duration::from_secs(1);

/// For how many nodes it is recorded at once: a run with many nodes should spend its time on them.
const AT_ONCE: usize = 1_024;

/// Checks periodically what the jobs of a run wait for.
pub(super) struct Standing {
    prefix: String,
    ticks: Interval,
    /// What was recorded of the jobs that wait.
    told: HashMap<RequestId, WaitsFor>,
    /// Up to where it was told of those that wait until they may submit their jobs.
    came: u64,
    /// How many bytes were told of.
    moved: u64,
}

impl Standing {
    pub(super) fn new(world: &World) -> Self {
        let mut ticks = interval_at(Instant::now() + PERIOD, PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { prefix: job_id(&world.run, &NodePath::from("")), ticks, told: HashMap::new(), came: 0, moved: 0 }
    }

    /// Tells of it until the run is over.
    pub(super) async fn told_while<T>(mut self, walk: &Walk<'_>, ended: impl Future<Output = T>) -> T {
        let mut ended = pin!(ended);
        loop {
            tokio::select! {
                biased;
                ended = &mut ended => {
                    self.tell_moved(walk);
                    return ended;
                }
                _ = self.ticks.tick() => self.tell(walk),
            }
        }
    }

    /// Tells what has changed.
    fn tell(&mut self, walk: &Walk<'_>) {
        self.tell_moved(walk);
        let waits = walk.world.coordinator.all_waits(&walk.world.run);
        let before = std::mem::take(&mut self.told);
        let mut left = AT_ONCE;
        for (job, waits_for) in waits {
            let is_new = before.get(&job) != Some(&waits_for);
            if is_new && left == 0 {
                continue;
            }
            // What a task calls is not a node.
            let Some(node) = node(&self.prefix, &job) else { continue };
            if is_new {
                left -= 1;
                walk.tell(&node, || EventKind::Queued { waits_for: waits_for.clone() });
            }
            self.told.insert(job, waits_for);
        }
        for node in walk.world.turns.waiting(&mut self.came, left) {
            walk.tell(&node, || EventKind::Queued { waits_for: WaitsFor::Turn });
        }
    }

    /// Tells how much was moved by now, if that is more than before.
    fn tell_moved(&mut self, walk: &Walk<'_>) {
        let bytes = walk.world.coordinator.moved() + walk.world.moved.load(Ordering::Relaxed);
        if std::mem::replace(&mut self.moved, bytes) != bytes {
            walk.tell_of_run(EventKind::Moved { bytes });
        }
    }
}
