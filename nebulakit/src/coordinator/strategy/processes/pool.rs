//! The workers that wait for work, and the start of new ones.

use std::borrow::Cow;
use std::io;
use std::process::Command;
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, Instant};

use crate::coordinator::clock::{Clock as _, SystemClock};
use crate::coordinator::lock::atomic::{AtomicUsize, Ordering};
use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::strategy::processes::environment::give;
use crate::coordinator::strategy::processes::settings::Settings;
use crate::coordinator::strategy::processes::spares::Spares;
use crate::coordinator::strategy::processes::worker::{Fits, Worker};
use crate::coordinator::strategy::workers::groups::Bytes;
use crate::coordinator::strategy::workers::limits::Kept;
use crate::coordinator::strategy::workers::output::Output;
use crate::coordinator::strategy::workers::process::{Process, start};
use crate::process::program;
use crate::process::worker::{HINT, Marker, is_entered};
use crate::services::env::Environment;

/// How many workers may be above another.
const DEEPEST: u32 = 8;

/// How many workers may die one after the other before the start of the next is put off.
const DEATHS: u32 = 3;

/// For how long it is put off then, at first and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(5));

/// Of the memory that a job may have, this part (one by this number) may be what jobs before have left in its worker; where it is more, another worker is
/// taken.
const LEFT: u64 = 8;

/// What a job needs of its worker.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// The GPUs that it may see.
    pub(super) gpus: Option<String>,
    /// How much memory it asks for.
    pub(super) memory: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Pool {
    state: Mutex<State>,
    /// Found out when the first worker is started.
    kept: OnceLock<Kept>,
    /// The same for workers of jobs that say how much memory they take.
    kept_of_jobs: OnceLock<Kept>,
    environment: OnceLock<Environment>,
    spares: Spares,
    /// How many attempts there are.
    busy: AtomicUsize,
}

/// Why there is no worker for a job.
#[derive(Debug)]
pub(super) enum NoWorker {
    /// What is wrong, for people.
    Because(String),
    /// The job asks for less memory than a worker has before it does anything.
    Memory { limit: u64, now: Option<u64> },
}

impl From<String> for NoWorker {
    fn from(said: String) -> Self {
        Self::Because(said)
    }
}

/// An attempt, while it goes on.
pub(super) struct Busy<'a>(&'a Pool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
struct State {
    idle: Vec<Worker>,
    /// All that may still run.
    started: Vec<Weak<Process>>,
    /// How many died since one last finished its work.
    deaths: u32,
    /// Whether one has ever run all the jobs that it may.
    has_spent: bool,
    is_over: bool,
}

impl Pool {
    pub(super) fn begin(&self) -> Busy<'_> {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(self)
    }

    /// How many attempts there are.
    pub(super) fn busy(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    pub(super) fn kept(&self, settings: &Settings) -> &Kept {
        self.kept.get_or_init(|| Kept::new(&settings.limits))
    }

    /// Which limits are kept for a job.
    pub(super) fn kept_for(&self, settings: &Settings, needs: &Needs) -> Cow<'_, Kept> {
        match needs.memory {
            None => Cow::Borrowed(self.kept(settings)),
            Some(bytes) => Cow::Owned(self.kept_of_jobs.get_or_init(|| Kept::of_jobs(&settings.limits)).clone().with_memory(bytes)),
        }
    }

    /// One that waits for work on this runtime and has what the job needs, else a new one; with its limit on memory. What a new one prints at its start is the job's
    /// `output`.
    ///
    /// # Errors
    /// When none can be started: what is wrong, for people.
    pub(super) async fn worker(&self, settings: &Settings, needs: &Needs, output: &mut Output<'_>) -> Result<Worker, NoWorker> {
        let kept = self.kept_for(settings, needs);
        let fits = Fits { gpus: needs.gpus.clone(), own_memory: kept.own_memory() };
        let needs_group = needs.memory.is_some() && kept.has_memory_groups();
        loop {
            // What died while it had nothing to do is passed over.
            let (idle, unwanted) = {
                let mut state = locked(&self.state);
                if state.is_over {
                    return Err("the strategy was shut down".to_owned().into());
                }
                let is_one = |idle: &Worker| idle.fits == fits && (!needs_group || idle.process.has_memory_group());
                let idle = state.idle.iter().rposition(is_one).map(|place| state.idle.remove(place));
                // One that waits for other jobs leaves its place to the new one.
                let is_full = idle.is_none() && !state.idle.is_empty() && state.idle.len() + self.busy() > settings.slots;
                let unwanted = is_full.then(|| state.idle.remove(0));
                (idle, unwanted)
            };
            drop(unwanted);
            let mut worker = match idle {
                None => self.start(settings, &kept, &fits, needs, output).await?,
                Some(idle) if idle.process.end().is_some() => continue,
                Some(idle) => match idle.here()? {
                    Some(worker) => worker,
                    None => continue,
                },
            };
            let is_new = worker.jobs == 0;
            let is_set = worker.memory == kept.memory() && needs.memory.is_none();
            if !worker.process.has_memory_group() || is_set {
                return Ok(worker);
            }
            let now = worker.process.memory_now();
            let at_first = *worker.at_first.get_or_insert(now.unwrap_or(0));
            let has_room = match kept.memory() {
                // Less than it has would end it at once, or is refused. What jobs before have left is not to be missing for this one.
                Bytes::AtMost(bytes) => now.is_none_or(|now| now < bytes && now.saturating_sub(at_first) <= bytes / LEFT),
                Bytes::Any => true,
            };
            let limited = match worker.memory == kept.memory() {
                _ if !has_room => Err(io::ErrorKind::OutOfMemory.into()),
                true => Ok(()),
                false => worker.process.limit_memory(kept.memory()),
            };
            match (limited, kept.memory()) {
                (Ok(()), memory) => {
                    worker.memory = memory;
                    return Ok(worker);
                }
                // It has grown; a new one is smaller.
                (Err(_), _) if !is_new => worker.process.kill(),
                (Err(_), Bytes::AtMost(bytes)) if needs.memory.is_some() => {
                    worker.process.kill();
                    return Err(NoWorker::Memory { limit: bytes, now });
                }
                (Err(error), _) => {
                    worker.process.kill();
                    return Err(format!("the worker's limit on memory cannot be set: {error}").into());
                }
            }
        }
    }

    async fn start(&self, settings: &Settings, kept: &Kept, fits: &Fits, needs: &Needs, output: &mut Output<'_>) -> Result<Worker, String> {
        let is_own = settings.program.is_none();
        let spare = if needs.memory.is_none() { self.spares.take(fits) } else { None };
        let started = match spare {
            Some(spare) => spare,
            None => {
                let command = self.command(settings, kept, fits)?;
                let pause = locked(&self.state).pause();
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                start(command, kept.clone()).await.map_err(|error| cannot_start(settings, &error))?
            }
        };
        let process = Arc::clone(&started.process);
        // Until it has greeted it may be anything, and is not left alone.
        let guard = Unanswered(&process);
        self.note_start(&process);
        let mut worker = Worker::new(started, fits.clone(), kept.memory_at_start())?;
        let greeted = worker.greet(kept, is_own, output).await;
        if greeted.is_err() {
            self.note_death();
        }
        greeted?;
        std::mem::forget(guard);
        Ok(worker)
    }

    /// What starts a worker.
    fn command(&self, settings: &Settings, kept: &Kept, fits: &Fits) -> Result<Command, String> {
        let environment = self.environment.get_or_init(Environment::from_process);
        let depth = Marker::below(environment).depth;
        if depth > DEEPEST {
            return Err(format!("a worker of a worker, and so on, {depth} deep, is one too many"));
        }
        if settings.program.is_none() && !is_entered() {
            return Err(format!("this program has no workers: {HINT}; a test names another program by `ProcessStrategy::program`"));
        }
        if let Some(problem) = kept.problem() {
            return Err(problem);
        }
        let program = match &settings.program {
            Some(program) => program.clone(),
            None => program::path().map_err(|error| cannot_start(settings, &error))?,
        };
        let mut command = Command::new(&program);
        give(&mut command, environment, &settings.variables, fits.gpus.as_deref());
        Ok(command)
    }

    /// Starts the successor of a worker that begins its last job, where others like it have come to their end: there will be another job.
    pub(super) fn prepare(self: &Arc<Self>, settings: &Settings, needs: &Needs, worker: &Worker) {
        if needs.memory.is_some() || worker.jobs + 1 < settings.recycle_after || !locked(&self.state).has_spent {
            return;
        }
        let (kept, fits) = (self.kept(settings).clone(), worker.fits.clone());
        // What is wrong is told where one is needed.
        let Ok(command) = self.command(settings, &kept, &fits) else { return };
        let (pool, most) = (Arc::clone(self), settings.slots);
        tokio::spawn(async move {
            let Ok(started) = start(command, kept).await else { return };
            pool.note_start(&started.process);
            let state = locked(&pool.state);
            // One that is dropped hears the end of its socket.
            if !state.is_over {
                pool.spares.put(fits, started, most);
            }
        });
    }

    fn note_start(&self, process: &Arc<Process>) {
        let mut state = locked(&self.state);
        state.started.retain(|process| process.strong_count() > 0);
        state.started.push(Arc::downgrade(process));
    }

    /// A worker has finished its work, and waits for the next, if it is to go on.
    pub(super) fn put_back(&self, mut worker: Worker, settings: &Settings) {
        worker.jobs += 1;
        let is_spent = worker.jobs >= settings.recycle_after
            || settings.recycle_above.is_some_and(|most| worker.process.resident().is_none_or(|now| now > most));
        let mut state = locked(&self.state);
        state.deaths = 0;
        state.has_spent |= is_spent;
        if !is_spent && !state.is_over && state.idle.len() < settings.slots {
            state.idle.push(worker);
        }
    }

    /// A worker died at its work.
    pub(super) fn note_death(&self) {
        locked(&self.state).deaths += 1;
    }

    /// Ends all workers: those that wait end by themselves, the rest at `deadline`.
    pub(super) async fn shut_down(&self, deadline: Instant) {
        let started: Vec<_> = self.close().iter().filter_map(Weak::upgrade).collect();
        let all_gone = async {
            for process in &started {
                process.gone().await;
            }
        };
        tokio::select! {
            biased;
            () = all_gone => return,
            () = SystemClock.sleep_until(deadline) => {}
        }
        // Who waits for this has the same deadline: whatever is left is ended at once.
        started.iter().for_each(|process| process.kill());
        for process in &started {
            process.gone().await;
        }
    }

    /// Takes no more work. Workers that wait hear the end of their socket.
    pub(super) fn close(&self) -> Vec<Weak<Process>> {
        let (idle, started) = {
            let mut state = locked(&self.state);
            state.is_over = true;
            self.spares.clear();
            (std::mem::take(&mut state.idle), std::mem::take(&mut state.started))
        };
        drop(idle);
        started
    }
}

fn cannot_start(settings: &Settings, error: &io::Error) -> String {
    let named = settings.program.as_ref().map_or_else(String::new, |program| format!(" of `{}`", program.display()));
    format!("no worker{named} can be started: {error}")
}

impl State {
    /// How long to wait before another worker is started.
    fn pause(&self) -> Duration {
        let Some(beyond) = self.deaths.checked_sub(DEATHS) else { return Duration::ZERO };
        BACK_OFF.0.saturating_mul(2_u32.saturating_pow(beyond)).min(BACK_OFF.1)
    }
}

/// Ends a process that is not known to be a worker.
struct Unanswered<'a>(&'a Process);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.0.kill();
    }
}
