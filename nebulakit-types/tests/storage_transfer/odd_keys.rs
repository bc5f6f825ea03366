//! Keys that cannot be names of files: each is an error of its own, hides no other, and stops a download before anything is written.

use super::*;

/// What a stream gives: the names, and the errors among them.
async fn told<T>(
    found: impl futures_util::Stream<Item = nebulakit_types::Result<T>>,
    name: impl Fn(T) -> String,
) -> (Vec<String>, Vec<String>) {
    let (mut names, mut errors) = (Vec::new(), Vec::new());
    let mut found = std::pin::pin!(found);
    while let Some(found) = found.next().await {
        match found {
            Ok(found) => names.push(name(found)),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Url, "{error}");
                errors.push(error.to_string());
            }
        }
    }
    names.sort();
    (names, errors)
}

/// Keys of each kind, as messages name them.
const ODD: [(&str, &str); 7] = [
    ("raw//x", "raw//x"),
    ("//x", "//x"),
    ("a/../../b", "a/../../b"),
    ("./dot", "./dot"),
    ("bell\u{7}", "bell\\u{7}"),
    ("line\n/x", "line\\n/x"),
    ("odd/", "odd/"),
];

const GOOD: [&str; 8] = ["a.csv", "b/c/d", "b/c.csv", "é/+ %20", " blank ", "...", "a\\b", "sub/x"];

/// The stores in which a key may be any text; the server lives as long as its storage is used.
async fn stores() -> Vec<(Storage, String, Option<S3>)> {
    let server = good();
    let memory = Storage::memory();
    let mut stores = vec![(memory, "memory://tree".to_owned(), None), (storage(&server), "s3://bucket/tree".to_owned(), Some(server))];
    for (storage, prefix, server) in &mut stores {
        for key in ODD.map(|(key, _)| key).into_iter().chain(GOOD) {
            put(storage, server.as_ref(), prefix, key, "x").await;
        }
        put(storage, server.as_ref(), prefix, "sub/", "").await;
    }
    stores
}

async fn put(storage: &Storage, server: Option<&S3>, prefix: &str, key: &str, bytes: &'static str) {
    match server {
        Some(server) => server.objects().put(&format!("tree/{key}"), bytes),
        None => storage.put(&format!("{prefix}/{key}"), vec![bytes.into()], &PutOptions::default()).await.unwrap(),
    }
}

fn directory(storage: &Storage, prefix: &str) -> Directory {
    let inner = storage.clone();
    Directory::from_uri(prefix).within(Workspace::new(move || inner, None, "."))
}

#[tokio::test]
async fn a_bad_key_is_an_error_of_its_own_and_hides_no_other() {
    for (storage, prefix, _server) in stores().await {
        let (names, errors) = told(storage.walk(&prefix), |object| object.key).await;
        let mut good = GOOD.to_vec();
        good.sort_unstable();
        assert_eq!(names, good, "{prefix}");
        assert_eq!(errors.len(), ODD.len(), "{errors:?}");
        for (_, named) in ODD {
            assert!(errors.iter().any(|error| error.contains(&format!("/tree/{named}\""))), "no {named} in {errors:?}");
        }
        // All of it can be read.
        for key in GOOD {
            assert_eq!(storage.get(&format!("{prefix}/{key}")).await.unwrap(), "x", "{key}");
        }
        let listed: Vec<_> = storage.list(&prefix).await.unwrap().into_iter().map(|object| (object.key, object.url)).collect();
        assert_eq!(listed.len(), GOOD.len() + ODD.len());
        for (key, url) in listed {
            assert_eq!(url, format!("{prefix}/{key}"));
        }
    }
}

#[tokio::test]
async fn so_it_is_where_one_level_is_listed() {
    for (storage, prefix, _server) in stores().await {
        let level = storage.list_level(&prefix).await.unwrap();
        let keys: Vec<_> = level.objects.into_iter().map(|object| object.key).collect();
        assert_eq!(keys, [" blank ", "...", "a.csv", "a\\b"], "{prefix}");
        assert_eq!(level.prefixes, ["a", "b", "odd", "raw", "sub", "é"]);
        assert_eq!(level.unreachable, ["./", "/", "bell\u{7}", "line\n/"]);
        // Further down.
        let level = storage.list_level(&format!("{prefix}/raw")).await.unwrap();
        assert_eq!((level.objects.len(), level.prefixes.len(), level.unreachable), (0, 0, vec!["/".to_owned()]));
        let level = storage.list_level(&format!("{prefix}/odd")).await.unwrap();
        assert_eq!((level.objects.len(), level.unreachable), (0, vec![String::new()]));
        let level = storage.list_level(&format!("{prefix}/sub")).await.unwrap();
        assert_eq!((level.objects.len(), level.unreachable.len()), (1, 0), "an empty marker is the folder itself");
    }
}

#[tokio::test]
async fn a_download_names_some_bad_keys_and_counts_all_before_anything_is_written() {
    for (storage, prefix, _server) in stores().await {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.csv"), "from before").unwrap();
        let error = directory(&storage, &prefix).download(root.path()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Url, "{error}");
        let named = |key: &&str| {
            let named = if key.starts_with('/') { format!("tree/{key}") } else { (*key).to_owned() };
            error.to_string().contains(&format!("{named:?} ("))
        };
        assert_eq!(ODD.map(|(key, _)| key).iter().filter(|key| named(key)).count(), 5, "{error}");
        assert!(error.to_string().contains("7 keys cannot be files below") && error.to_string().ends_with(" and 2 more"), "{error}");
        assert_eq!(
            (entries(root.path()), fs::read_to_string(root.path().join("a.csv")).unwrap()),
            (vec!["a.csv".to_owned()], "from before".to_owned())
        );
    }
}

#[tokio::test]
async fn what_a_pattern_leaves_out_is_no_error() {
    for (storage, prefix, _server) in stores().await {
        let root = tempfile::tempdir().unwrap();
        let directory = directory(&storage, &prefix);
        assert_eq!(directory.download_matching("b/**/*", root.path()).await.unwrap().objects, 2);
        assert_eq!(directory.download_matching("*.csv", root.path()).await.unwrap().objects, 1);
        let error = directory.download_matching("raw/**/*", root.path()).await.unwrap_err();
        assert!(error.to_string().contains("the key \"raw//x\" cannot be a file below"), "{error}");
    }
}

#[tokio::test]
async fn clashes_and_a_bad_key_on_a_later_page_are_found_before_the_first_file_is_written() {
    for (bad, named) in
        [(&["zz//x"][..], "\"zz//x\""), (&["clash", "clash/y"], "\"clash\""), (&["odd/"], "\"odd/\""), (&["zz\u{1}"], "\"zz\\u{1}\"")]
    {
        let server = good();
        for number in 0..2500 {
            server.objects().put(&format!("tree/{number:04}"), "new");
        }
        for key in bad {
            server.objects().put(&format!("tree/{key}"), "new");
        }
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("0000"), "from before").unwrap();
        let error = directory(&storage(&server), "s3://bucket/tree").download(root.path()).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Url && error.to_string().contains(named), "{error}");
        assert_eq!(
            (entries(root.path()), fs::read_to_string(root.path().join("0000")).unwrap()),
            (vec!["0000".to_owned()], "from before".to_owned())
        );
    }
}

#[tokio::test]
async fn what_stands_in_the_way_is_found_before_the_first_file_is_written() {
    let server = good();
    for key in ["a", "file/below", "folder"] {
        server.objects().put(&format!("tree/{key}"), "new");
    }
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "from before").unwrap();
    fs::create_dir(root.path().join("folder")).unwrap();
    let error = directory(&storage(&server), "s3://bucket/tree").download(root.path()).await.unwrap_err().to_string();
    for part in [
        "2 keys cannot be files",
        "\"file/below\" (it needs the directory",
        "where a file is",
        "\"folder\" (a directory is there from before",
    ] {
        assert!(error.contains(part), "no {part} in {error}");
    }
    assert_eq!(entries(root.path()), ["file", "folder"]);
}

#[tokio::test]
async fn a_marker_of_no_bytes_is_a_folder_and_no_file() {
    for (storage, prefix, _server) in stores().await {
        let (names, _) = told(storage.walk(&format!("{prefix}/sub")), |object| object.key).await;
        assert_eq!(names, ["x"], "{prefix}");
        let root = tempfile::tempdir().unwrap();
        let directory = directory(&storage, &prefix);
        assert_eq!(directory.download_matching("sub*/**", root.path()).await.unwrap().objects, 1);
        assert_eq!(entries(root.path()), ["sub"]);
    }
}

#[cfg(feature = "schema")]
#[tokio::test]
async fn a_table_is_read_where_bad_keys_are_hidden_and_names_those_that_are_not() {
    use nebulakit_types::schema::Schema;
    let server = good();
    for (key, bytes) in
        [("0.csv", "a\n1\n"), ("1.csv", "a\n2\n"), ("_temporary//x", "x"), (".x/\u{1}", "x"), ("_x/../y", "x"), ("sub/", "")]
    {
        server.objects().put(&format!("table/{key}"), bytes);
    }
    let inner = storage(&server);
    let workspace = Workspace::new(move || inner, None, ".");
    let table: Schema = Schema::from_uri("s3://bucket/table").with_format("csv").within(&workspace);
    assert_eq!(table.num_rows().await.unwrap(), 2);
    for bad in ["raw//x", "year=1/../x"] {
        server.objects().put(&format!("table/{bad}"), "x");
    }
    let error = table.num_rows().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Url, "{error}");
    for part in ["2 objects of the table at `s3://bucket/table` cannot be read", "table/raw//x\"", "table/year=1/../x\""] {
        assert!(error.to_string().contains(part), "no {part} in {error}");
    }
}

#[tokio::test]
async fn names_that_a_store_cannot_hold_are_said_to_be_names() {
    let server = good();
    let storage = storage(&server);
    let (folder, plain) = (tempfile::tempdir().unwrap(), PutOptions::default());
    let path = folder.path().join("bell\u{7}");
    fs::write(&path, "x").unwrap();
    let long = format!("s3://bucket/{}", "n".repeat(1025));
    let odd = "s3://bucket/tree/bell\u{7}";
    for (error, named) in [
        (storage.put(odd, vec![], &plain).await.unwrap_err(), "bell\\u{7}"),
        (storage.upload(&path, odd, &plain).await.unwrap_err(), "bell\\u{7}"),
        (storage.create(odd, &plain).await.unwrap_err(), "bell\\u{7}"),
        (storage.upload_tree(folder.path(), "s3://bucket/tree", &TreeOptions::default()).await.unwrap_err(), "bell\\u{7}"),
        (storage.put(&long, vec![], &plain).await.unwrap_err(), "1025 bytes"),
        (storage.put("s3://bucket/a/../b", vec![], &plain).await.unwrap_err(), "a/../b"),
    ] {
        assert!(error.kind() == ErrorKind::Name && error.to_string().contains(named), "{error}");
    }
    assert!(server.objects().all.is_empty());
}

#[tokio::test]
async fn an_object_is_no_empty_directory() {
    let server = good();
    server.objects().put("pics/a.png", "x");
    for (storage, url) in [(storage(&server), "s3://bucket/pics/a.png"), (Storage::memory(), "memory://pics/a.png")] {
        if url.starts_with("memory") {
            storage.put(url, vec!["x".into()], &PutOptions::default()).await.unwrap();
        }
        let (root, said) = (tempfile::tempdir().unwrap(), format!("`{url}` is a file, a directory is expected"));
        let found = directory(&storage, url);
        for error in [
            found.list().unwrap().try_next().await.unwrap_err(),
            found.walk().unwrap().try_next().await.unwrap_err(),
            found.download(root.path()).await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::Mismatch, said.clone()));
        }
        let absent = directory(&storage, &url.replace("a.png", "none"));
        assert!(absent.walk().unwrap().try_next().await.unwrap().is_none());
        assert_eq!(absent.download(root.path()).await.unwrap().objects, 0);
    }
}

#[tokio::test]
async fn directories_give_the_others_and_each_bad_key_as_an_error() {
    for (storage, prefix, _server) in stores().await {
        let directory = directory(&storage, &prefix);
        let (names, errors) = told(directory.walk().unwrap(), |entry| entry.name).await;
        assert_eq!((names.len(), errors.len()), (GOOD.len(), ODD.len()), "{prefix}: {errors:?}");
        let (names, errors) =
            told(directory.list().unwrap(), |entry| format!("{}{}", entry.name, if entry.is_directory() { "/" } else { "" })).await;
        assert_eq!(names, [" blank ", "...", "a.csv", "a/", "a\\b", "b/", "odd/", "raw/", "sub/", "é/"], "{prefix}");
        assert_eq!(errors.len(), 4, "{errors:?}");
        // The same without async.
        let found = tokio::task::spawn_blocking(move || {
            let found: Vec<_> = directory.blocking().walk().unwrap().collect();
            found.into_iter().partition::<Vec<_>, _>(Result::is_ok)
        });
        let (names, errors) = found.await.unwrap();
        assert_eq!((names.len(), errors.len()), (GOOD.len(), ODD.len()));
    }
}

/// What Google and Azure answer, which is not what S3 does.
#[cfg(all(feature = "azure", feature = "gcp"))]
#[tokio::test]
async fn bad_keys_hide_no_other_from_google_and_azure() {
    use self::fault_server::{Reply, Server};
    use nebulakit_types::storage::GcsConfig;
    const GOOGLE: &str = "<?xml version='1.0'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'><Name>bucket</Name><Prefix>tree/</Prefix>\
        <Contents><Key>tree/raw//x</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>\
        <Contents><Key>tree/a&amp;b</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>\
        <Contents><Key>tree/sub/</Key><Size>0</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>";
    const AZURE: &str = "<?xml version=\"1.0\"?><EnumerationResults ContainerName=\"bucket\"><Prefix>tree/</Prefix><Blobs>\
        <Blob><Name>tree/raw//x</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified><Content-Length>1</Content-Length>\
        <Content-Type>text/plain</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>\
        <Blob><Name>tree/a&amp;b</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified><Content-Length>1</Content-Length>\
        <Content-Type>text/plain</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob>\
        <Blob><Name>tree/sub/</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT</Last-Modified><Content-Length>0</Content-Length>\
        <Content-Type>text/plain</Content-Type><BlobType>BlockBlob</BlobType></Properties></Blob></Blobs><NextMarker/></EnumerationResults>";
    let (google, azure) = (Server::follow([Reply::Answer(200, &[], GOOGLE)]), Server::follow([Reply::Answer(200, &[], AZURE)]));
    let config = StorageConfig {
        gcs: GcsConfig { endpoint: Some(google.url.clone()), anonymous: true, ..GcsConfig::default() },
        azure: AzureConfig {
            endpoint: Some(azure.url.clone()),
            account_name: Some("account".to_owned()),
            account_key: Some("c2VjcmV0".into()),
            ..AzureConfig::default()
        },
        retries: Some(0),
        ..StorageConfig::default()
    };
    let storage = Storage::new(config);
    for prefix in ["gs://bucket/tree", "abfs://bucket/tree"] {
        let (names, errors) = told(storage.walk(prefix), |object| object.key).await;
        assert_eq!((names, errors.len()), (vec!["a&b".to_owned()], 1), "{errors:?}");
        assert!(errors[0].contains(&format!("{:?}", format!("{prefix}/raw//x"))), "{errors:?}");
    }
}

/// A signature in a URL is neither part of a key, nor of the keys below it.
#[cfg(feature = "azure")]
#[tokio::test]
async fn a_signature_in_a_url_of_azure_is_not_part_of_a_key() {
    use self::fault_server::{Reply, Server};
    let server = Server::follow([Reply::Answer(201, &[], "")]);
    let azure = AzureConfig {
        endpoint: Some(server.url.clone()),
        account_name: Some("account".to_owned()),
        account_key: Some("c2VjcmV0".into()),
        ..AzureConfig::default()
    };
    let storage = Storage::new(StorageConfig { azure, retries: Some(0), ..StorageConfig::default() });
    let url = nebulakit_types::storage::join("abfs://bucket/raw?sv=1&sig=secret", "name?x");
    assert_eq!(url, "abfs://bucket/raw/name?x?sv=1&sig=secret");
    let _ = storage.put("abfs://bucket/raw/name?sv=1&sig=secret", vec!["x".into()], &PutOptions::default()).await;
    assert_eq!(server.seen()[0].line, "PUT /bucket/raw/name HTTP/1.1");
}

/// The same URL asked of stores that answer 200 with something else: no object is taken for absent because of it.
#[cfg(all(feature = "azure", feature = "gcp"))]
#[tokio::test]
async fn an_answer_that_is_not_a_listing_is_an_error() {
    use self::fault_server::{Reply, Server};
    use nebulakit_types::storage::GcsConfig;
    for (body, kind, said) in [
        (
            "<?xml version='1.0'?><Error><Code>InternalError</Code><Message>try\nlater</Message></Error>",
            ErrorKind::Unavailable,
            "InternalError: try later",
        ),
        ("<Error/>", ErrorKind::Unavailable, "an error in place of a listing"),
        ("{\"keys\": []}", ErrorKind::Corrupt, "something that is not a listing"),
        ("<html><body>log in</body></html>", ErrorKind::Corrupt, "something that is not a listing"),
        ("", ErrorKind::Corrupt, "nothing in place of a listing"),
        ("<?xml version='1.0'?>", ErrorKind::Corrupt, "something that is not a listing"),
        ("<ListBucketResult><Contents>", ErrorKind::Corrupt, "a listing that breaks off"),
        ("<EnumerationResults><Blobs></Blobs>", ErrorKind::Corrupt, "a listing that breaks off"),
        ("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", ErrorKind::Corrupt, "a page without the way to the next"),
    ] {
        let server = Server::follow([Reply::Answer(200, &[], body)]);
        let config = StorageConfig {
            s3: S3Config { endpoint: Some(server.url.clone()), anonymous: true, ..S3Config::default() },
            gcs: GcsConfig { endpoint: Some(server.url.clone()), anonymous: true, ..GcsConfig::default() },
            azure: AzureConfig {
                endpoint: Some(server.url.clone()),
                account_name: Some("account".to_owned()),
                account_key: Some("c2VjcmV0".into()),
                ..AzureConfig::default()
            },
            retries: Some(0),
            ..StorageConfig::default()
        };
        let storage = Storage::new(config);
        for prefix in ["s3://bucket/tree", "gs://bucket/tree", "abfs://bucket/tree"] {
            let root = tempfile::tempdir().unwrap();
            for error in [
                storage.list(prefix).await.unwrap_err(),
                storage.list_level(prefix).await.unwrap_err(),
                storage.download_tree(prefix, root.path(), &TreeOptions::default()).await.unwrap_err(),
            ] {
                assert_eq!(error.kind(), kind, "{body}: {error}");
                let error = error.to_string();
                assert!(error.contains(&format!("`{prefix}`")) && error.contains(&server.url) && error.contains(said), "{body}: {error}");
            }
        }
    }
    // An empty listing is one.
    for (body, prefix) in [
        ("<ListBucketResult/>", "s3://bucket/tree"),
        ("<?xml version='1.0'?>\n<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>\n", "abfs://bucket/tree"),
    ] {
        let server = Server::follow([Reply::Answer(200, &[], body)]);
        let mut config = StorageConfig { retries: Some(0), ..StorageConfig::default() };
        config.s3 = S3Config { endpoint: Some(server.url.clone()), anonymous: true, ..S3Config::default() };
        config.azure = AzureConfig {
            endpoint: Some(server.url.clone()),
            account_name: Some("account".to_owned()),
            anonymous: true,
            ..AzureConfig::default()
        };
        assert_eq!(Storage::new(config).list(prefix).await.unwrap(), []);
    }
}
