//! Which store serves a URL: the one registered for its longest prefix, else the one of its scheme.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

use nebulakit_types::file::{Any, File};
use nebulakit_types::storage::{PutOptions, Storage, StorageConfig, TreeOptions, UrlAliases};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Error, ErrorKind};

fn registry(entries: &[(&str, &str)]) -> UrlAliases {
    let mut registry = UrlAliases::default();
    for (prefix, store) in entries {
        registry.register(prefix, store).unwrap();
    }
    registry
}

fn storage(entries: &[(&str, &str)]) -> Storage {
    Storage::new(StorageConfig { aliases: registry(entries), ..StorageConfig::default() })
}

async fn put(storage: &Storage, url: &str, text: &str) -> Result<(), Error> {
    storage.put(url, vec![text.to_owned().into()], &PutOptions::default()).await
}

/// Where the objects are that were stored under these URLs.
async fn stored_at(storage: &Storage, urls: &[&str]) -> Vec<String> {
    for url in urls {
        put(storage, url, "x").await.unwrap();
    }
    storage.list("memory://").await.unwrap().into_iter().map(|object| object.key).collect()
}

#[tokio::test]
async fn the_longest_prefix_wins_at_whole_segments() {
    for entries in [
        [("s3://bucket/", "memory://bucket"), ("s3://bucket/a/", "memory://a"), ("s3://", "memory://s3")],
        [("s3://bucket/a", "memory://a"), ("s3://", "memory://s3/"), ("s3://bucket", "memory://bucket/")],
    ] {
        let urls = ["s3://bucket/a/x", "s3://bucket/a/deep/y", "s3://bucket/ab", "s3://bucket/A/x", "s3://buckets/a/x", "S3A://bucket/a/z"];
        let stored = stored_at(&storage(&entries), &urls).await;
        assert_eq!(stored, ["a/deep/y", "a/x", "a/z", "bucket/A/x", "bucket/ab", "s3/buckets/a/x"]);
    }
}

#[tokio::test]
async fn a_scheme_of_ones_own_is_served_like_any() {
    let root = tempfile::tempdir().unwrap();
    let lake = storage(&[("lake://", "memory://all"), ("lake://cold/", root.path().to_str().unwrap())]);
    put(&lake, "lake://hot/a b%20+.csv", "hot").await.unwrap();
    put(&lake, "lake://cold/x/a b%20+.csv", "cold").await.unwrap();
    assert_eq!(fs::read_to_string(root.path().join("x/a b%20+.csv")).unwrap(), "cold");
    for (prefix, url, text) in [("lake://hot", "lake://hot/a b%20+.csv", "hot"), ("lake://cold/x/", "lake://cold/x/a b%20+.csv", "cold")] {
        let found = lake.list(prefix).await.unwrap();
        assert_eq!(found.iter().map(|object| object.url.as_str()).collect::<Vec<_>>(), [url]);
        assert_eq!(lake.get(&found[0].url).await.unwrap(), text);
        assert_eq!(lake.stat(url).await.unwrap().unwrap().size, text.len() as u64);
        let copy = root.path().join("copy");
        lake.download(url, &copy).await.unwrap();
        let mut writer = lake.create(&format!("{url}2"), &PutOptions::default()).await.unwrap();
        writer.write("written".into()).await.unwrap();
        writer.finish().await.unwrap();
        lake.upload(&copy, &format!("{url}3"), &PutOptions::default()).await.unwrap();
        assert_eq!(lake.list_level(prefix).await.unwrap().objects.len(), 3);
        let tree = tempfile::tempdir().unwrap();
        assert_eq!(lake.download_tree(prefix, tree.path(), &TreeOptions::default()).await.unwrap().objects, 3);
        lake.delete(url).await.unwrap();
        assert!(!lake.exists(url).await.unwrap());
    }
}

#[tokio::test]
async fn what_is_registered_for_a_directory_needs_no_copy_to_have_a_path() {
    let root = tempfile::tempdir().unwrap();
    let config = StorageConfig { aliases: registry(&[("lake://", root.path().to_str().unwrap())]), ..StorageConfig::default() };
    fs::write(root.path().join("a"), "x").unwrap();
    let file = File::<Any>::from_uri("lake://a").within(Workspace::new(move || Storage::new(config), None, root.path()));
    assert_eq!(file.path().await.unwrap(), root.path().join("a"));
}

#[tokio::test]
async fn no_url_leads_out_of_what_is_registered() {
    let root = tempfile::tempdir().unwrap();
    let inside = root.path().join("inside");
    fs::write(root.path().join("secret"), "x").unwrap();
    let lake = storage(&[("lake://", inside.to_str().unwrap()), ("pool://", "memory://pool")]);
    for url in ["lake://../secret", "lake://a/../../secret", "lake://./a", "pool://a/.."] {
        for error in [lake.get(url).await.unwrap_err(), put(&lake, url, "y").await.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Url);
            assert!(error.to_string().contains(&format!("`{url}`")), "{error}");
        }
    }
    put(&lake, "lake:///secret", "y").await.unwrap();
    assert_eq!(fs::read_to_string(inside.join("secret")).unwrap(), "y");
    assert_eq!(fs::read_to_string(root.path().join("secret")).unwrap(), "x");
}

#[test]
fn what_cannot_be_registered_is_named() {
    let mut all = registry(&[("s3://bucket/a", "memory://a")]);
    for (prefix, store, part) in [
        ("/data", "memory://x", "`/data` cannot be registered: it names no scheme"),
        ("file:///data", "memory://x", "`file:///data` cannot be registered: files of this machine"),
        ("lake://", "ftp://host", "`lake://` cannot be served by `ftp://host`: "),
        ("lake://", "", "the URL is empty"),
        ("s3a://bucket/a/", "memory://b", "`s3a://bucket/a/` is registered already, to be served by `memory://a`"),
    ] {
        let error = all.register(prefix, store).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_scheme_lists_what_is_registered_too() {
    let error = storage(&[("lake://", "memory://x")]).get("pond://a").await.unwrap_err();
    assert!(error.to_string().contains("no store for `pond://`") && error.to_string().ends_with(", lake://"), "{error}");
}
