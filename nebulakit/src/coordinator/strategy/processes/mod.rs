//! Attempts in processes of their own.

pub(in crate::coordinator) mod environment;
mod pool;
mod settings;
mod spares;
mod worker;

use std::ffi::OsString;
use std::fmt;
use std::num::NonZero;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use self::pool::{Needs, NoWorker, Pool};
use self::settings::Settings;
use self::worker::Worker;
use crate::coordinator::context::{Attempt, Executing, JobContext};
use crate::coordinator::error::{JobError, Limit, Lost, WorkKind};
use crate::coordinator::strategy::ExecutionStrategy;
use crate::coordinator::strategy::workers::limits::{Asked, Kept, LimitsInForce};
use crate::coordinator::strategy::workers::output::Output;
use crate::coordinator::strategy::workers::process::End;
use crate::coordinator::strategy::workers::talk::{Talked, talk};
use crate::coordinator::strategy::workers::variables::Variables;
use crate::coordinator::strategy::workers::{fate, order};
use crate::coordinator::tasks;
use crate::process::worker::message::{Order, Over};
use crate::task::run::has_timers;

/// How many jobs a worker runs before it is replaced, unless set otherwise.
const JOBS: u64 = 1_000;

/// How long a worker that says nothing more may take to be gone.
const FAREWELL: Duration = Duration::from_secs(2);

/// A worker that answers within this time is likely to do so again.
const QUICK: Duration = Duration::from_micros(100);

/// How often a job is given to another worker because the one before was gone already.
const OTHERS: usize = 3;

/// What is told of a worker that ended nobody knows how.
const UNHEARD: &str =
    "the worker process ended, and the program did not hear how: it ignores SIGCHLD, or waits for children that are not its own";

/// Runs tasks in processes, which are this program again: for work that may crash, leak, or take more than it should.
///
/// A task that panics, aborts, overflows its stack, calls `process::exit` or is killed ends its worker at most; the job fails and says how. A job that
/// is cancelled or takes too long is told so, and after the coordinator's grace the worker is ended with all that it has started. The
/// processes that a task leaves running end with it; threads of the worker that it leaves go on until the worker is replaced, and speak for no other task.
///
/// Workers are started when they are needed, at most as many as there are slots, and kept for the next job; one that waits for the jobs it calls
/// lends its slot, so that there may be more. A worker reads its own copy of the settings of stores from its environment, and gets the
/// secrets that the task asks for. It has the SDK's own variables (`docs/environment.md`), the clouds', those of proxies, `PATH`, `HOME`, `TMPDIR`,
/// `LANG` and `TZ`, and no others but those that are [named](Self::variable). What it prints is [`EventKind::Output`](crate::coordinator::EventKind::Output) of its job.
///
/// A job that was granted GPUs runs in a worker that sees these and no others, by `CUDA_VISIBLE_DEVICES`: workers are kept apart by them. Where the coordinator
/// has GPUs to hand out, a job that asked for none sees none, unless the strategy is told of this variable by [`variable`](Self::variable) or
/// [`variable_with`](Self::variable_with).
///
/// [`worker_main`](crate::coordinator::worker_main) has to be the first line of `main`.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use nebulakit::coordinator::{Coordinator, ProcessStrategy, Strategy};
///
/// let processes = ProcessStrategy::with_slots(4).memory(512 << 20).cpu_time(Duration::from_secs(60)).variable("DATABASE_URL");
/// println!("{}", processes.limits_in_force());
/// let coordinator = Coordinator::builder().strategy(Strategy::Process, processes).build();
/// # drop(coordinator);
/// ```
pub struct ProcessStrategy {
    settings: Settings,
    pool: Arc<Pool>,
}

impl fmt::Debug for ProcessStrategy {
    /// Without the values of variables.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { slots, program, .. } = &self.settings;
        f.debug_struct("ProcessStrategy").field("slots", slots).field("program", program).finish_non_exhaustive()
    }
}

impl ProcessStrategy {
    /// As many workers as the machine has cores for this process.
    #[must_use]
    pub fn new() -> Self {
        Self::with_slots(thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// At most `slots` workers at work, at least one.
    #[must_use]
    pub fn with_slots(slots: usize) -> Self {
        let settings = Settings {
            slots: slots.max(1),
            program: None,
            variables: Variables::default(),
            limits: Asked::default(),
            recycle_after: JOBS,
            recycle_above: None,
        };
        Self { settings, pool: Arc::default() }
    }

    /// Another program with the same tasks instead of this one, as under `cargo test`, where this one is the test.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.settings.program = Some(program.into());
        self
    }

    /// Hands the variable of that name on, where this process has it.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>) -> Self {
        self.settings.variables.hand_on(name);
        self
    }

    /// Gives workers a variable with this value.
    #[must_use]
    pub fn variable_with(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.settings.variables.set(name, value);
        self
    }

    /// The most memory that a worker may take, in bytes. A job that takes more fails with [`JobError::Limit`]. A job that asks for memory of its own, by
    /// [`Work::memory`](crate::coordinator::Work::memory) or its task's options, has that as its limit instead, kept in the same way.
    ///
    /// Where a cgroup can be made, the kernel counts what the worker and all that it has started hold, and no swap. Else each process may have so much
    /// memory that it can write, whether or not it does.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.settings.limits.memory = Some(bytes);
        self
    }

    /// The most CPU time that one job may take, in whole seconds, rounded up; the worker may take up to one more. A job that takes more fails with
    /// [`JobError::Limit`]. It is a limit for the worker's own process: what it starts has as much each, and a task that means to can get around it.
    #[must_use]
    pub fn cpu_time(mut self, time: Duration) -> Self {
        self.settings.limits.cpu_time = Some(time);
        self
    }

    /// How many cores a worker may keep busy, as 0.5, at least 0.01; it waits where it would take more. It takes a cgroup.
    #[must_use]
    pub fn cpus(mut self, cores: f64) -> Self {
        self.settings.limits.cpus = Some(cores);
        self
    }

    /// Runs nothing where a limit that was asked for cannot be kept; else it is left out, and [`limits_in_force`](Self::limits_in_force) says so.
    #[must_use]
    pub fn require_limits(mut self) -> Self {
        self.settings.limits.are_required = true;
        self
    }

    /// The cgroup below which those of workers are made, a folder below `/sys/fs/cgroup`: one that is handed to this process and has no
    /// process in it. Unless set, they are made below the one that this process is in, or beside it.
    #[must_use]
    pub fn cgroup(mut self, folder: impl Into<PathBuf>) -> Self {
        self.settings.limits.folder = Some(folder.into());
        self
    }

    /// Replaces a worker after that many jobs: 1,000 unless set. From the second on, the worker that replaces it starts while its last job runs, so that with
    /// `recycle_after(1)` each job has a process of its own and hardly waits for it.
    #[must_use]
    pub fn recycle_after(mut self, jobs: u64) -> Self {
        self.settings.recycle_after = jobs;
        self
    }

    /// Replaces a worker that has more memory than these bytes when a job ends.
    #[must_use]
    pub fn recycle_above(mut self, bytes: u64) -> Self {
        self.settings.recycle_above = Some(bytes);
        self
    }

    /// Which limits can be kept here, and by what.
    #[must_use]
    pub fn limits_in_force(&self) -> LimitsInForce {
        // Found out anew: other limits may be asked for after this.
        Kept::new(&self.settings.limits).in_force
    }

    async fn attempt(&self, attempt: Attempt) -> Result<(), JobError> {
        if !has_timers() {
            let said = "processes need a runtime with I/O and timers\nhint: call `enable_all()` on the runtime's builder";
            return Err(JobError::lost(Lost::Strategy(said.to_owned())));
        }
        let _busy = self.pool.begin();
        let order = Box::new(order::of(&attempt.context, self.pool.kept(&self.settings).cpu_seconds())?);
        let mut others = OTHERS;
        let needs = needs_of(&attempt.context);
        loop {
            let mut output = Output::of(&attempt.context);
            let worker = self.pool.worker(&self.settings, &needs, &mut output).await.map_err(|none| match none {
                NoWorker::Because(said) => lost(&said, &mut output),
                NoWorker::Memory { limit, now } => {
                    JobError::Limit { limit: Limit::Memory { limit: Some(limit), peak: now }, tail: "".into() }
                }
            })?;
            self.pool.prepare(&self.settings, &needs, &worker);
            let mut held = Held(Some(worker));
            let Some(Worker { process, talk: socket, pipes, is_quick, .. }) = &mut held.0 else { continue };
            // With others at work, the thread is of use to them.
            let (begin, looks) = (Instant::now(), *is_quick && self.pool.busy() == 1);
            process.begin();
            match talk(socket, pipes, process, Order::Job(order.clone()), &attempt.context, &mut output, looks).await {
                Ok(Talked::Over(Over { ended, is_last, used, .. })) => {
                    attempt.context.took_by(used);
                    *is_quick = begin.elapsed() < QUICK;
                    if let Some(worker) = held.0.take()
                        && !is_last
                    {
                        self.pool.put_back(worker, &self.settings);
                    }
                    return match ended.into_result() {
                        Ok(outputs) => attempt.give(&outputs),
                        Err(error) => Err(tasks::failed(error)),
                    };
                }
                Ok(Talked::Silent { heard_the_job: false }) if others > 0 => others -= 1,
                Ok(Talked::Silent { .. }) => {
                    self.pool.note_death();
                    let end = tokio::time::timeout(FAREWELL, process.gone()).await;
                    let Ok(end) = end else {
                        return Err(lost("the worker process closed its connection, and was ended", &mut output));
                    };
                    let End { status: Some(status), exceeded } = end else { return Err(lost(UNHEARD, &mut output)) };
                    let kept = self.pool.kept_for(&self.settings, &needs);
                    return Err(fate::of(status, exceeded, output.tail(), kept.own_memory(), &kept));
                }
                Err(error) => return Err(lost(&error.to_string(), &mut output)),
            }
        }
    }
}

/// What the job needs of its worker.
fn needs_of(job: &JobContext) -> Needs {
    // Where GPUs are handed out, those that were not granted are somebody else's.
    let are_handed_out = !job.home.limits().gpus.is_empty();
    Needs { gpus: are_handed_out.then(|| job.gpus().join(",")), memory: job.granted().memory() }
}

fn lost(said: &str, output: &mut Output<'_>) -> JobError {
    JobError::Lost { how: Lost::Strategy(said.to_owned()), tail: output.tail().into() }
}

/// A worker at work. It is ended, with all that it has started, unless the work came to its end.
struct Held(Option<Worker>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(worker) = &self.0 {
            worker.process.kill();
        }
    }
}

impl Default for ProcessStrategy {
    fn default() -> Self {
        Self::new()
    }
}

impl ExecutionStrategy for ProcessStrategy {
    fn accepts(&self, kind: WorkKind) -> bool {
        kind == WorkKind::Task
    }

    fn slots(&self) -> Option<usize> {
        Some(self.settings.slots)
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        Box::pin(self.attempt(attempt))
    }

    fn shutdown(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.pool.shut_down(deadline))
    }
}

impl Drop for ProcessStrategy {
    fn drop(&mut self) {
        self.pool.close();
    }
}
