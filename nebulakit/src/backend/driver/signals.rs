//! The answers to a run's gates.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::run::Answer;

/// The answers to a run's gates, by their signals.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    answers: Mutex<HashMap<String, Answer>>,
    /// Those of the run that this one goes on with.
    former: HashMap<String, Answer>,
    answered: Notify,
    /// Whether nobody can answer what is not answered yet.
    pub(super) is_final: bool,
}

impl Signals {
    /// Those of a run of which nobody knows while it runs.
    pub(crate) fn known(answers: HashMap<String, Answer>) -> Self {
        Self { answers: Mutex::new(answers), is_final: true, ..Self::default() }
    }

    /// Those of a run that others can answer, beside those that were answered in the run that it goes on with.
    pub(crate) fn open(former: HashMap<String, Answer>) -> Self {
        Self { former, ..Self::default() }
    }

    /// Answers a signal; the last answer before its gate looks counts.
    pub(crate) fn answer(&self, signal: String, answer: Answer) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(signal, answer);
        self.answered.notify_waiters();
    }

    pub(super) fn get(&self, signal: &str) -> Option<Answer> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(signal).cloned()
    }

    /// The answer of the run that this one goes on with.
    pub(super) fn of_former(&self, signal: &str) -> Option<Answer> {
        self.former.get(signal).cloned()
    }

    pub(super) async fn wait(&self, signal: &str) -> Answer {
        loop {
            let mut answered = pin!(self.answered.notified());
            // It listens before it looks, so that no answer falls in between.
            answered.as_mut().enable();
            if let Some(answer) = self.get(signal) {
                return answer;
            }
            answered.await;
        }
    }
}
