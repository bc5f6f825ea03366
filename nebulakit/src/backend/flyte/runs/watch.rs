//! Watches an execution until it is over, and passes on what is asked of the run.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use nebulakit_types::convert::reader::{Entries, References};
use nebulakit_types::convert::writer::map_of_literals;

use super::super::error::{ClientError, ClientErrorKind};
use super::super::execution::{Execution, ExecutionDetails, ExecutionNode, ExecutionPhase};
use super::known::What;
use super::tell::{Sight, Teller, failure, succeeded};
use crate::coordinator::FailureKind;
use crate::run::{Answer, Arm, Control, EventKind, NodePath, Origin, RecordError, RecordErrorKind, Recorded, Request, RunOutcome};
use crate::task::failure::chain;

/// The shortest and the longest wait between two looks: it grows while nothing happens.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);

/// A look takes at most this part of the time.
const PART: u32 = 4;

/// How long to wait after a look that took so long. One that had to wait for the control plane says nothing of what looks cost.
fn rest(pause: Duration, took: Duration) -> Duration {
    pause.max((took * PART).min(LONGEST))
}

/// How many calls are made at once in a look.
const AT_A_TIME: usize = 8;

/// How often it looks once more when the execution is over, for what is told of its nodes later than that.
const BEHIND: u32 = 4;

/// Watches an execution.
pub(super) struct Watcher {
    pub(super) execution: Execution,
    pub(super) teller: Teller,
    pub(super) control: Control,
    /// What was asked and could not be passed on yet.
    asked: VecDeque<Request>,
    /// Since when the control plane has not answered.
    away: Option<Instant>,
}

/// What was seen in a look.
struct Sights {
    sights: Vec<Sight>,
    /// Conditions that were decided for arms which no node of ours stands for.
    decided: Vec<(NodePath, Arm)>,
}

/// Why a look came to nothing.
enum Trouble {
    /// The control plane.
    Flyte(ClientError),
    /// What was seen cannot be recorded.
    Record(RecordError),
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        Self::Flyte(error)
    }
}

impl From<RecordError> for Trouble {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl Watcher {
    pub(super) fn new(execution: Execution, teller: Teller, control: Control) -> Self {
        Self { execution, teller, control, asked: VecDeque::new(), away: None }
    }

    /// Watches until the execution is over, and records how it ended.
    pub(super) async fn watch(mut self) -> Result<RunOutcome, RecordError> {
        let mut pause = SHORTEST;
        loop {
            let began = Instant::now();
            let before = self.teller.events();
            match self.look().await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => {}
                Err(Trouble::Record(error)) => return Err(error),
                Err(Trouble::Flyte(error)) if passes(&error) => self.is_away(&error)?,
                Err(Trouble::Flyte(error)) => return self.lost(&error),
            }
            let is_quiet = self.teller.events() == before;
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
        let details = self.execution.details().await?;
        let mut sights = self.sights().await?;
        self.is_back()?;
        self.tell(&sights)?;
        if !details.phase.is_over() {
            return Ok(None);
        }
        for _ in 0..BEHIND {
            if sights.sights.iter().all(|sight| sight.node.phase.is_over()) {
                break;
            }
            tokio::time::sleep(SHORTEST / 2).await;
            sights = self.sights().await?;
            self.tell(&sights)?;
        }
        self.end(details).await.map(Some)
    }

    fn tell(&mut self, Sights { sights, decided }: &Sights) -> Result<(), RecordError> {
        // A condition begins before it is decided, and is over behind that.
        let conditions: Vec<_> = decided.iter().map(|(condition, _)| condition).collect();
        let is_condition = |sight: &&Sight| conditions.contains(&&sight.path);
        sights.iter().filter(is_condition).try_for_each(|sight| self.teller.begin(sight))?;
        decided.iter().try_for_each(|(condition, arm)| self.teller.decide(condition, *arm))?;
        self.teller.tell(sights)
    }

    /// All nodes that are not told to be over, with what has to be asked of each.
    async fn sights(&self) -> Result<Sights, ClientError> {
        let mut found: Vec<(NodePath, Execution, ExecutionNode)> = Vec::new();
        let mut decided = Vec::new();
        let mut left: Vec<(Execution, Option<NodePath>)> = vec![(self.execution.clone(), None)];
        while let Some((execution, above)) = left.pop() {
            for top in execution.outline().await? {
                for node in top.walk() {
                    let theirs = above.as_ref().map_or_else(|| node.path.clone(), |above| NodePath::below(Some(above), &node.path));
                    let Some(path) = self.teller.nodes.path(&theirs) else {
                        decided.extend(self.teller.nodes.decided(&theirs));
                        continue;
                    };
                    if let Some(id) = node.execution.clone().filter(|_| !self.teller.is_over(&path)) {
                        left.push((execution.client().execution_of(id), Some(theirs)));
                    }
                    found.push((path, execution.clone(), node.clone()));
                }
            }
        }
        let news = found.into_iter().filter(|(path, ..)| !self.teller.is_over(path));
        let asked = news.map(|(path, execution, node)| self.asked_of(path, execution, node));
        let asked: Vec<_> = asked.collect();
        let sights = stream::iter(asked).buffered(AT_A_TIME).collect::<Vec<_>>().await.into_iter().collect::<Result<_, _>>()?;
        Ok(Sights { sights, decided })
    }

    async fn asked_of(&self, path: NodePath, execution: Execution, node: ExecutionNode) -> Result<Sight, ClientError> {
        let what = self.teller.nodes.get(&path).map(|known| &known.what);
        let is_tried = matches!(what, None | Some(What::Task | What::Map)) && node.execution.is_none();
        let attempts = if is_tried { execution.attempts(&node).await? } else { Vec::new() };
        let outputs = if node.phase.is_success() {
            match execution.node_outputs(&node).await {
                Ok(outputs) => self.teller.keep(outputs).await,
                Err(error) if passes(&error) => return Err(error),
                // The node is over all the same.
                Err(_) => Recorded::Not,
            }
        } else {
            Recorded::Not
        };
        Ok(Sight { path, node, attempts, outputs })
    }

    async fn end(&mut self, details: ExecutionDetails) -> Result<RunOutcome, Trouble> {
        let (outcome, outputs) = match details.phase {
            ExecutionPhase::Succeeded => {
                let outputs = self.execution.outputs().await?;
                self.teller.leave(&succeeded(Recorded::Not, Origin::Run))?;
                (RunOutcome::Succeeded, Some(self.teller.keep_all(&outputs)?))
            }
            ExecutionPhase::Aborted => {
                self.teller.leave(&EventKind::Cancelled)?;
                (RunOutcome::Cancelled, None)
            }
            phase => {
                self.teller.skip()?;
                self.teller.leave(&EventKind::Cancelled)?;
                let kind = if phase == ExecutionPhase::TimedOut { FailureKind::TimedOut } else { FailureKind::Failed };
                let outcome = match self.teller.failed() {
                    Some((node, failure)) => RunOutcome::Failed { node: Some(node.clone()), failure: failure.clone() },
                    None => RunOutcome::Failed { node: None, failure: failure(details.failure.as_ref(), kind, "") },
                };
                (outcome, None)
            }
        };
        self.teller.recorder.record(None, EventKind::Ended { outcome: outcome.clone(), outputs })?;
        Ok(outcome)
    }

    fn hear(&mut self, asked: Result<Request, RecordError>) -> Result<(), RecordError> {
        match asked {
            Ok(request) => {
                if matches!(request, Request::Cancel | Request::Kill) {
                    self.teller.recorder.record(None, EventKind::Stopping)?;
                }
                self.asked.push_back(request);
            }
            Err(error) if error.kind() == RecordErrorKind::Corrupt => tracing::warn!(%error, "a request to the run is left out"),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Asks the control plane for what somebody asked of the run.
    async fn pass_on(&mut self, request: Request) -> Result<(), Trouble> {
        match request {
            Request::Cancel | Request::Kill => match self.execution.terminate("the run was cancelled where it was launched").await {
                // It may be over by now.
                Err(error) if error.kind() == ClientErrorKind::Invalid => Ok(()),
                answer => Ok(answer?),
            },
            Request::Answer { signal, answer } => {
                let answered = async {
                    let answer = self.stored(&signal, answer).await?;
                    self.execution.answer(&signal, answer).await
                };
                let event = match answered.await {
                    Ok(()) => EventKind::Answered { signal },
                    Err(error) if !passes(&error) => {
                        self.control.refuse(&signal)?;
                        EventKind::Refused { signal, why: error.message().to_owned() }
                    }
                    Err(error) => return Err(error.into()),
                };
                Ok(self.teller.recorder.record(None, event)?)
            }
        }
    }

    /// An answer whose data is in a store: that of files of this machine is uploaded.
    async fn stored(&self, signal: &str, answer: Answer) -> Result<Answer, ClientError> {
        let (Answer::Value(literal), Some(of)) = (&answer, self.teller.nodes.takes(signal)) else { return Ok(answer) };
        let inputs = map_of_literals([(signal, literal.as_slice())]);
        let stored = self.execution.client().upload_inputs(&inputs, |_| Some(of)).await?;
        let unreadable = |error: nebulakit_types::Error| ClientError::new(ClientErrorKind::Upload, chain(&error));
        let first = Entries::of_map(&stored, References::none()).next().map_err(unreadable)?.map(|(_, literal)| literal.bytes().to_vec());
        Ok(first.map_or(answer, Answer::Value))
    }

    /// Says once that the control plane does not answer.
    fn is_away(&mut self, error: &ClientError) -> Result<(), RecordError> {
        if self.away.is_none() {
            self.away = Some(Instant::now());
            tracing::warn!("the execution `{}` goes on unseen: {}; it is asked again", self.execution.id().name, error.message());
            let line = format!("the control plane does not answer, and is asked again: {}\n", error.message());
            self.teller.recorder.log(None, "flyte", line.as_bytes())?;
        }
        Ok(())
    }

    fn is_back(&mut self) -> Result<(), RecordError> {
        if let Some(away) = self.away.take() {
            let line = format!("the control plane answers again, after {:.0?}\n", away.elapsed());
            tracing::warn!("{}", line.trim_end());
            self.teller.recorder.log(None, "flyte", line.as_bytes())?;
        }
        Ok(())
    }

    /// The control plane refuses to say more, such as of an execution that is gone: the run is left, and can be watched again.
    fn lost(&self, error: &ClientError) -> Result<RunOutcome, RecordError> {
        let message = format!("the execution `{}` cannot be watched: {error}", self.execution.id().name);
        self.teller.recorder.log(None, "flyte", format!("{message}\n").as_bytes())?;
        Err(RecordError::new(RecordErrorKind::Unwatched, message))
    }
}

/// Whether the control plane may answer the next time.
fn passes(error: &ClientError) -> bool {
    matches!(error.kind(), ClientErrorKind::Unreachable | ClientErrorKind::Server)
}

/// Watches, and gives back the run when it is over or left.
pub(super) async fn watched(watcher: Watcher) -> Result<RunOutcome, RecordError> {
    let recorder = Arc::clone(&watcher.teller.recorder);
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
