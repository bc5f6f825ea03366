//! The checked-in messages in `nebulakit-types/src/wire` are what their proto files generate.
//!
//! `NEBULAKIT_REGENERATE=1 cargo test -p nebulakit-tests --test wire_generated` writes them anew.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]
#![allow(clippy::disallowed_methods, reason = "the switch between comparing and writing is an environment variable")]

use std::fs;
use std::path::{Path, PathBuf};

/// The generated file of a package, and where it is checked in.
const FILES: [(&str, &str, &str); 2] = [
    ("flyteidl.core.rs", "flyteidl/core.rs", "The messages of `flyteidl.core`, generated from `proto/flyteidl/core`."),
    ("google.protobuf.rs", "google/protobuf.rs", "The well-known types, generated from `proto/google/protobuf`."),
];

fn proto_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn checked_in_messages_are_those_of_the_proto_files() {
    let types = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nebulakit-types");
    let proto = types.join("proto");
    let mut files = proto_files(&proto.join("flyteidl/core"));
    files.extend(proto_files(&proto.join("google/protobuf")));

    let generated = tempfile::tempdir().unwrap();
    let descriptors = protox::compile(&files, [&proto]).unwrap();
    prost_build::Config::new()
        // Own copies of the few well-known types are lighter than a crate of all of them.
        .compile_well_known_types()
        // Sorted keys make the bytes deterministic.
        .btree_map(["."])
        .out_dir(generated.path())
        .compile_fds(descriptors)
        .unwrap();

    let regenerate = std::env::var_os("NEBULAKIT_REGENERATE").is_some_and(|value| value == "1");
    for (name, checked_in, header) in FILES {
        let path = types.join("src/wire").join(checked_in);
        let expected = format!("//! {header}\n{}", fs::read_to_string(generated.path().join(name)).unwrap());
        if regenerate {
            fs::write(&path, expected).unwrap();
        } else {
            let found = fs::read_to_string(&path).unwrap();
            assert!(found == expected, "`{checked_in}` is not what its proto files generate; NEBULAKIT_REGENERATE=1 writes it anew");
        }
    }
    assert_eq!(fs::read_dir(generated.path()).unwrap().count(), FILES.len(), "a package without a place in src/wire");
}
