//! How containers are to be.

use std::path::PathBuf;
use std::sync::Arc;

use crate::coordinator::strategy::containers::asked::{Mount, Pull, User};
use crate::coordinator::strategy::containers::driver::Driver;
use crate::coordinator::strategy::workers::variables::Variables;

#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) slots: usize,
    pub(super) engine: Option<String>,
    pub(super) driver: Option<Arc<dyn Driver>>,
    pub(super) image: Option<String>,
    pub(super) binary: Option<PathBuf>,
    pub(super) program: Option<PathBuf>,
    pub(super) network: bool,
    pub(super) pull: Pull,
    pub(super) variables: Variables,
    pub(super) mounts: Vec<Mount>,
    pub(super) user: User,
    pub(super) read_only: bool,
    pub(super) init: bool,
    pub(super) memory: Option<u64>,
    pub(super) cpus: Option<f64>,
}
