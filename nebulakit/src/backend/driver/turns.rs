//! Who may submit a job: of those that ask for the same, no more than it takes to keep the coordinator busy. The others wait here, before their inputs are copied and
//! their jobs are made.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::coordinator::Resources;
use crate::run::NodePath;
use crate::task::strategy::Strategy;

/// How many jobs of a kind are queued at once. A queue that is as long does not run dry before the driver has its turn.
const AT_ONCE: usize = 256;

/// How many kinds are told apart; those beyond share the turns of the last one.
const KINDS: usize = 64;

/// The turns of a run's jobs.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    kinds: Mutex<Vec<Arc<Kind>>>,
    waiting: Mutex<Waiting>,
}

/// How a job runs. Jobs of one kind have the same chance to run: whichever is queued first, none of another kind waits longer for it.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) strategy: Strategy,
    pub(super) resources: Option<Resources>,
    turns: Arc<Semaphore>,
}

/// The right to submit a job. Others that wait have their turn once `permit` is dropped, which is when the job begins.
pub(super) struct Turn {
    pub(super) kind: Arc<Kind>,
    pub(super) permit: Option<OwnedSemaphorePermit>,
}

/// The nodes that wait for a turn, by when they came.
#[derive(Debug, Default)]
struct Waiting {
    came: u64,
    nodes: BTreeMap<u64, NodePath>,
}

impl Turns {
    /// Waits until a job of that kind may be submitted.
    pub(super) async fn take(&self, node: &NodePath, kind: Arc<Kind>) -> Turn {
        if let Ok(permit) = Arc::clone(&kind.turns).try_acquire_owned() {
            return Turn { kind, permit: Some(permit) };
        }
        let _waits = Waits::new(self, node);
        // It is never closed.
        let permit = Arc::clone(&kind.turns).acquire_owned().await.ok();
        Turn { kind, permit }
    }

    /// The nodes that came to wait since `*came`, up to `most` of them.
    pub(super) fn waiting(&self, came: &mut u64, most: usize) -> Vec<NodePath> {
        let waiting = self.waits();
        let new: Vec<_> = waiting.nodes.range(*came..).take(most).collect();
        *came = new.last().map_or(*came, |(last, _)| **last + 1);
        new.into_iter().map(|(_, node)| node.clone()).collect()
    }

    /// The kind of the jobs that run like this.
    pub(super) fn kind(&self, strategy: Strategy, resources: Option<Resources>) -> Arc<Kind> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kinds.iter().find(|kind| kind.strategy == strategy && kind.resources == resources) {
            return Arc::clone(known);
        }
        if let Some(last) = kinds.last().filter(|_| kinds.len() == KINDS) {
            return Arc::new(Kind { strategy, resources, turns: Arc::clone(&last.turns) });
        }
        let kind = Arc::new(Kind { strategy, resources, turns: Arc::new(Semaphore::new(AT_ONCE)) });
        kinds.push(Arc::clone(&kind));
        kind
    }

    fn waits(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A node that waits for its turn, as long as this is there.
struct Waits<'t> {
    turns: &'t Turns,
    came: u64,
}

impl<'t> Waits<'t> {
    fn new(turns: &'t Turns, node: &NodePath) -> Self {
        let mut waiting = turns.waits();
        let came = waiting.came;
        waiting.came += 1;
        waiting.nodes.insert(came, node.clone());
        Self { turns, came }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.turns.waits().nodes.remove(&self.came);
    }
}
