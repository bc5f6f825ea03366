//! Disks that are full: here, files that may not become larger.

use std::process::Command;

use nebulakit::run::RunStatus;

use crate::{Ended, Place};

#[test]
fn a_full_disk_is_told_with_its_file_and_the_run_goes_on_when_there_is_room() {
    for (workflow, bytes) in [("everything", 0), ("everything", 700), ("everything", 3000), ("everything", 6000)] {
        let place = Place::new();
        let driven = place.driven(workflow, "kernel", Some(bytes), None);
        // Without the signal, what writes too much gets an error, as on a full disk.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(driven.get_program()).args(driven.get_args());
        let full = Ended::of(&mut command);
        let said = full.said.unwrap();
        assert!(said.contains("cannot write `") && said.contains("events.jsonl`: File too large (os error 27)"), "{said}");
        assert!(said.contains("hint: free some space"), "{said}");
        assert_eq!(place.attach(&full.run).status().unwrap(), RunStatus::Interrupted);
        let finished = place.finished(&full.run);
        let before = place.ledger();
        let resumed = place.drive(workflow, "kernel", None, Some(&full.run));
        assert_eq!(resumed.said.as_deref(), Some("Succeeded"));
        let after = place.ledger();
        assert!(finished.iter().all(|task| before[task] == after[task]), "{finished:?}: {before:?} {after:?}");
    }
}
