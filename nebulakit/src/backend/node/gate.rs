//! A node that waits for a person's answer.

use bytes::Bytes;

use super::attempt::Claimed;
use super::refusal::Refusal;
use crate::graph::Gate;
use crate::process::exit::Exit;
use crate::process::signal::StopSignals;

/// Waits for the answer; the node gives `passes` where it only has to be approved.
pub(super) fn wait(_claimed: Claimed<'_>, gate: &Gate, _passes: Option<Bytes>, _signals: &mut StopSignals) -> Result<Exit, Refusal> {
    Err(Refusal::unfit(format!("the gate `{}` waits for whoever drives the run", gate.signal)))
}
