//! A task as data, its context, and one run of it. Knows no process, no signal and no document.

mod backtrace;
pub(crate) mod builder;
pub(crate) mod cancellation;
pub(crate) mod context;
pub(crate) mod def;
pub(crate) mod error;
pub(crate) mod failure;
pub(crate) mod inputs;
pub(crate) mod marks;
mod offloaded;
mod options;
pub(crate) mod panic;
pub(crate) mod registry;
pub(crate) mod run;
pub(crate) mod surroundings;
