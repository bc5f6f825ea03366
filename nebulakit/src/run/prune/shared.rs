//! Clears data that runs share and that nothing refers to any more. It may be interrupted at any moment: the next call removes the rest.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::pruned::Pruned;
use super::uses::Uses;
use crate::run::error::RecordError;
use crate::run::folder::{RunsFolder, entries};
use crate::run::memo::Cache;

/// Clears all of it, or `only` this part if one is given. If it is impossible to find out what is still used, nothing is removed, and `pruned` says why.
///
/// # Errors
/// When a folder cannot be read.
pub(super) fn clear(runs: &RunsFolder, only: Option<&Uses>, pruned: &mut Pruned) -> Result<(), RecordError> {
    let Some(_cleared) = runs.cleared()? else {
        pruned.not_cleared = Some("a run that is going on may use it; `runs prune` removes it later".to_owned());
        return Ok(());
    };
    if only.is_none() {
        remove_where(&runs.runs(), |name| name.as_encoded_bytes().starts_with(b"."), pruned)?;
        let forgotten = Cache::new(runs).contents().of_gone_files()?;
        forgotten.iter().for_each(|path| pruned.remove(path));
    }
    let (data, copies) = (runs.data_path(), runs.copies());
    if is_empty(&data) && is_empty(&copies) {
        return Ok(());
    }
    let used = match used(runs) {
        Ok(used) => used,
        Err(error) => {
            pruned.not_cleared = Some(format!("{}; delete that run, and prune again", error.parts().0));
            return Ok(());
        }
    };
    let is_meant = |name: &str, of: fn(&Uses) -> &std::collections::HashSet<String>| {
        !of(&used).contains(name) && only.is_none_or(|only| of(only).contains(name))
    };
    let is_unused = |of| move |name: &OsStr| is_meant(&name.to_string_lossy(), of);
    for folder in entries(&data)? {
        let folder = folder.path();
        remove_where(&folder, is_unused(|uses| &uses.data), pruned)?;
        // It stays where there is more in it.
        let _ = fs::remove_dir(&folder);
    }
    remove_where(&copies, is_unused(|uses| &uses.copies), pruned)
}

/// Everything that runs and the cache refer to.
fn used(runs: &RunsFolder) -> Result<Uses, RecordError> {
    let mut used = Uses::default();
    for run in runs.list()? {
        used.add_run(&runs.run(&run)?)?;
    }
    used.add_cache(&Cache::new(runs))?;
    Ok(used)
}

/// Removes what has such a name in a folder.
fn remove_where(folder: &Path, is_meant: impl Fn(&OsStr) -> bool, pruned: &mut Pruned) -> Result<(), RecordError> {
    let meant = entries(folder)?.into_iter().filter(|entry| is_meant(&entry.file_name()));
    meant.for_each(|entry| pruned.remove(&entry.path()));
    Ok(())
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}
