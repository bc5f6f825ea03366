//! Backends: what compiles graphs and runs them.

mod driver;
mod error;
mod local;

pub use self::error::{NodeError, RunError};
pub use self::local::RunLocal;
