//! What is cached, under which key, and until when.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use nebulakit_types::interface::{Interface, Variable};
use nebulakit_types::literal::{Literal, LiteralValue, Primitive};
use nebulakit_types::literal_type::{BlobDimensionality, BlobType, LiteralType, SimpleType, StructuredDatasetType, TypeKind};
use serde_json::json;
use tempfile::TempDir;

use super::{Cache, CacheEntry, KeyMaker, Nearest, is_whole};
use crate::run::folder::{Durability, RunsFolder};
use crate::run::lookup::{CacheKey, KeyChange, KeyPart};
use crate::task::options::CacheOptions;

const OPTIONS: CacheOptions = CacheOptions { version: "1", serialize: false, ignore: &["verbose"] };

struct Scratch {
    dir: TempDir,
    cache: Cache,
}

impl Scratch {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let runs = RunsFolder::open(dir.path().join("runs")).unwrap();
        Self { cache: Cache::new(&runs), dir }
    }

    fn key_of(&self, options: &CacheOptions, interface: &Interface, inputs: &[(&str, Literal)]) -> CacheKey {
        let encoded: Vec<_> = inputs.iter().map(|(name, literal)| (*name, literal.encode())).collect();
        let inputs = encoded.iter().map(|(name, bytes)| (*name, bytes.as_slice()));
        KeyMaker::new("app.count", options.version, interface.clone(), options.ignore).key(inputs, self.cache.contents()).unwrap()
    }

    fn key(&self, inputs: &[(&str, Literal)]) -> CacheKey {
        self.key_of(&OPTIONS, &interface(LiteralType::simple(SimpleType::Integer)), inputs)
    }

    /// The entry of a key, and its outputs, if both exist.
    fn whole(&self, key: &CacheKey) -> Option<(CacheEntry, Vec<u8>)> {
        let entry = self.cache.get(key).unwrap()?;
        let outputs = self.cache.outputs(&entry).unwrap()?;
        is_whole(&outputs, || interface(LiteralType::simple(SimpleType::Integer))).then_some((entry, outputs))
    }

    fn put(&self, key: CacheKey, outputs: &[(&str, Literal)]) -> CacheEntry {
        let outputs = Literal::encode_map(&outputs.iter().map(|(name, literal)| ((*name).to_owned(), literal.clone())).collect());
        let outputs = self.cache.data.keep(&outputs, Durability::Kernel).unwrap();
        let entry = CacheEntry { key, outputs, run: "r1".into(), node: "n0".into(), at: SystemTime::UNIX_EPOCH };
        self.cache.put(&entry, Durability::Kernel).unwrap();
        entry
    }
}

fn interface(of_words: LiteralType) -> Interface {
    Interface {
        inputs: vec![Variable::new("words", of_words), Variable::new("top", LiteralType::simple(SimpleType::Integer))],
        outputs: vec![Variable::new("o0", LiteralType::simple(SimpleType::Integer))],
    }
}

fn integer(value: i64) -> Literal {
    Primitive::Integer(value).into()
}

fn hashed(value: i64, hash: &str) -> Literal {
    Literal { hash: Some(hash.to_owned()), ..integer(value) }
}

fn blob(path: &Path, dimensionality: BlobDimensionality) -> Literal {
    let uri = path.to_str().unwrap().to_owned();
    Literal::new(LiteralValue::Blob { uri, blob_type: BlobType { format: String::new(), dimensionality } })
}

#[test]
fn an_entry_is_there_for_its_key_alone() {
    let scratch = Scratch::new();
    let entry = scratch.put(scratch.key(&[("words", integer(3))]), &[("o0", integer(9))]);
    let (found, outputs) = scratch.whole(&scratch.key(&[("words", integer(3))])).unwrap();
    assert_eq!(found, entry);
    assert_eq!(Literal::decode_map(&outputs).unwrap()["o0"], integer(9));
    assert_eq!(scratch.whole(&scratch.key(&[("words", integer(4))])), None);
}

/// The table of section 6.1 of the contract.
#[test]
fn what_counts_of_values_is_what_the_platform_counts() {
    let scratch = Scratch::new();
    let key = |literal: Literal| scratch.key(&[("words", literal)]);
    let with_metadata = Literal { metadata: [("a".to_owned(), "b".to_owned())].into(), ..integer(1) };
    let binary = |bytes: &[u8]| Literal::new(LiteralValue::Binary { value: bytes.to_vec(), tag: "msgpack".to_owned() });
    assert_eq!(key(hashed(1, "h")), key(hashed(2, "h")));
    assert_eq!(key(Literal::collection(vec![hashed(1, "h")])), key(Literal::collection(vec![hashed(2, "h")])));
    assert_ne!(key(integer(1)), key(hashed(1, "h")));
    assert_ne!(key(integer(1)), key(with_metadata));
    assert_ne!(key(binary(&[1])), key(binary(&[0xcc, 1])));
    let ignored = scratch.key(&[("words", integer(1)), ("verbose", integer(7))]);
    assert_eq!(key(integer(1)).digest(), ignored.digest());
}

#[test]
fn what_counts_of_types_is_what_the_platform_counts() {
    let scratch = Scratch::new();
    let key = |of_words: LiteralType| scratch.key_of(&OPTIONS, &interface(of_words), &[("words", integer(1))]);
    let plain = || LiteralType::simple(SimpleType::Integer);
    let object = |value: serde_json::Value| value.as_object().cloned();
    let annotated = |annotation| LiteralType { annotation: object(annotation), ..plain() };
    assert_eq!(key(plain()), key(LiteralType { metadata: object(json!({"title": "Words"})), ..plain() }));
    assert_eq!(key(plain()), key(annotated(json!({"note": 1}))));
    assert_ne!(key(plain()), key(annotated(json!({"cache-key-metadata": 1}))));
    assert_ne!(key(annotated(json!({"cache-key-metadata": 1}))), key(annotated(json!({"cache-key-metadata": 1, "note": 2}))));
    assert_ne!(key(plain()), key(plain().with_tag("int")));
    assert_eq!(key(LiteralType::collection(plain())), key(LiteralType::collection(annotated(json!({"note": 1})))));
}

#[test]
fn files_of_this_machine_count_by_what_is_in_them() {
    let scratch = Scratch::new();
    let (one, other) = (scratch.dir.path().join("one"), scratch.dir.path().join("other"));
    let file = || LiteralType::blob("", BlobDimensionality::Single);
    let key = |path: &Path| scratch.key_of(&OPTIONS, &interface(file()), &[("words", blob(path, BlobDimensionality::Single))]);
    fs::write(&one, "same").unwrap();
    fs::write(&other, "same").unwrap();
    assert_eq!(key(&one), key(&other));
    let before = key(&one);
    fs::write(&one, "edit").unwrap();
    assert_ne!(key(&one), before);
}

#[test]
fn tables_count_by_what_is_in_them() {
    let scratch = Scratch::new();
    let part = scratch.dir.path().join("table/0.parquet");
    let table = StructuredDatasetType { format: "parquet".to_owned(), ..StructuredDatasetType::default() };
    let uri = part.parent().unwrap().to_str().unwrap().to_owned();
    let value = Literal::new(LiteralValue::StructuredDataset { uri, dataset_type: table.clone() });
    let of_words = || LiteralType::new(TypeKind::StructuredDataset(table.clone()));
    let key = || scratch.key_of(&OPTIONS, &interface(of_words()), &[("words", value.clone())]);
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    fs::write(&part, "one").unwrap();
    let before = key();
    assert_eq!(key(), before);
    fs::write(&part, "two").unwrap();
    assert_ne!(key(), before);
}

#[test]
fn a_digest_is_remembered_until_the_file_is_another() {
    let scratch = Scratch::new();
    let path = scratch.dir.path().join("file");
    let long_ago = SystemTime::UNIX_EPOCH;
    let write = |text: &str, at| {
        fs::write(&path, text).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        scratch.cache.contents().digest(&path).unwrap()
    };
    let first = write("aaaa", long_ago);
    // Nothing shows that the bytes are others: the digest is the one that is remembered.
    assert_eq!(write("bbbb", long_ago), first);
    assert_ne!(write("bbbb", long_ago + std::time::Duration::from_nanos(1)), first);
    // What was changed just now is not remembered: it could change again within the same tick of the clock.
    let now = SystemTime::now();
    let recent = write("cccc", now);
    assert_ne!(write("dddd", now), recent);
}

#[test]
fn folders_count_by_the_names_and_the_bytes_of_their_files() {
    let scratch = Scratch::new();
    let folder = scratch.dir.path().join("folder");
    let digest = || scratch.cache.contents().digest(&folder);
    fs::create_dir_all(folder.join("a")).unwrap();
    let empty = digest().unwrap();
    fs::write(folder.join("a/b"), "").unwrap();
    let with_file = digest().unwrap();
    fs::rename(folder.join("a/b"), folder.join("b")).unwrap();
    let moved = digest().unwrap();
    assert!(empty != with_file && with_file != moved && empty != moved);
    std::os::unix::fs::symlink(&folder, folder.join("a/loop")).unwrap();
    assert!(digest().unwrap_err().to_string().contains("is within itself"));
}

#[test]
fn a_file_that_is_not_there_has_no_key() {
    let scratch = Scratch::new();
    let error = scratch.cache.contents().digest(&scratch.dir.path().join("missing")).unwrap_err();
    assert!(error.to_string().contains("missing`: No such file"), "{error}");
}

#[test]
fn an_entry_whose_files_are_gone_is_none() {
    let scratch = Scratch::new();
    let path = scratch.dir.path().join("chart.svg");
    fs::write(&path, "<svg/>").unwrap();
    let key = scratch.key(&[("words", integer(3))]);
    scratch.put(key.clone(), &[("o0", blob(&path, BlobDimensionality::Single))]);
    assert!(scratch.whole(&key).is_some());
    fs::remove_file(&path).unwrap();
    assert_eq!(scratch.whole(&key), None);
}

#[test]
fn a_damaged_entry_is_none_and_is_replaced() {
    let scratch = Scratch::new();
    let key = scratch.key(&[("words", integer(3))]);
    scratch.put(key.clone(), &[("o0", integer(9))]);
    fs::write(scratch.cache.path(&key), "").unwrap();
    assert_eq!(scratch.cache.get(&key).unwrap(), None);
    assert_eq!(scratch.cache.list(None).unwrap(), []);
    scratch.put(key.clone(), &[("o0", integer(9))]);
    assert!(scratch.whole(&key).is_some());
}

#[test]
fn what_changed_is_told_against_the_entry_that_is_most_like_it() {
    let scratch = Scratch::new();
    let key = |version, words, extra: &[(&'static str, Literal)]| {
        let options = CacheOptions { version, ..OPTIONS };
        scratch.key_of(&options, &interface(LiteralType::simple(SimpleType::Integer)), &[&[("words", integer(words))], extra].concat())
    };
    scratch.put(key("1", 3, &[]), &[("o0", integer(9))]);
    scratch.put(key("2", 4, &[("top", integer(1))]), &[("o0", integer(9))]);
    let entries = scratch.cache.list(Some("app.count")).unwrap();
    let changes = |key: CacheKey| Nearest::of(&key, &entries).unwrap().changes;
    let input = |name: &str, before: Option<i64>, now: Option<i64>| {
        let part = |value: Option<i64>| value.map(|value| KeyPart::Value(integer(value).encode()));
        KeyChange::Input { name: name.to_owned(), before: part(before), now: part(now) }
    };
    assert_eq!(changes(key("1", 5, &[])), [input("words", Some(3), Some(5))]);
    assert_eq!(changes(key("3", 3, &[])), [KeyChange::Version { before: "1".to_owned(), now: "3".to_owned() }]);
    assert_eq!(changes(key("2", 4, &[])), [input("top", Some(1), None)]);
}

#[test]
fn clearing_forgets_one_task_or_all() {
    let scratch = Scratch::new();
    let key = scratch.key(&[("words", integer(3))]);
    scratch.put(CacheKey { task: "app.other".to_owned(), ..key.clone() }, &[]);
    scratch.put(key.clone(), &[]);
    let of = |task, until| scratch.cache.clear(task, until).unwrap().entries.len();
    assert_eq!(of(Some("app.count"), Some(SystemTime::UNIX_EPOCH)), 0, "it is not older than that");
    assert_eq!(of(Some("app.count"), Some(SystemTime::now())), 1);
    assert_eq!(scratch.cache.list(None).unwrap().len(), 1);
    assert_eq!([of(None, None), of(None, None)], [1, 0]);
    assert_eq!(scratch.cache.list(None).unwrap(), []);
}

#[test]
fn a_file_that_is_too_large_to_be_read_counts_by_its_size_and_time() {
    let scratch = Scratch::new();
    let path = scratch.dir.path().join("large");
    let contents = scratch.cache.contents().clone().up_to(4);
    fs::write(&path, "12345").unwrap();
    let before = contents.digest(&path).unwrap();
    assert_ne!(before, scratch.cache.contents().digest(&path).unwrap());
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, "54321").unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    assert_eq!(before, contents.digest(&path).unwrap());
    fs::write(&path, "123456").unwrap();
    assert_ne!(before, contents.digest(&path).unwrap());
}
