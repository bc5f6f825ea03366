//! The Rust SDK for Flyte: a function becomes a task container.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "run")]
pub mod backend;
/// What backends need that containers need too; the backends themselves come with the feature `run`.
#[cfg(not(feature = "run"))]
pub mod backend {
    pub mod flyte;
    pub(crate) mod node;
    mod values;
}
pub mod cli;
#[cfg(feature = "coordinator")]
pub mod coordinator;
pub mod graph;
mod process;
#[cfg(feature = "run")]
mod render;
#[cfg(feature = "run")]
pub mod run;
#[cfg(feature = "schema")]
pub mod schema;
mod services;
pub mod storage;
mod task;
#[cfg(feature = "testing")]
pub mod testing;
pub mod workflow;

#[doc = include_str!("docs/derive.md")]
pub use nebulakit_macros::NebulaType;
#[doc = include_str!("docs/failure.md")]
pub use nebulakit_macros::TaskFailure;
#[doc = include_str!("docs/outputs.md")]
pub use nebulakit_macros::TaskOutputs;
#[doc = include_str!("docs/launch_plan.md")]
pub use nebulakit_macros::launch_plan;
#[doc = include_str!("docs/task.md")]
pub use nebulakit_macros::task;
#[doc = include_str!("docs/workflow.md")]
pub use nebulakit_macros::workflow;
pub use nebulakit_types as types;
pub use nebulakit_types::outputs::TaskOutputs;
pub use nebulakit_types::{Bytes, Directory, File, FlyteError, Hashed, Json, NebulaType, Raw, Untyped, directory, file};
pub use services::identity::{ExecutionId, TaskId};
pub use services::{checkpoint, config, deck, env, secrets, stats};
pub use task::ask::{Ask, Requests};
pub use task::builder::ContextBuilder;
pub use task::call::{Call, Calls};
pub use task::cancellation::Cancellation;
pub use task::context::Context;
pub use task::def::{Task, TaskDef};
pub use task::definition::Definition;
pub use task::error::{IgnoreOutputs, ResultExt, TaskError};
pub use task::invocation::{Called, Caller, Child, Invocation};
pub use task::reference::ReferenceSpec;
pub use task::registry::{Registry, registry};
pub use task::sinks::{LogSink, ProgressSink};
pub use task::strategy::Strategy;
pub use task::value::{Default, IntoValue, Omitted};
pub use tracing::Level;
pub use workflow::{Failure, Promise, Workflow, WorkflowDef, all, gate, when, workflows};

/// What `#[task(..)]` asks of the platform, as [`TaskDef::options`] gives it.
pub mod options {
    pub use crate::task::container::{ContainerSpec, DataFormat};
    pub use crate::task::options::{CacheOptions, Mount, OnOom, Resources, SecretRequest, TaskOptions};
}

/// What a file with tasks needs: `use nebulakit::prelude::*;`.
///
/// It includes `anyhow`, so that `anyhow::Result` and `anyhow::ensure!` work without a dependency of your own.
pub mod prelude {
    pub use crate::graph::Resources;
    #[cfg(feature = "schema")]
    pub use crate::schema::Schema;
    pub use crate::{
        Context, Default, Directory, Failure, File, FlyteError, Json, NebulaType, Promise, ResultExt as _, Strategy, Task as _, TaskError,
        TaskFailure, TaskOutputs, Workflow as _, all, gate, launch_plan, list, map, task, when, workflow,
    };
    pub use anyhow;
}

/// The allocator of static binaries: musl's own is 5 to 20 times slower.
#[cfg(feature = "static-alloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Writes `fn main`: the binary becomes a task container and a command line.
///
/// Tasks of library crates are linked only when the binary names the crate; `main!(my_tasks)` does, for as many crates as are given. Where a task
/// is not found, `cargo run` shows which dependencies have tasks and are not named.
///
/// `main!(stores = [my::Lake::new()], my_tasks)` adds stores of your own, [`Store`](storage::Store)s, to those of the process, by their
/// schemes.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn double(x: i64) -> i64 {
///     x * 2
/// }
///
/// nebulakit::main!();
/// ```
#[macro_export]
macro_rules! main {
    (stores = [$($store:expr),* $(,)?] $(, $($tasks:ident),*)? $(,)?) => {
        $($crate::__private::inventory::submit! {
            $crate::__private::OwnStore(|| $crate::__private::own_store($store))
        })*

        $crate::main!($($($tasks),*)?);
    };
    ($($tasks:ident),* $(,)?) => {
        $(use ::$tasks as _;)*
        $($crate::__private::inventory::submit! { $crate::__private::Named($crate::__private::stringify!($tasks)) })*

        fn main() -> $crate::__private::ExitCode {
            $crate::cli::run($crate::__private::args_os())
        }
    };
    ($($other:tt)*) => {
        $crate::__main_mistake!($($other)*);

        // Without it the mistake would be two errors.
        fn main() {}
    };
}

/// What is wrong with what `main!` was given.
#[doc(hidden)]
#[macro_export]
macro_rules! __main_mistake {
    (@after_stores stores $($rest:tt)*) => {
        $crate::__private::compile_error!("`stores` is given twice; write one list, as in `nebulakit::main!(stores = [a::Lake, b::Pond])`");
    };
    (@after_stores $name:ident, $($rest:tt)*) => {
        $crate::__main_mistake!(@after_stores $($rest)*);
    };
    (@after_stores $($rest:tt)*) => {
        $crate::__main_mistake!($($rest)*);
    };
    (@after_names stores $($rest:tt)*) => {
        $crate::__main_mistake!(stores);
    };
    (@after_names $name:ident, $($rest:tt)*) => {
        $crate::__main_mistake!(@after_names $($rest)*);
    };
    (@after_names $($rest:tt)*) => {
        $crate::__main_mistake!($($rest)*);
    };
    (stores = [$($stores:tt)*], $($rest:tt)*) => {
        $crate::__main_mistake!(@after_stores $($rest)*);
    };
    (stores = [$($stores:tt)*] $($rest:tt)*) => {
        $crate::__private::compile_error!("a comma is missing after `stores = [..]`, as in `nebulakit::main!(stores = [my::Lake::new()], my_tasks)`");
    };
    (stores $($rest:tt)*) => {
        $crate::__private::compile_error!("`stores` is a list that comes first, as in `nebulakit::main!(stores = [my::Lake::new()], my_tasks)`");
    };
    ($key:ident = $($rest:tt)*) => {
        $crate::__private::compile_error!($crate::__private::concat!(
            "unknown option `",
            $crate::__private::stringify!($key),
            "` of `main!`; the only valid one is `stores`, as in `nebulakit::main!(stores = [my::Lake::new()])`",
        ));
    };
    ($name:ident :: $($rest:tt)*) => {
        $crate::__private::compile_error!($crate::__private::concat!(
            "`main!` takes crates, not what is in them; write `nebulakit::main!(",
            $crate::__private::stringify!($name),
            ")`",
        ));
    };
    ($name:ident, $($rest:tt)*) => {
        $crate::__main_mistake!(@after_names $($rest)*);
    };
    ($($other:tt)*) => {
        $crate::__private::compile_error!("`main!` takes the names of crates that hold tasks, as in `nebulakit::main!(my_tasks, more_tasks)`");
    };
}

/// The example of the README, compiled as readers copy it.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The example of the page on stores.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../../docs/store.md")]
struct OwnStores;

/// The example of the page on container tasks.
#[cfg(doctest)]
#[doc = include_str!("../../docs/container-tasks.md")]
struct ContainerTasks;

/// The example of the page on containers.
#[cfg(all(doctest, feature = "container"))]
#[doc = include_str!("../../docs/containers.md")]
struct Containers;

/// The example of the page on control planes.
#[cfg(all(doctest, feature = "flyte"))]
#[doc = include_str!("../../docs/control-plane.md")]
struct ControlPlanes;

/// The examples of the page on errors.
#[cfg(doctest)]
#[doc = include_str!("../../docs/errors.md")]
struct Errors;
