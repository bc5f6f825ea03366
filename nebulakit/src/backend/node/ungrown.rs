//! A program without the local driver runs no node whose own nodes are known only when it runs.

use bytes::Bytes;

use super::attempt::Claimed;
use super::refusal::Refusal;
use crate::process::exit::Exit;
use crate::process::signal::StopSignals;

/// Runs nothing: such a node is refused before it is claimed.
pub(super) fn run(claimed: Claimed<'_>, _inputs: &Bytes, _signals: &mut StopSignals) -> Result<Exit, Refusal> {
    Err(Refusal::unfit(format!("the node `{}` is not run: this program was built without the feature `run`", claimed.begun.node)))
}
