//! What a run gave: as text with the first rows of tables, as JSON, or as files in a folder.

mod data;
#[cfg(feature = "schema")]
mod heads;
mod place;
mod target;
mod whole;

use std::collections::HashMap;
use std::path::Path;

pub(super) use self::target::{Target, arguments};
use self::whole::{Outputs, cannot_show};
use super::complaint::Complaint;
use super::stops::Stops;
use crate::run::RunHandle;
use crate::services::stores::Stores;

/// The outputs of a run, or of one of its nodes, which are the bytes of an `outputs.pb`, as text: put into the folder that `target` names, if it names one.
///
/// # Errors
/// When they are not literals, when the folder cannot be written, or when a request to stop comes before it is.
pub(super) fn shown(
    run: &RunHandle,
    bytes: &[u8],
    target: Option<&Target>,
    is_json: bool,
    stores: &Stores,
    stops: &Stops,
) -> Result<String, Complaint> {
    shown_of(Some(run.folder().path()), bytes, target, is_json, stores, stops)
}

/// The same of what is not a run of this machine: without a `folder`, which is that of the run.
pub(super) fn shown_of(
    folder: Option<&Path>,
    bytes: &[u8],
    target: Option<&Target>,
    is_json: bool,
    stores: &Stores,
    stops: &Stops,
) -> Result<String, Complaint> {
    let mut outputs = Outputs::of(folder, bytes)?;
    outputs.make_empty_directories();
    let heads = if is_json { HashMap::new() } else { outputs.heads(stores) };
    match target {
        Some(target) => place::place(&mut outputs, target, stores, stops)?,
        None => outputs.name_tables(),
    }
    if is_json { outputs.for_machines() } else { outputs.for_people(&heads) }.map_err(|error| cannot_show(&error))
}
