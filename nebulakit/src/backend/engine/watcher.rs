//! Watches the jobs of a run: one future for all of them, whatever their number.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::board::{Board, Key, News, Pace, Told, Verdict};
use super::contract::{Engine, EngineError, EngineId, EngineJob, NotSubmitted, Seen};
use super::note::Note;
use crate::backend::node::{self, AttemptFolder};
use crate::coordinator::Clock;

/// How long jobs are gathered that become ready together.
const GATHER: Duration = Duration::from_millis(3);

/// What is heard of a job.
#[derive(Debug)]
pub(super) enum Heard {
    News(News),
    /// Its record is there.
    Recorded,
    Over(Verdict),
}

/// What the watcher is told.
enum Order {
    Run {
        key: Key,
        job: Box<EngineJob>,
        attempt: AttemptFolder,
        known: Option<Option<EngineId>>,
        tell: UnboundedSender<Heard>,
    },
    Cancel(Key),
    Forget(Key),
    /// Says when all that was cancelled is.
    Settle(oneshot::Sender<()>),
}

/// The watcher, for those whose jobs it watches.
pub(super) struct Watcher {
    orders: UnboundedSender<Order>,
    next: AtomicU64,
}

/// A job that is watched, as long as this is there. Dropping it cancels the job, if it is not over.
pub(super) struct Watched {
    key: Key,
    orders: UnboundedSender<Order>,
    heard: UnboundedReceiver<Heard>,
    is_over: bool,
}

impl Watcher {
    /// One whose future runs on the runtime of the caller, until this is dropped.
    pub(super) fn start(engine: Arc<dyn Engine>, ended: PathBuf, pace: Pace, clock: Arc<dyn Clock>) -> Self {
        let (orders, received) = unbounded_channel();
        tokio::spawn(Watching::new(engine, ended, pace, clock).run(received));
        Self { orders, next: AtomicU64::new(0) }
    }

    /// Has a job run, or only watches it if it is `known` to the engine or may be.
    pub(super) fn run(&self, job: EngineJob, attempt: AttemptFolder, known: Option<Option<EngineId>>) -> Watched {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let (tell, heard) = unbounded_channel();
        let _ = self.orders.send(Order::Run { key, job: Box::new(job), attempt, known, tell });
        Watched { key, orders: self.orders.clone(), heard, is_over: false }
    }

    /// Waits until all that was cancelled is.
    pub(super) async fn settle(&self) {
        let (tell, told) = oneshot::channel();
        if self.orders.send(Order::Settle(tell)).is_ok() {
            let _ = told.await;
        }
    }
}

impl Watched {
    /// What is heard next; [`None`] where nobody watches any more.
    pub(super) async fn next(&mut self) -> Option<Heard> {
        let heard = self.heard.recv().await;
        self.is_over |= matches!(heard, Some(Heard::Recorded | Heard::Over(_)));
        heard
    }

    /// Cancels the job. What it comes to is heard as before.
    pub(super) fn cancel(&self) {
        let _ = self.orders.send(Order::Cancel(self.key));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.is_over {
            self.cancel();
        }
        let _ = self.orders.send(Order::Forget(self.key));
    }
}

/// One who is told of a job.
struct Told1 {
    job: Arc<EngineJob>,
    attempt: AttemptFolder,
    tell: UnboundedSender<Heard>,
}

/// What a question came to.
enum Answer {
    Submitted(Vec<(Key, Result<EngineId, NotSubmitted>)>),
    Looked(Vec<EngineId>, Result<HashMap<EngineId, Seen>, EngineError>),
    Found(Key, Result<Option<EngineId>, EngineError>),
    Cancelled(Result<(), EngineError>),
    Listed(io::Result<Option<(SystemTime, Vec<OsString>)>>),
}

struct Watching {
    engine: Arc<dyn Engine>,
    ended: PathBuf,
    clock: Arc<dyn Clock>,
    board: Board,
    told: HashMap<Key, Told1>,
    /// Whose file in the folder it is.
    names: HashMap<OsString, Key>,
    /// When the folder was changed that was listed last. A change may follow in the same instant, so that a fresh one says nothing.
    listed: Option<SystemTime>,
    list_at: Instant,
    calls: FuturesUnordered<BoxFuture<'static, Answer>>,
    is_submitting: bool,
    is_looking: bool,
    is_listing: bool,
    finding: Vec<Key>,
    to_cancel: Vec<EngineId>,
    cancelling: usize,
    settling: Vec<oneshot::Sender<()>>,
    records: Duration,
}

impl Watching {
    fn new(engine: Arc<dyn Engine>, ended: PathBuf, pace: Pace, clock: Arc<dyn Clock>) -> Self {
        Self {
            engine,
            ended,
            board: Board::new(pace),
            told: HashMap::new(),
            names: HashMap::new(),
            listed: None,
            list_at: clock.now(),
            clock,
            calls: FuturesUnordered::new(),
            is_submitting: false,
            is_looking: false,
            is_listing: false,
            finding: Vec::new(),
            to_cancel: Vec::new(),
            cancelling: 0,
            settling: Vec::new(),
            records: pace.records,
        }
    }

    async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        loop {
            let is_idle = self.board.is_empty();
            let due = self.board.due(self.clock.now()).min(self.list_at.max(self.clock.now()));
            let clock = Arc::clone(&self.clock);
            tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some(order) = order else { break };
                    let gathers = matches!(order, Order::Run { .. });
                    self.take(order);
                    if gathers {
                        tokio::time::sleep(GATHER).await;
                    }
                    while let Ok(order) = orders.try_recv() {
                        self.take(order);
                    }
                }
                Some(answer) = self.calls.next(), if !self.calls.is_empty() => self.hear(answer),
                () = clock.sleep_until(due), if !is_idle => {}
            }
            self.turn();
        }
        // Those who waited for the jobs are gone; what is to be cancelled still is.
        self.turn();
        while self.cancelling > 0 || self.is_submitting {
            let Some(answer) = self.calls.next().await else { break };
            self.hear(answer);
            self.cancel_all();
        }
    }

    fn take(&mut self, order: Order) {
        let now = self.clock.now();
        match order {
            Order::Run { key, job, attempt, known, tell } => {
                let gathers = if known.is_none() { self.engine.gathers(&job) } else { None };
                self.board.add(now, key, job.name.clone(), known);
                if let Some(gathers) = gathers {
                    self.board.gather(now, key, gathers);
                }
                self.names.insert(attempt.ended_name().to_owned(), key);
                // Its file may have been there before anybody waited for it.
                self.listed = None;
                self.told.insert(key, Told1 { job: Arc::new(*job), attempt, tell });
            }
            Order::Cancel(key) => self.to_cancel.extend(self.board.cancel(now, key)),
            Order::Forget(key) => self.forget(key),
            Order::Settle(tell) => self.settling.push(tell),
        }
    }

    fn forget(&mut self, key: Key) {
        self.board.remove(key);
        if let Some(told) = self.told.remove(&key) {
            self.names.remove(told.attempt.ended_name());
        }
    }

    fn tell(&mut self, key: Key, heard: Heard) {
        let Some(told) = self.told.get(&key) else { return };
        let is_over = !matches!(heard, Heard::News(_));
        let _ = told.tell.send(heard);
        if is_over {
            self.forget(key);
        }
    }

    fn told(&mut self, key: Key, told: Told) {
        match told {
            Told::Nothing => {}
            Told::News(news) => self.tell(key, Heard::News(news)),
            Told::Over(verdict) => self.tell(key, Heard::Over(verdict)),
            Told::Cancel(id) => self.to_cancel.push(id),
        }
    }

    fn hear(&mut self, answer: Answer) {
        let now = self.clock.now();
        match answer {
            Answer::Submitted(answers) => {
                self.is_submitting = false;
                for (key, answer) in answers {
                    let told = self.board.submitted(now, key, answer);
                    self.told(key, told);
                }
            }
            Answer::Looked(ids, answer) => {
                self.is_looking = false;
                if let Err(error) = &answer {
                    tracing::warn!(%error, "`{}` does not say where jobs are", self.engine.name());
                }
                for (key, news) in self.board.looked(now, &ids, answer) {
                    self.tell(key, Heard::News(news));
                }
            }
            Answer::Found(key, answer) => {
                self.finding.retain(|one| *one != key);
                let told = self.board.found(now, key, answer);
                self.told(key, told);
            }
            Answer::Cancelled(answer) => {
                self.cancelling -= 1;
                if let Err(error) = answer {
                    tracing::warn!(%error, "`{}` does not cancel jobs", self.engine.name());
                }
            }
            Answer::Listed(listed) => {
                self.is_listing = false;
                self.list_at = now + self.records;
                match listed {
                    Ok(Some((changed, names))) => {
                        self.listed = Some(changed);
                        let ended: Vec<_> = names.iter().filter_map(|name| self.names.get(name).copied()).collect();
                        ended.into_iter().for_each(|key| self.tell(key, Heard::Recorded));
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "cannot look for records in {}", self.ended.display()),
                }
            }
        }
    }

    /// Asks what is due.
    fn turn(&mut self) {
        let now = self.clock.now();
        if !self.board.is_empty() && !self.is_listing && self.list_at <= now {
            self.is_listing = true;
            let (ended, listed) = (self.ended.clone(), self.listed);
            self.calls.push(Box::pin(async move {
                let listed = spawn_blocking(move || list(&ended, listed)).await;
                Answer::Listed(listed.unwrap_or_else(|error| Err(io::Error::other(error))))
            }));
        }
        if !self.is_submitting {
            self.submit(now);
        }
        if !self.is_looking {
            let ids = self.board.take_looks(now);
            if !ids.is_empty() {
                self.is_looking = true;
                let engine = Arc::clone(&self.engine);
                self.calls.push(Box::pin(async move {
                    let answer = engine.look(&ids).await;
                    Answer::Looked(ids, answer)
                }));
            }
        }
        for (key, name) in self.board.to_find(now) {
            if !self.finding.contains(&key) {
                self.finding.push(key);
                let engine = Arc::clone(&self.engine);
                self.calls.push(Box::pin(async move { Answer::Found(key, engine.find(&name).await) }));
            }
        }
        for (key, verdict) in self.board.verdicts(now) {
            if matches!(verdict, Verdict::Queued(..)) {
                // It would run all the same, some time, for nobody.
                self.to_cancel.extend(self.board.cancel(now, key));
            }
            self.tell(key, Heard::Over(verdict));
        }
        self.cancel_all();
        if self.cancelling == 0 && !self.is_submitting {
            for tell in self.settling.drain(..) {
                // Who asked may be gone.
                let _ = tell.send(());
            }
        }
    }

    fn submit(&mut self, now: Instant) {
        let keys = self.board.take_due(now);
        if keys.is_empty() {
            return;
        }
        self.is_submitting = true;
        let (engine, told) = (Arc::clone(&self.engine), &self.told);
        let jobs: Vec<_> =
            keys.iter().filter_map(|key| Some((*key, Arc::clone(&told.get(key)?.job), told.get(key)?.attempt.clone()))).collect();
        self.calls.push(Box::pin(async move { Answer::Submitted(submit(&*engine, jobs).await) }));
    }

    fn cancel_all(&mut self) {
        if self.to_cancel.is_empty() {
            return;
        }
        let (engine, ids) = (Arc::clone(&self.engine), std::mem::take(&mut self.to_cancel));
        self.cancelling += 1;
        self.calls.push(Box::pin(async move { Answer::Cancelled(engine.cancel(&ids).await) }));
    }
}

/// Submits jobs. That one is about to be submitted is written down before, and its id after: whoever finds the first alone looks for it by its name.
async fn submit(engine: &dyn Engine, jobs: Vec<(Key, Arc<EngineJob>, AttemptFolder)>) -> Vec<(Key, Result<EngineId, NotSubmitted>)> {
    let notes: Vec<_> = jobs.iter().map(|(_, job, attempt)| (Note::of(engine.name(), &job.name), attempt.clone())).collect();
    let (written, notes) = match spawn_blocking(move || (Note::write_all(&notes), notes)).await {
        Ok(written) => written,
        Err(error) => return jobs.iter().map(|(key, ..)| (*key, Err(NotSubmitted::Refused(error.to_string())))).collect(),
    };
    let mut answers = Vec::new();
    let mut going = Vec::new();
    for ((key, job, _), (written, (note, attempt))) in jobs.into_iter().zip(written.into_iter().zip(notes)) {
        match written {
            Ok(()) => going.push((key, Arc::unwrap_or_clone(job), note, attempt)),
            Err(error) => answers.push((key, Err(NotSubmitted::Refused(format!("cannot write {}: {error}", attempt.path().display()))))),
        }
    }
    let (keys, (jobs, notes)): (Vec<_>, (Vec<_>, Vec<_>)) =
        going.into_iter().map(|(key, job, note, attempt)| (key, (job, (note, attempt)))).unzip();
    if jobs.is_empty() {
        return answers;
    }
    let given = engine.submit(&jobs).await;
    let known: Vec<_> = notes
        .into_iter()
        .zip(&given)
        .map(|((note, attempt), answer)| match answer {
            Ok(id) => (Some(note.with(id)), attempt),
            Err(NotSubmitted::Unclear(_)) => (Some(note), attempt),
            Err(NotSubmitted::Held(_) | NotSubmitted::Refused(_)) => (None, attempt),
        })
        .collect();
    let written = spawn_blocking(move || {
        let (there, gone): (Vec<_>, Vec<_>) = known.into_iter().partition(|(note, _)| note.is_some());
        let there: Vec<_> = there.into_iter().filter_map(|(note, attempt)| Some((note?, attempt))).collect();
        let written = Note::write_all(&there);
        let removed = gone.iter().map(|(_, attempt)| (Note::remove(attempt), attempt));
        for (written, attempt) in written.into_iter().zip(there.iter().map(|(_, attempt)| attempt)).chain(removed) {
            if let Err(error) = written {
                tracing::warn!(%error, "cannot write down which job it is, in {}", attempt.path().display());
            }
        }
    });
    let _ = written.await;
    answers.extend(keys.into_iter().zip(given));
    answers
}

/// The names in a folder, unless it was not changed since it was `listed`.
fn list(folder: &PathBuf, listed: Option<SystemTime>) -> io::Result<Option<(SystemTime, Vec<OsString>)>> {
    if let Some(names) = node::names(folder)? {
        return Ok(Some((SystemTime::UNIX_EPOCH, names.into_iter().map(OsString::from).collect())));
    }
    let changed = fs::metadata(folder)?.modified()?;
    // File systems count time coarsely: one that was changed a moment ago may be changed again within the same instant.
    let is_fresh = SystemTime::now().duration_since(changed).is_ok_and(|age| age < Duration::from_secs(3)) || changed > SystemTime::now();
    if listed == Some(changed) && !is_fresh {
        return Ok(None);
    }
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    Ok(Some((changed, names)))
}
