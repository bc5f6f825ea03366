//! What goes up: whole, in parts, piece by piece, and given up.

use super::*;

#[tokio::test]
async fn a_large_file_goes_up_in_parts() {
    let server = good();
    let root = tempfile::tempdir().unwrap();
    for size in [0, 1, 200_000, 16 * MIB, 16 * MIB + 1, 25 * MIB] {
        let file = root.path().join("file");
        fs::write(&file, bytes(size)).unwrap();
        assert_eq!(storage(&server).upload(&file, URL, &PutOptions::default()).await.unwrap(), size as u64);
        assert!(server.objects().all["key"].bytes == bytes(size), "{size}");
        assert!(server.objects().uploads.is_empty());
    }
}

#[tokio::test]
async fn names_that_end_in_gz_are_marked() {
    let server = good();
    let root = tempfile::tempdir().unwrap();
    for (name, options, expected) in [
        ("a.tar.gz", PutOptions::default(), Some("gzip")),
        ("a.tar", PutOptions::default(), None),
        ("a.gz", PutOptions { content_encoding: Some(String::new()), ..PutOptions::default() }, None),
        ("a.gz", PutOptions { content_encoding: Some("zstd".to_owned()), ..PutOptions::default() }, Some("zstd")),
    ] {
        fs::write(root.path().join(name), "x").unwrap();
        storage(&server).upload(&root.path().join(name), URL, &options).await.unwrap();
        let objects = server.objects();
        assert_eq!(objects.all["key"].headers.get("content-encoding").map(String::as_str), expected, "{name}");
    }
}

#[tokio::test]
async fn parts_are_sent_again_and_an_upload_that_fails_is_taken_back() {
    let failures = Arc::new(AtomicUsize::new(0));
    let count = failures.clone();
    let passing = S3::start(move |request, _| {
        if request.line.contains("partNumber=2") && count.fetch_add(1, Relaxed) < 2 {
            return Fault::Error(503, "SlowDown", &[]);
        }
        Fault::None
    });
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, bytes(20 * MIB)).unwrap();
    storage(&passing).upload(&file, URL, &PutOptions::default()).await.unwrap();
    assert!(passing.objects().all["key"].bytes == bytes(20 * MIB));

    let refusing =
        S3::start(|request, _| if request.line.contains("partNumber=2") { Fault::Error(403, "AccessDenied", &[]) } else { Fault::None });
    let error = storage(&refusing).upload(&file, URL, &PutOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    for part in [URL, file.to_str().unwrap(), "403 AccessDenied"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
    let objects = refusing.objects();
    assert!(objects.all.is_empty() && objects.uploads.is_empty());
    assert_eq!(objects.aborted, 1);
}

#[tokio::test]
async fn an_upload_that_is_dropped_is_taken_back() {
    for stage in ["uploads", "partNumber=1", "partNumber=3", "POST /bucket/key?uploadId"] {
        let server = S3::start(move |request, _| if request.line.contains(stage) { Fault::Gate } else { Fault::None });
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, bytes(24 * MIB)).unwrap();
        let storage = Storage::new(StorageConfig { answer_timeout: None, ..config(&server) });
        let waiting = server.clone();
        let watch = tokio::task::spawn_blocking(move || waiting.wait_for_stuck(1));
        let options = PutOptions::default();
        tokio::select! {
            done = storage.upload(&file, URL, &options) => panic!("{stage}: {done:?}"),
            _ = watch => {}
        }
        if stage != "uploads" {
            while server.objects().aborted == 0 {
                tokio::task::yield_now().await;
            }
        }
        assert!(server.objects().all.is_empty(), "{stage}");
        // Nothing under the gate is to panic the server: what it waited for is gone.
        server.forget();
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    for (size, now) in [(20 * MIB, 10), (20 * MIB, 21 * MIB), (MIB, 10)] {
        fs::write(&file, bytes(size)).unwrap();
        let path = file.clone();
        let mut once = Some(());
        let server = S3::start(move |request, _| {
            // A single write is read while it is sent: it is broken off first.
            let begun = request.line.contains("uploads") || request.line.starts_with("PUT");
            if begun && once.take().is_some() {
                fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(now as u64).unwrap();
                return if request.line.starts_with("PUT") { Fault::Error(503, "SlowDown", &[]) } else { Fault::None };
            }
            Fault::None
        });
        let error = storage(&server).upload(&file, URL, &PutOptions::default()).await.unwrap_err();
        assert!(error.to_string().contains("changed while it was read"), "{error}");
        let objects = server.objects();
        assert!(objects.all.is_empty() && objects.uploads.is_empty(), "{:?}", objects.all.keys());
    }
}

#[tokio::test]
async fn what_is_written_piece_by_piece_is_there_when_finished() {
    let server = good();
    let storage = storage(&server);
    for size in [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 24 * MIB] {
        let whole = bytes(size);
        let mut writer = storage.create(URL, &PutOptions::default()).await.unwrap();
        for piece in whole.chunks(3 * MIB + 1) {
            writer.write(whole.slice_ref(piece)).await.unwrap();
        }
        assert_eq!(writer.finish().await.unwrap(), size as u64);
        assert!(server.objects().all["key"].bytes == whole, "{size}");
    }
    // Small pieces too.
    let mut writer = storage.create(URL, &PutOptions::default()).await.unwrap();
    for _ in 0..1000 {
        writer.write("0123456789".into()).await.unwrap();
    }
    writer.finish().await.unwrap();
    assert_eq!(server.objects().all["key"].bytes, "0123456789".repeat(1000));
    assert!(server.objects().uploads.is_empty());
}

#[tokio::test]
async fn what_is_not_finished_is_not_there() {
    let server = good();
    let storage = storage(&server);
    for aborted in [true, false] {
        let mut writer = storage.create(URL, &PutOptions::default()).await.unwrap();
        writer.write(bytes(20 * MIB)).await.unwrap();
        if aborted {
            writer.abort().await.unwrap()
        } else {
            drop(writer)
        }
        while server.objects().aborted < if aborted { 1 } else { 2 } {
            tokio::task::yield_now().await;
        }
    }
    assert!(server.objects().all.is_empty());
}
