//! The program of the test's workers. Told `parent`, it starts workers of its own, and says which; told `forgetful`, it forgets to be a worker;
//! told `exits`, it has one exit; told `shares`, it holds what processes share.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of tests fails by panicking, and its tasks print"
)]

mod tasks;

use std::io::Write as _;

use nebulakit::coordinator::{Coordinator, EventKind, Overflow, ProcessStrategy, Strategy, Work, worker_main};

/// What a pipe holds is 64 KiB as a rule, and 1 MiB at most for those who may not have more.
const CHATTY_LINES: usize = 2_000;

fn main() {
    let word = std::env::args().nth(1).unwrap_or_default();
    if std::env::var_os("CHATTY").is_some() {
        chat();
    }
    if word == "forgetful" || std::env::var_os("FORGETFUL").is_some() {
        return forget();
    }
    if std::env::var_os("HALF").is_some() {
        return say_one_half();
    }
    worker_main();
    match word.as_str() {
        "parent" => parent(),
        "prints" => print(),
        "exits" => exit(),
        "shares" => share(),
        _ => {}
    }
}

fn forget() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime
        .block_on(async { Coordinator::new().submit(tasks::add::with(1, 2), Strategy::Process).await.unwrap().join().await.unwrap_err() });
    println!("{error}");
}

/// Has a task print, and says how much that was and how much memory this process had at most, in KiB.
fn print() {
    let bytes: i64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let coordinator = Coordinator::new();
    // Somebody listens, and is too slow.
    let events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
    let job = async { coordinator.submit(tasks::prints_much::with(bytes), Strategy::Process).await.unwrap().join().await.unwrap() };
    let printed = runtime.block_on(job);
    drop(events);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")).unwrap();
    println!("{printed} {peak}");
}

/// Has a job that holds everything of what processes share, and does not end.
fn share() {
    let folder = std::env::args_os().nth(2).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let coordinator = Coordinator::builder().cores(2.0).memory(100).gpus([""; 0]).tokens("licences", 1).shared_limits(folder).build();
    let work = Work::new(|_| async {
        println!("holds");
        std::future::pending::<anyhow::Result<()>>().await
    });
    let work = work.cores(2.0).memory(100).tokens("licences", 1);
    runtime.block_on(async { coordinator.submit(work, Strategy::Async).await.unwrap().join().await.unwrap() });
}

/// Runs two tasks that do not end, and says their process ids.
fn parent() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let coordinator = Coordinator::builder().strategy(Strategy::Process, ProcessStrategy::with_slots(2)).cores(2.0).build();
        let mut events = coordinator.publisher().subscribe(Overflow::DropOldest(100));
        for _ in 0..2 {
            coordinator.submit(tasks::goes_on::with("/dev/null".to_owned()), Strategy::Process).await.unwrap();
        }
        while let Some(event) = events.next().await {
            if let EventKind::Progress { done, .. } = event.kind {
                println!("{done}");
                std::io::stdout().flush().unwrap();
            }
        }
    });
}

/// More than a pipe holds, in both streams.
fn chat() {
    for _ in 0..CHATTY_LINES {
        println!("{}", "x".repeat(1023));
        eprintln!("{}", "y".repeat(1023));
    }
}

/// The first half of the length of an answer, and no more.
fn say_one_half() {
    let socket = std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned().unwrap();
    std::os::unix::net::UnixStream::from(socket).write_all(b"ab").unwrap();
}

/// Has a worker exit, and says what is known of it.
fn exit() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let job = async { Coordinator::new().submit(tasks::exits::with(7), Strategy::Process).await.unwrap().join().await.unwrap_err() };
    println!("{}", runtime.block_on(job));
}
