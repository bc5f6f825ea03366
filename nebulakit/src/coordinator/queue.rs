//! Who runs next: slots, and those who wait for one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::coordinator::id::RunId;
use crate::coordinator::live::{IsLive, Live, Priority, Seated};
use crate::coordinator::lock::locked;
use crate::task::strategy::Strategy;

/// Jobs that lent their seat and want it back come first: they hold memory, and others wait for them.
const RETURNING: usize = 0;
/// Then children: their parents wait for them. A class for each priority.
const CHILDREN: usize = 1;
/// Then all others. A class for each priority.
const TOP_LEVEL: usize = 4;
const CLASSES: usize = 7;

/// One strategy's seats, and who waits for one.
pub(super) struct Lane {
    pub(super) strategy: Strategy,
    /// How many may run at once.
    pub(super) limit: Option<usize>,
    pub(super) taken: usize,
    classes: [Class; CLASSES],
    pub(super) waiting: usize,
    turns: u64,
}

/// Those who wait with the same right, by run: each run has its turn.
#[derive(Default)]
struct Class {
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
    job: Arc<dyn IsLive>,
    since: Instant,
}

impl Lane {
    pub(super) fn new(strategy: Strategy, limit: Option<usize>) -> Self {
        Self { strategy, limit, taken: 0, classes: std::array::from_fn(|_| Class::default()), waiting: 0, turns: 0 }
    }

    fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.taken < limit)
    }

    /// Gives the job a seat, or a place in the queue.
    pub(super) fn enter(&mut self, job: &Arc<dyn IsLive>, is_returning: bool, now: Instant) {
        let live = job.live();
        let mut seat = locked(&live.seat);
        if self.waiting == 0 && self.has_room() {
            self.taken += 1;
            seat.state = Seated::In;
            return;
        }
        let rank = match live.settings.priority {
            Priority::High => 0,
            Priority::Normal => 1,
            Priority::Low => 2,
        };
        let class = match (is_returning, &live.parent) {
            (true, _) => RETURNING,
            (false, Some(_)) => CHILDREN + rank,
            (false, None) => TOP_LEVEL + rank,
        };
        self.turns += 1;
        seat.state = Seated::Waiting { class, turn: self.turns };
        self.waiting += 1;
        let Class { order, runs } = &mut self.classes[class];
        let of_run = runs.entry(live.run.clone()).or_insert_with(|| {
            order.insert(self.turns, live.run.clone());
            OfRun { turn: self.turns, waiting: BTreeMap::new() }
        });
        of_run.waiting.insert(self.turns, Waiting { job: Arc::clone(job), since: now });
    }

    /// Takes a seat beyond the limit, where waiting for one is not possible.
    pub(super) fn force(&mut self, live: &Live) {
        locked(&live.seat).state = Seated::In;
        self.taken += 1;
    }

    /// Takes the job's seat, or its place in the queue, away. A job that gets a seat by it is to be woken.
    pub(super) fn leave(&mut self, live: &Live, now: Instant, ageing: Duration) -> Option<Waker> {
        let state = std::mem::take(&mut locked(&live.seat).state);
        match state {
            Seated::Out => None,
            Seated::Waiting { class, turn } => {
                self.remove(class, &live.run, turn);
                None
            }
            Seated::In => self.give_back(now, ageing),
        }
    }

    /// One who is not among the jobs any more gives a seat back.
    pub(super) fn give_back(&mut self, now: Instant, ageing: Duration) -> Option<Waker> {
        self.taken -= 1;
        self.seat_next(now, ageing)
    }

    pub(super) fn remove(&mut self, class: usize, run: &RunId, turn: u64) -> Option<Waiting> {
        let Class { order, runs } = &mut self.classes[class];
        let of_run = runs.get_mut(run)?;
        let removed = of_run.waiting.remove(&turn)?;
        self.waiting -= 1;
        if of_run.waiting.is_empty() {
            order.remove(&of_run.turn);
            runs.remove(run);
        }
        Some(removed)
    }

    fn seat_next(&mut self, now: Instant, ageing: Duration) -> Option<Waker> {
        if self.waiting == 0 || !self.has_room() {
            return None;
        }
        let class = (0..CLASSES).filter_map(|class| self.right(class, now, ageing)).min()?.2;
        let Class { order, runs } = &mut self.classes[class];
        let run = order.first_key_value()?.1.clone();
        let of_run = runs.get_mut(&run)?;
        // Its next turn is after all the others'.
        self.turns += 1;
        order.remove(&of_run.turn);
        order.insert(self.turns, run.clone());
        of_run.turn = self.turns;
        let turn = *of_run.waiting.first_key_value()?.0;
        let next = self.remove(class, &run, turn)?;
        self.taken += 1;
        let mut seat = locked(&next.job.live().seat);
        seat.state = Seated::In;
        seat.waker.take()
    }

    /// The right of the next in a class: lower goes first, the older of two that are equal.
    fn right(&self, class: usize, now: Instant, ageing: Duration) -> Option<(usize, Instant, usize)> {
        let Class { order, runs } = &self.classes[class];
        let (_, next) = runs.get(order.first_key_value()?.1)?.waiting.first_key_value()?;
        let steps = now.saturating_duration_since(next.since).as_nanos().checked_div(ageing.as_nanos()).unwrap_or(0);
        // Nobody rises above the children: what their parents hold is free only when they are over.
        let highest = [TOP_LEVEL, CHILDREN, RETURNING].into_iter().find(|first| class >= *first)?;
        let raised = class.saturating_sub(usize::try_from(steps).unwrap_or(usize::MAX)).max(highest);
        Some((raised, next.since, class))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinator::error::WorkKind;
    use crate::coordinator::id::RequestId;
    use crate::coordinator::live::Ended;

    struct Only(Live);

    impl IsLive for Only {
        fn live(&self) -> &Live {
            &self.0
        }

        fn complete(&self, _: Ended) {}

        fn live_mut(&mut self) -> &mut Live {
            &mut self.0
        }
    }

    fn job(id: &str, run: &str, priority: Priority, parent: Option<&Arc<dyn IsLive>>) -> Arc<dyn IsLive> {
        let mut live = Live::new(WorkKind::Async);
        live.id = RequestId::from(id);
        live.run = RunId::from(run);
        live.settings.priority = priority;
        live.parent = parent.cloned();
        Arc::new(Only(live))
    }

    /// The order in which those who wait get the only seat. Each began to wait at its second.
    fn order(ageing: u64, waiting: &[(&Arc<dyn IsLive>, u64)]) -> Vec<String> {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut lane = Lane::new(Strategy::Thread, Some(1));
        let first = job("first", "first", Priority::Normal, None);
        lane.enter(&first, false, begin);
        for (job, since) in waiting {
            lane.enter(job, false, at(*since));
        }
        let mut seated: Arc<dyn IsLive> = first;
        let mut ids = Vec::new();
        for _ in waiting {
            lane.leave(seated.live(), at(100), Duration::from_secs(ageing));
            let next = waiting.iter().find(|(job, _)| locked(&job.live().seat).state == Seated::In).unwrap();
            ids.push(next.0.live().id.to_string());
            seated = Arc::clone(next.0);
        }
        assert_eq!((lane.taken, lane.waiting), (1, 0));
        ids
    }

    #[test]
    fn high_goes_first_and_low_goes_last() {
        let [low, normal, high] = [Priority::Low, Priority::Normal, Priority::High].map(|one| job(&format!("{one:?}"), "r", one, None));
        assert_eq!(order(1_000, &[(&low, 0), (&normal, 0), (&high, 0)]), ["High", "Normal", "Low"]);
    }

    #[test]
    fn who_waits_for_long_rises() {
        let old = job("old", "r", Priority::Low, None);
        let new = job("new", "r", Priority::High, None);
        assert_eq!(order(20, &[(&old, 0), (&new, 90)]), ["old", "new"]);
    }

    #[test]
    fn children_go_before_others_however_old() {
        let parent = job("parent", "r", Priority::Normal, None);
        let child = job("child", "r", Priority::Low, Some(&parent));
        let old = job("old", "r", Priority::High, None);
        assert_eq!(order(1, &[(&old, 0), (&child, 99)]), ["child", "old"]);
    }

    #[test]
    fn runs_take_turns() {
        let jobs = [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("b2", "b")].map(|(id, run)| job(id, run, Priority::Normal, None));
        let waiting: Vec<_> = jobs.iter().map(|job| (job, 0)).collect();
        assert_eq!(order(1_000, &waiting), ["a1", "b1", "a2", "b2", "a3"]);
    }

    #[test]
    fn who_gives_up_leaves_the_queue() {
        let now = Instant::now();
        let ageing = Duration::from_secs(1);
        let mut lane = Lane::new(Strategy::Thread, Some(1));
        let [a, b, c] = ["a", "b", "c"].map(|id| job(id, "r", Priority::Normal, None));
        for job in [&a, &b, &c] {
            lane.enter(job, false, now);
        }
        lane.leave(b.live(), now, ageing);
        assert_eq!((lane.taken, lane.waiting), (1, 1));
        lane.leave(a.live(), now, ageing);
        assert!(locked(&c.live().seat).state == Seated::In);
    }
}
