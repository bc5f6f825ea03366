//! Backends: what compiles graphs and runs them.

mod driver;
mod local;

pub use self::local::RunLocal;
