//! This process as a task container: its arguments and environment, the platform, signals, documents, logs and exit codes.

pub(crate) mod documents;
pub(crate) mod entry;
pub(crate) mod execute;
pub(crate) mod exit;
pub(crate) mod logs;
pub(crate) mod meter;
pub(crate) mod platform;
pub(crate) mod progress;
pub(crate) mod reactor;
pub(crate) mod request;
mod signal;
pub(crate) mod stop;
pub(crate) mod stores;
pub(crate) mod terminal;
