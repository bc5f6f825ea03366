//! How a coordinator is set up.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use crate::coordinator::clock::{Clock, SystemClock};
use crate::coordinator::core::{Core, State};
use crate::coordinator::lane::Lane;
use crate::coordinator::lock::Mutex;
use crate::coordinator::lock::atomic::{AtomicU64, AtomicUsize};
use crate::coordinator::meters::Meters;
use crate::coordinator::publisher::Publisher;
use crate::coordinator::queue::Seats;
use crate::coordinator::resources::shared::{Bell, Folder};
use crate::coordinator::resources::{Granted, Limits, Resource, Stock, machine, to_millicores};
use crate::coordinator::retry::RetryBudget;
use crate::coordinator::sharing::share;
use crate::coordinator::state::{History, Ledger};
use crate::coordinator::strategy::{AsyncStrategy, ExecutionStrategy, ProcessStrategy, ThreadStrategy};
use crate::coordinator::system::{Coordinator, Inner};
use crate::services::devices::Gpus;
use crate::services::env::Environment;
use crate::task::cancellation::Cancellation;
use crate::task::context::Context;
use crate::task::run::GRACE;
use crate::task::strategy::Strategy;

/// How many top-level jobs may be open at once, unless the builder says otherwise.
const OPEN: usize = 16_384;

/// How long a job waits before it rises by one priority, unless the builder says otherwise.
const AGEING: Duration = Duration::from_secs(30);

impl Coordinator {
    /// One with the strategies `async`, `thread` and `process`, as [`builder`](Self::builder) gives it.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// One to be set up.
    pub fn builder() -> CoordinatorBuilder {
        CoordinatorBuilder {
            strategies: vec![
                (Strategy::Async, Arc::new(AsyncStrategy::new())),
                (Strategy::Thread, Arc::new(ThreadStrategy::new())),
                (Strategy::Process, Arc::new(ProcessStrategy::new())),
            ],
            plain: vec![true, false, false],
            history: History::default(),
            open: OPEN,
            jobs: None,
            grace: GRACE,
            ageing: AGEING,
            cores: None,
            memory: None,
            gpus: None,
            tokens: Vec::new(),
            cut: Vec::new(),
            shared: None,
            budget: None,
            clock: Arc::new(SystemClock),
            is_machines_time: true,
            context: None,
        }
    }
}

impl Default for Coordinator {
    fn default() -> Self {
        Self::new()
    }
}

/// Sets a [`Coordinator`] up.
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use nebulakit::coordinator::{AsyncStrategy, Coordinator, RetryBudget, Strategy};
///
/// let coordinator = Coordinator::builder()
///     .strategy(Strategy::Async, AsyncStrategy::with_slots(100))
///     .max_open(1_000)
///     .history(10_000, Some(Duration::from_secs(3600)))
///     .retry_budget(RetryBudget::new(0.2, 50))
///     .build();
/// assert_eq!(coordinator.system_detail().strategies[0].slots, Some(100));
/// ```
#[must_use = "a builder does nothing before `build`"]
pub struct CoordinatorBuilder {
    strategies: Vec<(Strategy, Arc<dyn ExecutionStrategy>)>,
    /// Which of them do no more than run attempts on the runtime.
    plain: Vec<bool>,
    history: History,
    open: usize,
    jobs: Option<usize>,
    grace: Duration,
    ageing: Duration,
    cores: Option<f64>,
    memory: Option<u64>,
    gpus: Option<Vec<Arc<str>>>,
    tokens: Vec<(Arc<str>, u32)>,
    cut: Vec<Resource>,
    shared: Option<PathBuf>,
    budget: Option<RetryBudget>,
    clock: Arc<dyn Clock>,
    is_machines_time: bool,
    context: Option<Context>,
}

impl fmt::Debug for CoordinatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strategies: Vec<_> = self.strategies.iter().map(|(strategy, _)| strategy.name()).collect();
        f.debug_struct("CoordinatorBuilder").field("strategies", &strategies).field("max_open", &self.open).finish_non_exhaustive()
    }
}

impl CoordinatorBuilder {
    /// Runs what is submitted for `strategy` by `runs`: a strategy more, or another one instead.
    pub fn strategy(mut self, strategy: Strategy, runs: impl ExecutionStrategy) -> Self {
        let is_plain = (&runs as &dyn Any).is::<AsyncStrategy>();
        let runs: Arc<dyn ExecutionStrategy> = Arc::new(runs);
        match self.strategies.iter().position(|(one, _)| *one == strategy) {
            Some(lane) => (self.strategies[lane].1, self.plain[lane]) = (runs, is_plain),
            None => {
                self.strategies.push((strategy, runs));
                self.plain.push(is_plain);
            }
        }
        self
    }

    /// How many top-level jobs may be open at once, whether they wait, run or pause: 16,384 unless set. `submit` waits where there are as many, and
    /// `try_submit` refuses. Children are not counted: their parents are.
    pub fn max_open(self, jobs: usize) -> Self {
        // The semaphore has a limit of its own, which no memory reaches.
        Self { open: jobs.clamp(1, Semaphore::MAX_PERMITS), ..self }
    }

    /// How many jobs may run at once, at least one, whatever their strategies: any number unless set. A job that waits for those that it calls does not count. Each
    /// strategy has its own slots besides.
    pub fn jobs(self, jobs: usize) -> Self {
        Self { jobs: Some(jobs.max(1)), ..self }
    }

    /// How many jobs are remembered after their end, and for how long: 1,000 unless set, for any time.
    pub fn history(self, jobs: usize, longest: Option<Duration>) -> Self {
        Self { history: History { most: jobs, longest }, ..self }
    }

    /// How long work that looks whether it should stop may take to do so: 700 ms unless set.
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// How long a job waits before it rises by one [`Priority`](super::Priority): 30 s unless set.
    pub fn ageing(self, ageing: Duration) -> Self {
        Self { ageing, ..self }
    }

    /// How many cores there are for its jobs, in whole or in part: those that this process may use unless set, by its affinity and its cgroup. Jobs that
    /// ask for nothing take one each, but for those of [`AsyncStrategy`], which take none. A number that is none, or below 0, counts as 0.
    pub fn cores(self, cores: f64) -> Self {
        Self { cores: Some(cores), ..self }
    }

    /// How much memory there is for jobs that ask for some, in bytes: the limit of this process's cgroup unless set, else the machine's memory. Where
    /// neither is known, any amount.
    pub fn memory(self, bytes: u64) -> Self {
        Self { memory: Some(bytes), ..self }
    }

    /// The GPUs that are handed out, by their ids as `CUDA_VISIBLE_DEVICES` has them: unless set those that this variable names, else those that the
    /// driver shows. An id that is named twice counts once.
    pub fn gpus<I: Into<Arc<str>>>(self, ids: impl IntoIterator<Item = I>) -> Self {
        let mut gpus: Vec<Arc<str>> = Vec::new();
        for id in ids.into_iter().map(Into::into) {
            if !gpus.contains(&id) {
                gpus.push(id);
            }
        }
        Self { gpus: Some(gpus), ..self }
    }

    /// How many tokens of that name there are, as of licences. Work that asks for tokens of a name without a limit is not taken.
    pub fn tokens(mut self, name: impl Into<Arc<str>>, tokens: u32) -> Self {
        let name = name.into();
        self.tokens.retain(|(one, _)| *one != name);
        self.tokens.push((name, tokens));
        self
    }

    /// Shares its limits with all coordinators that are given the same folder, in this process and others of this user on this machine: what their jobs
    /// hold together is not more than the limits say. All of them should have the same limits; each keeps to its own. The folder is made where it is not
    /// there; it has to be on a file system of this machine, on which `flock` works.
    ///
    /// What a process holds is in a file of its own, which it has locked. When it ends, or is killed, what it held is free at once. A job that waits for what
    /// another process holds looks again after 2 ms at first and 100 ms at most, in one thread for all of them; what nobody waits for costs nothing. Of jobs
    /// in different processes the one goes first that began to wait first, and what is free is kept for it.
    pub fn shared_limits(self, folder: impl Into<PathBuf>) -> Self {
        Self { shared: Some(folder.into()), ..self }
    }

    /// Of all attempts only a share may be retries; any number unless set.
    pub fn retry_budget(self, budget: RetryBudget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// Where time comes from.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { is_machines_time: (&clock as &dyn Any).is::<SystemClock>(), clock: Arc::new(clock), ..self }
    }

    /// What tasks see: their stores, their secrets, their metrics, and where their data goes. Unless set they reach the stores that the environment
    /// says, have no secrets, and write below the folder of temporary files. Data of inputs that has to be stored goes to its raw output prefix too; nothing
    /// is removed there.
    pub fn context(self, context: Context) -> Self {
        Self { context: Some(context), ..self }
    }

    /// Gives work that asks for more of these than there is what there is, instead of refusing it. Tokens are never cut.
    #[cfg(feature = "run")]
    pub(crate) fn cut(self, resources: &[Resource]) -> Self {
        Self { cut: resources.to_vec(), ..self }
    }

    /// How many jobs may run at once, if that is set.
    #[cfg(feature = "slurm")]
    pub(crate) fn most(&self) -> Option<usize> {
        self.jobs
    }

    /// How much there is for its jobs.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            millicores: self.cores.map_or_else(machine::millicores, |cores| to_millicores(cores).unwrap_or(0)),
            memory: self.memory.or_else(machine::memory),
            gpus: self.gpus.clone().unwrap_or_else(|| Gpus::OfMachine(Environment::from_process()).ids()),
            tokens: self.tokens.clone(),
            cut: self.cut.clone(),
        }
    }

    /// The coordinator, ready for work.
    #[must_use]
    pub fn build(self) -> Coordinator {
        let millicores: Vec<_> = self.strategies.iter().map(|(_, runs)| to_millicores(runs.cores()).unwrap_or(0)).collect();
        let lanes = self.strategies.iter().zip(&millicores);
        let lanes = lanes.map(|((strategy, runs), millicores)| Lane::new(strategy.clone(), runs.slots(), *millicores));
        let limits = Arc::new(self.limits());
        let folder = self.shared.as_deref().map(Folder::open).transpose();
        let bell = folder.as_ref().ok().and_then(Option::as_ref).map(|_| Arc::<Bell>::default());
        let stock = if bell.is_some() { Stock::shared(Arc::clone(&limits)) } else { Stock::full(Arc::clone(&limits)) };
        let core = Core {
            state: Mutex::new(State {
                ledger: Ledger::new(self.history),
                seats: Seats::new(lanes.collect(), stock, self.jobs, self.ageing, bell.clone()),
                keyed: HashMap::new(),
                budget: self.budget.map(|budget| (budget, budget.most)),
                read: None,
                unheard: 0,
                is_closing: false,
                is_over: false,
            }),
            publisher: Publisher::new(),
            meters: Meters::new(self.strategies.iter().map(|(strategy, _)| strategy)),
            clock: self.clock,
            is_machines_time: self.is_machines_time,
            room: Semaphore::new(self.open),
            grace: self.grace,
            hurry: Cancellation::new(),
            numbers: AtomicU64::new(0),
            abandoned: AtomicUsize::new(0),
            bell: bell.clone(),
            idle: Notify::new(),
        };
        let granted =
            millicores.into_iter().map(|cores| Granted { millicores: Some(cores).filter(|cores| *cores > 0), ..Granted::default() });
        let granted = granted.collect();
        let inner = Arc::new(Inner {
            core,
            strategies: self.strategies,
            plain: self.plain,
            granted,
            limits,
            is_bounded: self.jobs.is_some(),
            unshared: OnceLock::new(),
            context: self.context.map_or_else(OnceLock::new, |context| OnceLock::from(Ok(context))),
        });
        let home: Weak<Inner> = Arc::downgrade(&inner);
        let shared = match (folder, bell) {
            (Ok(Some(folder)), Some(bell)) => share(folder, bell, Arc::clone(&inner.limits), home),
            (folder, _) => folder.map(drop),
        };
        if let Err(error) = shared {
            let folder = self.shared.unwrap_or_default();
            let _ = inner.unshared.set(format!("the limits cannot be shared in `{}`: {error}", folder.display()));
        }
        Coordinator { inner }
    }
}
