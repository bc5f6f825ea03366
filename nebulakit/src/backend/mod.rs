//! Backends: what compiles graphs and runs them.

mod driver;
mod error;
mod local;
mod needs;

pub use self::error::{NodeError, RunError};
pub use self::local::RunLocal;
