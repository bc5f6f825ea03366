//! Workflows as they are written, and the graphs that come of them.
#![allow(clippy::cast_precision_loss, clippy::unwrap_used, reason = "the tasks are small, and a test fails by panicking")]

mod faults;
mod golden;
mod guide;
mod shown;
mod twins;
