//! The Rust SDK for Flyte.

// -- aux: platform, environment and the ingredients of Context --
pub mod checkpoint;
pub mod config;
pub mod deck;
pub mod env;
pub mod identity;
pub mod logs;
pub mod platform;
pub mod secrets;
pub mod stats;
// -- end of aux --
