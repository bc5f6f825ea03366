//! How a coordinator is set up.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use crate::coordinator::clock::{Clock, SystemClock};
use crate::coordinator::core::{Core, State};
use crate::coordinator::lock::Mutex;
use crate::coordinator::lock::atomic::{AtomicU64, AtomicUsize};
use crate::coordinator::meters::Meters;
use crate::coordinator::publisher::Publisher;
use crate::coordinator::queue::Lane;
use crate::coordinator::resources::{Granted, to_millicores};
use crate::coordinator::retry::RetryBudget;
use crate::coordinator::state::{History, Ledger};
use crate::coordinator::strategy::{AsyncStrategy, ExecutionStrategy, ProcessStrategy, ThreadStrategy};
use crate::coordinator::system::{Coordinator, Inner};
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
            grace: GRACE,
            ageing: AGEING,
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
    grace: Duration,
    ageing: Duration,
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

    /// The coordinator, ready for work.
    #[must_use]
    pub fn build(self) -> Coordinator {
        let lanes = self.strategies.iter().map(|(strategy, runs)| Lane::new(strategy.clone(), runs.slots()));
        let core = Core {
            state: Mutex::new(State {
                ledger: Ledger::new(self.history),
                lanes: lanes.collect(),
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
            ageing: self.ageing,
            grace: self.grace,
            numbers: AtomicU64::new(0),
            abandoned: AtomicUsize::new(0),
            idle: Notify::new(),
        };
        let granted = self
            .strategies
            .iter()
            .map(|(_, runs)| Granted { millicores: to_millicores(runs.cores()).filter(|cores| *cores > 0), ..Granted::default() });
        let granted = granted.collect();
        Coordinator {
            inner: Arc::new(Inner {
                core,
                strategies: self.strategies,
                plain: self.plain,
                granted,
                context: self.context.map_or_else(OnceLock::new, |context| OnceLock::from(Ok(context))),
            }),
        }
    }
}
