//! How far the transfers of tasks in this process have come, as a line.

use nebulakit_types::storage::Counts;

use crate::cli::follow::words::size;
use crate::services::stores::Stores;

/// How many marks make a whole bar.
const WIDTH: u64 = 24;

/// The line, while something goes over the network: what this machine copies within itself needs none.
pub(super) fn under_way(stores: &Stores) -> Option<String> {
    let counts = stores.if_made()?.progress().now();
    let is_done = counts.expected_objects == Some(counts.objects);
    (counts.is_remote && !is_done).then(|| line(&counts))
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
