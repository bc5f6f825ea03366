//! The answers to a run's gates.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};

use crate::graph::Graph;
use crate::run::{Answer, GateTakes};

/// The answers to a run's gates, by their signals.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    state: Mutex<State>,
    /// Those of the run that this one resumes.
    former: HashMap<String, Answer>,
    answered: Notify,
    /// Receives the answers that are refused after they were taken; [`None`] if no more answers can come.
    refused: Option<mpsc::UnboundedSender<Refusal>>,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<String, Answer>,
    /// What the gates known so far take.
    gates: BTreeMap<String, GateTakes>,
    /// Whether dynamic tasks may add more gates.
    grows: bool,
}

/// An answer that no gate accepts.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) signal: String,
    pub(crate) why: String,
}

impl Signals {
    /// Those of a run that nobody can answer while it runs.
    pub(crate) fn known(answers: HashMap<String, Answer>) -> Self {
        Self { state: Mutex::new(State { answers, ..State::default() }), ..Self::default() }
    }

    /// Those of a run of `graph` that others can answer, with the answers that already exist, here or in the run that it resumes. Also returns the receiver of
    /// answers that turn out not to fit their gate.
    pub(crate) fn open(
        graph: &Graph,
        answers: HashMap<String, Answer>,
        former: HashMap<String, Answer>,
    ) -> (Self, mpsc::UnboundedReceiver<Refusal>) {
        let grows = graph.tasks.values().any(|task| task.is_dynamic);
        let state = State { answers, gates: GateTakes::of_all(graph), grows };
        // There is at most one for each gate.
        let (refused, refusals) = mpsc::unbounded_channel();
        (Self { state: Mutex::new(state), refused: Some(refused), former, ..Self::default() }, refusals)
    }

    /// Answers a signal; the last answer before its gate reads it counts.
    ///
    /// # Errors
    /// When no gate accepts the answer.
    pub(crate) fn answer(&self, signal: String, answer: Answer) -> Result<(), Refusal> {
        let mut state = self.locked();
        let taken = match state.gates.get(&signal) {
            Some(takes) => takes.check(&answer),
            None if state.grows => Ok(()),
            None => Err("the run has no such gate".to_owned()),
        };
        if let Err(why) = taken {
            return Err(Refusal { signal, why });
        }
        state.answers.insert(signal, answer);
        drop(state);
        self.answered.notify_waiters();
        Ok(())
    }

    /// Whether no more answers can come.
    pub(super) fn are_final(&self) -> bool {
        self.refused.is_none()
    }

    /// The answer to a gate, if there is one already. From here on, answers are checked when they come.
    ///
    /// # Errors
    /// When another gate of the signal takes something else, or when this one does and nobody can answer again.
    pub(super) fn get(&self, signal: &str, takes: &GateTakes) -> Result<Option<Answer>, String> {
        let mut state = self.locked();
        let known = state.gates.entry(signal.to_owned()).or_insert_with(|| takes.clone());
        if known != takes {
            return Err(format!("this gate takes {takes}, but another one of the run takes {known}; give them different signals"));
        }
        let Some(answer) = state.answers.get(signal) else { return Ok(None) };
        match (takes.check(answer), &self.refused) {
            (Ok(()), _) => Ok(Some(answer.clone())),
            (Err(why), None) => Err(why),
            (Err(why), Some(refused)) => {
                state.answers.remove(signal);
                // Where nobody hears of it the run is over.
                let _ = refused.send(Refusal { signal: signal.to_owned(), why });
                Ok(None)
            }
        }
    }

    /// The answer of the run that this one resumes, if the gate accepts it.
    pub(super) fn of_former(&self, signal: &str, takes: &GateTakes) -> Option<Answer> {
        self.former.get(signal).filter(|answer| takes.check(answer).is_ok()).cloned()
    }

    pub(super) async fn wait(&self, signal: &str) -> Answer {
        loop {
            let mut answered = pin!(self.answered.notified());
            // It listens before it looks, so that no answer falls in between.
            answered.as_mut().enable();
            if let Some(answer) = self.locked().answers.get(signal) {
                return answer.clone();
            }
            answered.await;
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
