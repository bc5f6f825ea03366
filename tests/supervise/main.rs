//! `execute --supervise`: what ends a task's process is told by the one that watches it, and all else is as without.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ends;
mod memory;
mod passes;
mod stops;

use nebulakit_tests::http::Server;
use nebulakit_tests::literals::text;
use nebulakit_tests::{Launch, Started};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

fn launch(task: &str) -> Launch {
    Launch::new(env!("CARGO_BIN_EXE_fixture"), task)
}

fn supervised(task: &str) -> Launch {
    launch(task).arguments(["--supervise"])
}

/// Starts the task with a gate, and waits until it is in its own code.
fn in_the_task(launched: Launch) -> (Started, std::net::TcpStream) {
    let gate = Server::start();
    let started = launched.input("gate", text(format!("127.0.0.1:{}", gate.port()))).start();
    let held = gate.connection();
    (started, held)
}

/// The one process that this one has started.
fn child_of(process: u32) -> Pid {
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap();
    Pid::from_raw(children.trim().parse().unwrap_or_else(|_| panic!("not one child: {children:?}"))).unwrap()
}

/// Whether the process ends within so many seconds, if it has not yet.
fn ends_within(process: Pid, seconds: i64) -> bool {
    let Ok(process) = pidfd_open(process, PidfdFlags::empty()) else { return true };
    let limit = Timespec { tv_sec: seconds, tv_nsec: 0 };
    poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit)).unwrap() == 1
}
