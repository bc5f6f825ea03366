//! Object stores: [`Storage`] and what belongs to it, and the storage that this process's environment says.

use nebulakit_types::workspace::Workspace;

pub use nebulakit_types::storage::*;

pub use crate::process::stores::from_environment;

/// Sets the storage of values that are made outside of a task's own code and given no other: in a plain `tokio::spawn`, in a thread, or in a
/// program without tasks. It can be set once in a process.
///
/// # Errors
/// The storage, when there is a default already, as in a task container.
pub fn set_default(storage: Storage) -> Result<(), Storage> {
    Workspace::from(&storage).set_default().map_err(|_| storage)
}
