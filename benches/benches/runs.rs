//! What one run of a task costs in a process: a task that does nothing, called from memory to memory.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --bench runs`. Beside it the floors of the same rounds: a bare future with a boxed call,
//! a bare `spawn_blocking`, and one after an async task, as often.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;

use futures_util::future::join_all;
use nebulakit::prelude::*;
use nebulakit_benches::{cpu, median_ms};
use nix::sys::resource::UsageWho;
use tokio::runtime::{Builder, Runtime};

/// Runs of a round.
const RUNS: usize = 10_000;

/// Rounds of a median.
const ROUNDS: usize = 15;

#[task]
async fn nothing(x: i64) -> i64 {
    x
}

#[task]
fn nothing_blocking(x: i64) -> i64 {
    x
}

/// The CPU time of one run in microseconds, the median of the rounds.
fn each<F: Future>(runtime: &Runtime, at_once: usize, mut run: impl FnMut() -> F) -> f64 {
    let round = |run: &mut dyn FnMut() -> F| {
        let begin = cpu(UsageWho::RUSAGE_SELF);
        runtime.block_on(async {
            for _ in 0..RUNS / at_once {
                black_box(join_all((0..at_once).map(|_| run())).await);
            }
        });
        cpu(UsageWho::RUSAGE_SELF) - begin
    };
    round(&mut run);
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let runs = RUNS as f64;
    median_ms((0..ROUNDS).map(|_| round(&mut run)).collect()) * 1e3 / runs
}

type Boxed = Pin<Box<dyn Future<Output = i64> + Send>>;

fn main() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    // Nothing is written there.
    let context = Context::local("runs");
    println!("| one run, CPU | alone | 1,000 at once |");
    println!("|---|---|---|");
    let row = |name: &str, measure: &dyn Fn(usize) -> f64| println!("| {name} | {:.2} us | {:.2} us |", measure(1), measure(1_000));
    row("a boxed future", &|at_once| each(&runtime, at_once, || Box::pin(async { black_box(7_i64) }) as Boxed));
    row("an async task", &|at_once| each(&runtime, at_once, || nothing::call(&context, 7)));
    row("a bare `spawn_blocking`", &|at_once| each(&runtime, at_once, || runtime.spawn_blocking(|| black_box(7))));
    // What comes to the pool at the pace of runs finds its thread asleep, which costs a wake that a mere row of closures does not have.
    let both = async |context: &Context, pool: &Runtime| {
        black_box(nothing::call(context, 7).await.unwrap());
        pool.spawn_blocking(|| black_box(7)).await.unwrap()
    };
    row("an async task, then a bare `spawn_blocking`", &|at_once| each(&runtime, at_once, || both(&context, &runtime)));
    row("a task that blocks", &|at_once| each(&runtime, at_once, || nothing_blocking::call(&context, 7)));
}
