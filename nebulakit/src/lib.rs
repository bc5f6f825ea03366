//! The Rust SDK for Flyte: a function becomes a task container.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod context;
mod error;
mod registry;
mod task;

pub use context::Context;
pub use error::{IgnoreOutputs, ResultExt, TaskError};
pub use nebulakit_macros::{NebulaType, TaskOutputs, task};
pub use nebulakit_types as types;
pub use nebulakit_types::outputs::TaskOutputs;
pub use nebulakit_types::{Bytes, Hashed, NebulaType, Raw, Untyped};
