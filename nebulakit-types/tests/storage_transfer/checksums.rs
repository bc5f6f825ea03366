//! What comes is held against the checksums that stores name.

use super::*;

/// The line by which a store names the checksum of an object.
fn crc32c(bytes: &[u8]) -> String {
    use base64::Engine as _;
    let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes) as u32;
    format!("x-goog-hash: crc32c={}\r\n", base64::prelude::BASE64_STANDARD.encode(sum.to_be_bytes()))
}

#[tokio::test]
async fn what_comes_is_held_against_the_checksum_that_the_store_names() {
    // In one range, in several, and with every first try broken off.
    for size in [100, 20 * MIB] {
        let server = on_gets(|count, request, _| match request.headers.get("range") {
            Some(range) if count % 2 == 0 && !range.contains("50-") => Fault::Break(50),
            _ => Fault::None,
        });
        let whole = bytes(size);
        server.objects().put("key", whole.clone());
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("file");
        let storage = storage(&server);
        server.objects().says = crc32c(&whole);
        storage.download(URL, &target).await.unwrap();
        fs::remove_file(&target).unwrap();
        assert!(storage.get(URL).await.unwrap() == whole);
        let pieces: Vec<Bytes> = storage.read(URL, ..).await.unwrap().try_collect().await.unwrap();
        assert!(pieces.concat() == whole);
        // It is that of the whole object.
        assert!(storage.read_range(URL, 10..20).await.unwrap() == whole[10..20]);

        server.objects().says = crc32c(b"something else");
        let read = storage.read(URL, ..).await.unwrap().try_collect::<Vec<_>>().await;
        for error in [storage.download(URL, &target).await.unwrap_err(), storage.get(URL).await.unwrap_err(), read.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.to_string().contains(&format!("`{URL}`: the {size} bytes that came have the CRC-32C ")), "{error}");
        }
        assert_eq!(entries(root.path()), [""; 0]);
    }
}

/// The MD5 of bytes of this test, as Azure names it.
#[cfg(feature = "azure")]
fn md5(bytes: &[u8]) -> String {
    use base64::Engine as _;
    use md5::Digest as _;
    base64::prelude::BASE64_STANDARD.encode(md5::Md5::digest(bytes))
}

#[cfg(feature = "azure")]
fn azure(server: &S3) -> Storage {
    let azure = AzureConfig {
        endpoint: Some(server.url.clone()),
        account_name: Some("account".to_owned()),
        account_key: Some("c2VjcmV0".into()),
        ..AzureConfig::default()
    };
    Storage::new(StorageConfig { azure, ..config(server) })
}

/// What comes in one stream, of whole answers and of one range that is the whole, broken off and continued too.
#[cfg(feature = "azure")]
#[tokio::test]
async fn a_blob_is_held_against_the_md5_that_azure_names() {
    let url = "abfs://bucket/key";
    let server = on_gets(|count, request, _| match request.headers.get("range") {
        Some(range) if range.contains("50-") => Fault::None,
        _ if count % 2 == 0 => Fault::Break(50),
        _ => Fault::None,
    });
    let whole = bytes(MIB);
    server.objects().put("key", whole.clone());
    let root = tempfile::tempdir().unwrap();
    let target = root.path().join("file");
    let storage = azure(&server);
    let (right, wrong) = (md5(&whole), md5(b"something else"));
    let says = |md5: &str, header: &str| server.objects().says = format!("x-ms-blob-type: BlockBlob\r\n{header}: {md5}\r\n");

    for header in ["content-md5", "x-ms-blob-content-md5"] {
        says(&right, header);
        assert!(storage.get(url).await.unwrap() == whole);
        let pieces: Vec<Bytes> = storage.read(url, ..).await.unwrap().try_collect().await.unwrap();
        assert!(pieces.concat() == whole);
        storage.download(url, &target).await.unwrap();
        fs::remove_file(&target).unwrap();
    }
    for header in ["content-md5", "x-ms-blob-content-md5"] {
        says(&wrong, header);
        let read = storage.read(url, ..).await.unwrap().try_collect::<Vec<_>>().await;
        let mut errors = vec![storage.get(url).await.map(drop).unwrap_err(), read.map(drop).unwrap_err()];
        match header {
            // A download asks for the first range, and that of a range is not that of the blob.
            "content-md5" => drop(storage.download(url, &target).await.unwrap()),
            _ => errors.push(storage.download(url, &root.path().join("damaged")).await.unwrap_err()),
        }
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.to_string().contains(&format!("`{url}`: the {MIB} bytes that came have the MD5 ")), "{header}: {error}");
        }
        assert!(storage.read_range(url, 10..20).await.unwrap() == whole[10..20]);
    }
    assert_eq!(entries(root.path()), ["file"]);
}

#[cfg(feature = "azure")]
#[tokio::test]
async fn an_md5_is_not_checked_where_it_is_not_that_of_one_stream() {
    let (url, size) = ("abfs://bucket/key", 20 * MIB);
    let server = good();
    server.objects().put("key", bytes(size));
    let root = tempfile::tempdir().unwrap();
    let wrong = md5(b"something else");
    // Ranges come side by side, and their sums cannot be joined.
    server.objects().says = format!("x-ms-blob-type: BlockBlob\r\nx-ms-blob-content-md5: {wrong}\r\n");
    assert_eq!(azure(&server).download(url, &root.path().join("file")).await.unwrap(), size as u64);
    let error = azure(&server).get(url).await.unwrap_err();
    assert!(error.to_string().contains("have the MD5"), "{error}");
    // What is appended to is another blob, with the MD5 that it was made with.
    server.objects().says = format!("x-ms-blob-type: AppendBlob\r\ncontent-md5: {wrong}\r\n");
    assert!(azure(&server).get(url).await.unwrap() == bytes(size));
}

#[tokio::test]
async fn s3_is_asked_for_checksums_by_a_signed_header() {
    let server = good();
    let root = tempfile::tempdir().unwrap();
    server.objects().put("key", bytes(9 * MIB));
    let without = Environment::pick([("AWS_RESPONSE_CHECKSUM_VALIDATION".into(), "when_required".into())]);
    let anonymous = StorageConfig { s3: S3Config { anonymous: true, ..config(&server).s3 }, ..config(&server) };
    for (config, asks) in [(config(&server), true), (StorageConfig { environment: without, ..config(&server) }, false), (anonymous, false)]
    {
        server.forget();
        let storage = Storage::new(config);
        storage.download(URL, &root.path().join("file")).await.unwrap();
        storage.get(URL).await.unwrap();
        storage.read_range(URL, 5..10).await.unwrap();
        storage.list("s3://bucket/none").await.unwrap();
        storage.put("s3://bucket/other", vec!["x".into()], &PutOptions::default()).await.unwrap();
        let seen = server.seen();
        let reads = |request: &&Request| request.line.starts_with("GET /bucket/key");
        assert_eq!(seen.iter().filter(reads).count(), 4);
        for request in &seen {
            let asked = request.headers.get("x-amz-checksum-mode").map(String::as_str);
            assert_eq!(asked, (asks && reads(&request)).then_some("ENABLED"), "{request:?}");
            if asked.is_some() {
                let signed = &request.headers["authorization"];
                assert!(signed.contains("x-amz-checksum-mode;") && signed.contains("SignedHeaders=host;"), "{signed}");
            }
        }
    }
}

#[tokio::test]
async fn a_checksum_of_a_part_is_not_held_against_the_whole() {
    let server = good();
    let root = tempfile::tempdir().unwrap();
    // All ranges are alike, and the store names the checksum of each.
    server.objects().put("key", vec![7; 24 * MIB]);
    server.objects().says = crc32c(&vec![7; 8 * MIB]);
    assert_eq!(storage(&server).download(URL, &root.path().join("file")).await.unwrap(), 24 * MIB as u64);
}
