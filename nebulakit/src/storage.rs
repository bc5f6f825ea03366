//! Object stores: [`Storage`] and what belongs to it, and the storage that this process's environment says.

pub use nebulakit_types::storage::*;

pub use crate::process::stores::from_environment;
