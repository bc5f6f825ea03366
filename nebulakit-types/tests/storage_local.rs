//! Storage on this machine: local paths, `file:` URLs, `memory://`, and URLs that no store serves.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::future::Future;
use std::path::Path;

use bytes::Bytes;
use nebulakit_types::storage::{PutOptions, Storage, StorageConfig, join};
use nebulakit_types::{Error, ErrorKind};

/// None of these needs more than one poll, nor any runtime.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(out) => out,
        std::task::Poll::Pending => panic!("a local operation waited"),
    }
}

fn put(storage: &Storage, url: &str, parts: &[&'static str]) -> Result<(), Error> {
    let parts = parts.iter().map(|part| Bytes::from_static(part.as_bytes())).collect();
    now(storage.put(url, parts, &PutOptions::default()))
}

fn entries(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_stored_with_its_directories_and_read_back() {
    let root = tempfile::tempdir().unwrap();
    let storage = Storage::default();
    let url = join(root.path().to_str().unwrap(), "a/b/outputs.pb");
    put(&storage, &url, &["one", "", "two"]).unwrap();
    assert_eq!(now(storage.get(&url)).unwrap(), "onetwo");
    put(&storage, &url, &["again"]).unwrap();
    assert_eq!(fs::read(&url).unwrap(), b"again");
    assert_eq!(entries(&root.path().join("a/b")), ["outputs.pb"]);
    put(&storage, &url, &[]).unwrap();
    assert_eq!(now(storage.get(&url)).unwrap(), "");
}

#[test]
fn odd_names_stay_what_they_are() {
    let root = tempfile::tempdir().unwrap();
    let storage = Storage::default();
    for name in ["with space", "100%", "a%20b", "a+b", "ü€😀", "#?&=", "a:b", "'\"", "\\", "~"] {
        let path = root.path().join(name);
        let url = path.to_str().unwrap();
        put(&storage, url, &["x"]).unwrap();
        assert!(path.is_file(), "{name}");
        assert_eq!(now(storage.get(url)).unwrap(), "x", "{name}");
    }
}

#[test]
fn file_urls_are_percent_decoded() {
    let root = tempfile::tempdir().unwrap();
    let storage = Storage::default();
    let prefix = format!("file://{}", root.path().display());
    put(&storage, &join(&prefix, "a%20b%25c%C3%A9+d"), &["x"]).unwrap();
    assert_eq!(fs::read(root.path().join("a b%cé+d")).unwrap(), b"x");
    let found = now(storage.list(&prefix)).unwrap();
    assert_eq!(found[0].key, "a b%cé+d");
    assert_eq!(now(storage.get(&found[0].url)).unwrap(), "x");
}

#[test]
fn what_is_not_there_is_told_from_what_cannot_be_read() {
    let root = tempfile::tempdir().unwrap();
    let storage = Storage::default();
    let missing = root.path().join("missing");
    let missing = missing.to_str().unwrap();
    let error = now(storage.get(missing)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains(missing), "{error}");
    assert!(now(storage.get_if_exists(missing)).unwrap().is_none());
    assert!(!now(storage.exists(missing)).unwrap());
    now(storage.delete(missing)).unwrap();

    let directory = root.path().to_str().unwrap();
    let error = now(storage.get(directory)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains(directory), "{error}");
    assert!(!now(storage.exists(directory)).unwrap());

    let file = root.path().join("file");
    fs::write(&file, "x").unwrap();
    let below = file.join("below");
    assert!(now(storage.get_if_exists(below.to_str().unwrap())).unwrap().is_none());
}

#[test]
fn a_failed_write_leaves_nothing_and_names_the_path() {
    let root = tempfile::tempdir().unwrap();
    let storage = Storage::default();
    let file = root.path().join("file");
    fs::write(&file, "x").unwrap();
    let below = file.join("below");
    let error = put(&storage, below.to_str().unwrap(), &["y"]).unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");

    let directory = root.path().join("directory");
    fs::create_dir_all(directory.join("full")).unwrap();
    let error = put(&storage, directory.to_str().unwrap(), &["y"]).unwrap_err();
    assert!(error.to_string().contains(directory.to_str().unwrap()), "{error}");
    assert_eq!(entries(root.path()), ["directory", "file"]);
    assert_eq!(fs::read(&file).unwrap(), b"x");
    assert_eq!(put(&storage, "/", &["y"]).unwrap_err().kind(), ErrorKind::Url);
}

#[cfg(unix)]
#[test]
fn a_directory_without_permission_is_denied() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o555)).unwrap();
    // For a user whom permissions do not bind (root, in most containers), the kernel's own file system refuses all the same.
    let directory = if fs::write(root.path().join("probe"), "").is_ok() { Path::new("/sys/kernel") } else { root.path() };
    if !directory.exists() {
        return;
    }
    let target = directory.join("outputs.pb");
    let error = put(&Storage::default(), target.to_str().unwrap(), &["y"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    assert!(error.to_string().contains(directory.to_str().unwrap()), "{error}");
}

#[cfg(unix)]
#[test]
fn new_files_have_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let root = tempfile::tempdir().unwrap();
    let plain = root.path().join("plain");
    fs::write(&plain, "").unwrap();
    let stored = root.path().join("stored");
    put(&Storage::default(), stored.to_str().unwrap(), &["x"]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&stored), mode(&plain));
}

#[test]
fn listings_are_deep_sorted_and_empty_where_nothing_is() {
    let root = tempfile::tempdir().unwrap();
    let storage = Storage::default();
    for prefix in [root.path().join("run").to_str().unwrap(), "memory://run"] {
        for key in ["b", "a/z", "a/b/c", "aa"] {
            put(&storage, &join(prefix, key), &["four"]).unwrap();
        }
        put(&storage, &format!("{prefix}-beside"), &["no"]).unwrap();
        for listed in [prefix.to_owned(), format!("{prefix}/")] {
            let found = now(storage.list(&listed)).unwrap();
            let keys: Vec<_> = found.iter().map(|object| (object.key.as_str(), object.size)).collect();
            assert_eq!(keys, [("a/b/c", 4), ("a/z", 4), ("aa", 4), ("b", 4)]);
            assert_eq!(now(storage.get(&found[0].url)).unwrap(), "four");
        }
        assert_eq!(now(storage.list(&join(prefix, "none"))).unwrap(), []);
        assert_eq!(now(storage.list(&join(prefix, "b"))).unwrap(), []);
    }
}

#[test]
fn memory_belongs_to_a_storage_and_its_clones() {
    let storage = Storage::memory();
    put(&storage, "memory://a", &["x", "y"]).unwrap();
    assert_eq!(now(storage.clone().get("memory://a")).unwrap(), "xy");
    assert_eq!(now(Storage::memory().get("memory://a")).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(now(storage.exists("memory://a")).unwrap());
    now(storage.delete("memory://a")).unwrap();
    assert!(!now(storage.exists("memory://a")).unwrap());
}

#[test]
fn an_unknown_scheme_lists_those_that_are_served() {
    let error = now(Storage::default().get("ftp://host/a")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Url);
    let text = error.to_string();
    assert!(text.contains("`ftp://`") && text.contains("local paths, file, memory"), "{text}");
    assert_eq!(text.contains("s3"), cfg!(feature = "aws"), "{text}");
}

#[test]
fn a_scheme_whose_feature_is_off_names_the_feature() {
    let schemes = [
        ("s3://b/k", "aws", cfg!(feature = "aws")),
        ("S3A://b/k", "aws", cfg!(feature = "aws")),
        ("gs://b/k", "gcp", cfg!(feature = "gcp")),
        ("abfs://c/k", "azure", cfg!(feature = "azure")),
        ("https://h/k", "http", cfg!(feature = "http")),
    ];
    for (url, feature, on) in schemes {
        if !on {
            let error = now(Storage::new(StorageConfig::default()).get(url)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Url);
            assert!(error.to_string().contains(&format!("`{feature}` of nebulakit is off")), "{error}");
        }
    }
}

#[test]
fn an_empty_url_is_an_error() {
    assert_eq!(now(Storage::default().get("")).unwrap_err().kind(), ErrorKind::Url);
}
