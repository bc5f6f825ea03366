//! A line on the terminal that tells how far transfers have come.

use std::io::IsTerminal as _;
use std::time::Duration;

use nebulakit_types::storage::Counts;

use crate::cli::follow::words::size;
use crate::process::progress::{Moment, Telling};
use crate::process::terminal;

/// How many marks make a whole bar.
const WIDTH: u64 = 24;

/// A bar where a person watches, else lines in the log.
pub(super) fn telling() -> Telling {
    if std::io::stderr().is_terminal() { Telling { every: Duration::from_millis(100), tell: draw } } else { Telling::LOG }
}

/// Draws the line over the former one. Nothing of it stays when all has come, so that what the task prints then stands alone.
fn draw(counts: &Counts, moment: Moment) {
    let is_done = counts.expected_objects == Some(counts.objects);
    match moment {
        Moment::Over => terminal::clear(),
        Moment::Idle | Moment::Changed if is_done => terminal::clear(),
        Moment::Idle => {}
        // What this machine copies within itself needs no line.
        Moment::Changed if counts.is_remote => terminal::draw(&line(counts)),
        Moment::Changed => {}
    }
}

fn line(counts: &Counts) -> String {
    let objects = if counts.objects == 1 { "object" } else { "objects" };
    let moved = format!("{} in {} {objects}", size(counts.bytes), counts.objects);
    match counts.expected_bytes {
        // What is read as a stream is expected by nobody.
        Some(expected) if expected >= counts.bytes && expected > 0 => {
            let marks = (counts.bytes * WIDTH / expected) as usize;
            let (done, open) = ("█".repeat(marks), "░".repeat(WIDTH as usize - marks));
            format!("{done}{open} {moved} of {}", size(expected))
        }
        _ => moved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_is_known() {
        let mut counts = Counts::default();
        (counts.bytes, counts.objects) = (3 << 20, 2);
        assert_eq!(line(&counts), "3072 KiB in 2 objects");
        counts.expected_bytes = Some(6 << 20);
        assert_eq!(line(&counts), "████████████░░░░░░░░░░░░ 3072 KiB in 2 objects of 6144 KiB");
        counts.objects = 1;
        counts.bytes = 7 << 20;
        assert_eq!(line(&counts), "7168 KiB in 1 object", "there is no bar where more came than was expected");
    }
}
