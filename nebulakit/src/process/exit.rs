//! How the process ends: every exit code, documented.

/// The exit codes of a task container.
///
/// A platform reads a container's files only after exit code 0, so a failure that has been stored as a document exits with 0 too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// 0: outputs, or the document of a failure, are stored.
    Stored = 0,
    /// 1: the document of a failure is stored and `FLYTE_FAIL_ON_ERROR` asks for this code; or nothing could be stored, and the report
    /// is on standard error; or a command for people failed;
    /// or an attempt at a node failed, and another one may succeed.
    Failed = 1,
    /// 2: the command line is wrong; nothing was read or written.
    Usage = 2,
    /// 3: the attempt at a node failed, and another one would not help.
    Final = 3,
    /// 4: the plan is not one that this program can run, or has no such node; nothing was claimed.
    Unfit = 4,
    /// 5: what the node needs is not there: a node before it has not succeeded.
    Unready = 5,
    /// 6: how the attempt at a node ended could not be recorded.
    Unrecorded = 6,
    /// 130 (128 + SIGINT): a command for people was interrupted.
    #[cfg_attr(not(feature = "run"), expect(dead_code, reason = "containers are never interrupted from a keyboard"))]
    Interrupted = 130,
    /// 143 (128 + SIGTERM): ended by a signal, with nothing stored.
    Terminated = 143,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
