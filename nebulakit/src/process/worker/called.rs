//! The tasks that a task in a worker calls: the process that started the worker runs them.

use std::sync::Arc;

use crate::process::worker::listen::Shared;
use crate::process::worker::message::{Call, Report};
use crate::task::error::TaskError;
use crate::task::invocation::{Called, Caller, Child};

/// Hands calls on over the socket.
pub(super) struct OverSocket(pub(super) Arc<Shared>);

/// Says that nobody waits for a call any more.
struct Waiting<'a> {
    shared: &'a Shared,
    call: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.give_up(self.call);
    }
}

impl Caller for OverSocket {
    fn call(&self, child: Child) -> Called {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let Child { definition, inputs, retries, group } = child;
            let (call, answer) = shared.call();
            let waiting = Waiting { shared: &shared, call };
            let said = shared.channel.say(Report::Call(Call { call, task: definition.name().to_owned(), inputs, retries, group }));
            said.map_err(TaskError::permanent)?;
            let ended = answer.await;
            drop(waiting);
            let ended = ended.map_err(|_| TaskError::permanent(anyhow::anyhow!("the task that called `{}` is over", definition.name())))?;
            ended.map(|outputs| outputs.to_vec())
        })
    }
}
