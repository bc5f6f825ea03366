//! What becomes of a run when a job is over that drove it, and said nothing.

use super::notes::Left;
use crate::backend::engine::{Ending, EngineEnd, EngineId, tail};
use crate::backend::slurm::driving::notes::DriverFolder;
use crate::coordinator::FailureKind;
use crate::run::{JobFailure, RunOutcome};
use crate::task::failure::code;

/// How many jobs may follow each other without a node that succeeded.
pub(in crate::backend::slurm) const FRUITLESS: u32 = 10;

/// How long an end of what it printed is told, in bytes.
const TAIL: usize = 4 << 10;

/// How a run ends whose driver ended like this; [`None`] if another one takes it over.
pub(in crate::backend::slurm) fn of_end(id: &EngineId, end: &EngineEnd, folder: &DriverFolder) -> Option<RunOutcome> {
    let because = end.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let said = match end.how {
        Ending::Cancelled => return Some(RunOutcome::Cancelled),
        Ending::OutOfMemory => format!(
            "the nodes of the run took more memory than the job {id} of Slurm has that drives it{because}\nhint: `memory` in `[backends.slurm.allocation]` says how much it asks for"
        ),
        Ending::Exited(exit) => format!("the job {id} of Slurm that drives the run ended with exit code {exit}{because}"),
        Ending::EngineFault => format!("Slurm could not run the job {id} that drives the run{because}"),
        Ending::OutOfTime | Ending::NodeLost | Ending::Preempted | Ending::Signalled(_) | Ending::Unknown => return None,
    };
    let printed = tail(&folder.path().join("stderr"), TAIL).unwrap_or_default();
    let printed = if printed.trim().is_empty() { String::new() } else { format!("\n{}", printed.trim_end()) };
    Some(failed(format!("{said}{printed}")))
}

/// How a run ends that its driver left for a reason which no other driver changes.
pub(in crate::backend::slurm) fn of_left(left: &Left) -> Option<RunOutcome> {
    match left {
        Left::Time | Left::Gates | Left::Stopped => None,
        Left::TooLong { node, seconds } => Some(failed(format!(
            "the node {node} may take {seconds} s, which is longer than an allocation lasts\nhint: `time` in `[backends.slurm.allocation]` says how long one lasts"
        ))),
        Left::Cannot { said } => Some(failed(said.clone())),
    }
}

/// How a run ends that makes no way.
pub(in crate::backend::slurm) fn fruitless(id: &EngineId) -> RunOutcome {
    failed(format!("{FRUITLESS} jobs that drove the run ended one after the other before any node succeeded, the last of them {id}"))
}

pub(in crate::backend::slurm) fn failed(said: String) -> RunOutcome {
    RunOutcome::Failed { node: None, failure: JobFailure::new(FailureKind::Failed, code::SYSTEM, said) }
}
