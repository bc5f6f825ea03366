//! Runs on this machine, through a coordinator of this process.

mod run_local;

pub use self::run_local::RunLocal;
