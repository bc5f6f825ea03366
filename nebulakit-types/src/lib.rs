//! What travels between Flyte tasks: literals, their types, interfaces, and the object stores that they point into.
//!
//! This crate knows no command line and starts no runtime. Most users meet it through `nebulakit`, which re-exports what they need.

#[cfg(not(unix))]
compile_error!("Nebulakit runs on Linux and macOS: use WSL 2 on Windows");

mod blocking;
#[cfg(feature = "client")]
#[doc(hidden)]
pub mod client;
pub mod convert;
mod data;
pub mod dialect;
pub mod directory;
mod error;
mod field_order;
pub mod file;
mod instant;
pub mod interface;
pub mod json;
pub mod literal;
pub mod literal_type;
mod message;
pub mod outbox;
pub mod outputs;
mod scan;
#[cfg(feature = "schema")]
pub mod schema;
mod secret;
pub mod storage;
pub mod visible;
pub mod wire;
pub mod workspace;

pub use blocking::AwaitOrBlocking;
#[doc(hidden)]
pub use blocking::{block_on, handle, process_handle};
pub use bytes::Bytes;
pub use convert::failure::FlyteError;
pub use convert::hashed::Hashed;
pub use convert::json::Json;
pub use convert::raw::Raw;
pub use convert::untyped::Untyped;
pub use convert::{NebulaType, decode, encode};
pub use dialect::Dialect;
pub use directory::Directory;
pub use error::{Error, ErrorKind, Result};
pub use file::File;
pub use interface::{Interface, Variable};
pub use literal::Literal;
pub use literal_type::LiteralType;
pub use secret::Secret;
