//! Attempts in containers.

pub(crate) mod copilot;
