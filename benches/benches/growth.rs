//! Whether what is read grows with its size and not faster: everything at 1,000, 10,000 and 100,000 keys or elements.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --bench growth`. A straight line has the same time for each element at every size.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;
use std::process::{Command, Stdio};

use nebulakit::NebulaType;
use nebulakit_benches::{cpu, median_ms};
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{Bounds, Gathering, LiteralRef, References};
use nebulakit_types::json::{self, Message};
use nebulakit_types::wire::flyteidl::core::{
    Binary, Literal, LiteralCollection, LiteralMap, LiteralOffloadedMetadata, Scalar, literal, scalar,
};
use nebulakit_types::{Bytes, Dialect, Raw, Untyped, decode, encode};
use nix::sys::resource::UsageWho;
use prost::Message as _;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// Rounds per median, each of 100,000 keys or elements.
const ROUNDS: usize = 11;

#[derive(Debug, NebulaType)]
struct Narrow {
    a: Option<i64>,
}

#[derive(Debug, NebulaType)]
enum Choice {
    Integer(i64),
    Text(String),
    Narrow(Narrow),
    Map(BTreeMap<String, i64>),
}

/// Medians of the CPU time of one action at each size, and that of one key or element. CPU, since other work on the machine makes whatever takes
/// longer than a turn of its scheduler look worse.
fn line(name: &str, who: UsageWho, mut action: impl FnMut(usize)) {
    let mut each = Vec::new();
    print!("| {name} |");
    for size in SIZES {
        let times = SIZES[2] / size;
        let mut round = || {
            let begin = cpu(who);
            (0..times).for_each(|_| action(size));
            (cpu(who) - begin) / u32::try_from(times).unwrap()
        };
        let median = median_ms((0..ROUNDS).map(|_| round()).collect());
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        each.push(median * 1e6 / size as f64);
        print!(" {median:.2} ms |");
    }
    println!(" {:.0}, {:.0}, {:.0} ns |", each[0], each[1], each[2]);
}

/// The same with what is read made before, once for each size.
fn reading<I>(name: &str, make: impl Fn(usize) -> I, read: impl Fn(&I)) {
    let inputs: HashMap<usize, I> = SIZES.into_iter().map(|size| (size, make(size))).collect();
    line(name, UsageWho::RUSAGE_SELF, |size| read(&inputs[&size]));
}

fn key(index: usize) -> String {
    format!("key_{index}")
}

fn integers(size: usize) -> BTreeMap<String, i64> {
    (0..size).map(|index| (key(index), 7)).collect()
}

fn written<T: NebulaType>(value: &T) -> Vec<u8> {
    encode(value, &Dialect::FLYTE_1).unwrap()
}

/// A whole process that is given keys which its task does not take: it stores an error.
fn surplus(folder: &std::path::Path) {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for size in SIZES {
        let literal = Literal::decode(&*written(&1_i64)).unwrap();
        let map = LiteralMap { literals: (0..size).map(|index| (key(index), literal.clone())).collect() };
        std::fs::write(at(&format!("{size}.pb")), map.encode_to_vec()).unwrap();
    }
    line("`execute`: keys that the task does not take (a process)", UsageWho::RUSAGE_CHILDREN, |size| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trivial"));
        command.args(["execute", "--task-name", "add", "--inputs", &at(&format!("{size}.pb")), "--output-prefix", &at("out")]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().unwrap().success());
        assert!(folder.join("out/error.pb").exists());
    });
}

fn offloaded(uri: &str) -> Literal {
    let metadata = LiteralOffloadedMetadata { uri: uri.to_owned(), ..LiteralOffloadedMetadata::default() };
    Literal { value: Some(literal::Value::OffloadedMetadata(metadata)), ..Literal::default() }
}

/// `size` references, each to one of `files` files.
fn references(size: usize, files: usize) -> Vec<u8> {
    let literals = (0..size).map(|index| offloaded(&format!("s3://bucket/{}", index % files))).collect();
    let list = literal::Value::Collection(LiteralCollection { literals });
    Literal { value: Some(list), ..Literal::default() }.encode_to_vec()
}

fn gather(literal: &[u8]) {
    let content = written(&7_i64);
    let mut gathering = Gathering::new(Bounds { objects: usize::MAX, ..Bounds::default() });
    gathering.literal("v", literal, false).unwrap();
    while let Some(round) = gathering.next_round().unwrap() {
        for mut wanted in round {
            wanted.receive(&content).unwrap();
            gathering.add(wanted).unwrap();
        }
    }
    let references = gathering.finish().unwrap();
    black_box(Vec::<i64>::decode(LiteralRef::new(literal, &references)).unwrap());
}

fn main() {
    println!("| what | 1,000 | 10,000 | 100,000 | for each |\n|---|---|---|---|---|");
    let folder = tempfile::tempdir().unwrap();
    surplus(folder.path());
    reading("a map of integers", |size| written(&integers(size)), |bytes| drop(decode::<BTreeMap<String, i64>>(bytes).unwrap()));
    let lists = |size| written(&(0..size).map(choice).collect::<Vec<_>>());
    reading("a list of unions", lists, |bytes| drop(decode::<Vec<Choice>>(bytes).unwrap()));
    let untyped = |size| Untyped::Map(integers(size).into_iter().map(|(key, value)| (Untyped::String(key), Untyped::Int(value))).collect());
    reading("an untyped map", |size| written(&untyped(size)), |bytes| drop(decode::<Untyped>(bytes).unwrap()));
    reading(
        "a struct with fields that it does not have",
        |size| written(&untyped(size)),
        |bytes| {
            black_box(decode::<Narrow>(bytes).unwrap());
        },
    );
    reading("the same as a union", |size| written(&untyped(size)), |bytes| drop(decode::<Choice>(bytes)));
    reading("a list that is passed on", |size| written(&vec![1_i64; size]), |bytes| drop(decode::<Raw<Vec<i64>>>(bytes).unwrap()));
    reading(
        "the type of a map",
        |size| written(&integers(size)),
        |bytes| {
            check(LiteralRef::new(bytes, References::none()), &BTreeMap::<String, i64>::literal_type(&Dialect::FLYTE_1)).unwrap();
        },
    );
    reading("JSON of a map", |size| written(&integers(size)), |bytes| drop(json::to_json(Message::Literal, bytes).unwrap()));
    reading("the hash of a map", |size| written(&integers(size)), |bytes| drop(json::offload_hash(bytes).unwrap()));
    reading("files of offloaded values, each used once", |size| references(size, size), |bytes| gather(bytes));
    reading("one file of an offloaded value, used over and over", |size| references(size, 1), |bytes| gather(bytes));
    let pickle = |size: usize| {
        let kept = (0..size).flat_map(|place| [&b"r"[..], &u32::try_from(place).unwrap().to_le_bytes()].concat());
        let value = [b"\x80\x04X\x01\x00\x00\x00x".to_vec(), kept.collect(), b".".to_vec()].concat();
        let binary = scalar::Value::Binary(Binary { value, tag: String::new() });
        let scalar = literal::Value::Scalar(Box::new(Scalar { value: Some(binary) }));
        Literal { value: Some(scalar), ..Literal::default() }.encode_to_vec()
    };
    reading("a pickle of many steps", pickle, |bytes| drop(decode::<Bytes>(bytes)));
}

fn choice(index: usize) -> Choice {
    match index % 4 {
        0 => Choice::Integer(1),
        1 => Choice::Text(key(index)),
        2 => Choice::Narrow(Narrow { a: None }),
        _ => Choice::Map(BTreeMap::from([(key(index), 1)])),
    }
}
