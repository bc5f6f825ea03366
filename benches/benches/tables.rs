//! A table of 10,000,000 rows and 12 mixed columns: written, read whole, by two columns, and filtered; against pyarrow and polars.
//!
//! `cargo bench -p nebulakit-benches --features schema --bench tables`. With `FLYTEKIT_PYTHON` naming a Python that has pyarrow and
//! polars, those take part. Every figure is the median of processes of their own, each timed inside after its imports; memory is the
//! largest resident set of the process. `ROWS` sets another number of rows.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark prints, and is steered by variables")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use nebulakit::schema::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use nebulakit::schema::{AnyRow, Schema, TableRead, column};
use nebulakit_benches::own_peak_mib;
use nebulakit_types::workspace::Workspace;

const ROUNDS: usize = 5;

/// Rows made at a time.
const BATCH: usize = 65_536;

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn batch(first: usize, rows: usize, numbers: &mut Numbers) -> RecordBatch {
    let cities = ["Oslo", "Bergen", "Trondheim", "Stavanger", "Kristiansand", "Tromsø", "Drammen", "Fredrikstad"];
    let indices = first..first + rows;
    let signed = |value: u64| i64::try_from(value).unwrap();
    let columns: [(&str, ArrayRef); 12] = [
        ("id", Arc::new(indices.clone().map(|index| Some(index as i64)).collect::<Int64Array>())),
        ("customer", Arc::new((0..rows).map(|_| Some(signed(numbers.below(1_000_000)))).collect::<Int64Array>())),
        ("quantity", Arc::new((0..rows).map(|_| Some(numbers.below(50) as i32)).collect::<Int32Array>())),
        ("price", Arc::new((0..rows).map(|_| Some((numbers.fraction() * 1e5).round() / 100.0)).collect::<Float64Array>())),
        ("discount", Arc::new((0..rows).map(|_| (numbers.below(10) < 3).then(|| numbers.fraction())).collect::<Float64Array>())),
        ("city", Arc::new((0..rows).map(|_| Some(cities[numbers.below(8) as usize])).collect::<StringArray>())),
        ("note", Arc::new((0..rows).map(|_| Some(format!("note {:x}", numbers.next()))).collect::<StringArray>())),
        ("paid", Arc::new((0..rows).map(|_| Some(numbers.below(2) == 0)).collect::<BooleanArray>())),
        ("at", Arc::new(indices.map(|index| Some(1_700_000_000_000_000 + index as i64 * 1_000)).collect::<TimestampMicrosecondArray>())),
        ("day", Arc::new((0..rows).map(|_| Some(19_000 + numbers.below(1_000) as i32)).collect::<Date32Array>())),
        ("code", Arc::new((0..rows).map(|_| Some(numbers.below(30_000) as i16)).collect::<Int16Array>())),
        ("score", Arc::new((0..rows).map(|_| Some(numbers.fraction() as f32)).collect::<Float32Array>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap()
}

fn batches(rows: usize) -> impl Iterator<Item = RecordBatch> {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    (0..rows).step_by(BATCH).map(move |first| batch(first, BATCH.min(rows - first), &mut numbers))
}

fn rows() -> usize {
    std::env::var("ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(10_000_000)
}

/// One of our own processes: does `what` with the folder, prints seconds, rows and MiB.
async fn ours(what: &str, folder: &Path) {
    let workspace = Workspace::local(folder);
    let uri = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let table = || Schema::<AnyRow>::from_uri(uri("table")).within(&workspace);
    let counted = |read: TableRead<AnyRow>| async move {
        let mut stream = read.stream();
        let mut rows = 0;
        while let Some(batch) = stream.try_next().await.unwrap() {
            rows += batch.num_rows();
        }
        rows
    };
    let writing = |name, format| Schema::<AnyRow>::create_at(&workspace, uri(name), format).unwrap();
    let made: Vec<_> = if what == "write" { batches(rows()).collect() } else { Vec::new() };
    let begin = Instant::now();
    let rows = match what {
        "write" => {
            let mut writer = writing("ours", "");
            for batch in made {
                writer.write(batch).await.unwrap();
            }
            writer.finish().await.unwrap();
            rows()
        }
        // A file of Arrow that all sides make Parquet of, batch by batch.
        "make" => {
            let mut writer = writing("arrow", "arrow");
            for batch in batches(rows()) {
                writer.write(batch).await.unwrap();
            }
            writer.finish().await.unwrap();
            rows()
        }
        "write streamed" => {
            let mut made = Schema::<AnyRow>::from_uri(uri("arrow")).with_format("arrow").within(&workspace).read().stream();
            let mut writer = writing("ours", "");
            let mut rows = 0;
            while let Some(batch) = made.try_next().await.unwrap() {
                rows += batch.num_rows();
                writer.write(batch).await.unwrap();
            }
            writer.finish().await.unwrap();
            rows
        }
        "read" => counted(table().read()).await,
        "read, collected" => table().read().collect().await.unwrap().iter().map(RecordBatch::num_rows).sum(),
        "two columns" => counted(table().read().columns(["customer", "price"])).await,
        "filter" => counted(table().read().filter(column("price").gt(990.0))).await,
        "filter by order" => counted(table().read().filter(column("id").between(3_000_000, 3_100_000))).await,
        other => panic!("no case {other}"),
    };
    println!("{} {rows} {}", begin.elapsed().as_secs_f64(), own_peak_mib());
}

/// Seconds and MiB of a process that prints them, and how many rows it saw.
fn measured(command: &mut Command) -> (f64, usize, f64) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace();
    let mut number = || numbers.next().unwrap().to_owned();
    (number().parse().unwrap(), number().parse().unwrap(), number().parse().unwrap())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, case, folder] = arguments.as_slice() {
        return tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(ours(case, Path::new(folder)));
    }
    let folder = tempfile::tempdir().unwrap();
    let own = |case: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(case).arg(folder.path());
        command
    };
    let python = std::env::var_os("FLYTEKIT_PYTHON");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/tables.py");
    // Everybody reads the file that pyarrow writes, which is the one most tables come in; without it, our own.
    let (wrote, _, _) = measured(&mut own("write"));
    println!("{} rows, written once in {wrote:.2} s", rows());
    measured(&mut own("make"));
    match &python {
        Some(python) => drop(measured(Command::new(python).arg(&script).args(["pyarrow", "rewrite"]).arg(folder.path()))),
        None => std::fs::rename(folder.path().join("ours"), folder.path().join("table")).unwrap(),
    }
    for case in ["write", "write streamed", "read", "read, collected", "two columns", "filter", "filter by order"] {
        let mut times: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
        let mut seen = Vec::new();
        for _ in 0..ROUNDS {
            let mut note = |side, (seconds, rows, peak)| {
                // Overwriting a file would reuse the memory that the old one had.
                for written in ["ours/00000", "theirs"] {
                    drop(std::fs::remove_file(folder.path().join(written)));
                }
                times.entry(side).or_default().push((seconds, peak));
                seen.push(rows);
            };
            note("ours", measured(&mut own(case)));
            for side in ["pyarrow", "polars"] {
                if let Some(python) = &python {
                    note(side, measured(Command::new(python).arg(&script).args([side, case]).arg(folder.path())));
                }
            }
        }
        assert!(seen.iter().all(|rows| *rows == seen[0]), "{case}: {seen:?}");
        println!("{case}: {} rows", seen[0]);
        let median = |side: &str| {
            times.get(side).map(|runs| {
                let mut seconds: Vec<_> = runs.iter().map(|(seconds, _)| *seconds).collect();
                seconds.sort_by(f64::total_cmp);
                seconds[seconds.len() / 2]
            })
        };
        let best = ["pyarrow", "polars"].into_iter().filter_map(median).reduce(f64::min);
        for (side, runs) in &times {
            let peak = runs.iter().map(|(_, peak)| *peak).fold(0.0, f64::max);
            println!("  {side:<8} {:>7.3} s, at most {peak:>7.1} MiB", median(side).unwrap());
        }
        if let (Some(ours), Some(best)) = (median("ours"), best) {
            println!("  ours / the faster of the others: {:.2}", ours / best);
        }
    }
}
