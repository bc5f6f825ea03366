//! How workers are to be.

use std::path::PathBuf;

use crate::coordinator::strategy::workers::limits::Asked;
use crate::coordinator::strategy::workers::variables::Variables;

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) slots: usize,
    pub(super) program: Option<PathBuf>,
    pub(super) variables: Variables,
    pub(super) limits: Asked,
    pub(super) recycle_after: u64,
    pub(super) recycle_above: Option<u64>,
}
