//! Tables: written, stored and read through the public door, with real bytes in folders and in memory.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

mod bombs;
mod careless;
#[path = "../../nebulakit-types/tests/fault_server/mod.rs"]
mod fault_server;
mod filters;
mod formats;
mod layouts;
mod literals;
mod odd;
mod parquet;
#[cfg(feature = "polars")]
mod polars;
mod rows;
mod shared;
mod statistics;
mod thrift;
mod uploads;
