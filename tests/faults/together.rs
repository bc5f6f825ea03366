//! Several processes at once.

use nebulakit::run::RunStatus;

use crate::{Ended, Place};

#[test]
fn many_processes_record_their_runs_in_one_folder() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for durability in ["kernel", "disk", "kernel", "disk"] {
            scope.spawn(|| {
                let ended = Ended::of(&mut place.driven("thousands", durability, None, None));
                assert_eq!(ended.said.as_deref(), Some("Succeeded"));
                let run = place.attach(&ended.run);
                assert_eq!(run.counts().unwrap().succeeded, 1002);
                assert!(matches!(run.status().unwrap(), RunStatus::Ended(_)));
            });
        }
    });
    assert_eq!(place.runs.list().unwrap().len(), 4);
}
