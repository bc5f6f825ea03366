//! The process that has a run driven: it submits the jobs that do, one after the other, and passes on what people ask.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::notes::{DriverFolder, Left};
use super::order::Order;
use super::submit::Parts;
use super::verdict::{self, FRUITLESS};
use crate::backend::RunError;
use crate::backend::engine::{Ending, Engine as _, EngineEnd, EngineId, NotSubmitted, Pace, Seen};
use crate::backend::node::{PlanFile, PlanFolder};
use crate::backend::slurm::reach::Slurm;
use crate::run::{
    Control, Durability, EventKind, NodeStatus, RecordError, RecordErrorKind, Recorder, Request, RunHandle, RunOutcome, RunStatus,
    RunsFolder, answers,
};

/// How often the folders are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How long a driver may take to stop its run before its job is cancelled.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same when it is to end at once.
const SHORT_PATIENCE: Duration = Duration::from_secs(10);

/// How often Slurm is asked how a job ended that was told to stop.
const SOON: Duration = Duration::from_secs(1);

/// How long the lock of a run may be held by a driver that is about to end.
const LOCKED: Duration = Duration::from_secs(30);

/// Has a run driven by jobs. The run is driven as long as this is there.
pub(in crate::backend::slurm) struct Keeper {
    pub(in crate::backend::slurm) slurm: Arc<Slurm>,
    pub(in crate::backend::slurm) runs: RunsFolder,
    pub(in crate::backend::slurm) run: RunHandle,
    pub(in crate::backend::slurm) plan: PlanFolder,
    pub(in crate::backend::slurm) file: PlanFile,
    pub(in crate::backend::slurm) order: Order,
    pub(in crate::backend::slurm) variables: Vec<(String, String)>,
    pub(in crate::backend::slurm) pace: Pace,
}

/// How the time of one driver ended.
enum Over {
    Run(RunOutcome),
    Left(Left),
    Ended(EngineEnd),
    /// Somebody asked for the end of the run.
    Stopped,
}

/// What people asked for, and since when.
#[derive(Default)]
struct Asked {
    stop: Option<Instant>,
    kill: Option<Instant>,
}

impl Keeper {
    /// Has the run driven to its end, on the runtime of the caller.
    pub(in crate::backend::slurm) fn start(self) -> Result<RunHandle, RunError> {
        let folder = self.run.folder().clone();
        let lock = folder.keep_driven().map_err(RunError::Record)?;
        let (over, ended) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let kept = self.kept().await;
            drop(lock);
            let _ = over.send(kept);
        });
        Ok(RunHandle::driven(&folder, async move { ended.await.ok() }))
    }

    async fn kept(&self) -> Result<RunOutcome, RecordError> {
        let mut control = Control::new(self.run.folder());
        let mut fruitless = 0;
        let mut last = DriverFolder::last(&self.plan).map_err(|error| self.unusable(&error))?;
        loop {
            let folder = match last.take() {
                Some(last) => last,
                None => DriverFolder::of(&self.plan, 0),
            };
            let before = self.progress()?;
            let id = match self.submitted(&folder, &mut control).await? {
                Ok(id) => id,
                Err(outcome) => return self.end(outcome).await,
            };
            let over = self.watched(&folder, &id, &mut control).await?;
            let outcome = match &over {
                Over::Run(outcome) => return Ok(outcome.clone()),
                Over::Stopped => Some(RunOutcome::Cancelled),
                Over::Left(left) => verdict::of_left(left),
                Over::Ended(end) => verdict::of_end(&id, end, &folder),
            };
            if let Some(outcome) = outcome {
                return self.end(outcome).await;
            }
            if matches!(over, Over::Left(Left::Gates)) {
                if self.answered(&mut control).await? {
                    return self.end(RunOutcome::Cancelled).await;
                }
            } else {
                fruitless = if self.progress()? == before { fruitless + 1 } else { 0 };
                if fruitless >= FRUITLESS {
                    return self.end(verdict::fruitless(&id)).await;
                }
            }
            last = Some(DriverFolder::of(&self.plan, folder.number + 1));
        }
    }

    /// How far the run has come: how many nodes succeeded, and when a task last saved how far it is.
    fn progress(&self) -> Result<(u64, Option<SystemTime>), RecordError> {
        Ok((self.run.counts()?.succeeded, newest(&self.run.folder().path().join("checkpoints"))))
    }

    /// The id of the job of this driver, which is submitted unless it was; or how the run ends.
    async fn submitted(&self, folder: &DriverFolder, control: &mut Control) -> Result<Result<EngineId, RunOutcome>, RecordError> {
        let unusable = |error: std::io::Error| self.unusable(&error);
        let parts = self.parts();
        let name = parts.name(folder.number);
        // Where another process made the folder, it may have submitted the job.
        let mut is_new = folder.make().map_err(unusable)?;
        if let Some(id) = folder.job().map_err(unusable)?.and_then(|job| job.id) {
            return Ok(Ok(id.into()));
        }
        folder.note_job(&name, None).map_err(unusable)?;
        let mut shown = None;
        loop {
            if stops(control)? {
                return Ok(Err(RunOutcome::Cancelled));
            }
            let wait = if is_new {
                match parts.submit(folder).await {
                    Ok(id) => {
                        folder.note_job(&name, Some(&id)).map_err(unusable)?;
                        self.say(&format!("the job {id} of Slurm drives the run"));
                        return Ok(Ok(id));
                    }
                    Err(NotSubmitted::Refused(why)) => return Ok(Err(verdict::failed(format!("cannot have the run driven: {why}")))),
                    Err(NotSubmitted::Unclear(_)) => {
                        is_new = false;
                        LOOK
                    }
                    Err(NotSubmitted::Held(why)) => {
                        if shown.as_ref() != Some(&why) {
                            self.say(&format!("the job that is to drive the run is held back: {why}"));
                            shown = Some(why);
                        }
                        self.pace.held
                    }
                }
            } else {
                match self.slurm.find(&name).await {
                    Ok(Some(id)) => {
                        folder.note_job(&name, Some(&id)).map_err(unusable)?;
                        return Ok(Ok(id));
                    }
                    Ok(None) => {
                        is_new = true;
                        LOOK
                    }
                    Err(_) => self.pace.held,
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Watches the job of a driver until it drives the run no more.
    async fn watched(&self, folder: &DriverFolder, id: &EngineId, control: &mut Control) -> Result<Over, RecordError> {
        let mut asked = Asked::default();
        let (mut looked, mut known) = (Instant::now(), Instant::now());
        let mut ended: Option<(Instant, EngineEnd)> = None;
        let mut shown = None;
        loop {
            if let RunStatus::Ended(outcome) = self.run.status()? {
                return Ok(Over::Run(outcome));
            }
            let left = folder.left().map_err(|error| self.unusable(&error))?;
            let is_stopped = left == Some(Left::Stopped);
            if let Some(left) = left.filter(|_| !is_stopped) {
                return Ok(Over::Left(left));
            }
            while let Some(request) = control.poll()? {
                match request {
                    Request::Cancel => drop(asked.stop.get_or_insert_with(Instant::now)),
                    Request::Kill => drop(asked.kill.get_or_insert_with(Instant::now)),
                    Request::Answer { .. } => {}
                }
            }
            if asked.is_due(folder.has_begun()) {
                self.cancel(id).await;
                return Ok(Over::Stopped);
            }
            // What it left may be seen here later than its end.
            if let Some((since, end)) = &ended
                && (is_stopped || Instant::now().duration_since(*since) >= self.pace.settle)
            {
                return Ok(if is_stopped && matches!(end.how, Ending::Exited(_)) {
                    Over::Left(Left::Time)
                } else {
                    Over::Ended(EngineEnd::clone(end))
                });
            }
            if ended.is_none() && looked.elapsed() >= if is_stopped { self.pace.poll.min(SOON) } else { self.pace.poll } {
                match self.slurm.look(std::slice::from_ref(id)).await {
                    Ok(seen) => match seen.get(id) {
                        Some(Seen::Ended(end)) => ended = Some((Instant::now(), end.clone())),
                        Some(Seen::Queued { reason }) => {
                            known = Instant::now();
                            if reason.is_some() && shown != *reason {
                                self.say(&format!("the job {id} of Slurm waits: {}", reason.as_deref().unwrap_or_default()));
                                shown.clone_from(reason);
                            }
                        }
                        Some(Seen::Running { .. } | Seen::InLine) => known = Instant::now(),
                        None if known.elapsed() >= self.pace.lost => ended = Some((Instant::now(), EngineEnd::new(Ending::Unknown))),
                        None => {}
                    },
                    Err(error) => tracing::debug!(%error, "Slurm cannot be asked"),
                }
                looked = Instant::now();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until a gate is answered that waits; whether the end of the run is asked for instead.
    async fn answered(&self, control: &mut Control) -> Result<bool, RecordError> {
        loop {
            if stops(control)? {
                return Ok(true);
            }
            let (given, state) = (answers(self.run.folder())?, self.run.state()?);
            let is_answered = |status: &NodeStatus| matches!(status, NodeStatus::Waiting { signal, .. } if given.contains_key(&**signal));
            if state.nodes.values().any(|node| is_answered(&node.status)) {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends the job of a driver.
    async fn cancel(&self, id: &EngineId) {
        if let Err(error) = self.slurm.cancel(std::slice::from_ref(id)).await {
            tracing::warn!(%error, "the job {id} of Slurm cannot be cancelled");
        }
    }

    /// Records the end of the run, which nobody drives any more.
    async fn end(&self, outcome: RunOutcome) -> Result<RunOutcome, RecordError> {
        let since = Instant::now();
        let recorder = loop {
            match Recorder::resume(&self.runs, self.run.id(), Durability::Kernel) {
                Ok(recorder) => break recorder,
                Err(error) if error.kind() == RecordErrorKind::Driven && since.elapsed() < LOCKED => tokio::time::sleep(LOOK).await,
                Err(error) => match self.run.status()? {
                    RunStatus::Ended(outcome) => return Ok(outcome),
                    _ => return Err(error),
                },
            }
        };
        recorder.record(None, EventKind::Ended { outcome: outcome.clone(), outputs: None })?;
        Ok(outcome)
    }

    /// Says something in the log of the run.
    fn say(&self, what: &str) {
        tracing::info!("{what}");
        if let Err(error) = Recorder::note(self.run.folder(), what) {
            tracing::debug!(%error, "the log of the run cannot be written");
        }
    }

    fn parts(&self) -> Parts<'_> {
        Parts { slurm: &self.slurm, plan: &self.plan, file: &self.file, order: &self.order, variables: &self.variables }
    }

    fn unusable(&self, error: &std::io::Error) -> RecordError {
        RecordError::new(RecordErrorKind::Io(error.kind()), format!("the plan {} cannot be used: {error}", self.plan.path().display()))
    }
}

impl Asked {
    /// Whether the job is to be cancelled: one that drives the run stops it by itself, if it does.
    fn is_due(&self, has_begun: bool) -> bool {
        let waited = |since: Option<Instant>, patience| since.is_some_and(|since| !has_begun || since.elapsed() >= patience);
        waited(self.kill, SHORT_PATIENCE) || waited(self.stop, PATIENCE)
    }
}

/// When anything in a folder last changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?;
    let times = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let own = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
        own.max(newest(&path))
    });
    times.max()
}

/// Whether the end of the run is asked for.
fn stops(control: &mut Control) -> Result<bool, RecordError> {
    while let Some(request) = control.poll()? {
        if matches!(request, Request::Cancel | Request::Kill) {
            return Ok(true);
        }
    }
    Ok(false)
}
