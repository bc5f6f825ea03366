//! Nodes that wait: for a time, for a value, for a word.

use std::time::Duration;

use nebulakit_types::literal_type::{LiteralType, SimpleType};
use nebulakit_types::wire::flyteidl::core::{GateNode, Literal, LiteralMap, gate_node::Condition, literal, primitive, scalar};

use super::failure::{Failure, system, user};
use super::nodes::{Running, written};

/// Waits as a gate says.
pub(crate) async fn run(running: &Running, gate: &GateNode) -> Result<LiteralMap, Failure> {
    let stop = &running.scope.stop;
    let timeout = running.timeout();
    let expired = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    let waited = tokio::select! {
        biased;
        why = stop.stopped() => return Err(Failure::Stopped(why)),
        outputs = wait(running, gate) => outputs?,
        () = expired => {
            let message = format!("task execution timeout [{:?}] expired", timeout.unwrap_or_default());
            return Err(user("RetriesExhausted|TimeoutExpired", format!("[1/1] currentAttempt done. Last Error: USER::{message}")));
        }
    };
    written(running, waited).await
}

async fn wait(running: &Running, gate: &GateNode) -> Result<LiteralMap, Failure> {
    match gate.condition.as_ref().ok_or_else(|| system("BadSpec", "a gate without a condition"))? {
        Condition::Sleep(sleep) => {
            let time = sleep.duration.unwrap_or_default();
            let time = u64::try_from(time.seconds).map(|seconds| Duration::new(seconds, time.nanos.try_into().unwrap_or(0)));
            tokio::time::sleep(time.unwrap_or_default()).await;
            Ok(LiteralMap::default())
        }
        Condition::Signal(signal) => {
            let literal_type = signal.r#type.clone().unwrap_or_default();
            let value = signalled(running, &signal.signal_id, literal_type).await?;
            Ok(LiteralMap { literals: [(signal.output_variable_name.clone(), value)].into() })
        }
        Condition::Approve(approve) => {
            let word = signalled(running, &approve.signal_id, LiteralType::simple(SimpleType::Boolean).to_wire()).await?;
            if is_yes(&word) {
                return Ok(running.inputs.clone());
            }
            Err(user("ReceivedRejectSignal", format!("received reject signal for id [{}]", approve.signal_id)))
        }
    }
}

async fn signalled(
    running: &Running,
    id: &str,
    literal_type: nebulakit_types::wire::flyteidl::core::LiteralType,
) -> Result<Literal, Failure> {
    if id.is_empty() {
        return Err(system("RuntimeExecutionError", "missing signal_id"));
    }
    Ok(running.scope.world.signals.value(&running.scope.run.id, id, literal_type).await)
}

fn is_yes(literal: &Literal) -> bool {
    let Some(literal::Value::Scalar(scalar)) = &literal.value else { return false };
    let Some(scalar::Value::Primitive(primitive)) = &scalar.value else { return false };
    primitive.value == Some(primitive::Value::Boolean(true))
}
