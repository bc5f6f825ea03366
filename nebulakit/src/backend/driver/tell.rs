//! What the jobs of a run do, told as events of its nodes.

use std::collections::HashMap;
use std::pin::pin;

use futures_util::FutureExt as _;

use super::walk::Walk;
use super::world::World;
use crate::coordinator::{self, EventStream, JobEvent, Overflow, RequestId};
use crate::run::{EventKind, NodePath, RunId};

/// How many events of jobs wait to be told before jobs wait for it.
const ROOM: usize = 65_536;

/// The id of the job of a node. A coordinator may have several runs.
pub(super) fn job_id(run: &RunId, node: &NodePath) -> String {
    format!("{run}:{node}")
}

/// Hears what the jobs of a run do.
pub(super) struct Jobs {
    events: EventStream,
    prefix: String,
    /// The nodes whose tasks called others: those are not nodes, and what they say is said by these.
    callers: HashMap<RequestId, NodePath>,
}

impl Jobs {
    /// Those of the run, if anybody wants to hear of them.
    pub(super) fn of(world: &World) -> Option<Self> {
        world.record.is_on().then(|| Self {
            events: world.coordinator.publisher().subscribe(Overflow::Wait(ROOM)),
            prefix: job_id(&world.run, &NodePath::from("")),
            callers: HashMap::new(),
        })
    }

    /// Tells what jobs do until `ended` is over: always before what comes of it.
    pub(super) async fn told_while<T>(mut self, walk: &Walk<'_>, ended: impl Future<Output = T>) -> T {
        let mut ended = pin!(ended);
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
                ended = &mut ended => return ended,
                Some(event) = self.events.next() => self.tell(walk, &event),
            }
        }
    }

    fn tell(&mut self, walk: &Walk<'_>, event: &JobEvent) {
        use coordinator::EventKind as Job;
        let Some(job) = &event.job else { return };
        let own = self.node(job);
        let kind = match (&event.kind, &own) {
            (Job::Submitted { parent: Some(parent), .. }, None) => {
                if let Some(node) = self.node(parent).or_else(|| self.callers.get(parent).cloned()) {
                    self.callers.insert(job.clone(), node);
                }
                return;
            }
            (Job::Finished { .. }, None) => {
                self.callers.remove(job);
                return;
            }
            (Job::Started { attempt }, Some(_)) => EventKind::Started { attempt: *attempt },
            (Job::Retrying { attempt, delay, failure, .. }, Some(_)) => {
                EventKind::Retrying { attempt: *attempt, delay: *delay, failure: failure.clone() }
            }
            (Job::Progress { done, total }, Some(_)) => EventKind::Progress { done: *done, total: *total },
            (Job::Log { level, message }, _) => EventKind::Log { level: level.clone(), message: message.clone() },
            (Job::Output { stream, line }, _) => EventKind::Output { stream: *stream, line: line.clone() },
            _ => return,
        };
        if let Some(node) = own.or_else(|| self.callers.get(job).cloned()) {
            walk.tell(&node, || kind);
        }
    }

    fn node(&self, job: &RequestId) -> Option<NodePath> {
        job.chosen()?.strip_prefix(&self.prefix).map(NodePath::from)
    }
}
