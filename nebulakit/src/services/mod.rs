//! What a context hands out, and what it is made of: secrets, metrics, checkpoints, decks, settings. Knows no task and no process.

pub mod checkpoint;
pub mod config;
pub mod deck;
pub(crate) mod devices;
pub mod env;
pub(crate) mod identity;
pub mod secrets;
pub mod stats;
pub(crate) mod stores;
