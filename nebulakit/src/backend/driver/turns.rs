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
    kinds: Mutex<Vec<Kind>>,
    waiting: Mutex<Waiting>,
}

/// Jobs of one kind have the same chance to run: whichever is queued first, none of another kind waits longer for it.
#[derive(Debug)]
struct Kind {
    strategy: Strategy,
    resources: Option<Resources>,
    turns: Arc<Semaphore>,
}

/// The nodes that wait for a turn, by when they came.
#[derive(Debug, Default)]
struct Waiting {
    came: u64,
    nodes: BTreeMap<u64, NodePath>,
}

impl Turns {
    /// Waits until a job that asks for this may be submitted. What this gives is a turn until it is dropped, which is when the job begins.
    pub(super) async fn take(&self, node: &NodePath, strategy: &Strategy, resources: Option<&Resources>) -> Option<OwnedSemaphorePermit> {
        let turns = self.of(strategy, resources);
        if let Ok(turn) = Arc::clone(&turns).try_acquire_owned() {
            return Some(turn);
        }
        let _waits = Waits::new(self, node);
        // It is never closed.
        turns.acquire_owned().await.ok()
    }

    /// The nodes that came to wait since `*came`, up to `most` of them.
    pub(super) fn waiting(&self, came: &mut u64, most: usize) -> Vec<NodePath> {
        let waiting = self.waits();
        let new: Vec<_> = waiting.nodes.range(*came..).take(most).collect();
        *came = new.last().map_or(*came, |(last, _)| **last + 1);
        new.into_iter().map(|(_, node)| node.clone()).collect()
    }

    fn of(&self, strategy: &Strategy, resources: Option<&Resources>) -> Arc<Semaphore> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kinds.iter().position(|kind| kind.strategy == *strategy && kind.resources.as_ref() == resources);
        let place = known.unwrap_or_else(|| {
            if kinds.len() < KINDS {
                kinds.push(Kind { strategy: strategy.clone(), resources: resources.cloned(), turns: Arc::new(Semaphore::new(AT_ONCE)) });
            }
            kinds.len() - 1
        });
        Arc::clone(&kinds[place].turns)
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
