//! The conformance suite of stores, against those that need no server.

#![allow(clippy::unwrap_used, reason = "tests")]

mod conformance;

use nebulakit_types::storage::Storage;

const ODD: &[&str] = &["with space", "100%", "a%20b", "a+b", "ü€😀", "q?x=1&y#z", "a:b@c", "'(!)*~", "\\"];

#[tokio::test]
async fn memory_conforms() {
    conformance::conforms(&Storage::memory(), "memory://prefix", ODD).await;
}

#[tokio::test]
async fn files_conform() {
    let root = tempfile::tempdir().unwrap();
    conformance::conforms(&Storage::default(), root.path().to_str().unwrap(), ODD).await;
    conformance::conforms(&Storage::default(), &format!("file://{}/url", root.path().display()), ODD).await;
}
