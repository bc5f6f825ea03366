//! A program without the local driver runs no node whose own nodes are known only when it runs.

use bytes::Bytes;

use super::attempt::Claimed;
use super::refusal::Refusal;
use crate::process::exit::Exit;
use crate::process::signal::StopSignals;

/// Runs it with these inputs.
pub(super) fn run(_claimed: Claimed<'_>, _inputs: &Bytes, _signals: &mut StopSignals) -> Result<Exit, Refusal> {
    Err(Refusal::unfit("this program was built without the feature `run`, which dynamic tasks and maps of workflows need where they run"))
}
