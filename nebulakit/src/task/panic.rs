//! Panics of a task's own code, caught where they happen and turned into errors with their place.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Once;

use futures_util::FutureExt;

use crate::task::backtrace::of_the_task;
use crate::task::failure::{Failure, Panicked, code};

thread_local! {
    /// Whether this thread is in a task's own code.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    /// Where the last panic in watched code was, and its backtrace.
    static PLACE: RefCell<Option<(String, Option<String>)>> = const { RefCell::new(None) };
}

/// What a panic carries.
type Thrown = Box<dyn Any + Send>;

/// Runs `function`; a panic in it is a failure.
pub(crate) fn guard<T>(function: impl FnOnce() -> T) -> Result<T, Failure> {
    caught(function).map_err(failure)
}

/// Runs `function`; a panic in it is told on one line.
pub(crate) fn told<T>(function: impl FnOnce() -> T) -> Result<T, Panicked> {
    caught(function).map_err(|payload| {
        let (place, said, _) = parts(payload);
        Panicked(format!("{place}: {}", said.split_whitespace().collect::<Vec<_>>().join(" ")))
    })
}

/// Drops `value`; a panic in a destructor is told on one line. That may happen on the way out of another panic, whose place is kept.
pub(crate) fn dropped<T>(value: T) -> Result<(), Panicked> {
    let before = PLACE.take();
    let ended = told(|| drop(value));
    PLACE.set(before);
    ended
}

/// Runs `function`, whose panics go on to the guard around it without a word on the way.
pub(crate) fn silently<T>(function: impl FnOnce() -> T) -> T {
    caught(function).unwrap_or_else(|payload| resume_unwind(payload))
}

fn caught<T>(function: impl FnOnce() -> T) -> std::thread::Result<T> {
    watch();
    let before = WATCHED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(function));
    WATCHED.set(before);
    result
}

/// Polls `future`; a panic in any poll is a failure.
pub(crate) async fn guard_future<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    guard_pinned(std::pin::pin!(future)).await
}

/// The same for one that stays where it is.
pub(crate) async fn guard_pinned<T>(future: Pin<&mut impl Future<Output = T>>) -> Result<T, Failure> {
    watch();
    let mut future = AssertUnwindSafe(future).catch_unwind();
    let polled = std::future::poll_fn(|context| {
        let before = WATCHED.replace(true);
        let poll = future.poll_unpin(context);
        WATCHED.set(before);
        // The place lies with the thread of this very poll.
        poll.map(|result| result.map_err(failure))
    });
    polled.await
}

/// Notes the place of panics in watched code; all others go where they went before.
fn watch() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        // Where a panic ends the process, nobody is left to tell what was noted.
        let is_noted = || WATCHED.get() && cfg!(panic = "unwind");
        std::panic::set_hook(Box::new(move |info| if is_noted() { note(info) } else { before(info) }));
    });
}

fn note(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    PLACE.set(Some((place, backtrace)));
}

/// Where the panic was, what it said, and its backtrace.
fn parts(payload: Thrown) -> (String, String, Option<String>) {
    let (place, backtrace) = PLACE.take().unwrap_or_else(|| ("an unknown place".to_owned(), None));
    let said = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let said = said.unwrap_or("the panic carries no text").to_owned();
    discard(payload);
    (place, said, backtrace)
}

/// Drops what a panic carried. That may panic in turn; what that panic carries is left alone.
fn discard(payload: Thrown) {
    if let Err(another) = caught(|| drop(payload)) {
        PLACE.take();
        std::mem::forget(another);
    }
}

fn failure(payload: Thrown) -> Failure {
    let (place, said, backtrace) = parts(payload);
    let mut message = format!("the task panicked at {place}: {said}");
    match backtrace.as_deref().and_then(of_the_task) {
        Some(backtrace) => {
            message.push_str("\n\nStack backtrace:\n");
            message.push_str(&backtrace);
        }
        None if backtrace.is_none() && is_in_the_standard_library(&place) => {
            message.push_str("\nhint: that is in Rust's standard library; with RUST_BACKTRACE=1 the message shows where it was called");
        }
        None => {}
    }
    Failure::user(code::PANIC, message)
}

/// Whether a place is in the sources of the standard library, which say nothing of the task.
fn is_in_the_standard_library(place: &str) -> bool {
    place.starts_with("/rustc/") || ["core", "alloc", "std"].iter().any(|library| place.contains(&format!("/library/{library}/src/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_says_what_and_where() {
        let failure = guard(|| -> () { panic!("value {}", 7) }).unwrap_err();
        assert_eq!(failure.code, "USER:Panic");
        assert!(failure.message.contains("task/panic.rs:") && failure.message.contains("value 7"), "{}", failure.message);
    }

    #[test]
    fn a_panic_between_polls_is_caught_too() {
        let future = guard_future(async {
            tokio::task::yield_now().await;
            panic!("later");
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let failure = runtime.block_on(future).unwrap_err();
        assert!(failure.message.contains("later"), "{}", failure.message);
    }

    #[test]
    fn a_panic_with_a_payload_of_another_type_has_a_place_at_least() {
        let failure = guard(|| -> () { std::panic::panic_any(7_u8) }).unwrap_err();
        assert!(failure.message.contains("task/panic.rs:"), "{}", failure.message);
    }
}
