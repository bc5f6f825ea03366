//! Values and wire bytes: 1,000,000 integers, 100,000 structs of 8 fields, a string of 100 MB; against prost's own tree and flytekit.
//!
//! `cargo bench -p nebulakit-benches --bench values`. With `FLYTEKIT_PYTHON` naming a Python that has flytekit, that takes part.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark prints, and is steered by variables")]

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nebulakit::NebulaType;
use nebulakit_benches::{median_ms, own_peak_mib};
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::OutputWriter;
use nebulakit_types::wire::flyteidl::core::Literal;
use nebulakit_types::{Dialect, decode, encode};
use prost::Message as _;

const ROUNDS: usize = 31;

/// A row as a pipeline passes it on.
#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Row {
    id: i64,
    name: String,
    score: f64,
    valid: bool,
    count: i64,
    city: String,
    weight: f64,
    parent: Option<i64>,
}

fn integers() -> Vec<i64> {
    (0..1_000_000).map(|i| i * 7919 % 1_000_003).collect()
}

fn rows() -> Vec<Row> {
    let row = |id: i64| Row {
        id,
        name: format!("name of row {id}"),
        score: f64::from(i32::try_from(id).unwrap()) / 7.0,
        valid: id % 3 == 0,
        count: id * 31,
        city: "Reykjavik".to_owned(),
        weight: 0.5,
        parent: (id % 2 == 0).then_some(id / 2),
    };
    (0..100_000).map(row).collect()
}

fn text() -> String {
    "0123456789abcdef".repeat(100_000_000 / 16)
}

fn time<T>(mut action: impl FnMut() -> T) -> Duration {
    let begin = Instant::now();
    black_box(action());
    begin.elapsed()
}

/// Medians of both directions and both sides, in turn; the middle half of the rounds' ratios in brackets.
fn compare<T: NebulaType>(name: &str, elements: f64, bytes: &[u8]) {
    let tree = Literal::decode(bytes).unwrap();
    let value: T = decode(bytes).unwrap();
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        times[0].push(time(|| decode::<T>(bytes).unwrap()));
        times[1].push(time(|| Literal::decode(bytes).unwrap()));
        times[2].push(time(|| encode(&value, &Dialect::FLYTE_1).unwrap()));
        times[3].push(time(|| tree.encode_to_vec()));
    }
    println!("{name} ({ROUNDS} rounds)");
    for (direction, sides) in ["decode", "encode"].iter().zip(times.chunks(2)) {
        let mut ratios: Vec<f64> = sides[0].iter().zip(&sides[1]).map(|(ours, prost)| ours.as_secs_f64() / prost.as_secs_f64()).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let [ours, prost] = [0, 1].map(|side: usize| median_ms(sides[side].clone()) * 1e6 / elements);
        let ratio = |quarter: usize| ratios[(ROUNDS - 1) * quarter / 4];
        print!("  {direction}: ours {ours:>12.1} ns, prost's tree {prost:>12.1} ns per element");
        println!(", ratio {:.2} [{:.2}..{:.2}]", ratio(2), ratio(1), ratio(3));
    }
}

/// Decodes the file, gives its bytes back, hands the value over as an output: what `execute` does, in a process of its own.
fn there_and_back<T: NebulaType>(path: &str) {
    let bytes = std::fs::read(path).unwrap();
    let value: T = decode(&bytes).unwrap();
    drop(bytes);
    let mut writer = OutputWriter::new(&["o0"], &Dialect::FLYTE_1, Outbox::default());
    writer.put(value).unwrap();
    black_box(writer.finish());
    println!("{}", own_peak_mib());
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, case, path] = arguments.as_slice() {
        return match case.as_str() {
            "integers" => there_and_back::<Vec<i64>>(path),
            "structs" => there_and_back::<Vec<Row>>(path),
            "string" => there_and_back::<String>(path),
            _ => panic!("no case {case}"),
        };
    }
    let folder = tempfile::tempdir().unwrap();
    for case in ["integers", "structs", "string"] {
        let path = folder.path().join(case);
        let bytes = match case {
            "integers" => encode(&integers(), &Dialect::FLYTE_1),
            "structs" => encode(&rows(), &Dialect::FLYTE_1),
            _ => encode(&text(), &Dialect::FLYTE_1),
        };
        let bytes = bytes.unwrap();
        std::fs::write(&path, &bytes).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "bytes of a file")]
        let mib = bytes.len() as f64 / 1024.0 / 1024.0;
        match case {
            "integers" => compare::<Vec<i64>>("1,000,000 integers", 1e6, &bytes),
            "structs" => compare::<Vec<Row>>("100,000 structs of 8 fields", 1e5, &bytes),
            _ => compare::<String>("a string of 100 MB", 1.0, &bytes),
        }
        let output = Command::new(std::env::current_exe().unwrap()).arg(case).arg(&path).output().unwrap();
        let peak: f64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        println!("  peak resident memory there and back: {peak:.1} MiB for {mib:.1} MiB on the wire, ratio {:.2}", peak / mib);
    }
    if let Some(python) = std::env::var_os("FLYTEKIT_PYTHON") {
        println!("flytekit, one round:");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/values.py");
        assert!(Command::new(python).arg(script).arg(folder.path()).status().unwrap().success());
    }
}
