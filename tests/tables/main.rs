//! Tables: written, stored and read through the public door, with real bytes in folders and in memory.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod filters;
mod formats;
mod layouts;
mod literals;
mod parquet;
mod rows;
mod shared;
