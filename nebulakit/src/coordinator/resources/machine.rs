//! How much this machine has for this process.

use std::num::NonZero;
use std::thread;

use crate::process::memory::MemoryGroup;

/// The cores that this process may use, in thousandths: those of the machine, or fewer where its affinity or its cgroup says so.
pub(crate) fn millicores() -> u64 {
    thread::available_parallelism().map_or(1, NonZero::get) as u64 * 1_000
}

/// The memory that this process may use, in bytes: that of its cgroup, or of the machine where that is less. [`None`] where neither is known.
pub(crate) fn memory() -> Option<u64> {
    let group = MemoryGroup::of_this_process().and_then(|group| group.lowest_limit());
    group.into_iter().chain(of_machine()).min()
}

fn of_machine() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kib: u64 = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1_024)
}
