//! Gates: nodes that wait for an answer, or for a time to pass.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};

use super::fault::{End, code};
use super::step::Step;
use super::value;
use super::window::Window;
use crate::graph::{GATE_OUTPUT, Gate};
use crate::run::{Answer, EventKind, GateTakes};
use crate::task::failure::code::TIMEOUT;

impl Step<'_> {
    /// Passes its input on once it is approved.
    pub(super) async fn approve(&self, gate: &Gate) -> Result<Bytes, End> {
        let inputs = self.inputs()?;
        // What waits for it takes what it is given.
        let answer = self.answer(gate, GateTakes::Approval).await.inspect_err(|_| self.foretell_needs(&inputs))?;
        match answer {
            Answer::Approve => Ok(value::literals(&inputs)),
            _ => Err(self.fault(code::REJECTED, format!("`{}` was rejected", gate.signal))),
        }
    }

    /// Gives the value of the answer.
    pub(super) async fn wait(&self, gate: &Gate) -> Result<Bytes, End> {
        match self.answer(gate, GateTakes::Value(Box::new(gate.literal_type.clone()))).await? {
            Answer::Value(value) => Ok(value::literals(&[(GATE_OUTPUT, value.into())])),
            _ => Err(self.fault(code::REJECTED, format!("`{}` did not get a value", gate.signal))),
        }
    }

    pub(super) async fn sleep(&self, time: Duration) -> Result<Bytes, End> {
        if !self.walk.world.is_rehearsal {
            self.walk.tell(&self.path, || EventKind::Started { attempt: 0 });
        }
        let _busy = self.walk.world.window.as_deref().map(Window::busy);
        self.within(tokio::time::sleep(time)).await?;
        Ok(Bytes::new())
    }

    /// The first answer of the kind that the gate takes.
    async fn answer(&self, gate: &Gate, takes: GateTakes) -> Result<Answer, End> {
        let signals = &self.walk.world.signals;
        let known = signals.get(&gate.signal, &takes);
        let known = known.map_err(|why| self.fault(code::REJECTED, format!("the signal `{}`: {why}", gate.signal)))?;
        // Who answered before did not see what is given to a gate that runs again.
        let former = || signals.of_former(&gate.signal, &takes).filter(|_| !self.is_again);
        if let Some(answer) = known.or_else(former) {
            return Ok(answer);
        }
        if signals.are_final() {
            let message = format!("the gate waits for the signal `{}`, and this run has no answer to it", gate.signal);
            return Err(self.fault(code::UNANSWERED, message));
        }
        self.walk.tell(&self.path, || EventKind::Waiting { signal: gate.signal.clone(), takes });
        // One that waits for a time only has its driver keep that.
        let window = self.walk.world.window.as_deref();
        let _waits = window.map(|window| if self.limit().is_some() { window.busy() } else { window.at_gate() });
        self.within(signals.wait(&gate.signal)).await
    }

    fn limit(&self) -> Option<Duration> {
        self.node.overrides.as_deref().and_then(|overrides| overrides.timeout)
    }

    /// The result of a wait, within the timeout of its node.
    async fn within<T>(&self, waited: impl Future<Output = T>) -> Result<T, End> {
        if self.walk.world.is_rehearsal {
            return Err(End::Cancelled);
        }
        let stopped = pin!(self.frame.stop.cancelled());
        let limit = self.limit();
        let waited = async {
            match limit {
                Some(limit) => tokio::time::timeout(limit, waited).await.map_err(|_| limit),
                None => Ok(waited.await),
            }
        };
        match select(pin!(waited), stopped).await {
            Either::Left((Ok(value), _)) => Ok(value),
            Either::Left((Err(limit), _)) => Err(self.fault(TIMEOUT, format!("the gate waited longer than its timeout of {limit:?}"))),
            Either::Right(_) => Err(End::Cancelled),
        }
    }
}
