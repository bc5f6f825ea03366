//! Records what the jobs of a run do, as events of its nodes.

use std::pin::pin;

use futures_util::FutureExt as _;

use super::job_id::{job_id, node};
use super::standing::Standing;
use super::walk::Walk;
use super::world::World;
use crate::coordinator::{self, EventStream, JobEvent, Overflow};
use crate::run::{EventKind, NodePath};

/// How many events of jobs can be pending before jobs have to wait.
const ROOM: usize = 65_536;

/// The events of a run's jobs.
pub(super) struct Jobs {
    events: EventStream,
    prefix: String,
}

impl Jobs {
    /// Those of the run, if it is recorded.
    pub(super) fn of(world: &World) -> Option<Self> {
        world.record.is_on().then(|| Self {
            events: world.coordinator.publisher().subscribe_to_attempts(Overflow::Wait(ROOM)),
            prefix: job_id(&world.run, &NodePath::from("")),
        })
    }

    /// Records what jobs do until `ended` is over, always before its result.
    pub(super) async fn told_while<T>(mut self, walk: &Walk<'_>, ended: impl Future<Output = T>) -> T {
        let mut ended = pin!(ended);
        let mut standing = Standing::new(walk.world);
        loop {
            // What is there by now is told first, and no more of it: jobs that say much do not keep the run from going on.
            let due = self.events.waiting();
            for _ in 0..due {
                if let Some(event) = self.events.next().now_or_never().flatten() {
                    self.tell(walk, &event);
                }
            }
            if due > 0 {
                tokio::task::yield_now().await;
            }
            tokio::select! {
                biased;
                ended = &mut ended => {
                    standing.tell_moved(walk);
                    return ended;
                }
                Some(event) = self.events.next() => self.tell(walk, &event),
                () = standing.due() => standing.tell(walk),
            }
        }
    }

    /// Records an event. Tasks that are called by other tasks are not nodes: their callers' witnesses record what they say.
    fn tell(&self, walk: &Walk<'_>, event: &JobEvent) {
        use coordinator::EventKind as Job;
        let kind = match &event.kind {
            Job::Started { attempt } => EventKind::Started { attempt: *attempt },
            Job::Retrying { attempt, delay, failure, used, .. } => {
                EventKind::Retrying { attempt: *attempt, delay: *delay, failure: failure.clone(), used: *used }
            }
            _ => return,
        };
        if let Some(node) = event.job.as_ref().and_then(|job| node(&self.prefix, job)) {
            walk.tell(&node, || kind);
        }
    }
}
