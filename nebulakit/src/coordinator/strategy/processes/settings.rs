//! How workers are to be.

use std::path::PathBuf;

use crate::coordinator::strategy::processes::environment::Named;
use crate::coordinator::strategy::processes::limits::Asked;

#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) slots: usize,
    pub(super) program: Option<PathBuf>,
    pub(super) variables: Named,
    pub(super) limits: Asked,
    pub(super) recycle_after: u64,
    pub(super) recycle_above: Option<u64>,
}
