//! A run, as long as Snakemake works on it: what its jobs tell becomes events, and what is asked of the run is passed on.
//!
//! | module | holds |
//! |---|---|
//! | `watcher` | what is known meanwhile |
//! | `tail` | the new lines of a file |
//! | `logger` | what Snakemake tells |
//! | `known` | what is known of the nodes |
//! | `passes` | what jobs tell, as events |
//! | `ends` | how the run ended, and what that means for nodes that are not over |
//! | `alive` | whether another Snakemake works in the folder |

mod alive;
mod ends;
mod known;
mod logger;
mod passes;
mod tail;
mod watcher;

use std::io;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::Signal;

pub(super) use self::alive::is_at_work;
use self::logger::Logged;
pub(super) use self::watcher::Watcher;
use super::folder::publish;
use crate::run::{EventKind, GateTakes, RecordError, Request, RunOutcome};

/// How often the files are looked at.
const PERIOD: Duration = Duration::from_millis(40);

/// How long Snakemake has to stop before it is asked again, and then before it is ended.
const GRACE: Duration = Duration::from_secs(8);

impl Watcher {
    /// Watches until Snakemake is over, and records how the run ended.
    pub(super) async fn watched(mut self) -> Result<RunOutcome, RecordError> {
        let ended = self.watch().await;
        if ended.is_err() {
            // Nobody sees what it does.
            self.signal(Signal::KILL);
        }
        self.recorder.release();
        ended
    }

    async fn watch(&mut self) -> Result<RunOutcome, RecordError> {
        self.resumed()?;
        let status = loop {
            let over = self.child.try_wait();
            self.look()?;
            match over {
                Ok(Some(status)) => break Ok(status),
                Err(error) => break Err(error),
                Ok(None) => {}
            }
            while let Some(request) = self.control.poll()? {
                self.heed(request)?;
            }
            self.press();
            tokio::time::sleep(PERIOD).await;
        };
        self.look()?;
        self.ended(status)
    }

    /// Takes what is new in the files.
    fn look(&mut self) -> Result<(), RecordError> {
        for line in self.logger.lines() {
            let Ok(logged) = serde_json::from_slice::<Logged>(&line) else { continue };
            match &*logged.event {
                "job_info" => {
                    let (Some(job), Some(folder)) = (logged.jobid, logged.folder()) else { continue };
                    self.tail(&folder);
                    self.open.insert(job, folder);
                }
                "job_finished" | "job_error" => {
                    let Some(folder) = logged.job().and_then(|job| self.open.remove(&job)) else { continue };
                    self.pass(&folder)?;
                }
                "error" => self.errors.extend(logged.message),
                _ => {}
            }
        }
        for folder in self.open.values().cloned().collect::<Vec<_>>() {
            self.pass(&folder)?;
        }
        Ok(())
    }

    /// Passes on what somebody asked of the run.
    fn heed(&mut self, request: Request) -> Result<(), RecordError> {
        match request {
            Request::Cancel | Request::Kill => {
                let unkept = |error| tracing::warn!(error = %error, "jobs are not told to stop by the plan's folder");
                publish(&self.folder.file("cancelled"), b"").and_then(|()| publish(&self.folder.stop(None), b"")).unwrap_or_else(unkept);
                if self.stopping.is_none() {
                    self.recorder.record(None, EventKind::Stopping)?;
                    self.stopping = Some((Instant::now(), 0));
                    self.signal(Signal::INT);
                }
                if request == Request::Kill {
                    self.signal(Signal::KILL);
                }
                Ok(())
            }
            Request::Answer { signal, answer } => {
                let takes = GateTakes::of_all(&self.graph);
                let taken = match takes.get(&signal) {
                    Some(takes) => takes.check(&answer),
                    None => Err("the run has no such gate".to_owned()),
                };
                let stored = taken.and_then(|()| {
                    let json = serde_json::to_vec(&answer).map_err(|error| error.to_string())?;
                    publish(&self.folder.answer(&signal), &json).map_err(|error| error.to_string())
                });
                match stored {
                    Ok(()) => self.recorder.record(None, EventKind::Answered { signal }),
                    Err(why) => {
                        self.control.refuse(&signal)?;
                        self.recorder.record(None, EventKind::Refused { signal, why })
                    }
                }
            }
        }
    }

    /// Asks again, and then ends what did not stop.
    fn press(&mut self) {
        let Some((since, asked)) = self.stopping else { return };
        let (wait, signal) = match asked {
            0 => (GRACE, Signal::TERM),
            1 => (2 * GRACE, Signal::KILL),
            _ => return,
        };
        if since.elapsed() > wait {
            self.signal(signal);
            self.stopping = Some((since, asked + 1));
        }
    }

    fn ended(&mut self, status: io::Result<ExitStatus>) -> Result<RunOutcome, RecordError> {
        let (outcome, outputs) = self.outcome(status)?;
        let outputs = outputs.map(|outputs| self.recorder.keep(&outputs)).transpose()?;
        self.recorder.record(None, EventKind::Ended { outcome: outcome.clone(), outputs })?;
        Ok(outcome)
    }
}
