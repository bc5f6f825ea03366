//! What jobs ask for, where a function of the task says so.

use std::fs;

use crate::Place;

/// What jobs asked for, a line each: cores and kibibytes of memory.
fn asked(more: &str) -> Vec<Vec<u64>> {
    let place = Place::with(more);
    let path = place.path().join("nebulakit.toml");
    let text = fs::read_to_string(&path).unwrap();
    let asked = place.path().join("asked");
    let submit = format!(
        "submit = [\"sh\", \"-c\", \"echo $1 $2 >>'{}'; shift 2; exec sh \\\"$@\\\"\", \"-\", \"{{cores}}\", \"{{memory_kb}}\", ",
        asked.display()
    );
    fs::write(&path, text.replace("submit = [\"sh\", ", &submit)).unwrap();
    let file = place.path().join("large");
    fs::write(&file, vec![b'x'; 5 << 20]).unwrap();
    assert_eq!(place.said(&["run", "weighing", "--file", file.to_str().unwrap(), "--backend", "batch"]), "1\n");
    let numbers = |line: &str| line.split(' ').map(|number| number.parse().unwrap()).collect();
    fs::read_to_string(asked).unwrap().lines().map(numbers).collect()
}

#[test]
fn a_function_says_what_each_attempt_asks_for_by_its_inputs() {
    let asked = asked("");
    let [first, second] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((first[0], second[0]), (1, 2));
    // The file, and the value that names it.
    assert!((6 * 1024 + 1..6 * 1024 + 8).contains(&first[1]), "{asked:?}");
    assert_eq!(second[1] - first[1], 1024);
}

#[test]
fn settings_count_more_than_the_function() {
    let asked = asked("[task.weighs]\ncores = 7\n");
    assert_eq!(asked.iter().map(|asked| asked[0]).collect::<Vec<_>>(), [7, 7]);
}
