//! Workflows as they are written, and the graphs that come of them.
#![allow(clippy::cast_precision_loss, reason = "the tasks are small")]

mod faults;
mod golden;
mod guide;
mod shown;
mod twins;
