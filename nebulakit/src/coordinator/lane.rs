//! One strategy's slots, and those who wait for one.
//!
//! Those who ask for the same wait in a queue of their own, in classes by their right, and in a class by run: each run has its turn.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use crate::coordinator::id::RunId;
use crate::coordinator::live::{IsLive, Seated};
use crate::coordinator::resources::Demand;
use crate::task::strategy::Strategy;

/// Jobs that lent their seat and want it back come first: they hold memory, and others wait for them.
pub(super) const RETURNING: usize = 0;
/// Then children: their parents wait for them. A class for each priority.
pub(super) const CHILDREN: usize = 1;
/// Then all others. A class for each priority.
pub(super) const TOP_LEVEL: usize = 4;
const CLASSES: usize = 7;

/// How many kinds of demand are told apart among those who wait in a lane. Beyond it, those with another one wait in one queue, and its first holds up the
/// rest: what an admission costs does not depend on how many wait.
const KINDS: usize = 64;

/// One strategy's slots, and who waits.
pub(super) struct Lane {
    pub(super) strategy: Strategy,
    /// How many may run at once.
    pub(super) limit: Option<usize>,
    pub(super) taken: usize,
    /// The cores of those who ask for nothing in particular, in thousandths.
    pub(super) millicores: u64,
    pub(super) queues: Vec<Queue>,
    pub(super) waiting: usize,
    turns: u64,
}

/// Those who ask for the same.
pub(super) struct Queue {
    demand: Asks,
    pub(super) classes: [Class; CLASSES],
    pub(super) waiting: usize,
}

/// What those in a queue ask for.
#[derive(PartialEq, Eq)]
enum Asks {
    /// Nothing in particular.
    Nothing,
    This(Arc<Demand>),
    /// Each something else.
    Anything,
}

/// Those who wait with the same right, by run: each run has its turn.
#[derive(Default)]
pub(super) struct Class {
    /// The runs by their turns.
    order: BTreeMap<u64, RunId>,
    runs: HashMap<RunId, OfRun>,
}

#[derive(Default)]
struct OfRun {
    turn: u64,
    waiting: BTreeMap<u64, Waiting>,
}

pub(super) struct Waiting {
    pub(super) job: Arc<dyn IsLive>,
    pub(super) since: Instant,
    /// How often it was passed over.
    pub(super) overtaken: u32,
}

impl Lane {
    pub(super) fn new(strategy: Strategy, limit: Option<usize>, millicores: u64) -> Self {
        Self { strategy, limit, taken: 0, millicores, queues: Vec::new(), waiting: 0, turns: 0 }
    }

    /// How many slots are free.
    pub(super) fn room(&self) -> usize {
        self.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.taken))
    }

    /// The queue for those who ask for `demand`.
    fn queue(&mut self, demand: Option<&Arc<Demand>>) -> usize {
        let asks = demand.map_or(Asks::Nothing, |demand| Asks::This(Arc::clone(demand)));
        let anything = |queue: &Queue| queue.demand == Asks::Anything;
        if let Some(index) = self.queues.iter().position(|queue| queue.demand == asks) {
            return index;
        }
        // One that nobody waits in is anybody's.
        if let Some(index) = self.queues.iter().position(|queue| queue.waiting == 0 && !anything(queue)) {
            self.queues[index].demand = asks;
            return index;
        }
        let demand = if self.queues.len() < KINDS { asks } else { Asks::Anything };
        match self.queues.iter().position(anything).filter(|_| demand == Asks::Anything) {
            Some(index) => index,
            None => {
                self.queues.push(Queue { demand, classes: std::array::from_fn(|_| Class::default()), waiting: 0 });
                self.queues.len() - 1
            }
        }
    }

    pub(super) fn push(&mut self, job: &Arc<dyn IsLive>, class: usize, now: Instant) -> Seated {
        let live = job.live();
        let queue = self.queue(live.demand().as_ref());
        self.turns += 1;
        self.waiting += 1;
        let of = &mut self.queues[queue];
        of.waiting += 1;
        let Class { order, runs } = &mut of.classes[class];
        let of_run = runs.entry(live.run.clone()).or_insert_with(|| {
            order.insert(self.turns, live.run.clone());
            OfRun { turn: self.turns, waiting: BTreeMap::new() }
        });
        of_run.waiting.insert(self.turns, Waiting { job: Arc::clone(job), since: now, overtaken: 0 });
        Seated::Waiting { queue, class, turn: self.turns }
    }

    pub(super) fn remove(&mut self, queue: usize, class: usize, run: &RunId, turn: u64) -> Option<Waiting> {
        let of = &mut self.queues[queue];
        let Class { order, runs } = &mut of.classes[class];
        let of_run = runs.get_mut(run)?;
        let removed = of_run.waiting.remove(&turn)?;
        of.waiting -= 1;
        self.waiting -= 1;
        if of_run.waiting.is_empty() {
            order.remove(&of_run.turn);
            runs.remove(run);
        }
        Some(removed)
    }

    /// Takes the next of a class out of its queue.
    pub(super) fn pop(&mut self, queue: usize, class: usize) -> Option<Waiting> {
        let Class { order, runs } = &mut self.queues[queue].classes[class];
        let run = order.first_key_value()?.1.clone();
        let of_run = runs.get_mut(&run)?;
        // Its next turn is after all the others'.
        self.turns += 1;
        order.remove(&of_run.turn);
        order.insert(self.turns, run.clone());
        of_run.turn = self.turns;
        let turn = *of_run.waiting.first_key_value()?.0;
        self.remove(queue, class, &run, turn)
    }
}

impl Class {
    pub(super) fn next(&self) -> Option<&Waiting> {
        self.runs.get(self.order.first_key_value()?.1)?.waiting.first_key_value().map(|(_, next)| next)
    }

    pub(super) fn next_mut(&mut self) -> Option<&mut Waiting> {
        self.runs.get_mut(self.order.first_key_value()?.1)?.waiting.first_entry().map(|next| next.into_mut())
    }
}
