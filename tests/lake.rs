//! The conformance suite of stores: on the built-in ones, on one of a crate of its own, and on one that breaks a promise at a time. And
//! what is done for a store that does it not by itself.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use nebulakit::testing::store_conformance::check;
use nebulakit::types::ErrorKind;
use nebulakit::types::storage::{PutOptions, Storage, StorageConfig, TreeOptions};
use nebulakit_tests::Launch;
use nebulakit_tests_lake::{Fault, Lake};
use nebulakit_types::wire::flyteidl::core::container_error;

fn over(lake: &Lake) -> Storage {
    let config = StorageConfig { retries: Some(3), backoff: Some(Duration::from_millis(1)), ..StorageConfig::default() };
    Storage::builder().config(config).store(lake.clone()).build().unwrap()
}

#[tokio::test]
async fn the_stores_that_come_along_conform() {
    check(&Storage::memory(), "memory://below/a b").await.unwrap();
    let root = tempfile::tempdir().unwrap();
    check(&Storage::default(), root.path().to_str().unwrap()).await.unwrap();
    check(&Storage::default(), &format!("file://{}/url", root.path().display())).await.unwrap();
}

#[tokio::test]
async fn a_store_of_a_crate_of_its_own_conforms() {
    check(&over(&Lake::default()), "lake://below/a").await.unwrap();
}

#[tokio::test]
async fn a_store_that_breaks_a_promise_is_told_which() {
    for (fault, promise) in [
        (Fault::Visible, "nothing of an object is visible before it is finished"),
        (Fault::OnePage, "a listing goes on from page to page"),
        (Fault::Prefix, "a listing has what lies below a prefix and its slash, and nothing else"),
        (Fault::Range, "a range is what lies in it"),
        (Fault::Delete, "what is deleted is gone, and what is absent counts as deleted"),
        (Fault::Order, "an object of many parts is whole"),
    ] {
        let broken = check(&over(&Lake::with(fault)), "lake://below").await.unwrap_err();
        assert!(broken.broken().iter().any(|broken| broken.promise.starts_with(promise)), "{fault:?}: {broken}");
    }
}

#[tokio::test]
async fn what_passes_is_waited_for_and_what_lasts_says_how_often_it_was_tried() {
    let lake = Lake::default();
    let storage = over(&lake);
    let plain = PutOptions::default();
    lake.fail(3);
    storage.put("lake://a/x", vec!["x".into()], &plain).await.unwrap();
    lake.fail(3);
    assert_eq!(storage.get("lake://a/x").await.unwrap(), "x");
    lake.fail(3);
    assert_eq!(storage.list("lake://a").await.unwrap().len(), 1);
    lake.fail(100);
    let before = lake.asked();
    let error = storage.get("lake://a/x").await.unwrap_err();
    assert_eq!((error.kind(), lake.asked() - before), (ErrorKind::Unavailable, 4));
    assert!(error.to_string().starts_with("fetching: `lake://a/x`: the lake is frozen (4 tries in "), "{error}");
}

#[tokio::test]
async fn a_deadline_ends_what_a_store_would_go_on_with() {
    let lake = Lake::default();
    let config = StorageConfig { backoff: Some(Duration::from_secs(3600)), ..StorageConfig::default() };
    let storage = Storage::builder().config(config).store(lake.clone()).build().unwrap();
    lake.fail(100);
    let begun = Instant::now();
    let error = storage.until(begun + Duration::from_millis(50)).get("lake://a/x").await.unwrap_err();
    assert!(error.to_string().ends_with("; the deadline has passed") && begun.elapsed() < Duration::from_secs(60), "{error}");
}

#[tokio::test]
async fn trees_and_files_go_to_a_store_of_ones_own_and_come_back() {
    let (lake, root) = (Lake::default(), tempfile::tempdir().unwrap());
    let storage = over(&lake);
    for (name, size) in [("from/a", 3), ("from/d/b c%20", 20_000_000), ("from/d/e", 0)] {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, vec![7; size]).unwrap();
    }
    let options = TreeOptions::default();
    let up = storage.upload_tree(&root.path().join("from"), "lake://tree", &options).await.unwrap();
    let down = storage.download_tree("lake://tree", &root.path().join("to"), &options).await.unwrap();
    assert_eq!((up.objects, up.bytes, down), (3, 20_000_003, up));
    assert!(std::fs::read(root.path().join("to/d/b c%20")).unwrap() == vec![7; 20_000_000]);
}

/// `nebulakit::main!(stores = [..])`, in a process of its own.
#[test]
fn a_program_has_the_stores_that_it_names() {
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_shore")).args(["run", "shore"]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(String::from_utf8_lossy(&ran.stdout).contains("what the lake keeps"), "{ran:?}");
}

/// Whether a message names the scheme and both stores.
fn names_both(message: &str) -> bool {
    ["`lake` cannot be the scheme of Lake", "fault: None }", "fault: Some(Order) }", " has it"].iter().all(|part| message.contains(part))
}

#[test]
fn a_program_with_two_stores_of_one_scheme_fails_as_a_task_does() {
    let ended = Launch::new(env!("CARGO_BIN_EXE_shores"), "shore").run();
    let error = ended.error();
    assert!(names_both(&error.message), "{}", error.message);
    assert_eq!((error.code.as_str(), error.kind()), ("USER:RuntimeError", container_error::Kind::NonRecoverable));

    // Where the outputs are on that lake, nothing can be stored.
    let ended = Launch::new(env!("CARGO_BIN_EXE_shores"), "shore").outputs_at("lake://out").run();
    assert_eq!(ended.code(), Some(1), "{}", ended.stderr());
    assert!(names_both(&ended.stderr()) && ended.stderr().contains("the error could not be stored"), "{}", ended.stderr());

    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_shores")).args(["run", "shore"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{stderr}");
    assert!(names_both(&stderr) && stderr.starts_with("error: ") && ran.stdout.is_empty(), "{stderr}");
}

#[test]
fn a_store_whose_scheme_cannot_be_its_own_is_refused() {
    let error = Storage::builder().store(Lake::default()).store(Lake::with(Fault::Order)).build().unwrap_err();
    assert!(error.kind() == ErrorKind::Url && names_both(&error.to_string()), "{error}");
    let error = Storage::builder().store(Lake::default()).store(Lake::default()).build().unwrap_err();
    assert!(error.kind() == ErrorKind::Url && error.to_string().contains("`lake` cannot be the scheme of Lake"), "{error}");
    let storage = Storage::builder().store(Lake::default()).build().unwrap();
    assert!(storage.serves("lake://a") && storage.serves("LAKE://a") && !storage.serves("pond://a"));
    assert!(!Storage::default().serves("lake://a"));
}
