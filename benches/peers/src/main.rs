//! Jobs beside what others make of them: apalis and dagx for jobs that do nothing, rayon for work that computes, and the model in Python.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml`. With names after `--` it runs those parts alone. `RAILTRACKS_PYTHON` names a
//! Python that has railtracks; without it the model takes no part.

use std::collections::VecDeque;
use std::hint::black_box;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use apalis::prelude::{MemoryStorage, ParallelizeExt as _, TaskSink as _, WorkerBuilder, WorkerBuilderExt as _, WorkerContext};
use dagx::{DagRunner, Task, task};
use nebulakit::coordinator::{Coordinator, JobHandle, Strategy, Work};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

/// How many jobs a row is about.
const JOBS: [usize; 3] = [1_000, 10_000, 100_000];

/// How many are in flight where not all are open at once.
const IN_FLIGHT: usize = 1_000;

/// How many jobs there are of each size in all, at least: small sizes are run more often.
const IN_ALL: usize = 300_000;

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the process has times");
    Duration::from_micros(u64::try_from((usage.user_time() + usage.system_time()).num_microseconds()).expect("times are not negative"))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A task of tokio's for each, which says by a channel that it is over.
async fn floor(jobs: usize, at_once: usize) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    for job in 0..jobs {
        if job >= at_once {
            black_box(receiver.recv().await);
        }
        let sender = sender.clone();
        tokio::spawn(async move { sender.send(black_box(job)) });
    }
    for _ in 0..jobs.min(at_once) {
        black_box(receiver.recv().await);
    }
}

/// Jobs of ours, each joined.
async fn ours(coordinator: &Coordinator, jobs: usize, at_once: usize) {
    let mut open = VecDeque::with_capacity(jobs.min(at_once));
    for job in 0..jobs {
        if job >= at_once {
            let first: JobHandle<usize> = open.pop_front().expect("as many are open");
            black_box(first.join().await.expect("the job succeeds"));
        }
        let work = Work::new(move |_| async move { anyhow::Ok(black_box(job)) });
        open.push_back(coordinator.submit(work, Strategy::Async).await.expect("there is room"));
    }
    for job in open {
        black_box(job.join().await.expect("the job succeeds"));
    }
}

/// A worker on a store in memory. The store gives no values back: tasks say by a channel that they are over.
async fn apalis(jobs: usize, at_once: usize) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let (worker, mut workers) = mpsc::unbounded_channel();
    let mut storage = MemoryStorage::new();
    for job in 0..jobs {
        storage.push(job).await.expect("the store takes it");
    }
    let handler = move |job: usize, context: WorkerContext| {
        let (sender, worker) = (sender.clone(), worker.clone());
        async move {
            if job == 0 {
                worker.send(context).expect("somebody listens");
            }
            sender.send(black_box(job)).expect("somebody listens");
        }
    };
    let built = WorkerBuilder::new("peers").backend(storage).concurrency(at_once).parallelize(tokio::spawn).build(handler);
    let running = tokio::spawn(built.run());
    for _ in 0..jobs {
        black_box(receiver.recv().await);
    }
    workers.recv().await.expect("the first task has told").stop().expect("it runs");
    let _ = running.await;
}

struct Nothing(usize);

#[task]
impl Nothing {
    async fn run(&self) -> usize {
        black_box(self.0)
    }
}

/// One graph of nodes that need nothing of each other: a graph is whole before it runs, and all of it is open at once.
async fn dagx(jobs: usize) {
    let graph = DagRunner::new();
    let nodes: Vec<_> = (0..jobs).map(|job| graph.add_task(Nothing(job))).collect();
    graph.run(|future| drop(tokio::spawn(future))).await.expect("nothing fails");
    for node in nodes {
        black_box(graph.get(node).expect("the node has run"));
    }
}

type Side = (&'static str, fn(&Runtime, &Coordinator, usize, usize));

/// The sides in turn; CPU of one job in microseconds, the medians of rounds.
fn table(sides: &[Side], at_once: fn(usize) -> usize) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    println!("| jobs | side | CPU | CPU against the floor |\n|---|---|---|---|");
    for jobs in JOBS {
        let coordinator = Coordinator::builder().max_open(at_once(jobs)).build();
        let mut rounds = vec![(Vec::new(), Vec::new()); sides.len()];
        for round in 0..=(IN_ALL / jobs).max(3) {
            let mut of_floor = None;
            for ((_, run), (cpus, ratios)) in sides.iter().zip(&mut rounds) {
                let before = cpu();
                run(&runtime, &coordinator, jobs, at_once(jobs));
                let each = (cpu() - before).as_secs_f64() * 1e6 / f64::from(u32::try_from(jobs).expect("sizes are small"));
                let floor = *of_floor.get_or_insert(each);
                // The first round makes what the others use.
                if round > 0 {
                    cpus.push(each);
                    ratios.push(each / floor);
                }
            }
        }
        for ((name, _), (cpus, ratios)) in sides.iter().zip(rounds) {
            println!("| {jobs} | {name} | {:.3} us | {:.2} |", median(cpus), median(ratios));
        }
    }
}

const FLOOR: Side = ("`tokio::spawn` and a channel", |runtime, _, jobs, at_once| runtime.block_on(floor(jobs, at_once)));
const OURS: Side = ("coordinator", |runtime, coordinator, jobs, at_once| runtime.block_on(ours(coordinator, jobs, at_once)));

fn in_flight() {
    println!("\nA thousand in flight, one thread\n");
    let apalis: Side = ("apalis, in memory", |runtime, _, jobs, at_once| runtime.block_on(apalis(jobs, at_once)));
    table(&[FLOOR, OURS, apalis], |_| IN_FLIGHT);
}

fn all_open() {
    println!("\nAll open at once, one thread\n");
    let dagx: Side = ("dagx", |runtime, _, jobs, _| runtime.block_on(dagx(jobs)));
    table(&[FLOOR, OURS, dagx], |jobs| jobs);
}

/// Some milliseconds of work for one core.
fn compute(seed: u64) -> u64 {
    (0..4_000_000).fold(seed, |value, step| black_box(value.rotate_left(5) ^ step).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

fn computing() {
    let cores = thread::available_parallelism().expect("there are cores").get();
    let pieces = 64 * u64::try_from(cores).expect("cores are few");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let coordinator = Coordinator::new();
    let ours = || {
        runtime.block_on(async {
            let mut handles = Vec::new();
            for piece in 0..pieces {
                let work = Work::blocking(move |_| anyhow::Ok(compute(piece)));
                handles.push(coordinator.submit(work, Strategy::Thread).await.expect("there is room"));
            }
            for handle in handles {
                black_box(handle.join().await.expect("the job succeeds"));
            }
        });
    };
    let rayons = || (0..pieces).into_par_iter().for_each(|piece| _ = black_box(compute(piece)));
    let timed = |run: &dyn Fn()| {
        let begin = Instant::now();
        run();
        begin.elapsed().as_secs_f64() * 1e3
    };
    let rounds: Vec<_> = (0..12).map(|_| (timed(&rayons), timed(&ours))).skip(1).collect();
    let of = |part: fn(&(f64, f64)) -> f64| median(rounds.iter().map(part).collect());
    let (rayons, ours, reached) = (of(|(rayons, _)| *rayons), of(|(_, ours)| *ours), of(|(rayons, ours)| rayons / ours * 100.0));
    println!(
        "\n{pieces} pieces that compute, {cores} cores: rayon {rayons:.1} ms, thread strategy {ours:.1} ms, {reached:.1} % of it reached"
    );
}

/// The model: one line for each size.
fn model() {
    let Some(python) = std::env::var_os("RAILTRACKS_PYTHON") else {
        println!("\nthe model takes no part: `RAILTRACKS_PYTHON` names no Python");
        return;
    };
    println!("\nThe model, all open at once, one thread\n");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../python/jobs.py");
    let status = Command::new(python).arg(script).status().expect("Python starts");
    assert!(status.success(), "{script} failed");
}

fn main() {
    let parts: [(&str, fn()); 4] = [("in_flight", in_flight), ("all_open", all_open), ("computing", computing), ("model", model)];
    let asked: Vec<String> = std::env::args().skip(1).collect();
    parts.iter().filter(|(name, _)| asked.is_empty() || asked.iter().any(|one| one == name)).for_each(|(_, run)| run());
}
