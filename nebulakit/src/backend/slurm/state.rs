//! Slurm's words for what a job does, and the two ways in which it writes how a process ended.

use crate::backend::engine::{Ending, EngineEnd, Seen};

/// What a job does that Slurm says `word` of; `None` for a word that is not known.
///
/// The words are those of `squeue` and `sacct`, which adds who cancelled a job (`CANCELLED by 0`).
pub(super) fn seen(word: &str, end: Ended, reason: Option<&str>, host: Option<&str>) -> Option<Seen> {
    let reason = reason.filter(|reason| !matches!(*reason, "" | "None" | "(null)"));
    let host = host.filter(|host| !matches!(*host, "" | "n/a" | "(null)" | "None assigned")).map(str::to_owned);
    let how = match word.split(' ').next()? {
        "PENDING" | "CONFIGURING" | "REQUEUED" | "REQUEUE_FED" | "REQUEUE_HOLD" | "RESV_DEL_HOLD" | "SPECIAL_EXIT" => {
            return Some(Seen::Queued { reason: reason.map(str::to_owned) });
        }
        // One that is completing has ended, and how is not said yet.
        "RUNNING" | "COMPLETING" | "SUSPENDED" | "STOPPED" | "SIGNALING" | "STAGE_OUT" | "RESIZING" => return Some(Seen::Running { host }),
        "COMPLETED" => Ending::Exited(0),
        "FAILED" => failed(end, reason),
        "TIMEOUT" | "DEADLINE" => Ending::OutOfTime,
        "OUT_OF_MEMORY" => Ending::OutOfMemory,
        "NODE_FAIL" | "BOOT_FAIL" | "LAUNCH_FAILED" | "RECONFIG_FAIL" => Ending::NodeLost,
        "PREEMPTED" => Ending::Preempted,
        "CANCELLED" | "REVOKED" => Ending::Cancelled,
        _ => return None,
    };
    // Why it ended stands in its state; why it had waited once is past.
    let reason = reason.filter(|_| how == Ending::EngineFault).unwrap_or(word);
    Some(Seen::Ended(EngineEnd::new(how).because(reason)))
}

fn failed(end: Ended, reason: Option<&str>) -> Ending {
    match (end, reason) {
        // It never began: nothing of it could end.
        (_, Some("BadConstraints" | "JobHoldMaxRequeue" | "BurstBufferStageInFailed")) => Ending::EngineFault,
        (Ended { signal: signal @ 1.., .. }, _) => Ending::Signalled(signal),
        (Ended { exit: exit @ 1.., .. }, _) => Ending::Exited(exit),
        _ => Ending::Unknown,
    }
}

/// How a process ended: with an exit code, or by a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ended {
    exit: i32,
    signal: i32,
}

impl Ended {
    /// As `wait` has it, which `squeue` shows as a number.
    pub(super) fn from_status(status: &str) -> Option<Self> {
        let status: i32 = status.parse().ok()?;
        Some(Self { exit: (status >> 8) & 0xff, signal: status & 0x7f })
    }

    /// As `sacct` has it: `3:0`.
    pub(super) fn from_pair(pair: &str) -> Option<Self> {
        let (exit, signal) = pair.split_once(':')?;
        Some(Self { exit: exit.parse().ok()?, signal: signal.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn how(word: &str, status: &str, reason: &str) -> Ending {
        match seen(word, Ended::from_status(status).unwrap(), Some(reason), Some("n1")) {
            Some(Seen::Ended(end)) => end.how,
            seen => panic!("{word}: {seen:?}"),
        }
    }

    #[test]
    fn ends_are_told_apart() {
        assert_eq!(how("COMPLETED", "0", "None"), Ending::Exited(0));
        assert_eq!(how("FAILED", "768", "NonZeroExitCode"), Ending::Exited(3));
        assert_eq!(how("FAILED", "9", "JobLaunchFailure"), Ending::Signalled(9));
        assert_eq!(how("FAILED", "1", "BadConstraints"), Ending::EngineFault);
        assert_eq!(how("OUT_OF_MEMORY", "253", "OutOfMemory"), Ending::OutOfMemory);
        assert_eq!(how("NODE_FAIL", "0", "NodeDown"), Ending::NodeLost);
        assert_eq!(how("BOOT_FAIL", "0", "None"), Ending::NodeLost);
        assert_eq!(how("PREEMPTED", "15", "None"), Ending::Preempted);
        assert_eq!(how("TIMEOUT", "0", "TimeLimit"), Ending::OutOfTime);
        assert_eq!(how("CANCELLED by 0", "15", "None"), Ending::Cancelled);
    }

    #[test]
    fn reasons_and_hosts_that_say_nothing_are_left_out() {
        assert_eq!(seen("PENDING", Ended::default(), Some("None"), Some("n/a")), Some(Seen::Queued { reason: None }));
        assert_eq!(seen("PENDING", Ended::default(), Some("Licenses"), None), Some(Seen::Queued { reason: Some("Licenses".to_owned()) }));
        assert_eq!(seen("RUNNING", Ended::default(), Some("None"), Some("n1")), Some(Seen::Running { host: Some("n1".to_owned()) }));
    }

    #[test]
    fn a_new_word_is_no_guess() {
        assert_eq!(seen("HIBERNATING", Ended::default(), None, None), None);
    }
}
