//! Storage on this machine: local paths, `file:` URLs, `memory://`, and URLs that no store serves.

#![allow(clippy::unwrap_used, reason = "tests")]

#[cfg(unix)]
mod read_only;

use std::fs;
use std::future::Future;
use std::path::Path;

use bytes::Bytes;
use futures_util::StreamExt as _;
use nebulakit_types::file::Any;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::OutputWriter;
use nebulakit_types::storage::{PutOptions, Storage, StorageConfig, Symlinks, TreeOptions, join};
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Dialect, Directory, Error, ErrorKind, File};

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
    assert_eq!(error.kind(), ErrorKind::Mismatch);
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

/// What is to be written where nothing may be is an error that names the place, and leaves nothing there.
#[cfg(unix)]
#[test]
fn a_directory_without_permission_is_denied() {
    let directory = read_only::directory();
    let before = entries(directory.path());
    let target = directory.path().join("new");
    let (target, plain, trees) = (target.as_path(), PutOptions::default(), TreeOptions::default());
    let url = target.to_str().unwrap();
    let storage = Storage::memory();
    for key in ["tree/a", "tree/b/c"] {
        put(&storage, &format!("memory://{key}"), &["x"]).unwrap();
    }
    let from = tempfile::tempdir().unwrap();
    fs::write(from.path().join("a"), "x").unwrap();
    let inner = storage.clone();
    let workspace = Workspace::new(move || inner, Some(url.to_owned()), from.path());
    let file = File::<Any>::from_uri("memory://tree/a").within(&workspace);
    let tree = Directory::<Any>::from_uri("memory://tree").within(&workspace);
    let built = Directory::<Any>::create(&workspace).unwrap();
    for (operation, error) in [
        ("cannot write in", put(&storage, url, &["y"]).unwrap_err()),
        ("downloading `memory://tree/a` to", now(storage.download("memory://tree/a", target)).unwrap_err()),
        ("downloading `memory://tree/a` to", now(file.download(target)).unwrap_err()),
        ("downloading `memory://tree` to", now(tree.download(target)).unwrap_err()),
        ("downloading `memory://tree` to", now(tree.download(directory.path())).unwrap_err()),
        ("uploading `", now(storage.upload(&from.path().join("a"), url, &plain)).unwrap_err()),
        ("uploading `", now(storage.upload_tree(from.path(), url, &trees)).unwrap_err()),
        ("creating", now(storage.create(url, &plain)).unwrap_err()),
        ("creating", File::<Any>::create(&workspace, "name").unwrap_err()),
        ("creating", built.create("name").unwrap_err()),
        ("cannot create the directory", now(built.put("name", "x")).unwrap_err()),
        ("uploading `", now(built.add("name", from.path().join("a"))).unwrap_err()),
        ("cannot write in", now(File::<Any>::from_bytes("a", "x").download(target)).unwrap_err()),
    ] {
        assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        let text = error.to_string();
        assert!(text.contains(operation) && text.contains(directory.path().to_str().unwrap()), "{operation}: {text}");
    }
    assert_eq!(entries(directory.path()), before);
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

/// Stores a directory of this machine as an output, and says what of it is at `memory://raw` then.
fn stored(directory: Directory) -> Result<Vec<(String, Bytes)>, Error> {
    let storage = Storage::memory();
    let inner = storage.clone();
    let workspace = Workspace::new(move || inner, Some("memory://raw".to_owned()), ".");
    let mut outputs = OutputWriter::new(&["o0"], &Dialect::FLYTE_1, Outbox::new(&workspace));
    outputs.put(directory)?;
    now(outputs.finish().outbox.send())?;
    let found = now(storage.list("memory://raw"))?;
    // The first name is one that nothing has.
    let named = |key: &str| key.split_once('/').unwrap().1.to_owned();
    found.iter().map(|object| Ok((named(&object.key), now(storage.get(&object.url))?))).collect()
}

#[cfg(unix)]
#[test]
fn links_in_a_directory_are_refused_by_name_or_followed() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("far/deep")).unwrap();
    fs::write(root.path().join("far/file"), "far").unwrap();
    fs::write(root.path().join("far/deep/file"), "deep").unwrap();
    let far = |name: &str| root.path().join("far").join(name).display().to_string();
    let both: &[(&str, &str)] = &[("link/deep/file", "deep"), ("link/file", "far")];
    for (target, followed) in [
        (far("file"), Ok(&[("link", "far")][..])),
        ("../far/file".to_owned(), Ok(&[("link", "far")])),
        (far("deep"), Ok(&[("link/file", "deep")])),
        (far(""), Ok(both)),
        ("nowhere".to_owned(), Err("No such file")),
        ("link".to_owned(), Err("ymbolic links")),
        (".".to_owned(), Err("a circle")),
        ("..".to_owned(), Err("a circle")),
    ] {
        let tree = tempfile::tempdir_in(root.path()).unwrap();
        let link = tree.path().join("link");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let directory = || Directory::from_path(tree.path());
        let error = stored(directory()).unwrap_err();
        let refused = format!("{}` is a link, and links are refused unless the options say to follow them", link.display());
        assert!(error.kind() == ErrorKind::Url && error.to_string().ends_with(&refused), "{target}: {error}");
        let options = TreeOptions { symlinks: Symlinks::Follow, ..TreeOptions::default() };
        for directory in [directory().following_symlinks(), directory().stored_as(options)] {
            match (stored(directory), followed) {
                (Ok(stored), Ok(expected)) => {
                    let expected: Vec<_> = expected.iter().map(|(name, text)| ((*name).to_owned(), Bytes::from(*text))).collect();
                    assert_eq!(stored, expected, "{target}");
                }
                (Err(error), Err(why)) => {
                    let error = format!("{error} {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default());
                    assert!(error.contains(why) && error.contains("link"), "{target}: {error}");
                }
                (stored, _) => panic!("{target}: {stored:?}"),
            }
        }
    }
}

#[test]
fn a_directory_is_stored_as_its_options_say() {
    let tree = tempfile::tempdir().unwrap();
    for name in ["a.csv", "b.txt", "c.csv"] {
        fs::write(tree.path().join(name), name).unwrap();
    }
    for concurrency in [None, Some(0), Some(1), Some(7)] {
        let options = TreeOptions { concurrency, glob: Some("*.csv".to_owned()), ..TreeOptions::default() };
        let stored = stored(Directory::from_path(tree.path()).stored_as(options)).unwrap();
        assert_eq!(stored.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a.csv", "c.csv"]);
    }
}

#[test]
fn keys_become_files_below_the_target_or_an_error_that_names_them() {
    let long = "n".repeat(255);
    let longest = [&*long; 4].join("/");
    assert!(longest.len() > 1000);
    for key in
        [&*longest, &long, "a/b", "...", "..a", "a b", "100%", "a%2e%2e", "%2e%2e/x", "e\u{301}", "\u{e9}", "-rf", "~", "a\\b", "CON"]
    {
        let (storage, target) = (Storage::memory(), tempfile::tempdir().unwrap());
        put(&storage, &format!("memory://tree/{key}"), &["x"]).unwrap();
        let done = now(storage.download_tree("memory://tree", &target.path().join("in"), &TreeOptions::default()));
        assert_eq!(done.unwrap().objects, 1, "{key}");
        assert!(target.path().join("in").join(key).is_file(), "{key}");
        assert_eq!(entries(target.path()), ["in"], "{key}");
    }
    let over = format!("{long}n");
    let deep = format!("{}/x", "n".repeat(1000));
    for key in
        ["../x", "a/../../x", "a/..", "..", ".", "./a", "a/./b", "/etc/x", "//x", "a//b", "a\0b", ".nebulakit-partial-1", &over, &deep]
    {
        let (storage, target) = (Storage::memory(), tempfile::tempdir().unwrap());
        // Beside it, what it would be the same file as.
        for key in [key, "a/b", "x"] {
            put(&storage, &format!("memory://tree/{key}"), &["x"]).unwrap();
        }
        let options = TreeOptions { concurrency: Some(1), ..TreeOptions::default() };
        let error = now(storage.download_tree("memory://tree", &target.path().join("in"), &options)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Url, "{key:?}: {error}");
        assert!(error.to_string().contains(&format!("the key {key:?} cannot be a file below")), "{error}");
        assert_eq!(entries(target.path()), ["in"], "{key:?}");
        assert!(entries(&target.path().join("in")).iter().all(|name| ["a", "x"].contains(&&**name)), "{key:?}");
    }
}

/// A tree with links of all kinds: to files, to directories, in circles, to nowhere.
#[cfg(unix)]
#[test]
fn links_are_followed_where_directories_are_listed_and_circles_end() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().join("tree");
    for name in ["tree/b/c/1", "tree/b-2", "tree/z", "tree/B", "elsewhere/x/y", "elsewhere/f"] {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    symlink(root.path().join("elsewhere"), tree.join("far")).unwrap();
    symlink(root.path().join("elsewhere/f"), tree.join("file")).unwrap();
    symlink(".", tree.join("self")).unwrap();
    symlink("../..", tree.join("b/c/up")).unwrap();
    symlink(&tree, root.path().join("elsewhere/back")).unwrap();
    symlink("loop", tree.join("b/loop")).unwrap();
    symlink("nowhere", tree.join("b/lost")).unwrap();
    let storage = Storage::default();
    let prefix = tree.to_str().unwrap();
    let found: Vec<_> = now(storage.walk(prefix).collect::<Vec<_>>());
    let names: Vec<_> = found.iter().filter_map(|found| Some(found.as_ref().ok()?.key.as_str())).collect();
    assert_eq!(names, ["B", "b-2", "b/c/1", "far/f", "far/x/y", "file", "z"], "in the order of their names");
    let errors: Vec<_> = found.iter().filter_map(|found| Some(found.as_ref().err()?.to_string())).collect();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("b/loop`") && errors[1].contains("b/lost`"), "{errors:?}");

    // Level by level, as somebody would who walks by hand.
    let mut open = vec![Directory::<Any>::from_path(&tree)];
    let mut files = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in directory.blocking().list().unwrap().filter_map(Result::ok) {
            match entry.directory() {
                Ok(below) => open.push(below.clone()),
                Err(_) => files.push(entry.file().unwrap().blocking().read_to_string().unwrap()),
            }
        }
    }
    assert_eq!(files.len(), 7, "{files:?}");

    let target = root.path().join("copy");
    let directory = Directory::<Any>::from_path(&tree);
    let error = now(directory.download(&target)).unwrap_err().to_string();
    assert!(error.contains("\"b/loop\" (") && error.contains("\"b/lost\" ("), "{error}");
    assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    assert_eq!(now(directory.download_matching("far/**/*", &target)).unwrap().objects, 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_text_is_an_error_of_its_own() {
    use std::os::unix::ffi::OsStrExt as _;
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a"), "x").unwrap();
    fs::write(root.path().join("line\nbreak"), "x").unwrap();
    fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"b\xff")), "x").unwrap();
    let storage = Storage::default();
    let found: Vec<_> = now(storage.walk(root.path().to_str().unwrap()).collect::<Vec<_>>());
    let names: Vec<_> = found.iter().filter_map(|found| Some(found.as_ref().ok()?.key.as_str())).collect();
    assert_eq!((names, found.len()), (vec!["a", "line\nbreak"], 3));
    let target = root.path().join("copy");
    let options = TreeOptions { glob: Some("a".to_owned()), ..TreeOptions::default() };
    assert_eq!(now(storage.download_tree(root.path().to_str().unwrap(), &target, &options)).unwrap().objects, 1);
    let error = now(storage.download_tree(root.path().to_str().unwrap(), &root.path().join("all"), &TreeOptions::default())).unwrap_err();
    assert!(error.to_string().contains("is not UTF-8"), "{error}");
}
