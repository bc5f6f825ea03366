//! Directories up and down: names, links, and how many objects come at once.

use super::*;

#[tokio::test]
async fn trees_go_up_and_come_down() {
    let server = good();
    let storage = storage(&server);
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let names = ["a", "b/c", "b/d e", "b/100%", "b/a%20b", "q?x=1&y#z", "ü€😀/+", "large", "empty"];
    for name in names {
        let path = from.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let size = if name == "large" { 20 * MIB } else { name.len() * usize::from(name != "empty") };
        fs::write(path, bytes(size)).unwrap();
    }
    let options = TreeOptions::default();
    let up = storage.upload_tree(from.path(), "s3://bucket/tree/", &options).await.unwrap();
    assert_eq!(up.objects, names.len() as u64);
    let down = storage.download_tree("s3://bucket/tree", to.path(), &options).await.unwrap();
    assert_eq!(down, up);
    for name in names {
        assert!(fs::read(from.path().join(name)).unwrap() == fs::read(to.path().join(name)).unwrap(), "{name}");
    }
    let counts = storage.progress().now();
    assert_eq!((counts.objects, Some(counts.bytes)), (2 * up.objects, counts.expected_bytes));

    let some = tempfile::tempdir().unwrap();
    let options = TreeOptions { glob: Some("b/*".to_owned()), ..TreeOptions::default() };
    storage.download_tree("s3://bucket/tree", some.path(), &options).await.unwrap();
    assert_eq!((entries(some.path()), entries(&some.path().join("b")).len()), (vec!["b".to_owned()], 4));
    let options = TreeOptions { glob: Some("[".to_owned()), ..TreeOptions::default() };
    let error = storage.download_tree("s3://bucket/tree", some.path(), &options).await.unwrap_err();
    assert!(error.to_string().contains("`[` is not a pattern"), "{error}");
}

#[tokio::test]
async fn no_more_files_of_a_directory_go_up_at_once_than_it_says() {
    let server = S3::start(|request, _| if request.line.contains("/raw/") { Fault::Gate } else { Fault::None });
    server.objects().put("free", "free");
    let tree = tempfile::tempdir().unwrap();
    for number in 0..9 {
        fs::write(tree.path().join(number.to_string()), "x").unwrap();
    }
    let storage = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
    let inner = storage.clone();
    let workspace = Workspace::new(move || inner, Some("s3://bucket/raw".to_owned()), tree.path());
    let mut outputs = OutputWriter::new(&["o0"], &Dialect::FLYTE_1, Outbox::new(&workspace));
    let options = TreeOptions { concurrency: Some(2), ..TreeOptions::default() };
    outputs.put(Directory::<Any>::from_path(tree.path()).stored_as(options)).unwrap();
    let sending = tokio::spawn(outputs.finish().outbox.send());
    let waiting = server.clone();
    tokio::task::spawn_blocking(move || waiting.wait_for_stuck(2)).await.unwrap();
    // By the time of this answer one more would have come.
    storage.get("s3://bucket/free").await.unwrap();
    assert_eq!(server.seen().iter().filter(|request| request.line.contains("/raw/")).count(), 2);
    server.open_gate();
    sending.await.unwrap().unwrap();
    assert_eq!(server.objects().all.len(), 10);
}

/// Small objects hide each other's latency; of large ones a few fill the line.
#[tokio::test]
async fn the_larger_the_objects_of_a_tree_the_fewer_come_at_once() {
    for (size, concurrency, at_once) in [(4 << 10, None, 64), (5 * MIB, None, 12), (5 * MIB, Some(20), 20)] {
        let server = S3::start(|request, _| if request.line.contains("/bucket/tree/") { Fault::Gate } else { Fault::None });
        server.objects().put("free", "free");
        for number in 0..70 {
            server.objects().put(&format!("tree/{number}"), bytes(size));
        }
        let storage = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
        let target = tempfile::tempdir().unwrap();
        let (inner, path) = (storage.clone(), target.path().to_owned());
        let options = TreeOptions { concurrency, ..TreeOptions::default() };
        let fetching = tokio::spawn(async move { inner.download_tree("s3://bucket/tree", &path, &options).await });
        let waiting = server.clone();
        tokio::task::spawn_blocking(move || waiting.wait_for_stuck(at_once)).await.unwrap();
        if at_once < 64 {
            // By the time of this answer one more would have come.
            storage.get("s3://bucket/free").await.unwrap();
        }
        let asked = server.seen().iter().filter(|request| request.line.contains("/bucket/tree/")).count();
        assert_eq!(asked, at_once, "{size} bytes");
        server.open_gate();
        assert_eq!(fetching.await.unwrap().unwrap().objects, 70);
    }
}

#[tokio::test]
async fn many_objects_come_a_page_at_a_time() {
    let server = good();
    for number in 0..2500 {
        server.objects().put(&format!("many/{number:04}"), format!("{number}"));
    }
    let root = tempfile::tempdir().unwrap();
    let done = storage(&server).download_tree("s3://bucket/many", root.path(), &TreeOptions::default()).await.unwrap();
    assert_eq!(done.objects, 2500);
    assert_eq!(fs::read_to_string(root.path().join("2499")).unwrap(), "2499");
    assert_eq!(entries(root.path()).len(), 2500);
    let level = storage(&server).list_level("s3://bucket").await.unwrap();
    assert_eq!((level.objects.len(), level.prefixes), (0, vec!["many".to_owned()]));
}

/// The pages of a listing come one after the other, and all of them before a file is written: meanwhile small objects come.
#[tokio::test]
async fn small_objects_come_while_the_rest_of_the_listing_does() {
    let server = S3::start(|request, _| if request.line.contains("continuation-token") { Fault::Gate } else { Fault::None });
    for number in 0..1100 {
        server.objects().put(&format!("tree/{number:04}"), format!("of {number}"));
    }
    server.objects().put("tree/0000", bytes(MIB));
    let storage = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
    let target = tempfile::tempdir().unwrap();
    let path = target.path().to_owned();
    let fetching = tokio::spawn(async move { storage.download_tree("s3://bucket/tree", &path, &TreeOptions::default()).await });
    let fetched = |server: &S3| server.seen().iter().filter(|request| request.line.contains("/bucket/tree/")).count();
    while fetched(&server) < 999 {
        tokio::task::yield_now().await;
    }
    assert_eq!(entries(target.path()), [""; 0], "nothing is written yet");
    server.open_gate();
    let done = fetching.await.unwrap().unwrap();
    assert_eq!((done.objects, entries(target.path()).len()), (1100, 1100));
    assert_eq!(fetched(&server), 1100, "none came twice");
    assert_eq!(fs::read_to_string(target.path().join("0998")).unwrap(), "of 998");
}

#[tokio::test]
async fn keys_that_are_no_files_are_named_and_nothing_is_written_outside() {
    let long = format!("tree/{}", "n".repeat(1000));
    for (key, named) in [
        ("tree/../../outside", "outside"),
        ("tree//double", "/double"),
        ("tree/./dot", "./dot"),
        ("tree/a\u{7}b", "a\\u{7}b"),
        (&long, "nnnnnnn"),
        ("tree/.nebulakit-partial-7", "partial-7"),
    ] {
        let server = good();
        server.objects().put(key, "x");
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("target/deep");
        let error = storage(&server).download_tree("s3://bucket/tree", &target, &TreeOptions::default()).await.unwrap_err();
        assert!(error.to_string().contains(named), "{key}: {error}");
        assert_eq!(entries(root.path()), ["target"], "{key}");
        assert_eq!(entries(&target), [""; 0], "{key}");
    }
    // A file where a directory is needed, in both orders.
    for keys in [["tree/a", "tree/a/b"], ["tree/a-", "tree/a-/b"]] {
        let server = good();
        for key in keys {
            server.objects().put(key, "x");
        }
        let root = tempfile::tempdir().unwrap();
        let options = TreeOptions { concurrency: Some(1), ..TreeOptions::default() };
        let error = storage(&server).download_tree("s3://bucket/tree", root.path(), &options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Url, "{error}");
        assert!(error.to_string().contains("\"a"), "{error}");
    }
    // The markers of some tools are directories.
    let server = good();
    for key in ["tree/marked/", "tree/marked/x", "tree/alone/", "tree/"] {
        server.objects().put(key, "");
    }
    let root = tempfile::tempdir().unwrap();
    let done = storage(&server).download_tree("s3://bucket/tree", root.path(), &TreeOptions::default()).await.unwrap();
    assert_eq!((done.objects, entries(root.path())), (1, vec!["alone".to_owned(), "marked".to_owned()]));
    assert_eq!(entries(&root.path().join("marked")), ["x"]);
}

/// Keys that some file systems take for one, and the longest that a store takes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn keys_that_differ_a_little_are_files_of_their_own() {
    let longest = format!("{0}/{0}/{0}/{0}", "n".repeat(249));
    let keys = ["A", "a", "x/b", "X/b", "x/B", "\u{e9}", "e\u{301}", "\u{df}", "ss", &longest];
    let server = good();
    for key in keys {
        server.objects().put(&format!("tree/{key}"), format!("of {key}"));
    }
    let root = tempfile::tempdir().unwrap();
    let inner = storage(&server);
    let workspace = Workspace::new(move || inner, None, root.path());
    let directory = Directory::<Any>::from_uri("s3://bucket/tree").within(&workspace);
    let path = directory.path().await.unwrap();
    for key in keys {
        assert_eq!(fs::read_to_string(path.join(key)).unwrap(), format!("of {key}"));
    }
}

/// A directory that seems to take names for the same that differ in case: whatever name is looked for in capitals, the name of a file that
/// is being written among them, is there.
async fn folding(directory: &Path) {
    fs::create_dir(directory).unwrap();
    let beside = tempfile::tempdir_in(directory.parent().unwrap()).unwrap();
    let beside_it = beside.path().join("x");
    let _partial = Storage::default().create(beside_it.to_str().unwrap(), &PutOptions::default()).await.unwrap();
    let name = entries(beside.path()).remove(0);
    let (prefix, number) = name.rsplit_once('-').unwrap();
    let number: u32 = number.parse().unwrap();
    // Other tests of this process take numbers meanwhile.
    for number in number..number + 5000 {
        fs::write(directory.join(format!("{prefix}-{number}").to_uppercase()), "").unwrap();
    }
}

#[tokio::test]
async fn keys_that_are_one_file_where_case_does_not_count_are_both_named() {
    let root = tempfile::tempdir().unwrap();
    let server = good();
    for (name, keys, clash) in [
        ("file", ["A", "a"], true),
        ("below", ["X/a", "x/A"], true),
        ("directory", ["X/b", "x/a"], false),
        ("other", ["\u{c9}", "\u{e9}"], true),
        ("equal", ["a", "b"], false),
    ] {
        for key in keys {
            server.objects().put(&format!("{name}/{key}"), format!("of {key}"));
        }
        let target = root.path().join(name);
        folding(&target).await;
        let inner = storage(&server);
        let workspace = Workspace::new(move || inner, None, root.path());
        let done = Directory::<Any>::from_uri(format!("s3://bucket/{name}")).within(&workspace).download(&target).await;
        if !clash {
            assert_eq!(done.unwrap().objects, 2, "{name}");
            continue;
        }
        let error = done.unwrap_err();
        let [first, second] = keys;
        let text = format!(
            "the key {second:?} cannot be a file below `{}`: {first:?} is the same file there, where case does not count",
            target.display()
        );
        assert!(error.kind() == ErrorKind::Url && error.to_string().contains(&text), "{error}");
        // Whichever came has its own bytes, and the other is not there.
        let there: Vec<_> = keys.into_iter().filter(|key| target.join(key).exists()).collect();
        assert!(there.iter().all(|key| *key == first && fs::read_to_string(target.join(key)).unwrap() == format!("of {key}")), "{there:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_refused_or_followed_but_never_passed_over() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let tree = root.path().join("tree");
    fs::create_dir_all(tree.join("d")).unwrap();
    fs::create_dir(root.path().join("far")).unwrap();
    fs::write(root.path().join("far/f"), "far").unwrap();
    fs::write(tree.join("d/f"), "near").unwrap();
    symlink(root.path().join("far"), tree.join("link")).unwrap();
    let storage = Storage::memory();
    let follow = TreeOptions { symlinks: Symlinks::Follow, ..TreeOptions::default() };
    let error = storage.upload_tree(&tree, "memory://up", &TreeOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("tree/link` is a link"), "{error}");
    storage.upload_tree(&tree, "memory://up", &follow).await.unwrap();
    assert_eq!(storage.get("memory://up/link/f").await.unwrap(), "far");

    symlink(&tree, root.path().join("far/back")).unwrap();
    let error = storage.upload_tree(&tree, "memory://up", &follow).await.unwrap_err();
    assert!(error.to_string().contains("/tree/link/back` leads back to `"), "{error}");
    assert!(error.to_string().ends_with("/tree`: a circle"), "{error}");
    fs::remove_file(root.path().join("far/back")).unwrap();

    symlink("nowhere", tree.join("dangling")).unwrap();
    let error = storage.upload_tree(&tree, "memory://up", &follow).await.unwrap_err();
    assert!(error.to_string().contains("tree/dangling`"), "{error}");
    fs::remove_file(tree.join("dangling")).unwrap();

    let _socket = std::os::unix::net::UnixListener::bind(tree.join("socket")).unwrap();
    let error = storage.upload_tree(&tree, "memory://up", &follow).await.unwrap_err();
    assert!(error.to_string().contains("tree/socket` is a socket, neither a file nor a directory"), "{error}");
}
