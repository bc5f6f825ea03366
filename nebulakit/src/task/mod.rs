//! A task as data, its context, and one run of it. Knows no process, no signal and no document.

mod backtrace;
pub(crate) mod call;
pub(crate) mod cancellation;
pub(crate) mod context;
pub(crate) mod def;
pub(crate) mod error;
pub(crate) mod failure;
mod options;
pub(crate) mod panic;
pub(crate) mod registry;
