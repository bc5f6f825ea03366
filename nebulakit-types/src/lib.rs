//! What travels between Flyte tasks: literals, their types, interfaces, and the object stores that they point into.
//!
//! This crate knows no command line and starts no runtime. Most users meet it through `nebulakit`, which re-exports what they need.

pub mod dialect;
mod error;
mod field_order;
pub mod interface;
pub mod json;
pub mod literal;
pub mod literal_type;
mod scan;
pub mod wire;

pub use dialect::Dialect;
pub use error::{Error, ErrorKind, Result};
pub use interface::{Interface, Variable};
pub use literal::Literal;
pub use literal_type::LiteralType;
