//! What is known of the jobs that are open, and what is due next. Nothing here waits or asks: time, answers and files are told, so that tests turn the clock.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::contract::{Ending, EngineEnd, EngineError, EngineId, NotSubmitted, Seen};

/// How often what is looked for is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) struct Pace {
    /// How often the engine is asked where jobs are.
    pub(in crate::backend) poll: Duration,
    /// How often it is looked for records.
    pub(in crate::backend) records: Duration,
    /// How long a record may take to be seen here once the engine says that the job is over: folders that machines share are slow.
    pub(in crate::backend) settle: Duration,
    /// How long neither the engine nor a record may know of a job before it is lost.
    pub(in crate::backend) lost: Duration,
    /// How long a job that the engine does not take for now waits before it is submitted again.
    pub(in crate::backend) held: Duration,
    /// How long a job may wait in the engine's queue.
    pub(in crate::backend) queue: Option<Duration>,
    /// How often it is looked for what a job printed.
    pub(in crate::backend) prints: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(10),
            records: Duration::from_millis(250),
            settle: Duration::from_secs(5),
            lost: Duration::from_secs(60),
            held: Duration::from_secs(5),
            queue: None,
            prints: Duration::from_secs(1),
        }
    }
}

/// How long a job waits for others that are to be submitted together with it, behind the last that came.
const LINGER: Duration = Duration::from_millis(250);

/// A job, as the board calls it: nothing else is counted like this.
pub(super) type Key = u64;

/// What is known of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Where {
    /// It is to be submitted, from then on.
    Wanted(Instant),
    /// Its submit is on its way.
    Going,
    /// Whether it was submitted is to be found out by its name, from then on; how often the engine did not know it.
    Unclear(Instant, u32),
    /// The engine has it.
    There(EngineId),
}

/// An open job.
#[derive(Debug)]
struct Open {
    name: String,
    /// With which others it is submitted, and how many of them go together.
    gathers: Option<(Arc<str>, usize)>,
    at: Where,
    /// Since when the engine has it in its queue.
    queued: Option<Instant>,
    /// What the engine said last of why it waits.
    reason: Option<String>,
    /// Since when the engine does not know it.
    unknown: Option<Instant>,
    /// When the engine said that it is over, and how.
    over: Option<(Instant, EngineEnd)>,
    is_cancelled: bool,
}

/// What a job comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It left no record, and the engine says how it ended.
    Ended(EngineEnd),
    /// The engine does not take it.
    Refused(String),
    /// Nobody knows it any more; what was known last.
    Lost(String),
    /// It waited for too long; the reason that the engine gave.
    Queued(Duration, Option<String>),
}

/// What an engine says of a job that it did not say before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// It takes no more for now.
    Held {
        reason: String,
    },
    Queued {
        id: EngineId,
        reason: Option<String>,
    },
    Running {
        id: EngineId,
        host: Option<String>,
    },
}

/// The jobs that are open.
#[derive(Debug)]
pub(super) struct Board {
    pace: Pace,
    jobs: HashMap<Key, Open>,
    running: HashMap<Key, Option<String>>,
    /// When the last job came of those that are submitted together.
    came: HashMap<Arc<str>, Instant>,
    /// When the engine is asked next.
    look: Option<Instant>,
    /// Why the engine gave no answer, the last time.
    pub(super) silent: Option<EngineError>,
}

impl Board {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, jobs: HashMap::new(), running: HashMap::new(), came: HashMap::new(), look: None, silent: None }
    }

    /// A job that is to be submitted; or, with `known`, one that may have been: the engine's id of it, if that is known.
    pub(super) fn add(&mut self, now: Instant, key: Key, name: String, known: Option<Option<EngineId>>) {
        let at = match known {
            None => Where::Wanted(now),
            Some(None) => Where::Unclear(now, 0),
            Some(Some(id)) => Where::There(id),
        };
        if matches!(at, Where::There(_)) {
            self.look = Some(now);
        }
        self.jobs.insert(key, Open { name, gathers: None, at, queued: None, reason: None, unknown: None, over: None, is_cancelled: false });
    }

    /// The job waits for others of the `group`, of which `size` are submitted together.
    pub(super) fn gather(&mut self, now: Instant, key: Key, (group, size): (String, usize)) {
        let group: Arc<str> = group.into();
        if let Some(open) = self.jobs.get_mut(&key) {
            open.gathers = Some((Arc::clone(&group), size.max(1)));
            self.came.insert(group, now);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Nobody waits for it any more, or a record was found; the id, if the engine may still have it.
    pub(super) fn remove(&mut self, key: Key) -> Option<EngineId> {
        self.running.remove(&key);
        match self.jobs.remove(&key)?.at {
            Where::There(id) => Some(id),
            _ => None,
        }
    }

    /// The id of a job that is to be cancelled, if the engine has it; else it is cancelled once it has.
    pub(super) fn cancel(&mut self, now: Instant, key: Key) -> Option<EngineId> {
        let open = self.jobs.get_mut(&key)?;
        if std::mem::replace(&mut open.is_cancelled, true) {
            return None;
        }
        match &open.at {
            Where::There(id) => Some(id.clone()),
            Where::Wanted(_) => {
                // It was never submitted, so nothing of it can come.
                open.over = Some((now, EngineEnd::new(Ending::Cancelled)));
                None
            }
            Where::Going | Where::Unclear(..) => None,
        }
    }

    /// The jobs that are to be submitted now, in the order in which they came. They count as on their way.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<Key> {
        let is_due = |open: &Open| matches!(open.at, Where::Wanted(from) if from <= now) && !open.is_cancelled;
        let mut due: Vec<_> = self.jobs.iter().filter(|(_, open)| is_due(open)).map(|(key, _)| *key).collect();
        due.sort_unstable();
        self.keep_back(now, &mut due);
        due.iter().for_each(|key| self.set(*key, Where::Going));
        due
    }

    /// Leaves out those whose group may still grow to its size.
    fn keep_back(&self, now: Instant, due: &mut Vec<Key>) {
        let group_of = |key: &Key| self.jobs.get(key).and_then(|open| open.gathers.as_ref());
        let mut waiting = HashMap::<&str, usize>::new();
        for (group, _) in due.iter().filter_map(group_of) {
            *waiting.entry(group).or_default() += 1;
        }
        let mut left: HashMap<&str, usize> = HashMap::new();
        due.retain(|key| {
            let Some((group, size)) = group_of(key) else { return true };
            let is_quiet = self.came.get(group).is_none_or(|came| now.saturating_duration_since(*came) >= LINGER);
            let left = left.entry(group).or_insert_with(|| {
                let waiting = waiting.get(&**group).copied().unwrap_or_default();
                if is_quiet { waiting } else { waiting / size * size }
            });
            let goes = *left > 0;
            *left = left.saturating_sub(1);
            goes
        });
    }

    /// How the submit of a job went; an id, where it has to be cancelled at once.
    pub(super) fn submitted(&mut self, now: Instant, key: Key, answer: Result<EngineId, NotSubmitted>) -> Told {
        let held = self.pace.held;
        let Some(open) = self.jobs.get_mut(&key) else {
            // Nobody waits for it any more.
            return answer.map_or(Told::Nothing, Told::Cancel);
        };
        match answer {
            Ok(id) => self.is_there(now, key, id),
            Err(NotSubmitted::Held(reason)) => {
                let is_new = open.reason.as_ref() != Some(&reason);
                open.reason = Some(reason.clone());
                self.set(key, Where::Wanted(now + held));
                if is_new { Told::News(News::Held { reason }) } else { Told::Nothing }
            }
            Err(NotSubmitted::Refused(reason)) => Told::Over(Verdict::Refused(reason)),
            Err(NotSubmitted::Unclear(reason)) => {
                self.silent = Some(EngineError(reason));
                open.unknown = Some(now);
                self.set(key, Where::Unclear(now, 0));
                Told::Nothing
            }
        }
    }

    /// The jobs whose fate has to be found out by their names, with these.
    pub(super) fn to_find(&self, now: Instant) -> Vec<(Key, String)> {
        let due = |(key, open): (&Key, &Open)| matches!(open.at, Where::Unclear(from, _) if from <= now).then(|| (*key, open.name.clone()));
        self.jobs.iter().filter_map(due).collect()
    }

    /// What the engine says of a job by its name.
    pub(super) fn found(&mut self, now: Instant, key: Key, answer: Result<Option<EngineId>, EngineError>) -> Told {
        let Some(open) = self.jobs.get_mut(&key) else { return Told::Nothing };
        let Where::Unclear(_, asked) = open.at else { return Told::Nothing };
        let again = now + self.pace.held;
        match answer {
            Ok(Some(id)) => return self.is_there(now, key, id),
            // An engine may take a moment to know what it has taken: one that says no twice does not have it.
            Ok(None) if asked > 0 => {
                (open.at, open.unknown) = (Where::Wanted(now), None);
                if open.is_cancelled {
                    open.over = Some((now, EngineEnd::new(Ending::Cancelled)));
                }
            }
            Ok(None) => open.at = Where::Unclear(again, asked + 1),
            Err(error) => {
                open.unknown.get_or_insert(now);
                open.at = Where::Unclear(again, asked);
                self.silent = Some(error);
            }
        }
        Told::Nothing
    }

    fn is_there(&mut self, now: Instant, key: Key, id: EngineId) -> Told {
        let Some(open) = self.jobs.get_mut(&key) else { return Told::Cancel(id) };
        (open.at, open.unknown, open.queued) = (Where::There(id.clone()), None, Some(now));
        open.reason = None;
        let is_cancelled = open.is_cancelled;
        // The first question comes soon, the others at their pace.
        let first = now + self.pace.poll.min(Duration::from_secs(2));
        self.look = Some(self.look.map_or(first, |look| look.min(first)));
        if is_cancelled { Told::Cancel(id) } else { Told::News(News::Queued { id, reason: None }) }
    }

    /// The ids to ask the engine of, if it is time to ask.
    pub(super) fn take_looks(&mut self, now: Instant) -> Vec<EngineId> {
        if self.look.is_none_or(|look| look > now) {
            return Vec::new();
        }
        let mut ids: Vec<_> =
            self.jobs.values().filter_map(|open| if let Where::There(id) = &open.at { Some(id.clone()) } else { None }).collect();
        ids.sort_unstable();
        self.look = (!ids.is_empty()).then(|| now + self.pace.poll);
        ids
    }

    /// What the engine says of those jobs; the news in it.
    pub(super) fn looked(
        &mut self,
        now: Instant,
        asked: &[EngineId],
        answer: Result<HashMap<EngineId, Seen>, EngineError>,
    ) -> Vec<(Key, News)> {
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.silent = Some(error);
                return Vec::new();
            }
        };
        self.silent = None;
        let mut news = Vec::new();
        for (key, open) in &mut self.jobs {
            let Where::There(id) = &open.at else { continue };
            if asked.binary_search(id).is_err() {
                continue;
            }
            let Some(seen) = answer.remove(id) else {
                open.unknown.get_or_insert(now);
                continue;
            };
            open.unknown = None;
            match seen {
                Seen::Queued { reason } => {
                    // One that ran and waits again was put back by the engine.
                    self.running.remove(key);
                    open.queued.get_or_insert(now);
                    if open.reason != reason {
                        open.reason.clone_from(&reason);
                        news.push((*key, News::Queued { id: id.clone(), reason }));
                    }
                }
                Seen::Running { host } => {
                    open.queued = None;
                    if self.running.insert(*key, host.clone()).is_none() {
                        news.push((*key, News::Running { id: id.clone(), host }));
                    }
                }
                Seen::InLine => {
                    // It is no more in the queue of the engine.
                    open.queued = None;
                    let reason = Some("its turn in the job".to_owned());
                    if open.reason != reason {
                        open.reason.clone_from(&reason);
                        news.push((*key, News::Queued { id: id.clone(), reason }));
                    }
                }
                Seen::Ended(end) => {
                    open.queued = None;
                    open.over.get_or_insert((now, end));
                }
            }
        }
        news
    }

    /// The jobs whose time is up: no record of them is there by now.
    pub(super) fn verdicts(&self, now: Instant) -> Vec<(Key, Verdict)> {
        let after = |since: Instant, span: Duration| now.saturating_duration_since(since) >= span;
        let verdict = |open: &Open| match (&open.over, open.unknown, open.queued, self.pace.queue) {
            (Some((_, end)), ..) if end.how == Ending::Cancelled && open.is_cancelled => Some(Verdict::Ended(end.clone())),
            (Some((since, end)), ..) => after(*since, self.pace.settle).then(|| Verdict::Ended(end.clone())),
            (None, Some(since), ..) if after(since, self.pace.lost) => Some(Verdict::Lost(self.last_word(open))),
            (None, None, Some(since), Some(queue)) if after(since, queue) => Some(Verdict::Queued(queue, open.reason.clone())),
            _ => None,
        };
        self.jobs.iter().filter_map(|(key, open)| Some((*key, verdict(open)?))).collect()
    }

    fn last_word(&self, open: &Open) -> String {
        let silent = self.silent.as_ref().map(|error| format!("; the engine's last answer: {error}")).unwrap_or_default();
        match &open.at {
            Where::There(id) => format!("the engine does not know the job {id} any more{silent}"),
            _ => format!("whether the job `{}` was submitted cannot be found out{silent}", open.name),
        }
    }

    /// When something is due next.
    pub(super) fn due(&self, now: Instant) -> Instant {
        let mut due = now + self.pace.records;
        let mut at = |when: Instant| due = due.min(when);
        self.look.into_iter().for_each(&mut at);
        for open in self.jobs.values() {
            match open.at {
                Where::Wanted(from) => {
                    let came = open.gathers.as_ref().and_then(|(group, _)| self.came.get(group));
                    at(came.map_or(from, |came| from.max(*came + LINGER)));
                }
                Where::Unclear(from, _) => at(from),
                Where::Going | Where::There(_) => {}
            }
        }
        due.max(now)
    }

    fn set(&mut self, key: Key, at: Where) {
        if let Some(open) = self.jobs.get_mut(&key) {
            open.at = at;
        }
    }
}

/// What an answer comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    News(News),
    Over(Verdict),
    /// The job has to be cancelled.
    Cancel(EngineId),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLL: Duration = Duration::from_secs(10);

    fn board() -> (Board, Instant) {
        (Board::new(Pace { queue: Some(Duration::from_secs(3600)), ..Pace::default() }), Instant::now())
    }

    fn id(text: &str) -> EngineId {
        text.into()
    }

    /// A board with one job, which the engine has.
    fn with_one() -> (Board, Instant) {
        let (mut board, now) = board();
        board.add(now, 7, "a".to_owned(), None);
        assert_eq!(board.take_due(now), [7]);
        assert_eq!(board.submitted(now, 7, Ok(id("1"))), Told::News(News::Queued { id: id("1"), reason: None }));
        (board, now)
    }

    fn look(board: &mut Board, now: Instant, seen: Option<Seen>) -> Vec<(Key, News)> {
        let ids = board.take_looks(now);
        assert_eq!(ids, [id("1")]);
        let answer = seen.map(|seen| (id("1"), seen)).into_iter().collect();
        board.looked(now, &ids, Ok(answer))
    }

    #[test]
    fn the_engine_is_asked_soon_and_then_at_its_pace() {
        let (mut board, now) = with_one();
        assert!(board.take_looks(now).is_empty());
        let first = now + Duration::from_secs(2);
        let news = look(&mut board, first, Some(Seen::Queued { reason: Some("Resources".to_owned()) }));
        assert_eq!(news, [(7, News::Queued { id: id("1"), reason: Some("Resources".to_owned()) })]);
        assert!(board.take_looks(first + POLL / 2).is_empty());
        assert_eq!(look(&mut board, first + POLL, Some(Seen::Queued { reason: Some("Resources".to_owned()) })), []);
        let running = || Some(Seen::Running { host: Some("c1".to_owned()) });
        assert_eq!(look(&mut board, first + POLL * 2, running()), [(7, News::Running { id: id("1"), host: Some("c1".to_owned()) })]);
        assert_eq!(look(&mut board, first + POLL * 3, running()), []);
        // One that the engine put back waits again.
        assert_eq!(look(&mut board, first + POLL * 4, Some(Seen::Queued { reason: None })).len(), 1);
    }

    #[test]
    fn the_word_of_the_engine_counts_when_no_record_came() {
        let (mut board, now) = with_one();
        let at = now + Duration::from_secs(2);
        let end = EngineEnd::new(Ending::OutOfMemory).because("oom");
        look(&mut board, at, Some(Seen::Ended(end.clone())));
        assert_eq!(board.verdicts(at + Duration::from_millis(4999)), []);
        assert_eq!(board.verdicts(at + Duration::from_secs(5)), [(7, Verdict::Ended(end))]);
    }

    #[test]
    fn a_job_that_nobody_knows_for_a_minute_is_lost() {
        let (mut board, now) = with_one();
        let at = now + Duration::from_secs(2);
        look(&mut board, at, None);
        look(&mut board, at + POLL, None);
        assert_eq!(board.verdicts(at + Duration::from_secs(59)), []);
        assert_eq!(
            board.verdicts(at + Duration::from_secs(60)),
            [(7, Verdict::Lost("the engine does not know the job 1 any more".to_owned()))]
        );
        // It was only late.
        look(&mut board, at + POLL * 2, Some(Seen::Running { host: None }));
        assert_eq!(board.verdicts(at + Duration::from_secs(60)), []);
    }

    #[test]
    fn an_engine_that_is_silent_loses_nothing() {
        let (mut board, now) = with_one();
        let mut at = now + Duration::from_secs(2);
        for _ in 0..100 {
            let ids = board.take_looks(at);
            assert_eq!(board.looked(at, &ids, Err(EngineError("down".to_owned()))), []);
            at += POLL;
        }
        assert_eq!(board.verdicts(now + Duration::from_secs(3599)), []);
    }

    #[test]
    fn a_job_that_waits_for_too_long_is_given_up_with_the_reason() {
        let (mut board, now) = with_one();
        look(&mut board, now + Duration::from_secs(2), Some(Seen::Queued { reason: Some("Priority".to_owned()) }));
        let hour = Duration::from_secs(3600);
        assert_eq!(board.verdicts(now + hour - Duration::from_secs(1)), []);
        assert_eq!(board.verdicts(now + hour), [(7, Verdict::Queued(hour, Some("Priority".to_owned())))]);
    }

    #[test]
    fn limits_of_the_engine_hold_jobs_back() {
        let (mut board, now) = board();
        board.add(now, 1, "a".to_owned(), None);
        board.take_due(now);
        let held = || Err(NotSubmitted::Held("QOSMaxSubmit".to_owned()));
        assert_eq!(board.submitted(now, 1, held()), Told::News(News::Held { reason: "QOSMaxSubmit".to_owned() }));
        assert!(board.take_due(now + Duration::from_secs(4)).is_empty());
        assert_eq!(board.take_due(now + Duration::from_secs(5)), [1]);
        // It is told once.
        assert_eq!(board.submitted(now + Duration::from_secs(5), 1, held()), Told::Nothing);
    }

    #[test]
    fn a_submit_without_an_answer_is_looked_for_and_made_again_only_where_there_is_none() {
        for is_there in [true, false] {
            let (mut board, mut now) = board();
            board.add(now, 1, "a".to_owned(), None);
            board.take_due(now);
            assert_eq!(board.submitted(now, 1, Err(NotSubmitted::Unclear("reset".to_owned()))), Told::Nothing);
            assert!(board.take_due(now).is_empty());
            assert_eq!(board.to_find(now), [(1, "a".to_owned())]);
            if is_there {
                assert!(matches!(board.found(now, 1, Ok(Some(id("9")))), Told::News(News::Queued { .. })));
                assert!(board.to_find(now).is_empty() && board.take_due(now).is_empty());
                continue;
            }
            board.found(now, 1, Ok(None));
            assert!(board.to_find(now).is_empty() && board.take_due(now).is_empty(), "it may be late");
            now += Duration::from_secs(5);
            assert_eq!(board.to_find(now).len(), 1);
            board.found(now, 1, Ok(None));
            assert_eq!(board.take_due(now), [1]);
        }
    }

    #[test]
    fn a_job_that_is_cancelled_while_it_is_submitted_is_cancelled_there() {
        let (mut board, now) = board();
        board.add(now, 1, "a".to_owned(), None);
        board.take_due(now);
        assert_eq!(board.cancel(now, 1), None);
        assert_eq!(board.submitted(now, 1, Ok(id("5"))), Told::Cancel(id("5")));
        // One that was not submitted yet never is.
        board.add(now, 2, "b".to_owned(), None);
        assert_eq!(board.cancel(now, 2), None);
        assert!(board.take_due(now).is_empty());
        assert_eq!(board.verdicts(now), [(2, Verdict::Ended(EngineEnd::new(Ending::Cancelled)))]);
        // One that nobody waits for any more, either.
        board.add(now, 3, "c".to_owned(), None);
        board.take_due(now);
        board.remove(3);
        assert_eq!(board.submitted(now, 3, Ok(id("6"))), Told::Cancel(id("6")));
    }

    #[test]
    fn jobs_that_go_together_wait_for_each_other() {
        let (mut board, now) = board();
        let come = |board: &mut Board, key, at| {
            board.add(at, key, format!("job {key}"), None);
            board.gather(at, key, ("n0".to_owned(), 3));
        };
        come(&mut board, 1, now);
        come(&mut board, 2, now);
        board.add(now, 9, "alone".to_owned(), None);
        assert_eq!(board.take_due(now), [9]);
        assert_eq!(board.due(now), now + LINGER);
        let later = now + LINGER / 2;
        (3..=4).for_each(|key| come(&mut board, key, later));
        assert_eq!(board.take_due(later), [1, 2, 3]);
        assert_eq!(board.take_due(now + LINGER), [0; 0], "another one may come");
        assert_eq!(board.take_due(later + LINGER), [4]);
    }

    /// What an engine may answer, and time that goes by.
    #[derive(Debug, Clone)]
    enum Step {
        Wait(u64),
        Submit(u8),
        Find(u8),
        Look(u8),
        Cancel,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1..20u64).prop_map(Step::Wait),
            (0..4u8).prop_map(Step::Submit),
            (0..3u8).prop_map(Step::Find),
            (0..5u8).prop_map(Step::Look),
            Just(Step::Cancel),
        ]
    }

    proptest! {
        /// Whatever the engine answers: a job is submitted again only if the engine has none of its name or takes none, and what was given up is no more asked for.
        #[test]
        fn no_job_is_submitted_twice(steps in prop::collection::vec(step(), 0..60)) {
            let (mut board, mut now) = board();
            board.add(now, 1, "a".to_owned(), None);
            let (mut has, mut is_going) = (false, false);
            for step in steps {
                if !is_going && !board.take_due(now).is_empty() {
                    prop_assert!(!has, "the engine has it already");
                    is_going = true;
                }
                match step {
                    Step::Wait(seconds) => now += Duration::from_secs(seconds),
                    Step::Submit(answer) if is_going => {
                        is_going = false;
                        let answer = match answer {
                            0 => { has = true; Ok(id("1")) }
                            1 => { has = true; Err(NotSubmitted::Unclear("lost".to_owned())) }
                            2 => Err(NotSubmitted::Unclear("never came".to_owned())),
                            _ => Err(NotSubmitted::Held("full".to_owned())),
                        };
                        board.submitted(now, 1, answer);
                    }
                    Step::Find(answer) if !board.to_find(now).is_empty() => {
                        let answer = match answer {
                            0 => Err(EngineError("down".to_owned())),
                            _ => Ok(has.then(|| id("1"))),
                        };
                        board.found(now, 1, answer);
                    }
                    Step::Look(answer) => {
                        let ids = board.take_looks(now);
                        let seen = match answer {
                            0 => None,
                            1 => Some(Seen::Queued { reason: None }),
                            2 => Some(Seen::Running { host: None }),
                            _ => Some(Seen::Ended(EngineEnd::new(Ending::Unknown))),
                        };
                        prop_assert!(ids.is_empty() || has);
                        let answer = ids.first().cloned().zip(seen).into_iter().collect();
                        board.looked(now, &ids, Ok(answer));
                    }
                    Step::Cancel => { board.cancel(now, 1); }
                    Step::Submit(_) | Step::Find(_) => {}
                }
                prop_assert!(board.due(now) >= now);
            }
        }
    }
}
