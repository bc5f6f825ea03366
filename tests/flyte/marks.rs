//! What Flyte has of a program that nobody wrote, as `graph` and `describe` tell it.

use std::process::Command;

fn said(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_grower")).args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The part behind the heading `On Flyte`, with the digests of names left out.
fn on_flyte(text: &str) -> Vec<String> {
    let (_, lines) = text.split_once("\nOn Flyte\n").unwrap_or_else(|| panic!("{text}"));
    let word = |word: &str| word.split_once(".pass-").map_or(word.to_owned(), |(front, _)| format!("{front}.pass-*"));
    lines.lines().map(|line| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")).collect()
}

const MARKS: [&str; 3] = [
    "grower.table.pass-* n1 gives the condition a part of a value",
    "grower.table.pass-* n1 the last arm of the condition, which runs nothing",
    "grower.twice.map-4-x n0 makes a node of the workflow `grower.twice` for each of `x`, 4 at once",
];

#[test]
fn a_workflow_is_shown_with_what_stands_for_its_nodes() {
    let mut drawn = on_flyte(&said(&["graph", "table"]));
    drawn.sort();
    assert_eq!(drawn, MARKS);
    let described = on_flyte(&said(&["describe", "table"]));
    assert_eq!(described[0], "grower.table the launch plan of its defaults");
    assert_eq!(described.len(), 4, "{described:?}");
    let json: serde_json::Value = serde_json::from_str(&said(&["describe", "table", "--json"])).unwrap();
    assert_eq!(json["flyte"].as_array().map(Vec::len), Some(3), "{json:#}");
    assert!(!said(&["graph", "twice"]).contains("On Flyte"));
}

#[test]
fn a_name_of_the_console_is_described() {
    let said_of = said(&["describe", "grower.twice.map-4-x"]);
    assert!(said_of.starts_with("grower.twice.map-4-x (task that Flyte has in place of what it cannot do itself)\n"), "{said_of}");
    assert!(said_of.contains("n0 of grower.table: makes a node of the workflow `grower.twice` for each of `x`, 4 at once"), "{said_of}");
    assert!(said_of.contains("grower.rs:"), "{said_of}");
    // The graph of a dynamic task is known when it runs, and its name says what it is.
    assert!(said(&["describe", "grower.chooses.n1-0"]).contains("what a dynamic task made: is the arm `n1-0` of a condition"));
    let json: serde_json::Value = serde_json::from_str(&said(&["describe", "grower.twice.map-x", "--json"])).unwrap();
    assert_eq!(json[0]["what"], "runs `grower.twice` for each element");
}
