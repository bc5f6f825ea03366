//! What a task in a process of its own costs: on a worker that is there, beside a bare round trip between two processes; and on one that has to be
//! started, beside a bare start of the same program.
//!
//! `cargo bench -p nebulakit-benches --no-default-features --features coordinator --bench processes`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints")]

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nebulakit::coordinator::{Coordinator, ProcessStrategy, Strategy, worker_main};
use nebulakit::task;
use nebulakit_benches::median;
use tokio::runtime::Builder;

/// Round trips of one measurement.
const TRIPS: u32 = 2_000;

/// Starts of one measurement.
const STARTS: u32 = 50;

/// Measurements, one of each kind in turn.
const ROUNDS: usize = 15;

#[task]
fn nothing(n: i64) -> i64 {
    n
}

/// Sends each byte back that comes: the least that another process can do.
fn echo() {
    let mut byte = [0];
    let mut stdout = std::io::stdout();
    while std::io::stdin().read(&mut byte).is_ok_and(|length| length > 0) {
        stdout.write_all(&byte).unwrap();
        stdout.flush().unwrap();
    }
}

fn this_program() -> Command {
    Command::new("/proc/self/exe")
}

/// How long one of `count` took.
fn each(count: u32, work: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64() * 1e6 / f64::from(count)
}

struct Echo(Child, UnixStream);

impl Echo {
    fn new() -> Self {
        let (own, theirs) = UnixStream::pair().unwrap();
        let out = theirs.try_clone().unwrap();
        let child = this_program().arg("echo").stdin(OwnedFd::from(theirs)).stdout(OwnedFd::from(out)).spawn().unwrap();
        Self(child, own)
    }

    fn trip(&mut self) {
        self.1.write_all(&[1]).unwrap();
        self.1.read_exact(&mut [0]).unwrap();
    }
}

fn submitted(runtime: &tokio::runtime::Runtime, coordinator: &Coordinator, count: u32) {
    runtime.block_on(async {
        for n in 0..count {
            let job = coordinator.submit(nothing::with(i64::from(n)), Strategy::Process).await.unwrap();
            assert_eq!(job.join().await.unwrap(), i64::from(n));
        }
    });
}

fn with(strategy: ProcessStrategy) -> Coordinator {
    Coordinator::builder().strategy(Strategy::Process, strategy).build()
}

fn main() -> ExitCode {
    worker_main();
    match std::env::args().nth(1).as_deref() {
        Some("echo") => {
            echo();
            return ExitCode::SUCCESS;
        }
        Some("nothing") => return ExitCode::SUCCESS,
        // Nothing else, for a profiler.
        Some("warm") => {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            submitted(&runtime, &with(ProcessStrategy::with_slots(1).recycle_after(u64::MAX)), 200 * TRIPS);
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let runtimes = [
        ("one thread", Builder::new_current_thread().enable_all().build().unwrap()),
        ("a thread for each core", Builder::new_multi_thread().enable_all().build().unwrap()),
    ];
    for (name, runtime) in &runtimes {
        let warm = with(ProcessStrategy::with_slots(1).recycle_after(u64::MAX));
        let cold = with(ProcessStrategy::with_slots(1).recycle_after(1));
        let mut echo = Echo::new();
        submitted(runtime, &warm, 100);
        let mut rows: [Vec<f64>; 4] = Default::default();
        for _ in 0..ROUNDS {
            rows[0].push(each(TRIPS, || (0..TRIPS).for_each(|_| echo.trip())));
            rows[1].push(each(TRIPS, || submitted(runtime, &warm, TRIPS)));
            rows[2].push(each(STARTS, || {
                for _ in 0..STARTS {
                    assert!(this_program().arg("nothing").stdin(Stdio::null()).status().unwrap().success());
                }
            }));
            rows[3].push(each(STARTS, || submitted(runtime, &cold, STARTS)));
        }
        drop(echo.1);
        echo.0.wait().unwrap();
        let [bare, trip, start, first] = rows.map(median);
        println!("runtime of {name}:");
        println!("  warm: {trip:.1} us from submit to value, {bare:.1} us a bare round trip of one byte");
        println!(
            "  cold: {first:.0} us from submit to value, {start:.0} us a bare start and end of the same program: {:.2}",
            first / start
        );
        runtime.block_on(warm.shutdown(Duration::from_secs(1)));
        runtime.block_on(cold.shutdown(Duration::from_secs(1)));
    }
    ExitCode::SUCCESS
}
