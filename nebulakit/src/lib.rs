//! The Rust SDK for Flyte: a function becomes a task container.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod checkpoint;
mod cli;
pub mod config;
mod context;
pub mod deck;
mod entry;
pub mod env;
mod error;
mod execute;
mod exit;
mod failure;
mod identity;
mod invocation;
mod io;
mod logs;
mod panic;
mod platform;
mod registry;
pub mod secrets;
mod signal;
pub mod stats;
mod stores;
mod task;

pub use context::Context;
pub use error::{IgnoreOutputs, ResultExt, TaskError};
pub use identity::{ExecutionId, TaskId};
pub use nebulakit_macros::{NebulaType, TaskOutputs, task};
pub use nebulakit_types as types;
pub use nebulakit_types::outputs::TaskOutputs;
pub use nebulakit_types::{Bytes, Hashed, NebulaType, Raw, Untyped};

/// Makes the `main` function of a task container: the one call that turns the command line into a run of a task.
///
/// Tasks of a library crate are linked only when the binary names the crate, so name every crate that holds tasks:
/// `nebulakit::main!(my_tasks, other_tasks);`. Tasks of the binary's own modules need no naming.
#[macro_export]
macro_rules! main {
    ($($($library:ident)::+),* $(,)?) => {
        $(use $($library)::+ as _;)*

        fn main() -> ::std::process::ExitCode {
            $crate::__private::main()
        }
    };
    ($($other:tt)*) => {
        ::std::compile_error!("`nebulakit::main!` takes the names of the crates that hold tasks, as in `nebulakit::main!(my_tasks)`, or nothing");

        fn main() {}
    };
}
