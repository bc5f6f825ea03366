//! Gates: what waits for somebody, or for a time.

use std::fmt;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{LiteralRef, References};

use super::fault::{End, code};
use super::step::Step;
use super::value;
use crate::graph::{GATE_OUTPUT, Gate};
use crate::run::{Answer, EventKind};
use crate::task::failure::code::TIMEOUT;

impl Step<'_> {
    /// Gives on what it is given, once somebody has approved it.
    pub(super) async fn approve(&self, gate: &Gate) -> Result<Bytes, End> {
        let inputs = self.inputs()?;
        match self.answer(gate).await? {
            Answer::Approve => Ok(value::literals(&inputs)),
            Answer::Reject => Err(self.fault(code::REJECTED, format!("`{}` was rejected", gate.signal))),
            _ => Err(self.wrong(gate, &"an approval or a rejection", &"a value")),
        }
    }

    /// Gives the value that somebody gives.
    pub(super) async fn wait(&self, gate: &Gate) -> Result<Bytes, End> {
        match self.answer(gate).await? {
            Answer::Value(value) => {
                let checked = check(LiteralRef::new(&value, References::none()), &gate.literal_type);
                checked.map_err(|error| self.wrong(gate, &gate.literal_type, &error))?;
                Ok(value::literals(&[(GATE_OUTPUT, value.into())]))
            }
            _ => Err(self.wrong(gate, &gate.literal_type, &"an approval or a rejection")),
        }
    }

    pub(super) async fn sleep(&self, time: Duration) -> Result<Bytes, End> {
        self.walk.tell(&self.path, || EventKind::Started { attempt: 0 });
        self.within(tokio::time::sleep(time)).await?;
        Ok(Bytes::new())
    }

    async fn answer(&self, gate: &Gate) -> Result<Answer, End> {
        let signals = &self.walk.world.signals;
        if let Some(answer) = signals.get(&gate.signal) {
            return Ok(answer);
        }
        if signals.is_final {
            let message = format!("the gate waits for the signal `{}`, and nobody can answer it in this run", gate.signal);
            return Err(self.fault(code::UNANSWERED, message));
        }
        self.walk.tell(&self.path, || EventKind::Waiting { signal: gate.signal.clone() });
        self.within(signals.wait(&gate.signal)).await
    }

    /// What comes of a wait, within the time that its node has.
    async fn within<T>(&self, waited: impl Future<Output = T>) -> Result<T, End> {
        let stopped = pin!(self.frame.stop.cancelled());
        let limit = self.node.overrides.as_deref().and_then(|overrides| overrides.timeout);
        let waited = async {
            match limit {
                Some(limit) => tokio::time::timeout(limit, waited).await.map_err(|_| limit),
                None => Ok(waited.await),
            }
        };
        match select(pin!(waited), stopped).await {
            Either::Left((Ok(value), _)) => Ok(value),
            Either::Left((Err(limit), _)) => Err(self.fault(TIMEOUT, format!("the gate waited for longer than its timeout of {limit:?}"))),
            Either::Right(_) => Err(End::Cancelled),
        }
    }

    fn wrong(&self, gate: &Gate, expected: &dyn fmt::Display, came: &dyn fmt::Display) -> End {
        let message = format!("the signal `{}` takes {expected}, not what came: {came}", gate.signal);
        self.fault(code::REJECTED, message)
    }
}
