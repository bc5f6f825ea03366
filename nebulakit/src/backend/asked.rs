//! What an attempt asks for by the function of its task: `requests_with`.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::values::literals_of;
use crate::coordinator::Resources;
use crate::run::paths_in;
use crate::task::ask::{Ask, Requests};
use crate::task::def::TaskDef;

/// What `attempt`, from 0, with the `inputs.pb` asks for; [`None`] where the options of the task say it.
pub(super) async fn asked(task: &'static TaskDef, attempt: u32, inputs: &[u8]) -> Option<Requests> {
    let with = task.options.requests_with?;
    let inputs = Bytes::copy_from_slice(inputs);
    // Folders of many files take their time.
    let input_bytes = spawn_blocking(move || input_bytes(task, &inputs)).await.unwrap_or_default();
    Some(with(&Ask::new(attempt, input_bytes)))
}

/// The same as resources.
pub(super) fn as_resources(asked: Requests) -> Resources {
    let Requests { cores, memory, gpus } = asked;
    let resources = cores.into_iter().fold(Resources::new(), Resources::cores);
    let resources = memory.into_iter().fold(resources, Resources::memory);
    gpus.into_iter().fold(resources, Resources::gpus)
}

/// The values, and what they name on this machine.
fn input_bytes(task: &'static TaskDef, inputs: &Bytes) -> u64 {
    let types: Vec<_> = task.interface().inputs.into_iter().map(|input| (input.name, input.literal_type)).collect();
    let of = |name: &str| types.iter().find(|(known, _)| known == name).map(|(_, of)| of);
    // What cannot be read fails the task, which says what is wrong with it.
    let literals = literals_of(inputs).unwrap_or_default();
    let named = literals.iter().filter_map(|(name, literal)| Some(paths_in(literal, of(name)?))).flatten();
    named.fold(inputs.len() as u64, |all, path| all.saturating_add(size(&path)))
}

/// The bytes of a file, or of all files in a folder. Links in folders are not followed: they may lead back.
fn size(path: &Path) -> u64 {
    let Ok(metadata) = fs::metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let (mut all, mut folders) = (0_u64, vec![path.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) if metadata.is_file() => all = all.saturating_add(metadata.len()),
                _ => {}
            }
        }
    }
    all
}
