//! Who runs next: slots and resources, and those who wait for them.
//!
//! Each strategy has a lane, in which those who ask for the same wait in a queue of their own: where the first of a queue does not fit, none of it does, and the
//! next queue is looked at. What one who waits is passed over for is bounded ([`OVERTAKEN`]): then what is free is kept for it.

use std::cmp::Reverse;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::coordinator::lane::{CHILDREN, Lane, RETURNING, TOP_LEVEL, Waiting};
use crate::coordinator::live::{IsLive, Live, Priority, Seated};
use crate::coordinator::lock::locked;
use crate::coordinator::resources::shared::{Bell, Want};
use crate::coordinator::resources::{Demand, Free, Held, Stock};
use crate::coordinator::waits::WaitsFor;

/// How often a job whose turn it is may be passed over because it does not fit and another one does.
const OVERTAKEN: u32 = 16;

/// How many of those who wait are asked for at the same time where processes share what there is.
const WANTS: usize = 8;

/// All lanes, and what they share.
pub(super) struct Seats {
    pub(super) lanes: Vec<Lane>,
    pub(super) stock: Stock,
    /// How many jobs of all lanes may run at once.
    jobs: Option<usize>,
    /// Whether somebody waits whose lane has a slot: for what the lanes share.
    is_short: bool,
    ageing: Duration,
    /// Rung when something waits or is free, where processes share what there is.
    bell: Option<Arc<Bell>>,
    /// Whether jobs of other processes go before: what comes free goes to them first.
    gives_way: bool,
}

/// Where the next of a class is, and its right: lower goes first, the older of two that are equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    right: usize,
    since: Instant,
    class: usize,
    lane: usize,
    queue: usize,
}

/// Those who got their seats, to be woken when the lock is free.
#[derive(Default)]
#[must_use = "they wait until they are woken"]
pub(super) struct Woken {
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Woken {
    pub(super) fn add(&mut self, waker: Option<Waker>) {
        match waker {
            Some(waker) if self.first.is_none() => self.first = Some(waker),
            waker => self.others.extend(waker),
        }
    }

    pub(super) fn wake(self) {
        self.first.into_iter().chain(self.others).for_each(Waker::wake);
    }
}

impl Seats {
    pub(super) fn new(lanes: Vec<Lane>, stock: Stock, jobs: Option<usize>, ageing: Duration, bell: Option<Arc<Bell>>) -> Self {
        Self { lanes, stock, jobs, is_short: false, ageing, bell, gives_way: false }
    }

    /// Gives the job a seat, or a place in the queue. One that lent its seat has what it did not lend.
    pub(super) fn enter(&mut self, job: &Arc<dyn IsLive>, is_returning: bool, now: Instant) -> Woken {
        let live = job.live();
        let room = self.room(live.lane);
        if self.lanes[live.lane].waiting == 0
            && room > 0
            && !self.is_short
            && !self.gives_way
            && self.fits(live, is_returning, self.stock.free())
        {
            self.seat(live, is_returning);
            return Woken::default();
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
        let waiting = self.lanes[live.lane].push(job, class, now);
        locked(&live.seat).state = waiting;
        // Where there is no slot, one more who waits changes nothing.
        if room > 0 { self.go_on(now) } else { Woken::default() }
    }

    /// How many more may run, whatever their lane.
    fn room_of_all(&self) -> usize {
        self.jobs.map_or(usize::MAX, |jobs| jobs.saturating_sub(self.lanes.iter().map(|lane| lane.taken).sum()))
    }

    /// How many more of that lane may run.
    fn room(&self, lane: usize) -> usize {
        self.lanes[lane].room().min(self.room_of_all())
    }

    /// What the job waits for; [`None`] where it does not wait.
    pub(super) fn waits_for(&self, live: &Live) -> Option<WaitsFor> {
        let Seated::Waiting { .. } = locked(&live.seat).state else { return None };
        let lane = &self.lanes[live.lane];
        let missing = match live.demand() {
            Some(demand) => self.stock.missing(&demand),
            None => self.stock.missing(&Demand { millicores: lane.millicores, ..Demand::default() }),
        };
        Some(match missing {
            _ if self.room_of_all() == 0 => WaitsFor::Jobs,
            missing if !missing.is_empty() => WaitsFor::Resources(missing),
            _ if lane.room() == 0 => WaitsFor::Slots { strategy: lane.strategy.to_name().into_owned() },
            _ => WaitsFor::Turn,
        })
    }

    /// Takes a slot and cores beyond the limits, where waiting for them is not possible.
    pub(super) fn force(&mut self, live: &Live) {
        self.seat(live, true);
    }

    /// Takes the job's seat, or its place in the queue, and all that it holds away.
    pub(super) fn leave(&mut self, live: &Live, now: Instant) -> Woken {
        let (state, held) = {
            let mut seat = locked(&live.seat);
            (std::mem::take(&mut seat.state), std::mem::take(&mut seat.held))
        };
        self.unqueue(live, state);
        self.give_back(live.lane, &held, now)
    }

    /// The same, but for what is not lent: memory, GPUs and tokens.
    pub(super) fn lend(&mut self, live: &Live, now: Instant) -> Woken {
        let (state, lent) = {
            let mut seat = locked(&live.seat);
            let rest = seat.held.rest.take();
            let lent = std::mem::replace(&mut seat.held, Held { rest, ..Held::default() });
            (std::mem::take(&mut seat.state), lent)
        };
        self.unqueue(live, state);
        self.give_back(live.lane, &lent, now)
    }

    /// Takes the job's place in the queue away.
    pub(super) fn unqueue(&mut self, live: &Live, state: Seated) {
        if let Seated::Waiting { queue, class, turn } = state {
            self.lanes[live.lane].remove(queue, class, &live.run, turn);
        }
    }

    /// What a job of that lane held is free again.
    pub(super) fn give_back(&mut self, lane: usize, held: &Held, now: Instant) -> Woken {
        if held.is_nothing() && !self.is_short {
            return Woken::default();
        }
        self.lanes[lane].taken -= usize::from(held.has_slot);
        self.stock.give_back(held);
        self.go_on(now)
    }

    /// Whether what the job asks for is in `free`.
    fn fits(&self, live: &Live, is_returning: bool, free: &Free) -> bool {
        match live.demand() {
            None => free.has_cores(self.lanes[live.lane].millicores),
            Some(demand) if is_returning => free.has_cores(demand.millicores),
            Some(demand) => free.has(&demand),
        }
    }

    fn seat(&mut self, live: &Live, is_returning: bool) -> Option<Waker> {
        let demand = live.demand();
        let lane = &mut self.lanes[live.lane];
        lane.taken += 1;
        let millicores = demand.as_ref().map_or(lane.millicores, |demand| demand.millicores);
        let mut seat = locked(&live.seat);
        match demand.filter(|_| !is_returning) {
            Some(demand) => {
                let granted = self.stock.take(&demand);
                seat.held.rest = Some((demand, granted));
            }
            None => self.stock.take_cores(millicores),
        }
        seat.held.has_slot = true;
        seat.held.millicores = millicores;
        seat.state = Seated::In;
        seat.waker.take()
    }

    /// Gives seats to those who wait, as long as the next one fits.
    pub(super) fn go_on(&mut self, now: Instant) -> Woken {
        let woken = if self.gives_way {
            // What is free goes back, and is asked for.
            let somebody_waits = self.candidates(now).next().is_some();
            self.is_short = somebody_waits;
            Woken::default()
        } else {
            self.seat_all(now)
        };
        if let Some(bell) = self.bell.as_ref().filter(|_| self.is_short || self.stock.has_free()) {
            bell.ring();
        }
        woken
    }

    /// What there is was given, or given back: it is for those who wait here. Whether others go before after that.
    pub(super) fn shared(&mut self, gives_way: bool, now: Instant) -> Woken {
        self.gives_way = false;
        let woken = self.go_on(now);
        self.gives_way = gives_way;
        woken
    }

    /// Whether jobs of other processes go before.
    pub(super) fn give_way(&mut self, gives_way: bool) {
        self.gives_way = gives_way;
    }

    /// Whether somebody waits although no attempt runs that could give anything back, here or in another process.
    pub(super) fn stands_still(&self) -> bool {
        self.is_short && self.bell.is_none() && self.lanes.iter().all(|lane| lane.taken == 0)
    }

    /// One who waits gets no seat.
    pub(super) fn refuse(&mut self, live: &Live) -> Option<Waker> {
        let (state, waker) = {
            let mut seat = locked(&live.seat);
            (std::mem::replace(&mut seat.state, Seated::Refused), seat.waker.take())
        };
        self.unqueue(live, state);
        waker
    }

    /// What those want who wait for what the lanes share, in their order. One who was passed over too often is the last: what there is is kept for it.
    pub(super) fn wants(&self, now: Instant) -> Vec<Want> {
        let mut candidates: Vec<_> = self.candidates(now).collect();
        candidates.sort_unstable();
        let mut wants = Vec::new();
        for candidate in candidates.into_iter().take(WANTS) {
            let Some(Waiting { job, since, overtaken }) = self.next(candidate) else { continue };
            let (live, is_returning) = (job.live(), candidate.class == RETURNING);
            let demand = match live.demand() {
                None => Demand { millicores: self.lanes[candidate.lane].millicores, ..Demand::default() },
                Some(demand) if is_returning => Demand { millicores: demand.millicores, ..Demand::default() },
                Some(demand) => (*demand).clone(),
            };
            wants.push(Want { demand, waited: now.saturating_duration_since(*since), is_urgent: is_returning || live.is_needed });
            if !live.is_needed && *overtaken >= OVERTAKEN {
                break;
            }
        }
        wants
    }

    fn seat_all(&mut self, now: Instant) -> Woken {
        let mut woken = Woken::default();
        loop {
            let Some(first) = self.candidates(now).min() else {
                self.is_short = false;
                return woken;
            };
            let chosen = if self.fits_now(first, self.stock.free()) { Some(first) } else { self.behind(now) };
            let Some(Candidate { lane, queue, class, .. }) = chosen else {
                self.is_short = true;
                return woken;
            };
            let Some(next) = self.lanes[lane].pop(queue, class) else { return woken };
            woken.add(self.seat(next.job.live(), class == RETURNING));
        }
    }

    /// The next of each class that waits for no slot.
    fn candidates(&self, now: Instant) -> impl Iterator<Item = Candidate> {
        let lanes = self.lanes.iter().enumerate().filter(|(number, lane)| lane.waiting > 0 && self.room(*number) > 0);
        let queues = lanes.flat_map(|(number, lane)| {
            lane.queues.iter().enumerate().filter(|(_, queue)| queue.waiting > 0).map(move |(place, queue)| (number, place, queue))
        });
        queues.flat_map(move |(lane, place, queue)| {
            queue.classes.iter().enumerate().filter_map(move |(class, of)| {
                let since = of.next()?.since;
                Some(Candidate { right: self.right(class, since, now)?, since, lane, queue: place, class })
            })
        })
    }

    fn next(&self, Candidate { lane, queue, class, .. }: Candidate) -> Option<&Waiting> {
        self.lanes[lane].queues[queue].classes[class].next()
    }

    fn fits_now(&self, candidate: Candidate, free: &Free) -> bool {
        self.next(candidate).is_some_and(|next| self.fits(next.job.live(), candidate.class == RETURNING, free))
    }

    /// One who fits although one who goes before does not. Those who are passed over are counted, and what is free is kept for those who were too often.
    fn behind(&mut self, now: Instant) -> Option<Candidate> {
        let mut candidates: Vec<_> = self.candidates(now).collect();
        candidates.sort_unstable_by_key(|candidate| Reverse(*candidate));
        let mut free = self.stock.free().clone();
        let mut room: Vec<_> = self.lanes.iter().map(Lane::room).collect();
        let mut room_of_all = self.room_of_all();
        let mut passed = Vec::new();
        while let Some(candidate) = candidates.pop() {
            let live = self.next(candidate)?.job.live();
            // What is kept for another may be held by those who wait for this one.
            let is_urgent = candidate.class == RETURNING || live.is_needed;
            if if is_urgent {
                self.fits_now(candidate, self.stock.free())
            } else {
                room[candidate.lane].min(room_of_all) > 0 && self.fits_now(candidate, &free)
            } {
                for Candidate { lane, queue, class, .. } in passed {
                    if let Some(next) = self.lanes[lane].queues[queue].classes[class].next_mut() {
                        next.overtaken += 1;
                    }
                }
                return Some(candidate);
            }
            if self.next(candidate)?.overtaken >= OVERTAKEN {
                match live.demand() {
                    Some(demand) => free.keep(&demand),
                    None => free.keep(&Demand { millicores: self.lanes[candidate.lane].millicores, ..Demand::default() }),
                }
                room[candidate.lane] = room[candidate.lane].saturating_sub(1);
                room_of_all = room_of_all.saturating_sub(1);
            }
            passed.push(candidate);
        }
        None
    }

    /// The right of one who waits in a class since then.
    fn right(&self, class: usize, since: Instant, now: Instant) -> Option<usize> {
        let steps = now.saturating_duration_since(since).as_nanos().checked_div(self.ageing.as_nanos()).unwrap_or(0);
        // Nobody rises above the children: what their parents hold is free only when they are over.
        let highest = [TOP_LEVEL, CHILDREN, RETURNING].into_iter().find(|first| class >= *first)?;
        Some(class.saturating_sub(usize::try_from(steps).unwrap_or(usize::MAX)).max(highest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordinator::error::WorkKind;
    use crate::coordinator::id::RequestId;
    use crate::coordinator::id::RunId;
    use crate::coordinator::live::Ended;
    use crate::coordinator::resources::Limits;
    use crate::task::strategy::Strategy;

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

    /// Seats for lanes, each with its slots and the cores of one attempt, on a machine with `cores` cores.
    fn with(lanes: &[(Option<usize>, u64)], cores: u64, ageing: u64) -> Seats {
        let lanes = lanes.iter().map(|(slots, own)| Lane::new(Strategy::Thread, *slots, own * 1_000)).collect();
        let limits = Limits { millicores: cores * 1_000, memory: Some(100), ..Limits::default() };
        Seats::new(lanes, Stock::full(Arc::new(limits)), None, Duration::from_secs(ageing), None)
    }

    /// The order in which those who wait get the only seat. Each began to wait at its second.
    fn order(ageing: u64, waiting: &[(&Arc<dyn IsLive>, u64)]) -> Vec<String> {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut seats = with(&[(Some(1), 0)], 0, ageing);
        let first = job("first", "first", Priority::Normal, None);
        let _ = seats.enter(&first, false, begin);
        for (job, since) in waiting {
            let _ = seats.enter(job, false, at(*since));
        }
        let mut seated: Arc<dyn IsLive> = first;
        let mut ids = Vec::new();
        for _ in waiting {
            let _ = seats.leave(seated.live(), at(100));
            let next = waiting.iter().find(|(job, _)| locked(&job.live().seat).state == Seated::In).unwrap();
            ids.push(next.0.live().id.to_string());
            seated = Arc::clone(next.0);
        }
        assert_eq!((seats.lanes[0].taken, seats.lanes[0].waiting), (1, 0));
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
        let mut seats = with(&[(Some(1), 0)], 0, 1);
        let [a, b, c] = ["a", "b", "c"].map(|id| job(id, "r", Priority::Normal, None));
        for job in [&a, &b, &c] {
            let _ = seats.enter(job, false, now);
        }
        let _ = seats.leave(b.live(), now);
        assert_eq!((seats.lanes[0].taken, seats.lanes[0].waiting), (1, 1));
        let _ = seats.leave(a.live(), now);
        assert!(locked(&c.live().seat).state == Seated::In);
    }
}
