//! The properties of the fuzz targets on a stable compiler: on what the targets found, on the recorded vectors and on what becomes of
//! them when bytes are changed, and on random bytes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../fuzz/command_line.rs"]
mod command_line;
#[path = "../fuzz/config.rs"]
mod config;
#[path = "../fuzz/graphs.rs"]
mod graphs;
#[path = "../fuzz/properties.rs"]
mod properties;
#[path = "../fuzz/references.rs"]
mod references;
#[cfg(feature = "schema")]
#[path = "../fuzz/tables.rs"]
mod tables;

use nebulakit_tests::vectors::{self, from_hex};
use proptest::collection::vec;
use proptest::prelude::*;
#[cfg(feature = "schema")]
use proptest::test_runner::RngSeed;
#[cfg(feature = "schema")]
use tables::Format;

/// Command lines on which a property once failed, with what was wrong and what is said of them.
const FOUND_COMMAND_LINES: &[(&str, &str, &str)] = &[
    (
        "execute\n--inputs=i\n--output-prefix=o\n--\ntask-name\n\n",
        "a name behind `--` was empty",
        "`execute` needs `--task-name` with a value that is not an unrendered template",
    ),
    (
        "run\ncommand_line::shaped\n--choice\nv1\n--held\n-\n%%\n1: true\n",
        "a struct took numbers for names of fields",
        "`--held`: the struct `Held` has no field `1`; it has `at`, `bytes`, `color`, `file`, `folder`, `numbered`, `outcome`, `pause`, \
         `shape`, `untyped`",
    ),
];

/// Tables on which a property once failed, in hexadecimal, with what was wrong.
#[cfg(feature = "schema")]
const FOUND_TABLES: &[(Format, &str, &str)] = &[(
    Format::Parquet,
    concat!(
        "50000000000000000000000020000000000000004e000000001504195c35001806736368656d61150800150425021808696e74656765727300150a2502180666",
        "6c6f61747300150c25021805746578747325004c1c000000150025021805666c616773001618191c194c26001c150419250600191808696e7465676572731500",
        "161816e80116e8012608491c150015001502003c29061926021600000026001c150a19250600191806666c6f6174731500161816e80116e80126f001491c1500",
        "15001502003c29061926021600000026001c150c1925060019180574657874731500161816de0116de0126d803491c150015001502003c164e19061926021600",
        "000026001c150019250600191805666c616773150016181636163526b605491c150015001502003c29061926001800000016e4051618260816e4050028207061",
        "7271010000504152312d6172726f772076657273696f6e2035322e302e31194c1c00001c00001c00001c0000005401000050415231",
    ),
    "a chunk of a negative length was a panic outside of the decoder",
)];

fn recorded() -> Vec<Vec<u8>> {
    let files = [include_str!("golden/flytekit-literals.jsonl"), include_str!("golden/flytekit-decode.jsonl")];
    let cases: Vec<_> = files.into_iter().flat_map(vectors::cases).collect();
    assert!(cases.len() > 100, "{} vectors", cases.len());
    let msgpack = cases.iter().filter_map(|case| case["msgpack_hex"].as_str()).map(from_hex);
    cases.iter().map(|case| vectors::bytes(case, "literal_hex")).chain(msgpack).collect()
}

fn holds(bytes: &[u8]) {
    properties::literal(bytes);
    properties::packed(bytes);
    references::references(bytes);
}

#[test]
fn the_recorded_vectors_hold() {
    for bytes in recorded() {
        holds(&bytes);
    }
}

/// Two lists of three files that hold none, and the same with a size that is not theirs.
#[test]
fn scripts_make_files_within_their_bounds_and_beyond() {
    let script = |size: u8| {
        let references = [3, 3, 3, 2, 0, size, 0, 0, 0, 1, 0, 0, 2];
        [&references[..], &[7, 4, 0x0a, 2, 0x2a, 0].repeat(3)].concat()
    };
    assert!(references::references(&script(0)));
    assert!(references::references(&script(4)));
    assert!(!references::references(&script(3)));
}

#[test]
fn command_lines_that_the_target_found_stay_fixed() {
    for (words, _, expected) in FOUND_COMMAND_LINES {
        let answer = command_line::command_line(words.as_bytes());
        assert_eq!(answer, Err((*expected).to_owned()), "{words:?}");
    }
}

/// One of their tasks takes a table.
#[cfg(feature = "schema")]
#[test]
fn the_command_lines_that_the_target_begins_with_hold() {
    for bytes in seeds("command_line") {
        let answer = command_line::command_line(&bytes);
        answer.unwrap_or_else(|error| panic!("{error}\n{}", String::from_utf8_lossy(&bytes)));
    }
}

#[test]
fn aliases_of_yaml_expand_to_a_bounded_size() {
    let run = |document: &str| command_line::command_line(format!("run\nshaped\n--untyped\n@x.yaml\n%%\n{document}").as_bytes());
    assert_eq!(run(&format!("- &a {}\n{}", "x".repeat(50_000), "- *a\n".repeat(90))), Ok(()));
    let long = run(&format!("- &a {}\n{}", "x".repeat(200_000), "- *a\n".repeat(90))).unwrap_err();
    assert!(long.contains("its aliases repeat more than 8 MiB of text"), "{long}");
    let folded = |depth: usize, element: &str| format!("a{}: &a{0} [{}]\n", depth, [element; 9].join(","));
    let nested: String = (1..7).map(|depth| folded(depth, &format!("*a{}", depth - 1))).collect();
    let many = run(&(folded(0, "x") + &nested)).unwrap_err();
    assert!(many.contains("its aliases repeat more than 100000 values"), "{many}");
}

/// What a target begins with.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = std::fs::read_dir(format!("{}/../fuzz/seeds/{target}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "the target `{target}` begins with nothing");
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// The tables that the targets begin with.
#[cfg(feature = "schema")]
fn seeds_of_tables() -> Vec<(Format, Vec<u8>)> {
    Format::ALL.into_iter().flat_map(|format| seeds(format.name()).into_iter().map(move |bytes| (format, bytes))).collect()
}

#[cfg(feature = "schema")]
#[test]
fn tables_that_the_targets_found_stay_fixed() {
    tables::only_our_own_panics_are_faults();
    let found = FOUND_TABLES.iter().map(|(format, bytes, _)| (*format, from_hex(bytes)));
    for (format, bytes) in found.chain(seeds_of_tables()) {
        tables::table(format, &bytes);
    }
}

#[cfg(feature = "schema")]
proptest! {
    // The same every time: to look for more is the target's work.
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, rng_seed: RngSeed::Fixed(17), ..ProptestConfig::default() })]

    #[test]
    fn changed_tables_hold(which in any::<prop::sample::Index>(), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        tables::only_our_own_panics_are_faults();
        let (format, mut bytes) = which.get(&seeds_of_tables()).clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        tables::table(format, &bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_vectors_hold(which in any::<prop::sample::Index>(), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = which.get(&recorded()).clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        holds(&bytes);
    }

    #[test]
    fn random_scripts_of_files_hold(script in vec(prop_oneof![0..12_u8, any::<u8>()], 0..300)) {
        references::references(&script);
    }

    #[test]
    fn random_bytes_hold(bytes in vec(any::<u8>(), 0..80)) {
        holds(&bytes);
    }

    #[test]
    fn changed_command_lines_hold(
        which in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..6), 1..4),
    ) {
        let seeds = seeds("command_line");
        let words: Vec<_> = seeds.iter().flat_map(|seed| seed.split(|byte| *byte == b'\n')).collect();
        let mut line: Vec<_> = which.get(&seeds).split(|byte| *byte == b'\n').collect();
        for (at, word, length) in changes {
            let at = at.index(line.len());
            let length = length.min(line.len() - at);
            line.splice(at..at + length, [*word.get(&words)]);
        }
        let line = line.join(&b'\n');
        let holds = std::panic::catch_unwind(|| drop(command_line::command_line(&line)));
        prop_assert!(holds.is_ok(), "{}", String::from_utf8_lossy(&line));
    }
}

#[test]
fn the_graphs_that_the_target_begins_with_hold() {
    for bytes in seeds("graph") {
        assert!(nebulakit::graph::Graph::from_json(std::str::from_utf8(&bytes).unwrap()).is_ok());
        graphs::graph(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Parts of graphs in the places of other parts, and characters changed.
    #[test]
    fn changed_graphs_hold(
        which in any::<prop::sample::Index>(),
        moves in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..4),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let bytes = which.get(&seeds("graph")).clone();
        let mut document: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        for (from, to) in moves {
            let mut pointers: Vec<String> = Vec::new();
            pointers_of(&document, String::new(), &mut pointers);
            let part = document.pointer(from.get(&pointers).as_str()).unwrap().clone();
            *document.pointer_mut(to.get(&pointers).as_str()).unwrap() = part;
        }
        let mut bytes = document.to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        graphs::graph(&bytes);
    }
}

/// A pointer to each part of a value, the whole among them.
fn pointers_of(value: &serde_json::Value, path: String, out: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| pointers_of(value, format!("{path}/{index}"), out));
        }
        serde_json::Value::Object(values) => {
            let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
            values.iter().for_each(|(key, value)| pointers_of(value, format!("{path}/{}", escaped(key)), out));
        }
        _ => {}
    }
    out.push(path);
}

#[test]
fn the_settings_that_the_target_begins_with_hold() {
    for bytes in seeds("config") {
        config::config(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_settings_hold(which in any::<prop::sample::Index>(), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut bytes = which.get(&seeds("config")).clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        config::config(&bytes);
    }
}
