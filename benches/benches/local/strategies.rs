//! Nodes in processes beside nodes in this process, and work that computes beside plain threads. Wall time: it says something on a quiet machine alone.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use nebulakit::backend::RunLocal;
use nebulakit::coordinator::ProcessStrategy;
use nebulakit::prelude::*;
use nebulakit_benches::median;

use crate::flows::{chain, plain_chain, set_nodes};

/// Measurements, one of each kind in turn.
const ROUNDS: usize = 9;

/// Nodes of one measurement, on a worker that is there and on one that has to be started.
const WARM: u32 = 1_000;
const FRESH: u32 = 40;

/// Pieces that compute, for each core.
const PIECES: i64 = 64;

fn compute(seed: i64) -> i64 {
    (0..4_000_000).fold(seed, |value, step| black_box(value.rotate_left(5) ^ step).wrapping_mul(0x09E3_779B_97F4_A7C1))
}

#[task]
fn piece(seed: i64) -> i64 {
    compute(seed)
}

#[task]
fn sum(xs: Vec<i64>) -> i64 {
    xs.into_iter().fold(0, i64::wrapping_add)
}

#[workflow]
fn pieces(seeds: Promise<Vec<i64>>) -> Promise<i64> {
    sum::node(piece::map(seeds))
}

/// How long it takes, in microseconds.
async fn timed(work: impl IntoFuture) -> f64 {
    let begin = Instant::now();
    work.await;
    begin.elapsed().as_secs_f64() * 1e6
}

fn in_processes(run: RunLocal<i64>, recycled: u64) -> RunLocal<i64> {
    let strategy = move || ProcessStrategy::with_slots(1).recycle_after(recycled);
    run.strategy(Strategy::Process).coordinator(move |builder| builder.strategy(Strategy::Process, strategy()))
}

/// A chain of `count` nodes in processes, less one of one node: the first worker is of no interest.
async fn each(run: impl Fn() -> RunLocal<i64>, count: u32, recycled: u64) -> f64 {
    set_nodes(1);
    let one = timed(in_processes(run(), recycled)).await;
    set_nodes(count as usize + 1);
    (timed(in_processes(run(), recycled)).await - one) / f64::from(count)
}

async fn starts() -> f64 {
    let bare = || Command::new("/proc/self/exe").arg("nothing").stdin(Stdio::null()).status().unwrap();
    timed(async { (0..FRESH).for_each(|_| assert!(bare().success())) }).await / f64::from(FRESH)
}

pub(crate) async fn processes() {
    let (asyncs, plain) = (|| chain::with(1).run_local(), || plain_chain::with(1).run_local());
    let mut rows: [Vec<f64>; 5] = Default::default();
    for _ in 0..ROUNDS {
        set_nodes(WARM as usize);
        rows[0].push(timed(async { assert_eq!(chain::with(1).run_local().await.unwrap(), 1) }).await / f64::from(WARM));
        rows[1].push(each(asyncs, WARM, u64::MAX).await);
        rows[2].push(starts().await);
        rows[3].push(each(plain, FRESH, 1).await);
        rows[4].push(each(asyncs, FRESH, 1).await);
    }
    let ratio = |row: &[f64]| median(row.iter().zip(&rows[2]).map(|(fresh, bare)| fresh / bare).collect());
    let (of_plain, of_async) = (ratio(&rows[3]), ratio(&rows[4]));
    let [own, warm, bare, plain, asyncs] = rows.map(median);
    println!("a node in this process {own:.1} us, in a warm process {warm:.1} us: {:.1} us more (goal 60)", warm - own);
    println!("a bare start and end of the same program {bare:.0} us");
    println!("a node in a fresh process {plain:.0} us: {of_plain:.2} of that (goal 1.3); with an async task {asyncs:.0} us: {of_async:.2}");
}

pub(crate) async fn computing() {
    let cores = thread::available_parallelism().unwrap().get();
    let seeds: Vec<i64> = (0..PIECES * i64::try_from(cores).unwrap()).collect();
    let plain = || {
        thread::scope(|scope| {
            for part in seeds.chunks(seeds.len() / cores) {
                scope.spawn(|| part.iter().for_each(|seed| _ = black_box(compute(*seed))));
            }
        });
    };
    let mut rows: [Vec<f64>; 2] = Default::default();
    for _ in 0..ROUNDS {
        rows[0].push(timed(async { plain() }).await);
        rows[1].push(timed(async { pieces::with(seeds.clone()).run_local().await.unwrap() }).await);
    }
    let reached = median(rows[0].iter().zip(&rows[1]).map(|(plain, ours)| plain / ours * 100.0).collect());
    let [plain, ours] = rows.map(|times| median(times) / 1e3);
    println!("{} pieces that compute: {plain:.0} ms by {cores} threads, {ours:.0} ms as nodes: {reached:.1} % (goal 95 %)", seeds.len());
}
