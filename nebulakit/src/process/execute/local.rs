//! One task for a person on this machine: its outputs come back instead of being stored.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nebulakit_types::convert::reader::{Bounds, Entries, References};
use nebulakit_types::outputs::Output;

use super::{Execution, Result, on_a_runtime, spawn};
use crate::process::signal::StopSignals;
use crate::process::stop::Reason;
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::error::TaskError;
use crate::task::failure::{Failure, Unsuccessful};

/// How long a task that was asked to stop may take to end by itself, where a person waits and can end it at once.
const LOCAL_GRACE: Duration = Duration::from_secs(5);

/// How a run for a person ended.
#[derive(Debug)]
pub(crate) struct Here {
    /// With these outputs, or without; [`None`] where it was given up before it had ended.
    pub(crate) ended: Option<Result<Vec<Output>>>,
    /// The signal that asked it to stop.
    pub(crate) signal: Option<&'static str>,
}

impl Execution {
    /// Runs the task for a person on this machine: its outputs come back instead of being stored, and its `timeout`, which a
    /// platform would see to, is kept here.
    ///
    /// A signal asks the task to stop, after `stopping` has been told its name; where a second signal, or [`LOCAL_GRACE`], ends the wait for
    /// it, `give_up` ends the process.
    pub(crate) fn run_here(
        self: &Arc<Self>,
        task: &'static TaskDef,
        inputs: &Bytes,
        stopping: fn(&'static str),
        give_up: impl FnOnce(Here) + Clone + Send + 'static,
    ) -> Here {
        let failed = |failure: Failure| Here { ended: Some(Err(failure.into())), signal: None };
        if let Err(error) = self.listen_here(stopping, give_up.clone()) {
            return failed(Failure::cannot_start(&error));
        }
        let context = self.context(task, BTreeMap::new(), true, Bounds::default());
        let execution = Arc::clone(self);
        let ended = self.perform(task, inputs, context, move |failure| give_up(execution.part(failed(failure))));
        let signal = match self.stop.work_is_over() {
            Some(Reason::Signal(name)) => Some(name),
            Some(Reason::Overdue) | None => None,
        };
        self.part(Here { ended: Some(ended.map(|returned| returned.outputs)), signal })
    }

    /// The same where `work` runs the task, and this process only waits for it. A request to stop cancels the context that it is given.
    pub(crate) fn run_by<F: Future<Output = std::result::Result<Vec<u8>, TaskError>>>(
        self: &Arc<Self>,
        task: &'static TaskDef,
        stopping: fn(&'static str),
        give_up: impl FnOnce(Here) + Clone + Send + 'static,
        work: impl FnOnce(Context) -> F,
    ) -> Here {
        if let Err(error) = self.listen_here(stopping, give_up) {
            return Here { ended: Some(Err(Failure::cannot_start(&error).into())), signal: None };
        }
        let context = self.context(task, BTreeMap::new(), false, Bounds::default());
        let running = pin!(work(context.clone()));
        let ended = on_a_runtime(running).map_err(Unsuccessful::from).and_then(|ended| match ended {
            Ok(outputs) => outputs_of(task, &outputs).map_err(|error| Failure::of_outputs(&error).into()),
            Err(error) => Err(Failure::of_task(error.into())),
        });
        let signal = match self.stop.work_is_over() {
            Some(Reason::Signal(name)) => Some(name),
            Some(Reason::Overdue) | None => None,
        };
        self.part(Here { ended: Some(ended), signal })
    }

    fn listen_here(self: &Arc<Self>, stopping: fn(&'static str), give_up: impl FnOnce(Here) + Send + 'static) -> std::io::Result<()> {
        let mut signals = StopSignals::listen()?;
        let execution = Arc::clone(self);
        spawn("nebulakit-signals", move || {
            let name = execution.next_signal(&mut signals);
            stopping(name);
            execution.stop.ask(Reason::Signal(name));
            signals.next(LOCAL_GRACE);
            if execution.stop.take() {
                give_up(execution.part(Here { ended: None, signal: Some(name) }));
            }
        })
    }
}

/// The outputs that are in the bytes of an `outputs.pb`, in the order in which they are declared.
fn outputs_of(task: &TaskDef, outputs: &[u8]) -> nebulakit_types::Result<Vec<Output>> {
    let mut found = BTreeMap::new();
    let mut entries = Entries::of_map(outputs, References::none());
    while let Some((name, literal)) = entries.next()? {
        found.insert(name, literal.bytes().to_vec());
    }
    Ok(task.outputs.iter().filter_map(|name| Some(Output { name, literal: found.remove(name)? })).collect())
}
