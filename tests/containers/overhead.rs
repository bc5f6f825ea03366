//! What a job in a container takes over the engine's own start of the same image: one after the other, in turns, so that both have the same machine.
//!
//! `cargo bench --package nebulakit-tests-containers --features engines --target x86_64-unknown-linux-gnu`, with the flags of `.ci/containers`. With `--check` it fails above 1.1.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a bench fails by panicking, and prints"
)]

#[allow(dead_code, reason = "the tests use the rest")]
mod engines;
mod tasks;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nebulakit::coordinator::{Container, ContainerStrategy, Coordinator, Strategy, worker_main};

/// How many turns there are, unless the variable says so.
const TURNS: usize = 41;

/// The most that a job may take, as a multiple of the engine's own start.
const MOST: f64 = 1.1;

fn main() {
    worker_main();
    let is_check = std::env::args().any(|word| word == "--check");
    let turns = std::env::var("NEBULAKIT_BENCH_TURNS").map_or(TURNS, |text| text.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut is_too_slow = false;
    for engine in engines::engines() {
        let image = engines::image(&engine);
        let containers = ContainerStrategy::with_slots(1).engine(&*engine).offline().image(image.clone());
        let coordinator = Coordinator::builder().strategy(Strategy::Container, containers).build();
        let own = || {
            let begin = Instant::now();
            let mut command = Command::new(&engine);
            command.args(["run", "--rm", "--pull", "never", "--network", "none", "--cpus", "1", &image, "/bin/echo", "hello"]);
            let output = command.stdin(Stdio::null()).output().unwrap();
            assert_eq!(output.stdout, b"hello\n", "{}", String::from_utf8_lossy(&output.stderr));
            begin.elapsed()
        };
        let bare = || {
            let begin = Instant::now();
            let work = Container::new(&*image).command(["/bin/echo", "hello"]);
            let ended = runtime.block_on(async { coordinator.submit(work, Strategy::Container).await.unwrap().join().await.unwrap() });
            assert_eq!(&*ended.tail, "hello");
            begin.elapsed()
        };
        let task = || {
            let begin = Instant::now();
            let sum = runtime
                .block_on(async { coordinator.submit(tasks::add::with(1, 2), Strategy::Container).await.unwrap().join().await.unwrap() });
            assert_eq!(sum, 3);
            begin.elapsed()
        };
        let runs: [&dyn Fn() -> Duration; 3] = [&own, &bare, &task];
        let mut times = [const { Vec::new() }; 3];
        for turn in 0..turns + 1 {
            // Each comes first as often as the others; the first turn warms up.
            for at in 0..3 {
                let which = (turn + at) % 3;
                let time = runs[which]();
                if turn > 0 {
                    times[which].push(time.as_secs_f64());
                }
            }
        }
        let [own, bare, task] = times.clone().map(median);
        let ratio = |of: &[f64]| median(of.iter().zip(&times[0]).map(|(job, own)| job / own).collect());
        let (of_bare, of_task) = (ratio(&times[1]), ratio(&times[2]));
        println!(
            "{engine}: {:.0} ms by itself; a bare job {:.0} ms ({of_bare:.3}x); a task {:.0} ms ({of_task:.3}x)",
            own * 1e3,
            bare * 1e3,
            task * 1e3
        );
        is_too_slow |= bare / own > MOST;
    }
    assert!(!(is_check && is_too_slow), "a job takes more than {MOST} times what its engine takes by itself");
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
