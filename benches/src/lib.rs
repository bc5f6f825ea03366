//! What the benchmarks share: whole processes run in turn, medians, and a table of ratios.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and stops at the first thing that is wrong")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// The median of some numbers; there has to be one at least.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median of some durations, in milliseconds.
#[must_use]
pub fn median_ms(times: Vec<Duration>) -> f64 {
    median(times.into_iter().map(|time| time.as_secs_f64() * 1e3).collect())
}

/// The CPU time so far, of user and system: other work on the machine makes whatever takes longer than a turn of its scheduler look worse.
///
/// # Panics
/// When the operating system does not say.
#[must_use]
pub fn cpu(who: UsageWho) -> Duration {
    let usage = getrusage(who).unwrap();
    Duration::from_micros(u64::try_from((usage.user_time() + usage.system_time()).num_microseconds()).unwrap())
}

/// What is resident of this process, in bytes.
///
/// # Panics
/// When the operating system does not say.
#[must_use]
pub fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    // Pages of 4 KiB, as on all machines that this was measured on.
    pages.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4096.0
}

/// Runs a command to its end; it has to succeed.
///
/// # Panics
/// When it does not.
pub fn run(command: &mut Command) -> Duration {
    let before = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    let wall = before.elapsed();
    assert!(status.success(), "{command:?} ended with {status}");
    wall
}

/// One side of a comparison of whole processes.
pub struct Side<'a> {
    /// What the table calls it.
    pub name: &'a str,
    /// Makes the command of one run.
    pub command: Box<dyn Fn() -> Command + 'a>,
}

impl std::fmt::Debug for Side<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Side").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Runs all sides in turn, `runs` times after three that do not count, and prints medians and the ratios to the first side.
pub fn compare(title: &str, runs: usize, sides: &[Side<'_>]) {
    let mut times = vec![Vec::with_capacity(runs); sides.len()];
    for round in 0..runs + 3 {
        for (side, times) in sides.iter().zip(&mut times) {
            let wall = run(&mut (side.command)());
            if round >= 3 {
                times.push(wall);
            }
        }
    }
    println!("\n{title} ({runs} runs, medians of whole processes, middle halves in brackets)");
    let ours = times[0].clone();
    for (side, mut times) in sides.iter().zip(times) {
        let mut ratios: Vec<f64> = ours.iter().zip(&times).map(|(ours, other)| ours.as_secs_f64() / other.as_secs_f64()).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        times.sort_unstable();
        let time = |quarter: usize| times[(runs - 1) * quarter / 4].as_secs_f64() * 1e3;
        let ratio = |quarter: usize| ratios[(runs - 1) * quarter / 4];
        let (median, low, high) = (time(2), time(1), time(3));
        print!("  {:<28} {median:>9.3} ms [{low:.3}..{high:.3}]", side.name);
        println!("   ours / this {:>7.4} [{:.4}..{:.4}]", ratio(2), ratio(1), ratio(3));
    }
}

/// The largest resident set of any child waited for so far, in MiB.
///
/// # Panics
/// When the operating system does not say.
#[must_use]
pub fn peak_of_children_mib() -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "kibibytes of memory")]
    let kib = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() as f64;
    kib / 1024.0
}

/// The largest resident set of this process so far, in MiB. (`getrusage` would count what it was before `exec`.)
///
/// # Panics
/// When the operating system does not say.
#[must_use]
pub fn own_peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib / 1024.0
}
