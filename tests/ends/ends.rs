//! How workers end, told apart by what the runtime of Rust prints: a program by itself, with few dependencies, so that each toolchain can build it. Its
//! workers are this very program.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking, and its tasks do what none should")]

use nebulakit::coordinator::{Coordinator, JobError, Lost, Strategy, worker_main};
use nebulakit::prelude::*;

#[task]
fn aborts() {
    std::process::abort()
}

#[task]
fn overflows() -> i64 {
    deeper(&[1; 1024])
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn deeper(depth: &[u8; 1024]) -> i64 {
    let more = std::hint::black_box([depth[0]; 1024]);
    deeper(&more) + i64::from(more[0])
}

/// On a thread of the task's own.
#[task]
fn overflows_elsewhere() -> i64 {
    std::thread::spawn(|| deeper(&[1; 1024])).join().unwrap()
}

/// A destructor that panics while another panic is on its way, which ends the process.
#[task]
fn panics_twice() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("again")
        }
    }
    let _panics = Panics;
    panic!("once")
}

#[task]
fn exits() {
    std::process::exit(0)
}

#[task]
fn panics() {
    panic!("oh")
}

#[task]
async fn hello() -> String {
    tokio::task::yield_now().await;
    "hello".to_owned()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    worker_main();
    let coordinator = Coordinator::new();
    let end = async |work: nebulakit::Invocation<()>| coordinator.submit(work, Strategy::Process).await.unwrap().join().await.unwrap_err();
    let overflow =
        async |work: nebulakit::Invocation<i64>| coordinator.submit(work, Strategy::Process).await.unwrap().join().await.unwrap_err();
    expect(&end(aborts::with()).await, &Lost::Aborted, "");
    expect(&overflow(overflows::with()).await, &Lost::StackOverflow, "has overflowed its stack");
    expect(&overflow(overflows_elsewhere::with()).await, &Lost::StackOverflow, "has overflowed its stack");
    expect(&end(panics_twice::with()).await, &Lost::Aborted, "panic");
    expect(&end(exits::with()).await, &Lost::Exited(0), "");
    let panicked = end(panics::with()).await;
    assert!(matches!(panicked, JobError::Panicked(_)) && panicked.to_string().contains(": oh"), "{panicked}");
    let value = coordinator.submit(hello::with(), Strategy::Process).await.unwrap().join().await.unwrap();
    assert_eq!(value, "hello");
}

fn expect(error: &JobError, expected: &Lost, printed: &str) {
    match error {
        JobError::Lost { how, tail } if how == expected && tail.contains(printed) => {}
        other => panic!("expected {expected:?} and `{printed}`, found {other:?}"),
    }
}
