//! The tasks that a task in a worker calls: the process that started the worker runs them.

use std::sync::Arc;

use crate::process::worker::listen::Shared;
use crate::process::worker::message::{Call, Report};
use crate::task::error::TaskError;
use crate::task::invocation::{Called, Caller, Child};

/// Hands the calls of one task on over the socket.
pub(super) struct OverSocket {
    pub(super) shared: Arc<Shared>,
    pub(super) task: u64,
}

/// Says that nobody waits for a call any more.
struct Waiting<'a> {
    shared: &'a Shared,
    task: u64,
    call: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.give_up(self.task, self.call);
    }
}

impl Caller for OverSocket {
    fn call(&self, child: Child) -> Called {
        let (shared, task) = (Arc::clone(&self.shared), self.task);
        Box::pin(async move {
            let Child { definition, inputs, retries, group } = child;
            let (call, answer) = shared.call();
            let waiting = Waiting { shared: &shared, task, call };
            let is_over = || TaskError::permanent(anyhow::anyhow!("the task that called `{}` is over", definition.name()));
            let report = Report::Call(Call { call, task: definition.name().to_owned(), inputs, retries, group });
            if !shared.say_of(task, report).map_err(TaskError::permanent)? {
                return Err(is_over());
            }
            let ended = answer.await;
            drop(waiting);
            let ended = ended.map_err(|_| is_over())?;
            ended.map(|outputs| outputs.to_vec())
        })
    }
}
