//! This process as a task container: its arguments and environment, the platform, signals, documents, logs and exit codes.

pub(crate) mod container;
pub(crate) mod documents;
pub(crate) mod elf;
pub(crate) mod error_document;
pub(crate) mod execute;
pub(crate) mod exit;
pub(crate) mod fate;
pub(crate) mod host;
pub(crate) mod leftovers;
pub(crate) mod logs;
pub(crate) mod memory;
pub(crate) mod meter;
pub(crate) mod panic;
pub(crate) mod platform;
pub(crate) mod program;
pub(crate) mod progress;
pub(crate) mod request;
pub(crate) mod signal;
mod standard_input;
pub(crate) mod stop;
pub(crate) mod stores;
mod supervise;
pub(crate) mod tail;
pub(crate) mod terminal;
pub(crate) mod worker;
