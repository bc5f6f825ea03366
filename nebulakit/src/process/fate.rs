//! How a process ended that did not say itself how its task did, told apart.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::process::Signal;

use crate::process::memory::Exceeded;

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;

/// What Rust's runtime says before it aborts for want of stack.
const OVERFLOW: &str = "has overflowed its stack";

/// What Rust's runtime says before it aborts for want of memory.
const NO_MEMORY: &str = "memory allocation of ";

/// By which an abort of Rust's runtime is told from others.
pub(super) const LAST_WORDS: [&str; 2] = [OVERFLOW, NO_MEMORY];

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Signal(i32),
    /// It aborted itself.
    Aborted,
    /// It had used up its stack.
    StackOverflow,
    /// The system ended it for want of memory.
    OutOfMemory(Exceeded),
    /// It aborted because the system gave it no more memory.
    WithoutMemory,
}

impl Fate {
    /// How a process ended with `status`; `exceeded` is the limit of memory that the kernel has kept meanwhile, `tail` the last that the process said.
    pub(crate) fn of(status: ExitStatus, exceeded: Option<Exceeded>, tail: &str) -> Self {
        match (status.code(), status.signal(), exceeded) {
            (Some(code), ..) => Self::Exited(code),
            (None, Some(SIGKILL), Some(exceeded)) => Self::OutOfMemory(exceeded),
            (None, Some(SIGABRT), _) if tail.contains(OVERFLOW) => Self::StackOverflow,
            (None, Some(SIGABRT), _) if tail.contains(NO_MEMORY) => Self::WithoutMemory,
            (None, Some(SIGABRT), _) => Self::Aborted,
            (None, signal, _) => Self::Signal(signal.unwrap_or_default()),
        }
    }

    /// The signal that ended it; 0 for none.
    #[cfg(feature = "coordinator")]
    pub(crate) fn signal(self) -> i32 {
        match self {
            Self::Exited(_) => 0,
            Self::Signal(signal) => signal,
            Self::Aborted | Self::StackOverflow | Self::WithoutMemory => SIGABRT,
            Self::OutOfMemory(_) => SIGKILL,
        }
    }
}

/// Whether the processor or the kernel sends the signal to a process for what that process did.
pub(crate) fn is_fault(signal: i32) -> bool {
    [Signal::SEGV, Signal::BUS, Signal::ILL, Signal::FPE, Signal::TRAP, Signal::SYS].iter().any(|fault| fault.as_raw() == signal)
}

/// A signal by its number, and by its name where that is the same on all systems.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignalName(pub(crate) i32);

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(i32, &str); 10] = [
            (1, "SIGHUP"),
            (2, "SIGINT"),
            (3, "SIGQUIT"),
            (4, "SIGILL"),
            (5, "SIGTRAP"),
            (8, "SIGFPE"),
            (SIGKILL, "SIGKILL"),
            (11, "SIGSEGV"),
            (13, "SIGPIPE"),
            (15, "SIGTERM"),
        ];
        let Self(signal) = self;
        match NAMES.iter().find(|(number, _)| number == signal) {
            Some((_, name)) => write!(f, "signal {signal} ({name})"),
            None => write!(f, "signal {signal}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `wait` gives them: a code in the second byte, a signal in the first.
    fn fate(status: i32, exceeded: Option<Exceeded>, tail: &str) -> Fate {
        Fate::of(ExitStatus::from_raw(status), exceeded, tail)
    }

    #[test]
    fn ends_are_told_apart() {
        let exceeded = Exceeded { limit: Some(2), peak: None };
        assert_eq!(fate(7 << 8, Some(exceeded), ""), Fate::Exited(7));
        assert_eq!(fate(0, None, ""), Fate::Exited(0));
        assert_eq!(fate(9, Some(exceeded), ""), Fate::OutOfMemory(exceeded));
        assert_eq!(fate(9, None, ""), Fate::Signal(9));
        assert_eq!(fate(11, Some(exceeded), ""), Fate::Signal(11), "something else was ended for its memory");
        assert_eq!(fate(6, None, "thread 'main' (1) has overflowed its stack\nfatal runtime error: stack overflow"), Fate::StackOverflow);
        assert_eq!(fate(6, None, "memory allocation of 80 bytes failed"), Fate::WithoutMemory);
        assert_eq!(fate(6, None, "free(): invalid pointer"), Fate::Aborted);
    }

    #[test]
    fn signals_are_named_where_all_systems_agree() {
        assert_eq!(SignalName(9).to_string(), "signal 9 (SIGKILL)");
        assert_eq!(SignalName(7).to_string(), "signal 7");
    }
}
