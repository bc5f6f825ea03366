//! Watches an execution until it is over, and passes on what is asked of the run.
//!
//! | module | holds |
//! |---|---|
//! | `watcher` | what a watcher knows |
//! | `requests` | what is asked of the run |

mod requests;
mod watcher;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) use self::requests::{CANCELLED, stored};
pub(super) use self::watcher::Watcher;
use super::super::error::ClientError;
use super::look::{Trouble, passes};
use crate::run::{RecordError, RecordErrorKind, RunOutcome};

/// The shortest and the longest wait between two looks: it grows while nothing happens.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);

/// A look takes at most this part of the time.
const PART: u32 = 4;

/// How long to wait after a look that took so long. One that had to wait for the control plane says nothing of what looks cost.
fn rest(pause: Duration, took: Duration) -> Duration {
    pause.max((took * PART).min(LONGEST))
}

impl Watcher {
    /// Watches until the execution is over, and records how it ended.
    pub(super) async fn watch(mut self) -> Result<RunOutcome, RecordError> {
        let mut pause = SHORTEST;
        loop {
            let began = Instant::now();
            let before = self.looker.teller.events();
            match self.look().await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => {}
                Err(Trouble::Record(error)) => return Err(error),
                Err(Trouble::Flyte(error)) if passes(&error) => self.is_away(&error)?,
                Err(Trouble::Flyte(error)) => return self.lost(&error),
            }
            let is_quiet = self.looker.teller.events() == before;
            pause = if is_quiet { (pause * 5 / 4).min(LONGEST) } else { SHORTEST };
            tokio::select! {
                asked = self.control.watch() => self.hear(asked)?,
                () = tokio::time::sleep(rest(pause, began.elapsed())) => {}
            }
        }
    }

    /// One look: what was asked is passed on, and what is new is told.
    async fn look(&mut self) -> Result<Option<RunOutcome>, Trouble> {
        while let Some(request) = self.asked.front().cloned() {
            self.pass_on(request).await?;
            self.asked.pop_front();
        }
        let details = self.looker.look().await?;
        self.is_back()?;
        match details.phase.is_over() {
            true => self.looker.end(&details).await.map(Some),
            false => Ok(None),
        }
    }

    /// Says once that the control plane does not answer.
    fn is_away(&mut self, error: &ClientError) -> Result<(), RecordError> {
        if self.away.is_none() {
            self.away = Some(Instant::now());
            tracing::warn!("the execution `{}` goes on unseen: {}; it is asked again", self.looker.execution.id().name, error.message());
            let line = format!("the control plane does not answer, and is asked again: {}\n", error.message());
            self.recorder.log(None, "flyte", line.as_bytes())?;
        }
        Ok(())
    }

    fn is_back(&mut self) -> Result<(), RecordError> {
        if let Some(away) = self.away.take() {
            let line = format!("the control plane answers again, after {:.0?}\n", away.elapsed());
            tracing::warn!("{}", line.trim_end());
            self.recorder.log(None, "flyte", line.as_bytes())?;
        }
        Ok(())
    }

    /// The control plane refuses to say more, such as of an execution that is gone: the run is left, and can be watched again.
    fn lost(&self, error: &ClientError) -> Result<RunOutcome, RecordError> {
        let message = format!("the execution `{}` cannot be watched: {error}", self.looker.execution.id().name);
        self.recorder.log(None, "flyte", format!("{message}\n").as_bytes())?;
        Err(RecordError::new(RecordErrorKind::Unwatched, message))
    }
}

/// Watches, and gives back the run when it is over or left.
pub(super) async fn watched(watcher: Watcher) -> Result<RunOutcome, RecordError> {
    let recorder = Arc::clone(&watcher.recorder);
    let ended = watcher.watch().await;
    // Others may watch from now on.
    recorder.release();
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_leave_the_control_plane_time_and_come_again_soon_after_it_was_away() {
        let seconds = Duration::from_secs;
        assert_eq!(rest(SHORTEST, Duration::from_millis(10)), SHORTEST);
        assert_eq!(rest(SHORTEST, seconds(2)), seconds(8));
        assert_eq!(rest(SHORTEST, seconds(60)), LONGEST);
    }
}
