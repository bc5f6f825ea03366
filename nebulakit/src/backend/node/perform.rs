//! Does what is to be done for a node.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::attempt::Claimed;
use super::end::final_failure;
use super::record::{Outcome, Record};
use super::refusal::Refusal;
use super::resolve::ARM;
use super::work::{Todo, Trouble};
use super::{files, grown};
use crate::process::exit::Exit;
use crate::process::signal::{Heard, StopSignals};
use crate::task::failure::code;

/// Does what is to be done, and leaves the record.
///
/// # Errors
/// When nothing can be left, or this program cannot do it.
pub(super) fn perform(claimed: Claimed<'_>, todo: Result<Todo, Trouble>, signals: &mut StopSignals) -> Result<Exit, Refusal> {
    match todo {
        Ok(Todo::Task(task, inputs)) => match claimed.attempt.give(&inputs) {
            Ok(()) => claimed.run(task, signals),
            Err(error) => Err(claimed.unrecorded(&error)),
        },
        Ok(Todo::Outputs(outputs)) => claimed.gives(&outputs),
        Ok(Todo::Arm(arm)) => {
            files::publish(&claimed.attempt.file(ARM), format!("{arm}\n").as_bytes()).map_err(|error| claimed.unrecorded(&error))?;
            let record = Record { arm: Some(arm), ..claimed.over("", Outcome::Succeeded) };
            claimed.leave(record, None)
        }
        Ok(Todo::Elements(elements)) => {
            let counted = files::publish(&claimed.node.elements_file(), format!("{elements}\n").as_bytes());
            counted.map_err(|error| claimed.unrecorded(&error))?;
            claimed.leave(claimed.over("", Outcome::Succeeded), None)
        }
        Ok(Todo::Skipped(because)) => {
            let record = Record { because: Some(because), ..claimed.over("", Outcome::Skipped) };
            claimed.leave(record, None)
        }
        Ok(Todo::Sleep(millis)) => sleep(claimed, Duration::from_millis(millis), signals),
        Ok(Todo::Grown(inputs)) => grown::run(claimed, &inputs, signals),
        Err(Trouble { failure, exit }) => claimed.fails(failure, Some(exit)),
    }
}

fn sleep(claimed: Claimed<'_>, time: Duration, signals: &mut StopSignals) -> Result<Exit, Refusal> {
    let Some(until) = Instant::now().checked_add(time) else {
        return claimed.fails(final_failure(code::USER, format!("no clock reaches a time of {time:?}")), None);
    };
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return claimed.gives(&Bytes::new());
        }
        if let Some(Heard::Stop(name)) = signals.next_of_all(Some(left)) {
            return claimed.stopped(name);
        }
    }
}
