//! What a job costs: CPU time and memory of jobs that do nothing, beside `tokio::spawn` with one channel send, and work that computes beside threads.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --features coordinator --bench coordinator`. With names after `--` it runs those parts alone.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::collections::VecDeque;
use std::hint::black_box;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use nebulakit::coordinator::{Coordinator, JobHandle, Overflow, Strategy, Work};
use nebulakit_benches::{cpu, median, resident};
use nix::sys::resource::UsageWho;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many jobs a row is about.
const JOBS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// How many are in flight where not all are open at once.
const IN_FLIGHT: usize = 1_000;

/// How many jobs there are of each size in all, at least: small sizes are run more often.
const IN_ALL: usize = 300_000;

/// Jobs over which memory is measured.
const MEASURED: usize = 200_000;

/// Who waits for ten seconds.
const WAITERS: usize = 10_000;

fn number(count: usize) -> f64 {
    u32::try_from(count).unwrap().into()
}

/// A task of tokio's for each, which says by a channel that it is over.
async fn floor(jobs: usize, at_once: usize) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    for job in 0..jobs {
        if job >= at_once {
            black_box(receiver.recv().await.unwrap());
        }
        let sender = sender.clone();
        tokio::spawn(async move { sender.send(black_box(job)).unwrap() });
    }
    for _ in 0..jobs.min(at_once) {
        black_box(receiver.recv().await.unwrap());
    }
}

async fn join_set(jobs: usize, at_once: usize) {
    let mut set = JoinSet::new();
    for job in 0..jobs {
        if job >= at_once {
            black_box(set.join_next().await.unwrap().unwrap());
        }
        set.spawn(async move { black_box(job) });
    }
    while let Some(value) = set.join_next().await {
        black_box(value.unwrap());
    }
}

async fn submit(coordinator: &Coordinator, job: usize) -> JobHandle<usize> {
    coordinator.submit(Work::new(move |_| async move { anyhow::Ok(black_box(job)) }), Strategy::Async).await.unwrap()
}

/// Jobs through `coordinator`, each joined.
async fn submitted(coordinator: &Coordinator, jobs: usize, at_once: usize) {
    let mut open = VecDeque::with_capacity(jobs.min(at_once));
    for job in 0..jobs {
        if job >= at_once {
            let first: JobHandle<usize> = open.pop_front().unwrap();
            black_box(first.join().await.unwrap());
        }
        open.push_back(submit(coordinator, job).await);
    }
    for job in open {
        black_box(job.join().await.unwrap());
    }
}

/// With one who reads all events, until the last.
async fn heard(coordinator: &Coordinator, jobs: usize, at_once: usize) {
    let mut events = coordinator.publisher().subscribe(Overflow::Disconnect(3 * jobs));
    let reader = tokio::spawn(async move {
        for _ in 0..3 * jobs {
            black_box(events.next().await.unwrap());
        }
    });
    submitted(coordinator, jobs, at_once).await;
    reader.await.unwrap();
    assert_eq!(coordinator.publisher().dropped(), 0);
}

type Side = (&'static str, fn(&Runtime, &Coordinator, usize, usize));

const SIDES: [Side; 4] = [
    ("`tokio::spawn` and a channel", |runtime, _, jobs, at_once| runtime.block_on(floor(jobs, at_once))),
    ("a bare `JoinSet`", |runtime, _, jobs, at_once| runtime.block_on(join_set(jobs, at_once))),
    ("coordinator", |runtime, coordinator, jobs, at_once| runtime.block_on(submitted(coordinator, jobs, at_once))),
    ("coordinator, one subscriber", |runtime, coordinator, jobs, at_once| runtime.block_on(heard(coordinator, jobs, at_once))),
];

/// The sides in turn; CPU and wall of one job in microseconds, the medians of rounds.
fn table(runtime: &Runtime, sizes: &[usize], at_once: impl Fn(usize) -> usize) {
    println!("| jobs | side | CPU | wall | CPU against the floor |");
    println!("|---|---|---|---|---|");
    for &jobs in sizes {
        // One for all rounds, as a service has one.
        let coordinator = Coordinator::builder().max_open(at_once(jobs)).build();
        let mut rounds = SIDES.map(|_| (Vec::new(), Vec::new(), Vec::new()));
        for _ in 0..=(IN_ALL / jobs).max(3) {
            let mut of_floor = None;
            for ((_, run), (cpus, walls, ratios)) in SIDES.iter().zip(&mut rounds) {
                let (before, begin) = (cpu(UsageWho::RUSAGE_SELF), Instant::now());
                run(runtime, &coordinator, jobs, at_once(jobs));
                let each = |time: Duration| time.as_secs_f64() * 1e6 / number(jobs);
                let (wall, cpu) = (each(begin.elapsed()), each(cpu(UsageWho::RUSAGE_SELF) - before));
                cpus.push(cpu);
                walls.push(wall);
                ratios.push(cpu / *of_floor.get_or_insert(cpu));
            }
        }
        for ((name, _), (mut cpus, mut walls, mut ratios)) in SIDES.iter().zip(rounds) {
            // The first round makes what the others use.
            let [cpu, wall, ratio] = [&mut cpus, &mut walls, &mut ratios].map(|values| median(values.split_off(1)));
            println!("| {jobs} | {name} | {cpu:.3} us | {wall:.3} us | {ratio:.2} |");
        }
    }
}

fn current() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn in_flight() {
    println!("\nA thousand in flight, one thread\n");
    table(&current(), &JOBS, |_| IN_FLIGHT);
}

fn all_open() {
    println!("\nAll open at once, one thread\n");
    table(&current(), &JOBS, |jobs| jobs);
}

fn threads() {
    println!("\nA thousand in flight, a runtime of as many threads as cores\n");
    table(&Builder::new_multi_thread().enable_all().build().unwrap(), &JOBS[2..3], |_| IN_FLIGHT);
}

/// Bytes of a job that is open, with its handle.
fn memory_open() {
    current().block_on(async {
        let coordinator = Coordinator::builder().max_open(MEASURED + 1_000).build();
        let open = async |jobs: usize, handles: &mut Vec<_>| {
            for _ in 0..jobs {
                let work = Work::new(|_| std::future::pending::<anyhow::Result<usize>>());
                handles.push(coordinator.submit(work, Strategy::Async).await.unwrap());
            }
            // Each waits in its work after this.
            for _ in 0..jobs / 10 {
                tokio::task::yield_now().await;
            }
        };
        let mut handles = Vec::with_capacity(MEASURED + 1_000);
        open(1_000, &mut handles).await;
        let before = resident();
        open(MEASURED, &mut handles).await;
        println!("an open job: {:.0} bytes", (resident() - before) / number(MEASURED));
        assert_eq!(coordinator.system_detail().counts.attempts, number(MEASURED + 1_000) as u64);
    });
}

/// Bytes of a job that is over and remembered.
fn memory_kept() {
    current().block_on(async {
        let coordinator = Coordinator::builder().history(MEASURED + 1_000, None).build();
        submitted(&coordinator, 1_000, IN_FLIGHT).await;
        let before = resident();
        submitted(&coordinator, MEASURED, IN_FLIGHT).await;
        println!("a job that is over and remembered: {:.0} bytes", (resident() - before) / number(MEASURED));
    });
}

/// A process of its own, so that nothing was taken before.
fn memory() {
    println!();
    for part in ["memory_open", "memory_kept"] {
        assert!(Command::new(std::env::current_exe().unwrap()).arg(part).status().unwrap().success());
    }
}

/// Who waits for a job that does not end, for ten seconds.
fn waiters() {
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let coordinator = Coordinator::builder().max_open(WAITERS).build();
        for _ in 0..WAITERS {
            let work = Work::new(|_| std::future::pending::<anyhow::Result<usize>>());
            tokio::spawn(coordinator.submit(work, Strategy::Async).await.unwrap().join());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (before, begin) = (cpu(UsageWho::RUSAGE_SELF), Instant::now());
        tokio::time::sleep(Duration::from_secs(10)).await;
        let share = (cpu(UsageWho::RUSAGE_SELF) - before).as_secs_f64() / begin.elapsed().as_secs_f64();
        println!("\n{WAITERS} waiters over ten seconds: {:.4} % of a core", share * 100.0);
    });
}

/// Some milliseconds of work for one core.
fn compute(seed: u64) -> u64 {
    (0..4_000_000).fold(seed, |value, step| black_box(value.rotate_left(5) ^ step).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Work that computes: as much of it on as many threads as cores, bare and by the strategy.
fn computing() {
    let cores = thread::available_parallelism().unwrap().get();
    let pieces = 64 * cores as u64;
    let runtime = current();
    let coordinator = Coordinator::new();
    let bare = || {
        let next = std::sync::atomic::AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| {
                    while let piece = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
                        && piece < pieces
                    {
                        black_box(compute(piece));
                    }
                });
            }
        });
    };
    let ours = || {
        runtime.block_on(async {
            let mut handles = Vec::new();
            for piece in 0..pieces {
                let work = Work::blocking(move |_| anyhow::Ok(compute(piece)));
                handles.push(coordinator.submit(work, Strategy::Thread).await.unwrap());
            }
            for handle in handles {
                black_box(handle.join().await.unwrap());
            }
        });
    };
    let timed = |run: &dyn Fn()| {
        let begin = Instant::now();
        run();
        begin.elapsed().as_secs_f64()
    };
    let mut rounds = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..12 {
        let (bare, ours) = (timed(&bare), timed(&ours));
        if round > 0 {
            rounds.0.push(bare * 1e3);
            rounds.1.push(ours * 1e3);
            rounds.2.push(bare / ours * 100.0);
        }
    }
    let (bare, ours, reached) = (median(rounds.0), median(rounds.1), median(rounds.2));
    println!("\n{pieces} pieces that compute: {cores} threads {bare:.1} ms, thread strategy {ours:.1} ms, {reached:.1} % reached");
}

fn main() {
    let parts: [(&str, fn()); 6] = [
        ("in_flight", in_flight),
        ("all_open", all_open),
        ("threads", threads),
        ("memory", memory),
        ("computing", computing),
        ("waiters", waiters),
    ];
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match asked.first().map(String::as_str) {
        Some("memory_open") => memory_open(),
        Some("memory_kept") => memory_kept(),
        _ => parts.iter().filter(|(name, _)| asked.is_empty() || asked.iter().any(|one| one == name)).for_each(|(_, run)| run()),
    }
}
