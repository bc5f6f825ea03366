//! Whether another attempt is to be made, for engines that begin a job again whatever it said.

use super::files;
use super::folder::NodeFolder;
use super::record::Record;
use crate::process::exit::Exit;
use crate::process::terminal;

/// How the process ends without an attempt, which is the engine's `tries`th since the plan was started: where the one before failed for good, or the
/// task allows no more than `retries`.
pub(super) fn is_enough(node: &NodeFolder, tries: u32, retries: u32) -> Option<Exit> {
    if tries <= 1 {
        return None;
    }
    let why = if tries > retries.saturating_add(1) {
        format!("it has been tried {} times, and may be retried {retries} times", tries - 1)
    } else {
        let failure = last(node)?.failure.filter(|failure| !failure.recoverable)?;
        format!("it has failed for good: {}", failure.code)
    };
    terminal::write(&format!("note: no other attempt is made: {why}\n"));
    Some(Exit::Final)
}

/// The record of the last attempt, if that has one.
fn last(node: &NodeFolder) -> Option<Record> {
    let number = (0..).take_while(|number| files::exists(&node.attempt(*number).file("claim")).unwrap_or(false)).last()?;
    Record::of(&node.attempt(number)).ok().flatten()
}
