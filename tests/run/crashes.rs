//! What is left of a run whose process was killed.

use nebulakit::run::{Durability, RunStatus};

use crate::{Recorder, Scratch, ended, recorded};

/// Kills a process that records nodes after it told of some, has another one go on, and so on; what was told stays true.
fn killed_again_and_again(durability: &str, kills: &[usize]) {
    let scratch = Scratch::new();
    let (mut run, mut told) = (None, 0);
    for kill in kills {
        let first = told.to_string();
        let mut words = vec!["nodes", durability, &first, "1000000"];
        words.extend(run.as_deref());
        let mut driving = scratch.drive(&words);
        for _ in 0..*kill {
            told = driving.hear().unwrap().parse::<usize>().unwrap() + 1;
        }
        driving.kill();
        // What it recorded after what was heard counts too.
        while let Some(number) = driving.hear() {
            told = number.parse::<usize>().unwrap() + 1;
        }
        let handle = scratch.attach(&driving.run);
        assert_eq!(handle.status().unwrap(), RunStatus::Interrupted);
        let state = handle.state().unwrap();
        for number in 0..told {
            assert!(state.nodes[&*format!("n{number}")].is_over(), "n{number} of {told}");
            let size = if number.is_multiple_of(3) { 5000 } else { 10 };
            assert_eq!(handle.outputs(&format!("n{number}")).unwrap(), Some(vec![number as u8; size]));
            let mut log = handle.logs(&format!("n{number}").into());
            assert_eq!(log.read().unwrap().unwrap().text, format!("node {number}"));
        }
        run = Some(driving.run.to_string());
    }
    let run = run.unwrap().as_str().into();
    let recorder = Recorder::resume(&scratch.runs, &run, Durability::Kernel).unwrap();
    recorder.record(None, ended()).unwrap();
    let sequences: Vec<u64> = recorded(&scratch.attach(&run)).iter().map(|event| event.sequence).collect();
    assert!(sequences.iter().copied().eq(0..sequences.len() as u64));
}

#[test]
fn what_was_recorded_survives_a_kill_at_any_moment() {
    killed_again_and_again("kernel", &[0, 1, 2, 7, 100, 0, 331, 2]);
}

#[test]
fn what_was_recorded_on_disk_survives_too() {
    killed_again_and_again("disk", &[1, 5, 20]);
}
