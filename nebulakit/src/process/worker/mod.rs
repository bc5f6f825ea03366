//! This process as a worker: it runs tasks for the process that started it, one at a time, and ends with it.
//!
//! The two speak over a socket of their own, which the worker finds as its standard input and puts elsewhere at once: tasks may read and print
//! what they like. A worker is told by a variable that it is one, with the number of the process that started it, so that programs which a
//! task starts in turn are none.

mod called;
mod channel;
#[cfg(feature = "container")]
pub(crate) mod contained;
mod ended;
mod job;
#[cfg(feature = "container")]
pub(crate) mod keeper;
mod listen;
pub(crate) mod message;
mod serve;
mod usage;
mod waiting;

use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Handle;

use crate::process::exit::Exit;
use crate::process::{container, standard_input};
use crate::services::env::{self, Environment};

/// The stack of a thread that takes the place of the main one, in bytes: what the main thread has as a rule.
const STACK: usize = 8 * 1024 * 1024;

/// What a program has to do to have workers, and a keeper.
#[cfg(feature = "coordinator")]
pub(crate) const HINT: &str =
    "`nebulakit::coordinator::worker_main()` has to be the first line of its `main`, as `nebulakit::main!` makes it";

/// Whether this program gives its workers the word.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Makes this process a worker where it was started as one, and returns at once where it was not: the first line of `main` of a program that runs
/// tasks by `Strategy::Process`, or anything by `Strategy::Container`. [`main!`](crate::main) has it.
///
/// In a worker it does not return. What stands before it in `main` is done by each worker too.
///
/// # Examples
/// ```standalone_crate
/// use nebulakit::coordinator::{Coordinator, Strategy, worker_main};
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn divider(a: f64, b: f64) -> f64 {
///     a / b
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> anyhow::Result<()> {
///     worker_main();
///     let job = Coordinator::new().submit(divider::with(1.0, 2.0), Strategy::Process).await?;
///     assert_eq!(job.join().await?, 0.5);
///     Ok(())
/// }
/// ```
#[cfg(feature = "coordinator")]
pub fn worker_main() {
    enter(&Environment::from_process());
}

/// The same, where the environment has been read.
pub(crate) fn enter(environment: &Environment) {
    ENTERED.store(true, Ordering::Relaxed);
    #[cfg(feature = "container")]
    if keeper::is_meant(environment) {
        container::leave(keeper::serve());
    }
    if Marker::of(environment).is_some_and(|marker| marker.is_of_this_process()) {
        container::leave(served(environment.clone(), None));
    }
    #[cfg(feature = "container")]
    match contained::part(environment, std::env::args_os().nth(1).as_deref()) {
        None => {}
        Some(contained::Part::Worker(socket)) => container::leave(served(environment.clone(), Some(socket))),
        Some(contained::Part::Unwanted(error)) => container::leave(serve::failure(&error)),
        Some(contained::Part::First) => match contained::first() {
            Ok(code) => container::leave_as(code),
            Err(error) => container::leave(serve::failure(&error)),
        },
    }
}

/// Serves on this thread, or, where a runtime polls this, as under `#[tokio::main]`, on one of its own, which may wait.
fn served(environment: Environment, socket: Option<UnixStream>) -> Exit {
    if Handle::try_current().is_err() {
        return serve::serve(environment, socket);
    }
    let thread = std::thread::Builder::new().name("main".to_owned()).stack_size(STACK).spawn(|| serve::serve(environment, socket));
    thread.map_or(Exit::Failed, |thread| thread.join().unwrap_or(Exit::Failed))
}

/// Whether this program gives its workers the word, which one that has not yet can never do for workers that it has started.
#[cfg(feature = "coordinator")]
pub(crate) fn is_entered() -> bool {
    ENTERED.load(Ordering::Relaxed)
}

/// What tells a process that it is a worker: how many are above it, and which process started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) depth: u32,
    parent: u32,
}

impl Marker {
    /// That of workers that this process starts.
    #[cfg(feature = "coordinator")]
    pub(crate) fn below(environment: &Environment) -> Self {
        let above = Self::of(environment).map_or(0, |marker| marker.depth);
        Self { depth: above + 1, parent: std::process::id() }
    }

    fn of(environment: &Environment) -> Option<Self> {
        let text = environment.get(env::WORKER)?;
        #[cfg(feature = "container")]
        if let Some((depth, _)) = contained::parsed(text) {
            // No process of this machine has the number.
            return Some(Self { depth, parent: u32::MAX });
        }
        let (depth, parent) = text.split_once(':')?;
        Some(Self { depth: depth.parse().ok()?, parent: parent.parse().ok()? })
    }

    /// Whether it is this process that is meant: programs that a worker starts inherit the variable, and have another standard input. The process
    /// that started this one may be gone before it is asked for: then its socket says whose it was.
    fn is_of_this_process(self) -> bool {
        let parent = rustix::process::getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
        standard_input::is_socket() && (i64::from(parent) == i64::from(self.parent) || standard_input::is_from(self.parent))
    }
}

impl std::fmt::Display for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.depth, self.parent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_a_worker_of_the_one_that_started_it_alone() {
        let of = |text: &str| Marker::of(&Environment::empty().with(env::WORKER, text));
        assert_eq!(of("2:77"), Some(Marker { depth: 2, parent: 77 }));
        assert_eq!(of("2:77").unwrap().to_string(), "2:77");
        assert_eq!([of(""), of("2"), of("x:1"), of("1:"), of("-1:2")], [None; 5]);
        assert!(!of("1:1").unwrap().is_of_this_process() || std::process::id() == 1);
    }
}
