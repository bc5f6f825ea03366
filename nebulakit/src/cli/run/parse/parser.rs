//! What values are read by.

use nebulakit_types::Dialect;
use nebulakit_types::convert::time::Instant;

use crate::cli::run::places::Places;

/// Reads values; made once for each run, so that `now` is one instant.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli::run) struct Parser<'a> {
    pub(in crate::cli::run) now: Instant,
    pub(in crate::cli::run) dialect: &'static Dialect,
    pub(in crate::cli::run) places: &'a Places<'a>,
}
