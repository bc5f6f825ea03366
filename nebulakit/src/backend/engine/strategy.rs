//! Attempts as jobs of an engine.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use nebulakit_types::visible;
use tokio::task::spawn_blocking;

use super::board::{News, Pace, Verdict};
use super::contract::{Ending, Engine, EngineId, EngineJob};
use super::ends::{TAIL, cancelled, of_record, of_verdict};
use super::note::{Note, NotedEnd};
use super::prints::Prints;
use super::rules::{Rule, Rules};
use super::watcher::{Heard, Watched, Watcher};
use crate::backend::asked::asked;
use crate::backend::driver::node_of;
use crate::backend::node::{self, AttemptFolder, Outcome, PlanFolder, Record, VERB};
use crate::coordinator::{
    Attempt, Clock, ContainerStrategy, Executing, ExecutionStrategy, JobContext, JobError, Lost, TaskCall, Usage, WorkKind,
};
use crate::process::{digest, file_name::file_name};
use crate::run::NodePath;
use crate::task::ask::Requests;
use crate::task::registry::registry;

/// How often an attempt may be preempted that does not count, unless set otherwise.
const PREEMPTIONS: u32 = 10;

/// What an engine strategy is made of.
pub(in crate::backend) struct OnEngine {
    pub(in crate::backend) engine: Arc<dyn Engine>,
    pub(in crate::backend) plan: PlanFolder,
    /// The plan's own copy of the program, from the plan's folder on.
    pub(in crate::backend) program: String,
    /// The id of the run.
    pub(in crate::backend) run: String,
    /// The name of the workflow.
    pub(in crate::backend) workflow: Arc<str>,
    pub(in crate::backend) rules: Arc<Rules>,
    pub(in crate::backend) variables: Vec<(String, String)>,
    pub(in crate::backend) pace: Pace,
    pub(in crate::backend) clock: Arc<dyn Clock>,
    /// Runs container tasks that are to run in the driver.
    pub(in crate::backend) containers: ContainerStrategy,
}

/// Runs each attempt as a job of an engine, which leaves a record in the folder of the plan.
#[derive(Clone)]
pub(in crate::backend) struct EngineStrategy {
    inner: Arc<Inner>,
    /// Whether what runs in the driver runs in a container there.
    in_containers: bool,
}

struct Inner {
    on: OnEngine,
    watcher: OnceLock<Watcher>,
    /// The number of the next attempt that a job is made for, by node. One that was preempted is followed by another that counts as the same.
    numbers: Mutex<HashMap<NodePath, u32>>,
}

/// What is known of an attempt in its folder.
enum Left {
    Recorded(Box<Record>),
    /// It left no record, and this was noted, with what the engine said.
    Ended(NotedEnd, Option<String>),
    /// It was to be submitted; the id, if that is known.
    Known(Option<EngineId>),
    Nothing,
}

/// How one job ended.
enum Ran {
    Over(Box<Record>),
    Without(Verdict),
    /// It was preempted in the life of another driver; what the engine said.
    Preempted(Option<String>),
    Failed,
    Stopped,
}

impl EngineStrategy {
    pub(in crate::backend) fn new(on: OnEngine) -> Self {
        on.engine.drives(on.plan.path());
        let inner = Inner { on, watcher: OnceLock::new(), numbers: Mutex::default() };
        Self { inner: Arc::new(inner), in_containers: false }
    }

    /// The same for what is to run in containers, where it runs in the driver.
    pub(in crate::backend) fn in_containers(self, in_containers: bool) -> Self {
        Self { in_containers, ..self }
    }
}

impl ExecutionStrategy for EngineStrategy {
    fn accepts(&self, kind: WorkKind) -> bool {
        matches!(kind, WorkKind::Task | WorkKind::Container)
    }

    /// None of this machine's.
    fn cores(&self) -> f64 {
        0.0
    }

    fn keeps_time(&self) -> bool {
        true
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        let Some(TaskCall { name, .. }) = attempt.task() else {
            return Box::pin(async { Err(JobError::lost(Lost::Strategy("only tasks are run as jobs of an engine".to_owned()))) });
        };
        let rule = self.inner.on.rules.of(&self.inner.on.workflow, name);
        // What a dynamic task gives is walked here, and a job of its own would have nobody to give it to; the nodes of it are jobs.
        let is_dynamic = registry().get(name).is_some_and(|task| task.is_dynamic);
        if rule.local == Some(true) || is_dynamic {
            let limit = attempt.time_limit();
            let is_contained = self.in_containers || attempt.kind() == WorkKind::Container;
            let ran = if is_contained { self.inner.on.containers.execute(attempt) } else { attempt.run() };
            return self.inner.within(limit, ran);
        }
        Box::pin(self.inner.attempt(attempt, rule))
    }

    fn shutdown(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let Some(watcher) = self.inner.watcher.get() else { return };
            // What was cancelled is, whatever the deadline says: nobody else would do it. An engine that gives no answer is given up.
            let until = deadline.max(Instant::now() + Duration::from_secs(30));
            let _ = tokio::time::timeout_at(until.into(), watcher.settle()).await;
        })
    }
}

impl Inner {
    /// Keeps the time limit of what runs here.
    fn within<'a>(&self, limit: Option<Duration>, ran: Executing<'a>) -> Executing<'a> {
        let Some(limit) = limit else { return ran };
        let (clock, until) = (Arc::clone(&self.on.clock), self.on.clock.now() + limit);
        Box::pin(async move {
            match select(ran, clock.sleep_until(until)).await {
                Either::Left((ended, _)) => ended,
                Either::Right(_) => Err(JobError::TimedOut { timeout: crate::coordinator::Timeout::StartToClose, limit }),
            }
        })
    }

    fn watcher(&self) -> &Watcher {
        let on = &self.on;
        self.watcher.get_or_init(|| Watcher::start(Arc::clone(&on.engine), on.plan.ended(), on.pace, Arc::clone(&on.clock)))
    }

    async fn attempt(&self, attempt: Attempt, rule: Rule) -> Result<(), JobError> {
        let Some(node) = node_of(attempt.context().id()) else {
            return Err(JobError::lost(Lost::Strategy("the job is not that of a node".to_owned())));
        };
        let most = rule.preemptions.unwrap_or(PREEMPTIONS);
        let asked = asks_again(&attempt).await;
        let mut preempted = 0;
        loop {
            let number = self.next(&node);
            let job = self.job(&attempt, &node, number, &rule, asked)?;
            let folder = self.on.plan.node(&node).attempt(number);
            match self.run(&attempt, &job, &folder).await? {
                Ran::Over(record) => return self.over(attempt, &record, &job, &folder).await,
                Ran::Preempted(because) if preempted < most => {
                    preempted += 1;
                    self.tell_preempted(&attempt, because.as_deref());
                }
                Ran::Without(Verdict::Ended(end)) if end.how == Ending::Preempted && preempted < most => {
                    preempted += 1;
                    note(&folder, NotedEnd::Preempted, end.reason.clone()).await;
                    self.tell_preempted(&attempt, end.reason.as_deref());
                }
                Ran::Without(verdict) => {
                    note(&folder, NotedEnd::Failed, None).await;
                    return Err(of_verdict(&verdict, self.on.engine.name(), &job, &tail(&folder).await));
                }
                Ran::Preempted(_) | Ran::Failed => {
                    let said = format!("the job `{}` left no record, as an earlier driver of the run noted", job.name);
                    return Err(JobError::Lost { how: Lost::Strategy(said), tail: tail(&folder).await.into() });
                }
                Ran::Stopped => return Err(cancelled()),
            }
        }
    }

    fn tell_preempted(&self, attempt: &Attempt, because: Option<&str>) {
        let because = because.map(|because| format!(" ({})", visible::line(because))).unwrap_or_default();
        let said = format!("preempted on `{}`{because}, and submitted again: that does not count as an attempt", self.on.engine.name());
        attempt.context().log(tracing::Level::INFO, said);
    }

    fn next(&self, node: &NodePath) -> u32 {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = numbers.entry(node.clone()).or_default();
        *next += 1;
        *next - 1
    }

    fn job(&self, attempt: &Attempt, node: &NodePath, number: u32, rule: &Rule, asked: Requests) -> Result<EngineJob, JobError> {
        let on = &self.on;
        let TaskCall { name: task, .. } = attempt.task().ok_or_else(cancelled)?;
        let granted = attempt.context().granted();
        let gpus = || u32::try_from(granted.gpus().len()).unwrap_or(u32::MAX);
        let time = rule.time.or(attempt.time_limit());
        let plan = on.plan.path();
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut argv = vec![text(&plan.join(&on.program)), VERB.to_owned()];
        let words = [("--plan", text(plan)), ("--node", node.to_string()), ("--attempt", number.to_string()), ("--task", task.to_owned())];
        argv.extend(words.into_iter().flat_map(|(option, value)| [option.to_owned(), value]));
        if let Some(time) = time {
            argv.extend(["--time-limit".to_owned(), seconds(time).to_string()]);
        }
        Ok(EngineJob {
            name: name(&on.run, node, number),
            plan: plan.to_owned(),
            node: node.clone(),
            attempt: number,
            task,
            workflow: Arc::clone(&on.workflow),
            argv,
            folder: on.plan.node(node).attempt(number).path().to_owned(),
            variables: on.variables.clone(),
            cores: rule.cores.or(asked.cores).or_else(|| granted.cores().filter(|cores| *cores > 0.0)).unwrap_or(1.0),
            memory: rule.memory.or(asked.memory).or_else(|| granted.memory()),
            gpus: rule.gpus.or(asked.gpus).unwrap_or_else(gpus),
            time,
            image: rule.image.clone().or_else(|| attempt.image().map(str::to_owned)),
        })
    }

    /// Has the job run, or watches it if another driver had it run; until it is over, or the attempt is to stop and the job has.
    async fn run(&self, attempt: &Attempt, job: &EngineJob, folder: &AttemptFolder) -> Result<Ran, JobError> {
        let inputs = attempt.task().map(|call| call.inputs.to_vec()).unwrap_or_default();
        let left = blocking(folder, move |folder| prepare(folder, &inputs)).await.map_err(|error| broken(folder, &error))?;
        let known = match left {
            left @ (Left::Recorded(_) | Left::Ended(..)) => {
                // What it printed after its driver was gone is told now; the record leaves out what was told before.
                Prints::new(folder).end(attempt.context()).await;
                return Ok(match left {
                    Left::Recorded(record) => Ran::Over(record),
                    Left::Ended(NotedEnd::Preempted, because) => Ran::Preempted(because),
                    _ => Ran::Failed,
                });
            }
            Left::Known(id) => Some(id),
            Left::Nothing => None,
        };
        let context = attempt.context();
        let mut watched = self.watcher().run(job.clone(), folder.clone(), known);
        let mut prints = Prints::new(folder);
        let mut placed = Placed::default();
        let mut is_cancelled = false;
        let ran = loop {
            match self.heard(&mut watched, context, &mut prints, &mut is_cancelled).await {
                None => return Err(JobError::lost(Lost::Runtime)),
                Some(Heard::News(news)) => placed.tell(context, self.on.engine.name(), news),
                Some(Heard::Recorded) => match record(folder).await? {
                    Some(record) => break Ran::Over(record),
                    None => break Ran::Without(Verdict::Lost("its record is gone".to_owned())),
                },
                Some(Heard::Over(_)) if is_cancelled => break Ran::Stopped,
                // A last look: the file that says that it is there may come later than the record itself.
                Some(Heard::Over(verdict)) => match record(folder).await? {
                    Some(record) => break Ran::Over(record),
                    None => break Ran::Without(verdict),
                },
            }
        };
        prints.end(context).await;
        if let Ran::Over(record) = &ran {
            placed.by_record(context, self.on.engine.name(), job, record);
        }
        Ok(ran)
    }

    /// What is heard next of the job. Meanwhile what it prints is passed on, and a request to stop is.
    async fn heard(&self, watched: &mut Watched, context: &JobContext, prints: &mut Prints, is_cancelled: &mut bool) -> Option<Heard> {
        loop {
            let mut ticks = pin!(tokio::time::sleep(self.on.pace.prints));
            let stop = *is_cancelled;
            tokio::select! {
                biased;
                heard = watched.next() => return heard,
                () = context.cancelled(), if !stop => {
                    *is_cancelled = true;
                    watched.cancel();
                }
                () = &mut ticks => prints.pass(context).await,
            }
        }
    }

    /// Hands over what an attempt left.
    async fn over(&self, attempt: Attempt, record: &Record, job: &EngineJob, folder: &AttemptFolder) -> Result<(), JobError> {
        attempt.context().took(usage(record));
        if record.outcome != Outcome::Succeeded {
            return Err(of_record(record, job, &tail(folder).await));
        }
        let counts = self.on.plan.node(&job.node).attempt(record.outputs.unwrap_or(job.attempt));
        let read = |folder: &AttemptFolder| Ok((node::read(&folder.file("outputs.pb"))?, node::read_text(&folder.file("deck.html")).ok()));
        let (outputs, deck) = blocking(&counts, read).await.map_err(|error| broken(&counts, &error))?;
        if let Some(deck) = deck {
            attempt.context().keep_deck(|| deck);
        }
        attempt.give(&outputs)
    }
}

/// What an attempt that is not the first asks for by the function of its task. What the first one asked for is what all are granted; where that is something
/// else, since the node says so or memory ran out, that counts.
async fn asks_again(attempt: &Attempt) -> Requests {
    let (number, granted) = (attempt.context().attempt(), attempt.context().granted());
    let Some((task, call)) = attempt.task().and_then(|call| Some((registry().get(call.name)?, call))).filter(|_| number > 0) else {
        return Requests::new();
    };
    let (Some(first), Some(now)) = (asked(task, 0, call.inputs).await, asked(task, number, call.inputs).await) else {
        return Requests::new();
    };
    // Cores are counted in thousandths.
    let has_cores = |first: f64| granted.cores().is_some_and(|granted| (granted - first).abs() < 0.002);
    Requests {
        cores: now.cores.filter(|_| first.cores.is_some_and(has_cores)),
        memory: now.memory.filter(|_| first.memory.is_some() && first.memory == granted.memory()),
        gpus: now.gpus.filter(|_| first.gpus.is_some_and(|first| granted.gpus().len() == first as usize)),
    }
}

/// What was told of where a job is.
#[derive(Default)]
struct Placed {
    id: Option<EngineId>,
    runs: bool,
}

impl Placed {
    fn tell(&mut self, context: &JobContext, engine: &str, news: News) {
        match news {
            News::Held { reason } => context.waits_on(engine, "", Some(&reason)),
            News::Queued { id, reason } => {
                context.waits_on(engine, id.as_str(), reason.as_deref());
                (self.id, self.runs) = (Some(id), false);
            }
            News::Running { id, host } => {
                context.runs_on(engine, id.as_str(), host.as_deref());
                (self.id, self.runs) = (Some(id), true);
            }
        }
    }

    /// Tells where it ran, where it was over before the engine was asked.
    fn by_record(&self, context: &JobContext, engine: &str, job: &EngineJob, record: &Record) {
        if !self.runs {
            let id = self.id.as_ref().map_or(&*job.name, EngineId::as_str);
            context.runs_on(engine, id, record.begun.host.as_deref());
        }
    }
}

/// What is known of an attempt; if nothing is, its inputs are put there.
fn prepare(folder: &AttemptFolder, inputs: &[u8]) -> io::Result<Left> {
    if let Some(record) = Record::of(folder)? {
        return Ok(Left::Recorded(Box::new(record)));
    }
    match Note::read(folder)? {
        Some(Note { end: Some(end), because, .. }) => Ok(Left::Ended(end, because)),
        Some(note) => Ok(Left::Known(note.id())),
        None => folder.give(inputs).map(|()| Left::Nothing),
    }
}

async fn record(folder: &AttemptFolder) -> Result<Option<Box<Record>>, JobError> {
    blocking(folder, |folder| Ok(Record::of(folder)?.map(Box::new))).await.map_err(|error| broken(folder, &error))
}

async fn note(folder: &AttemptFolder, end: NotedEnd, because: Option<String>) {
    let noted = blocking(folder, move |folder| match Note::read(folder)? {
        Some(note) => note.ended(end, because.as_deref()).write(folder),
        None => Ok(()),
    });
    if let Err(error) = noted.await {
        tracing::warn!(%error, "cannot note how the job ended, in {}", folder.path().display());
    }
}

/// The end of what a job printed to standard error.
async fn tail(folder: &AttemptFolder) -> String {
    let read = blocking(folder, |folder| super::prints::tail(&folder.file("stderr"), TAIL));
    read.await.unwrap_or_default()
}

/// A disk may be slow, and that of a cluster is.
async fn blocking<T: Send + 'static>(
    folder: &AttemptFolder,
    does: impl FnOnce(&AttemptFolder) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let folder = folder.clone();
    spawn_blocking(move || does(&folder)).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn broken(folder: &AttemptFolder, error: &io::Error) -> JobError {
    JobError::lost(Lost::Strategy(format!("the folder of the attempt, {}, cannot be used: {error}", folder.path().display())))
}

pub(in crate::backend) fn usage(record: &Record) -> Usage {
    Usage {
        wall: record.ended.duration_since(record.begun.began).unwrap_or_default(),
        cpu: record.cpu_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        memory: record.peak_bytes,
        ..Usage::default()
    }
}

/// Whole seconds, at least one: a limit is not shorter than it says.
pub(in crate::backend) fn seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).max(1)
}

/// The name of a job on its engine.
fn name(run: &str, node: &NodePath, number: u32) -> String {
    let mut shown: String =
        file_name(node).chars().map(|letter| if letter.is_ascii_alphanumeric() || "-_".contains(letter) { letter } else { '.' }).collect();
    shown.truncate(20);
    let run: String = run.chars().rev().take(24).collect::<Vec<_>>().into_iter().rev().collect();
    let whole = digest::of(format!("{run}\0{node}\0{number}"));
    format!("{}.{shown}.{number}.{}", run.to_ascii_lowercase(), &whole[..8])
}
