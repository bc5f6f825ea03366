//! One task for a person on this machine: its outputs come back instead of being stored.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use nebulakit_types::convert::reader::References;
use nebulakit_types::outputs::Output;

use super::{Execution, spawn};
use crate::process::signal::StopSignals;
use crate::process::stop::Reason;
use crate::task::def::TaskDef;
use crate::task::failure::{Failure, Unsuccessful};
use crate::task::panic::guard;

/// How long a task that was asked to stop may take to end by itself, where a person waits and can end it at once.
const LOCAL_GRACE: Duration = Duration::from_secs(5);

/// How a run for a person ended.
#[derive(Debug)]
pub(crate) enum LocalEnding {
    /// With these outputs, which have been checked.
    Returned(Vec<Output>),
    /// With these outputs, though the signal of this name had asked it to stop.
    ReturnedLate(&'static str, Vec<Output>),
    /// Without outputs, as the task asked.
    Ignored,
    /// Before it began: the inputs are not what the task takes.
    BadInputs(nebulakit_types::Error),
    /// With a failure.
    Failed(Failure),
    /// By the signal of this name, with its own failure if it came to one.
    Stopped(&'static str, Option<Failure>),
}

impl Execution {
    /// Runs the task for a person on this machine: its outputs come back instead of being stored, and its `timeout`, which a
    /// platform would see to, is kept here.
    ///
    /// A signal asks the task to stop, after `stopping` has been told its name; where a second signal, or [`LOCAL_GRACE`], ends the wait for it, `give_up` ends the process.
    pub(crate) fn run_here(
        self: &Arc<Self>,
        task: &'static TaskDef,
        inputs: &[u8],
        stopping: fn(&'static str),
        give_up: impl FnOnce(LocalEnding) + Clone + Send + 'static,
    ) -> LocalEnding {
        if let Err(error) = self.listen_here(stopping, give_up.clone()) {
            return LocalEnding::Failed(Failure::cannot_start(&error));
        }
        let context = self.context(task, BTreeMap::new());
        let call = match guard(|| self.prepare(task, inputs, References::default(), &context)) {
            Ok(Ok(call)) => call,
            Ok(Err(error)) => return LocalEnding::BadInputs(error),
            Err(failure) => return LocalEnding::Failed(failure),
        };
        let ended = self.finish(call, task, &context, task.options.timeout, |failure| give_up(LocalEnding::Failed(failure)));
        match (ended, self.stop.work_is_over()) {
            (Ok((outputs, _)), Some(Reason::Signal(name))) => LocalEnding::ReturnedLate(name, outputs),
            (Ok((outputs, _)), _) => LocalEnding::Returned(outputs),
            (Err(Unsuccessful::Ignored), Some(Reason::Signal(name))) => LocalEnding::Stopped(name, None),
            (Err(Unsuccessful::Ignored), _) => LocalEnding::Ignored,
            (Err(Unsuccessful::Failed(failure)), Some(Reason::Signal(name))) => LocalEnding::Stopped(name, Some(failure)),
            (Err(Unsuccessful::Failed(failure)), _) => LocalEnding::Failed(failure),
        }
    }

    fn listen_here(
        self: &Arc<Self>,
        stopping: fn(&'static str),
        give_up: impl FnOnce(LocalEnding) + Send + 'static,
    ) -> std::io::Result<()> {
        let mut signals = StopSignals::listen()?;
        let execution = Arc::clone(self);
        spawn("nebulakit-signals", move || {
            let name = execution.next_signal(&mut signals);
            stopping(name);
            execution.stop.ask(Reason::Signal(name));
            signals.next(LOCAL_GRACE);
            if execution.stop.take() {
                give_up(LocalEnding::Stopped(name, None));
            }
        })
    }
}
