//! Which programs are installed.

use crate::services::env::{self, Environment};

/// Whether a program is installed.
pub(super) fn on_path(name: &str, environment: &Environment) -> bool {
    environment.raw(env::PATH).is_some_and(|path| std::env::split_paths(path).any(|folder| folder.join(name).is_file()))
}
