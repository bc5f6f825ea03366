//! What a task has started and left running: it ends with the task.
//!
//! A worker is the parent of all that its tasks leave behind, and a supervisor of all that its task does, also of what went to a session of its own (on
//! Linux). So one question to the system tells whether there is anything, and as a rule there is not.

use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, waitid};

/// How long it may take.
const LONGEST: Duration = Duration::from_secs(1);

/// Makes this process the parent of what its descendants leave behind.
pub(crate) fn adopt() {
    #[cfg(target_os = "linux")]
    {
        // Where it is refused, what left its session is not found; the group is ended all the same.
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    }
}

/// Ends what the last task left behind. It says whether nothing is left.
pub(crate) fn clear() -> bool {
    if !is_anything_left() {
        return true;
    }
    let end = Instant::now() + LONGEST;
    while Instant::now() < end {
        kill();
        // What was killed, and what the task did not wait for.
        while let Ok(Some(_)) = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {}
        if !is_anything_left() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

fn is_anything_left() -> bool {
    !matches!(waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT), Err(Errno::CHILD))
}

#[cfg(target_os = "linux")]
fn kill() {
    use rustix::process::{Pid, Signal, kill_process};

    // The children of each thread are listed with it.
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return };
    for thread in threads.flatten() {
        let Ok(children) = std::fs::read_to_string(thread.path().join("children")) else { continue };
        for child in children.split_whitespace().filter_map(|child| Pid::from_raw(child.parse().ok()?)) {
            // One that has ended meanwhile is this process's own until it is waited for, so no other can be meant.
            let _ = kill_process(child, Signal::KILL);
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn kill() {}
