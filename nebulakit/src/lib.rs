//! The Rust SDK for Flyte: a function becomes a task container.

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
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
pub use nebulakit_types as types;
pub use nebulakit_types::{Bytes, Hashed, NebulaType, Raw, Untyped};
