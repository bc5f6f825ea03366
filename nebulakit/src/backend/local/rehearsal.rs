//! A preview of a run: the graph is walked as usual, with cached and kept outputs, and no task runs.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _, ready};

use super::memory::Remembered;
use crate::backend::driver::{Signals, Turns, World, drive, literals_of};
use crate::backend::preview::{Fate, Foreseen, Preview, Unkept};
use crate::backend::{Plan, RunError};
use crate::coordinator::Coordinator;
use crate::run::{Cache, CacheEntry, EventKind, Lookup, Nearest, NodePath, Origin, Record, RecordError, Recorded, RunId};
use crate::task::cancellation::Cancellation;
use crate::task::mock::Mocks;

/// Says what a run of `plan` would do; `coordinator` gets no work.
pub(super) async fn rehearse(plan: &Plan, memory: Arc<Remembered>, cache: &Cache, coordinator: Coordinator) -> Result<Preview, RunError> {
    let heard = Arc::new(Heard::default());
    let world = world(plan, &memory, coordinator, Arc::clone(&heard) as _);
    let inputs = Bytes::copy_from_slice(&plan.options.inputs);
    // How it ends says nothing: what would run counts as stopped.
    let _ = drive(&plan.graph, &world, &literals_of(&inputs).map_err(RunError::Inputs)?).await;
    world.coordinator.shutdown(Duration::ZERO).await;
    let mut nodes = std::mem::take(&mut *heard.nodes.lock().unwrap_or_else(PoisonError::into_inner));
    let mut entries = Entries { cache, of: HashMap::new() };
    for (path, node) in nodes.iter_mut().filter(|(_, node)| node.fate == Fate::Runs) {
        if let (None, Some(former)) = (node.unkept, &memory.former) {
            node.unkept = Some(former.unkept(path, &node.of));
        }
        if let Some(Lookup::Miss { key }) = &node.lookup {
            node.nearest = Nearest::of(key, entries.of(&key.task).map_err(RunError::Record)?);
        }
    }
    let mut nodes: Vec<_> = nodes.into_values().collect();
    nodes.sort_by(|one, other| place(&one.node).cmp(&place(&other.node)));
    let resumes = memory.former.as_ref().map(|former| former.id().clone());
    Ok(Preview { name: plan.graph.name.clone(), resumes, nodes })
}

/// The world of a walk that runs nothing.
pub(super) fn world(plan: &Plan, memory: &Arc<Remembered>, coordinator: Coordinator, record: Arc<dyn Record>) -> World {
    let former = memory.former.as_ref().map_or_else(HashMap::new, |former| former.answers(&plan.options.inputs));
    // Nobody answers what is only looked at.
    let (signals, _refused) = Signals::open(&plan.graph, HashMap::new(), former);
    World {
        coordinator,
        run: RunId::from("rehearsal"),
        record,
        signals: Arc::new(signals),
        stop: Cancellation::new(),
        strategy: None,
        stored: None,
        mocks: Mocks::default(),
        moved: Arc::default(),
        window: None,
        turns: Turns::default(),
        memory: Some(Arc::clone(memory) as _),
        is_rehearsal: true,
        shelf: None,
        from: plan.options.from.clone(),
    }
}

/// The parts of a path, for sorting: `n2` comes before `n10`, and before `n2/n0`.
fn place(path: &NodePath) -> Vec<(u64, &str)> {
    let number = |part: &str| part.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse().unwrap_or(u64::MAX);
    path.as_str().split(['/', '[', ']', '-']).map(|part| (number(part), part)).collect()
}

/// The entries of the cache, read once for each task.
struct Entries<'a> {
    cache: &'a Cache,
    of: HashMap<String, Vec<CacheEntry>>,
}

impl Entries<'_> {
    fn of(&mut self, task: &str) -> Result<&[CacheEntry], RecordError> {
        if !self.of.contains_key(task) {
            self.of.insert(task.to_owned(), self.cache.list(Some(task))?);
        }
        Ok(self.of.get(task).map_or(&[], Vec::as_slice))
    }
}

/// What the events said of the nodes.
#[derive(Default)]
struct Heard {
    nodes: Mutex<BTreeMap<NodePath, Foreseen>>,
}

impl Record for Heard {
    fn record(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()> {
        let Some(path) = node else { return Ok(()) };
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        if let EventKind::Ready { of } = kind {
            let foreseen = Foreseen { node: path.clone(), of, fate: Fate::Runs, lookup: None, nearest: None, unkept: None };
            nodes.insert(path.clone(), foreseen);
        } else if let Some(node) = nodes.get_mut(path) {
            node.hear(kind);
        }
        Ok(())
    }

    fn log(&self, _: &NodePath, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn keep(&self, _: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        ready(Ok(Recorded::Not)).boxed()
    }
}

impl Foreseen {
    fn hear(&mut self, kind: EventKind) {
        self.fate = match kind {
            EventKind::LookedUp { found } => {
                self.lookup = Some(found);
                return;
            }
            EventKind::Again { because } => {
                self.unkept = Some(Unkept::Again(because));
                return;
            }
            // Nothing begins but what consists of other nodes.
            EventKind::Started { .. } => Fate::Partly,
            EventKind::Waiting { signal, .. } => Fate::Waits { signal },
            EventKind::Succeeded { from: Origin::Cache, .. } => Fate::Cached,
            EventKind::Succeeded { from: Origin::Resumed, .. } => Fate::Kept,
            EventKind::Succeeded { .. } => Fate::Settled,
            EventKind::Failed { failure, .. } => Fate::Fails { failure },
            EventKind::Skipped { because } => Fate::Unknown { until: because },
            _ => return,
        };
    }
}
