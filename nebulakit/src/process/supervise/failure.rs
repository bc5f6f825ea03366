//! The failure that the end of a supervised process is.

use crate::process::fate::{Fate, SignalName, is_fault};
use crate::process::memory::Exceeded;
use crate::task::failure::{Failure, Origin, code};

/// What the process of `task` comes to that ended without a word, with `tail` as the last lines of its standard error.
pub(super) fn of(task: &str, fate: Fate, tail: &str) -> Failure {
    let (code, said) = match fate {
        Fate::Exited(number) => {
            let said = format!("ended with exit code {number} before its result was stored");
            (code::EXITED, format!("{said}\nhint: return an error from the task instead of calling `std::process::exit`"))
        }
        Fate::Aborted => (code::ABORTED, "aborted (signal 6)".to_owned()),
        Fate::StackOverflow => (code::STACK_OVERFLOW, "overflowed its stack".to_owned()),
        Fate::OutOfMemory(exceeded) => (code::OUT_OF_MEMORY, out_of_memory(exceeded)),
        Fate::WithoutMemory => (code::OUT_OF_MEMORY, "ran out of memory: the system gave it no more".to_owned()),
        Fate::Signal(signal) if is_fault(signal) => (code::CRASHED, format!("crashed: {}", SignalName(signal))),
        Fate::Signal(signal) => (code::LOST, format!("was ended by {}", SignalName(signal))),
    };
    let tail = if tail.is_empty() { String::new() } else { format!("\nthe end of what it wrote to standard error:\n{tail}") };
    let failure = Failure::user(code, format!("the process of the task `{task}` {said}{tail}"));
    match code {
        code::OUT_OF_MEMORY => Failure { recoverable: Some(true), ..failure },
        // Not of the task's doing, as far as can be told.
        code::LOST => Failure { recoverable: Some(true), origin: Origin::System, ..failure },
        _ => failure,
    }
}

fn out_of_memory(exceeded: Exceeded) -> String {
    match exceeded {
        Exceeded { limit: Some(limit), peak: Some(peak) } => format!("ran out of memory: it used {peak} of {limit} bytes"),
        Exceeded { limit: Some(limit), peak: None } => format!("ran out of memory: the limit is {limit} bytes"),
        Exceeded { limit: None, .. } => "ran out of memory: the system ended it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_at_fault_and_whether_another_attempt_may_help_is_told() {
        let exceeded = |limit, peak| Fate::OutOfMemory(Exceeded { limit, peak });
        let rows = [
            (Fate::Exited(0), "USER:Exited", Origin::User, None),
            (Fate::Aborted, "USER:Aborted", Origin::User, None),
            (Fate::StackOverflow, "USER:StackOverflow", Origin::User, None),
            (Fate::Signal(11), "USER:Crashed", Origin::User, None),
            (exceeded(Some(1), None), "USER:OutOfMemory", Origin::User, Some(true)),
            (Fate::WithoutMemory, "USER:OutOfMemory", Origin::User, Some(true)),
            (Fate::Signal(9), "SYSTEM:Lost", Origin::System, Some(true)),
        ];
        for (fate, code, origin, recoverable) in rows {
            let failure = of("t", fate, "");
            assert_eq!((failure.code.as_str(), failure.origin, failure.recoverable), (code, origin, recoverable), "{fate:?}");
        }
        let said = of("t", exceeded(Some(64), Some(63)), "last\nlines").message;
        let expected = "the process of the task `t` ran out of memory: it used 63 of 64 bytes\nthe end of what it wrote to standard error:\nlast\nlines";
        assert_eq!(said, expected);
        assert_eq!(of("t", exceeded(None, Some(1)), "").message, "the process of the task `t` ran out of memory: the system ended it");
    }
}
