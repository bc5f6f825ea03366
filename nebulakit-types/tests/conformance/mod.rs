//! What every store does with streams, ranges, files and trees: run against memory and files here, and against each cloud's server elsewhere.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use nebulakit_types::ErrorKind;
use nebulakit_types::storage::{PutOptions, Storage, TreeOptions, join};

/// The size of parts.
const PART: usize = 8 << 20;

/// Bytes of which no two ranges are the same.
fn bytes(length: usize) -> Bytes {
    let whole: Vec<u8> = (0..length.div_ceil(8) as u64).flat_map(u64::to_be_bytes).collect();
    Bytes::from(whole).slice(..length)
}

/// Everything, below a prefix that is empty. `odd` are names that this store can hold.
pub(crate) async fn conforms(storage: &Storage, prefix: &str, odd: &[&str]) {
    sizes(storage, prefix).await;
    facts_and_ranges(storage, prefix).await;
    trees(storage, prefix, odd).await;
    absences(storage, prefix).await;
}

async fn sizes(storage: &Storage, prefix: &str) {
    let directory = tempfile::tempdir().unwrap();
    let plain = PutOptions::default();
    let local = directory.path().join("local");
    for size in [0, 1, PART - 1, PART, PART + 1, 3 * PART] {
        let whole = bytes(size);
        fs::write(&local, &whole).unwrap();
        let uploaded = join(prefix, &format!("sizes/uploaded-{size}"));
        assert_eq!(storage.upload(&local, &uploaded, &plain).await.unwrap(), size as u64);
        let written = join(prefix, &format!("sizes/written-{size}"));
        let mut writer = storage.create(&written, &plain).await.unwrap();
        for piece in whole.chunks(1_000_000) {
            writer.write(whole.slice_ref(piece)).await.unwrap();
        }
        assert!(!storage.exists(&written).await.unwrap(), "visible before it is finished");
        assert_eq!(writer.finish().await.unwrap(), size as u64);
        for url in [uploaded, written] {
            assert_eq!(storage.stat(&url).await.unwrap().unwrap().size, size as u64, "{url}");
            let fetched = directory.path().join("new/fetched");
            assert_eq!(storage.download(&url, &fetched).await.unwrap(), size as u64, "{url}");
            assert!(fs::read(&fetched).unwrap() == whole, "{url}");
            let reading = storage.read(&url, ..).await.unwrap();
            assert_eq!((reading.meta().size, reading.range()), (size as u64, 0..size as u64), "{url}");
            let pieces: Vec<Bytes> = reading.try_collect().await.unwrap();
            assert!(pieces.concat() == whole, "{url}");
            assert!(storage.get(&url).await.unwrap() == whole, "{url}");
        }
    }
    // What is given up leaves what was there.
    let url = join(prefix, "sizes/kept");
    storage.put(&url, vec!["kept".into()], &plain).await.unwrap();
    let mut writer = storage.create(&url, &plain).await.unwrap();
    writer.write(bytes(2 * PART + 1)).await.unwrap();
    writer.abort().await.unwrap();
    assert_eq!(storage.get(&url).await.unwrap(), "kept");
}

async fn facts_and_ranges(storage: &Storage, prefix: &str) {
    let url = join(prefix, "ranges/object");
    let whole = bytes(3_000_000);
    storage.put(&url, vec![whole.clone()], &PutOptions::default()).await.unwrap();
    for (start, end) in [(0, 1024), (1, 2), (2_999_999, 3_000_000), (2_000_000, 4_000_000), (0, 3_000_000), (5, 5), (3_000_000, 3_000_001)]
    {
        let reading = storage.read(&url, start..end).await.unwrap();
        let range = start as usize..end.clamp(start, 3_000_000) as usize;
        assert_eq!((reading.meta().size, reading.range()), (3_000_000, range.start as u64..range.end as u64), "{start}..{end}");
        let pieces: Vec<Bytes> = reading.try_collect().await.unwrap();
        assert!(pieces.concat() == whole[range], "{start}..{end}");
    }
    let pieces: Vec<Bytes> = storage.read(&url, 2_999_990..).await.unwrap().try_collect().await.unwrap();
    assert_eq!(pieces.concat(), whole[2_999_990..]);
    assert_eq!(storage.read(&url, 3_000_001..).await.unwrap_err().kind(), ErrorKind::OutOfRange);
    let wanted = [2_900_000..3_000_000, 0..10, 5..300_000, 7..7];
    let found = storage.read_ranges(&url, &wanted).await.unwrap();
    for (range, bytes) in wanted.iter().zip(found) {
        assert!(bytes == whole[range.start as usize..range.end as usize], "{range:?}");
    }
    assert_eq!(storage.read_range(&url, 10..20).await.unwrap(), whole[10..20]);
    assert_eq!(storage.read_range(&url, 2_999_999..3_000_001).await.unwrap_err().kind(), ErrorKind::OutOfRange);
}

async fn trees(storage: &Storage, prefix: &str, odd: &[&str]) {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut names: Vec<String> = ["one", "d/two", "d/e/three", "d/e/empty", "d.x"].map(str::to_owned).into();
    names.extend(odd.iter().map(|name| format!("odd/{name}")));
    names.extend((0..100).map(|number| format!("many/{number:03}")));
    names.push("large".to_owned());
    for name in &names {
        let path = from.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let size = match name.as_str() {
            "large" => 2 * PART + 7,
            "d/e/empty" => 0,
            _ => 4096,
        };
        fs::write(path, bytes(size)).unwrap();
    }
    let prefix = join(prefix, "tree");
    let options = TreeOptions::default();
    let up = storage.upload_tree(from.path(), &prefix, &options).await.unwrap();
    assert_eq!(up.objects, names.len() as u64);
    let down = storage.download_tree(&format!("{prefix}/"), to.path(), &options).await.unwrap();
    assert_eq!(down, up);
    for name in &names {
        assert!(fs::read(from.path().join(name)).unwrap() == fs::read(to.path().join(name)).unwrap(), "{name}");
    }
    names.sort();
    let mut walked: Vec<_> = storage.walk(&prefix).map_ok(|object| object.key).try_collect().await.unwrap();
    walked.sort();
    assert_eq!(walked, names);
    let level = storage.list_level(&prefix).await.unwrap();
    assert_eq!(level.objects.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), ["d.x", "large", "one"]);
    assert_eq!(level.prefixes, if odd.is_empty() { vec!["d", "many"] } else { vec!["d", "many", "odd"] });
    assert_eq!(storage.get(&level.objects[2].url).await.unwrap().len(), 4096);
    let level = storage.list_level(&join(&prefix, "d/e/")).await.unwrap();
    assert_eq!((level.objects.len(), level.prefixes.len()), (2, 0));

    let some = tempfile::tempdir().unwrap();
    let options = TreeOptions { glob: Some("**/t*".to_owned()), concurrency: Some(1), ..TreeOptions::default() };
    let done = storage.download_tree(&prefix, some.path(), &options).await.unwrap();
    assert_eq!((done.objects, some.path().join("d/e/three").is_file()), (2, true));
}

async fn absences(storage: &Storage, prefix: &str) {
    let url = join(prefix, "absent");
    let directory = tempfile::tempdir().unwrap();
    assert!(storage.stat(&url).await.unwrap().is_none());
    assert_eq!(storage.read(&url, ..).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(storage.read_range(&url, 0..1).await.unwrap_err().kind(), ErrorKind::NotFound);
    let error = storage.download(&url, &directory.path().join("x")).await.unwrap_err();
    assert!(error.kind() == ErrorKind::NotFound && error.to_string().contains("absent"), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    let error = storage.upload(&directory.path().join("none"), &url, &PutOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let error = storage.upload(directory.path(), &url, &PutOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    assert!(!storage.exists(&url).await.unwrap());
    assert_eq!(storage.walk(&url).try_collect::<Vec<_>>().await.unwrap(), []);
    assert_eq!(storage.list_level(&url).await.unwrap(), Default::default());
    let nothing = storage.download_tree(&url, directory.path(), &TreeOptions::default()).await.unwrap();
    assert_eq!(nothing.objects, 0);
}
