//! The properties of the fuzz targets on a stable compiler: on what the targets found, on the recorded vectors and on what becomes of
//! them when bytes are changed, and on random bytes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../fuzz/properties.rs"]
mod properties;
#[cfg(feature = "schema")]
#[path = "../fuzz/tables.rs"]
mod tables;

use nebulakit_tests::vectors::{self, from_hex};
use proptest::collection::vec;
use proptest::prelude::*;

/// Inputs on which a property once failed, in hexadecimal, with what was wrong.
const FOUND: &[(&str, &str)] = &[];

/// Tables on which a property once failed, in hexadecimal, with what was wrong.
#[cfg(feature = "schema")]
const FOUND_TABLES: &[(&str, &str)] = &[];

fn recorded() -> Vec<Vec<u8>> {
    let files = [include_str!("golden/flytekit-literals.jsonl"), include_str!("golden/flytekit-decode.jsonl")];
    let cases: Vec<_> = files.into_iter().flat_map(vectors::cases).collect();
    let msgpack = cases.iter().filter_map(|case| case["msgpack_hex"].as_str()).map(from_hex);
    cases.iter().map(|case| vectors::bytes(case, "literal_hex")).chain(msgpack).collect()
}

fn holds(bytes: &[u8]) {
    properties::literal(bytes);
    properties::packed(bytes);
}

#[test]
fn what_the_targets_found_stays_fixed() {
    for (bytes, _) in FOUND {
        holds(&from_hex(bytes));
    }
}

#[test]
fn the_recorded_vectors_hold() {
    for bytes in recorded() {
        holds(&bytes);
    }
}

/// The tables that the target begins with.
#[cfg(feature = "schema")]
fn seeds() -> Vec<Vec<u8>> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/tables")).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

#[cfg(feature = "schema")]
#[test]
fn tables_that_the_target_found_stay_fixed() {
    tables::only_our_own_panics_are_faults();
    for bytes in FOUND_TABLES.iter().map(|(bytes, _)| from_hex(bytes)).chain(seeds()) {
        tables::table(&bytes);
    }
}

#[cfg(feature = "schema")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_tables_hold(which in any::<prop::sample::Index>(), changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        tables::only_our_own_panics_are_faults();
        let mut bytes = which.get(&seeds()).clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        tables::table(&bytes);
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
    fn random_bytes_hold(bytes in vec(any::<u8>(), 0..80)) {
        holds(&bytes);
    }
}
