//! The job that drives a run, for as long as it lasts.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};

use super::backend::SlurmBackend;
use super::driving::{DriverFolder, Left, Order, Parts, VERB, reserve};
use super::reach::Slurm;
use super::timely::timely;
use crate::backend::driver::{Closed, Window};
use crate::backend::engine::{EngineError, NotSubmitted};
use crate::backend::node::{PlanFile, PlanFolder};
use crate::backend::{LocalBackend, RunError, Settings};
use crate::coordinator::{CoordinatorBuilder, ProcessStrategy, Strategy, ThreadStrategy};
use crate::process::signal::StopSignals;
use crate::run::{RecordErrorKind, RunHandle, RunId};
use crate::services::env::Environment;
use crate::task::failure::chain;
use crate::task::registry::registry;

/// How long the lock of the run may be held by another process, which is about to end.
const LOCKED: Duration = Duration::from_secs(60);

/// How long a wait for a signal is: it is taken up again.
const LONG: Duration = Duration::from_secs(3600);

/// How long tasks may take to save what they have when its time is over, as a part of what the driver keeps for its end.
const GRACE: u32 = 2;

/// Its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DriverRequest {
    plan: PathBuf,
    number: u32,
}

impl DriverRequest {
    /// Reads the words behind the verb.
    ///
    /// # Errors
    /// With what is wrong with them.
    pub(crate) fn parse(words: &[OsString]) -> Result<Self, String> {
        let expected = || format!("`{VERB}` takes `--plan FOLDER --number N`: a job of Slurm is started with it");
        match words {
            [plan, folder, number, value] if plan == "--plan" && number == "--number" => {
                let number = value.to_str().and_then(|value| value.parse().ok()).ok_or_else(expected)?;
                Ok(Self { plan: folder.into(), number })
            }
            _ => Err(expected()),
        }
    }

    /// The backend and the run of its plan, and the folder that the run is recorded in.
    ///
    /// # Errors
    /// When the plan cannot be read, or is of another program.
    pub(crate) fn of_plan(&self) -> Result<(String, RunId, PathBuf), String> {
        let (plan, file) = self.plan().map_err(|error| error.to_string())?;
        let none = || format!("the plan {} is of no run", plan.path().display());
        let run = PathBuf::from(file.run.as_deref().ok_or_else(none)?);
        let id = run.file_name().and_then(|name| name.to_str()).ok_or_else(none)?;
        let runs = run.parent().and_then(Path::parent).ok_or_else(none)?;
        Ok((file.backend, RunId::from(id), runs.to_owned()))
    }

    fn plan(&self) -> io::Result<(PlanFolder, PlanFile)> {
        let plan = PlanFolder::at(&self.plan)?;
        let file = PlanFile::read(&plan.plan_file()).map_err(io::Error::other)?;
        Ok((plan, file))
    }
}

/// How the time of this driver ended.
enum Ended {
    /// With the run.
    Over,
    Left(Left),
}

/// Drives the run of the plan, with the settings that count here; its tasks reach what `local` does.
///
/// # Errors
/// When it cannot be driven.
pub(crate) async fn serve(
    local: LocalBackend,
    settings: &Settings,
    request: &DriverRequest,
    environment: &Environment,
) -> Result<(), String> {
    let (plan, file) = request.plan().map_err(|error| format!("cannot read the plan {}: {error}", request.plan.display()))?;
    let unusable = |error: io::Error| format!("the plan {} cannot be used: {error}", plan.path().display());
    let order = Order::read(&plan).map_err(unusable)?.ok_or_else(|| "the run is not driven by jobs".to_owned())?;
    let (backend, run, _) = request.of_plan()?;
    let folder = DriverFolder::of(&plan, request.number);
    folder.make().map_err(unusable)?;
    let of_settings = SlurmBackend::of_settings(local, &backend, settings, None).map_err(|error| chain(&error))?;
    let parts = of_settings.submits();
    let left = match environment.get("SLURM_JOB_ID") {
        Some(job) if order.allocation.time.is_none() => parts.0.time_left(job).await,
        _ => None,
    };
    let ends = ends(&order, left);
    let window = Arc::new(Window::new(ends.map(|(until, _)| until)));
    let (closing, told) = (Arc::clone(&window), Arc::new(AtomicBool::new(false)));
    let hears = Arc::clone(&told);
    let mut signals = StopSignals::listen().map_err(|error| format!("cannot listen to signals: {error}"))?;
    std::thread::spawn(move || {
        loop {
            if signals.next(LONG).is_some() {
                hears.store(true, Ordering::SeqCst);
                closing.close(Closed::Time);
            }
        }
    });
    folder.note_begun().map_err(unusable)?;
    let ended = match order.follows_itself {
        true => can_submit(&parts.0).await.map(|()| None).unwrap_or_else(|said| Some(Ended::Left(Left::Cannot { said }))),
        false => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None if order.packed => {
            packed(of_settings.local(), &run, &order, &window, &plan, environment, ends.map(|(_, spare)| spare)).await?
        }
        None => direct(&of_settings, &run, &window).await?,
    };
    let Ended::Left(left) = ended else { return Ok(()) };
    // Slurm's notice comes late; before, somebody else wanted the end. Who has the run driven asks which it was; without an end that is known nobody can tell here.
    let is_early = ends.map_or(!order.follows_itself, |(until, spare)| Instant::now() + spare < until);
    let left = if left == Left::Time && is_early && told.load(Ordering::SeqCst) { Left::Stopped } else { left };
    if order.follows_itself && left == Left::Time {
        let parts = Parts { slurm: &parts.0, plan: &plan, file: &file, order: &order, variables: &parts.1 };
        follow(&parts, DriverFolder::of(&plan, request.number + 1)).await.map_err(unusable)?;
    }
    folder.note_left(&left).map_err(unusable)
}

/// Runs what is left of the run in this process.
async fn packed(
    local: &LocalBackend,
    run: &RunId,
    order: &Order,
    window: &Arc<Window>,
    plan: &PlanFolder,
    environment: &Environment,
    spare: Option<Duration>,
) -> Result<Ended, String> {
    let since = Instant::now();
    let handle = loop {
        let mut options = crate::backend::engine::wanted(plan).map_err(|error| format!("cannot read the plan: {error}"))?;
        options.strategy = order.strategy();
        let set = |_: &_, _: &str| {
            let builder = limited(local.builder(), order, environment, spare);
            // What has no limit begins anyhow.
            let has_limits = spare.is_some() && registry().iter().any(|task| task.options.timeout.is_some());
            Ok(if has_limits { timely(builder, window, order.jobs) } else { builder })
        };
        match local.resume_with(run, options, set, Some(Arc::clone(window))).await {
            Ok(handle) => break handle,
            Err(error) if is_locked(&error) && since.elapsed() < LOCKED => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => return Err(chain(&error)),
        }
    };
    Ok(ended(&handle, window).await)
}

/// Drives the run, whose nodes are jobs of their own.
async fn direct(backend: &SlurmBackend, run: &RunId, window: &Arc<Window>) -> Result<Ended, String> {
    let since = Instant::now();
    let handle = loop {
        match backend.drive_here(run).await {
            Ok(handle) => break handle,
            Err(error) if is_locked(&error) && since.elapsed() < LOCKED => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => return Err(chain(&error)),
        }
    };
    match select(pin!(handle.wait()), pin!(window.over())).await {
        Either::Left(_) => Ok(Ended::Over),
        // What was submitted goes on, and the next driver finds it.
        Either::Right(_) => Ok(Ended::Left(Left::Time)),
    }
}

async fn ended(handle: &RunHandle, window: &Window) -> Ended {
    // The run counts as driven as long as somebody sees to its next driver.
    let Either::Right(_) = select(pin!(handle.wait()), pin!(window.gone())).await else { return Ended::Over };
    match window.left() {
        Some(Closed::Time) => Ended::Left(Left::Time),
        Some(Closed::Gates) => Ended::Left(Left::Gates),
        Some(Closed::TooLong(node, limit)) => Ended::Left(Left::TooLong { node: node.to_string(), seconds: limit.as_secs() }),
        None => Ended::Over,
    }
}

fn is_locked(error: &RunError) -> bool {
    matches!(error, RunError::Record(error) if error.kind() == RecordErrorKind::Driven)
}

/// Submits the next driver.
async fn follow(parts: &Parts<'_>, folder: DriverFolder) -> io::Result<()> {
    if !folder.make()? {
        return Ok(());
    }
    folder.note_job(&parts.name(folder.number), None)?;
    loop {
        match parts.submit(&folder).await {
            Ok(id) => return folder.note_job(&parts.name(folder.number), Some(&id)),
            Err(NotSubmitted::Held(_)) => tokio::time::sleep(Duration::from_secs(5)).await,
            // It is looked for by its name.
            Err(NotSubmitted::Unclear(_)) => return Ok(()),
            Err(NotSubmitted::Refused(why)) => {
                return folder.note_left(&Left::Cannot { said: format!("cannot have the run driven on: {why}") });
            }
        }
    }
}

/// Whether jobs can be submitted from this machine.
async fn can_submit(slurm: &Slurm) -> Result<(), String> {
    let hint = "hint: with `driver = \"here\"` the run is driven from the machine where `run` was typed";
    slurm
        .can_submit()
        .await
        .map_err(|EngineError(said)| format!("this machine may not submit jobs, so no driver of the run can be a job: {said}\n{hint}"))
}

/// When nodes have to be over, if the time of this job is limited, and how much time there is for their end; `left` is what Slurm says of a limit that is
/// the partition's.
fn ends(order: &Order, left: Option<Duration>) -> Option<(Instant, Duration)> {
    // It began just now.
    let of_order = order.allocation.minutes().map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
    let left = of_order.or(left)?;
    let spare = reserve(left);
    Some((Instant::now().checked_add(left.saturating_sub(spare))?, spare))
}

/// The coordinator of the run, with what Slurm gave this job.
#[expect(clippy::cast_precision_loss, reason = "nobody has that many cores")]
fn limited(builder: CoordinatorBuilder, order: &Order, environment: &Environment, spare: Option<Duration>) -> CoordinatorBuilder {
    let number = |name: &str| environment.get(name).and_then(|value| value.parse::<u64>().ok());
    let builder = match number("SLURM_CPUS_PER_TASK").or_else(|| number("SLURM_CPUS_ON_NODE")) {
        Some(cores) => builder.cores(cores as f64),
        None => builder,
    };
    let builder = match number("SLURM_MEM_PER_NODE") {
        Some(mebibytes) => builder.memory(mebibytes.saturating_mul(1 << 20)),
        None => builder,
    };
    let builder = match spare {
        Some(spare) => builder.grace(spare / GRACE),
        None => builder,
    };
    let builder = order.tokens.iter().fold(builder, |builder, (name, tokens)| builder.tokens(name.as_str(), *tokens));
    match order.jobs {
        Some(jobs) => builder
            .jobs(jobs)
            .strategy(Strategy::Thread, ThreadStrategy::with_slots(jobs))
            .strategy(Strategy::Process, ProcessStrategy::with_slots(jobs)),
        None => builder,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_what_a_job_has() {
        let words = |words: &[&str]| DriverRequest::parse(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(words(&["--plan", "/p", "--number", "3"]), Ok(DriverRequest { plan: "/p".into(), number: 3 }));
        for wrong in [&["--plan", "/p"][..], &["--plan", "/p", "--number", "x"], &[]] {
            assert!(words(wrong).unwrap_err().contains("--number N"));
        }
    }
}
