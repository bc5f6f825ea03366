//! A task as data, its context, and one run of it. Knows no process, no signal and no document.

pub(crate) mod ask;
mod backtrace;
pub(crate) mod builder;
pub(crate) mod call;
pub(crate) mod cancellation;
pub(crate) mod container;
pub(crate) mod context;
pub(crate) mod def;
pub(crate) mod definition;
pub(crate) mod elements;
pub(crate) mod error;
pub(crate) mod failure;
#[cfg(feature = "coordinator")]
pub(crate) mod fatal;
pub(crate) mod grown;
mod guarded;
pub(crate) mod inputs;
pub(crate) mod invocation;
pub(crate) mod marks;
pub(crate) mod mock;
pub(crate) mod offloaded;
pub(crate) mod options;
pub(crate) mod panic;
pub(crate) mod param;
pub(crate) mod prepare;
pub(crate) mod quantity;
pub(crate) mod reference;
pub(crate) mod registry;
pub(crate) mod returns;
pub(crate) mod run;
pub(crate) mod sinks;
pub(crate) mod strategy;
pub(crate) mod surroundings;
pub(crate) mod template;
pub(crate) mod traced;
pub(crate) mod value;
