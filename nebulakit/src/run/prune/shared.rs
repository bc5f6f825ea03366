//! Clears data that runs share and that nothing refers to any more. It may be interrupted at any moment: the next call removes the rest.

use std::ffi::OsStr;
use std::path::Path;
use std::{fs, io};

use super::pruned::{Pruned, size};
use super::uses::Uses;
use crate::run::error::{At as _, RecordError};
use crate::run::folder::RunsFolder;
use crate::run::memo::Cache;

/// Clears all of it, or `only` this part if one is given. If it is impossible to find out what is still used, nothing is removed, and `pruned` says why.
///
/// # Errors
/// When a file cannot be removed.
pub(super) fn clear(runs: &RunsFolder, only: Option<&Uses>, pruned: &mut Pruned) -> Result<(), RecordError> {
    let Some(_cleared) = runs.cleared()? else {
        pruned.not_cleared = Some("runs go on that may use it".to_owned());
        return Ok(());
    };
    if only.is_none() {
        pruned.bytes += remove_where(&runs.runs(), |name| name.as_encoded_bytes().starts_with(b"."))?;
    }
    let (data, copies) = (runs.data_path(), runs.copies());
    if is_empty(&data) && is_empty(&copies) {
        return Ok(());
    }
    let used = match used(runs) {
        Ok(used) => used,
        Err(error) => {
            pruned.not_cleared = Some(error.parts().0.to_owned());
            return Ok(());
        }
    };
    let is_meant = |name: &str, of: fn(&Uses) -> &std::collections::HashSet<String>| {
        !of(&used).contains(name) && only.is_none_or(|only| of(only).contains(name))
    };
    let is_unused = |of| move |name: &OsStr| is_meant(&name.to_string_lossy(), of);
    for folder in entries(&data)? {
        pruned.bytes += remove_where(&folder, is_unused(|uses| &uses.data))?;
        // It stays where there is more in it.
        let _ = fs::remove_dir(&folder);
    }
    pruned.bytes += remove_where(&copies, is_unused(|uses| &uses.copies))?;
    Ok(())
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

/// Removes the entries of a folder whose names are meant, and returns how many bytes they had.
fn remove_where(folder: &Path, is_meant: impl Fn(&OsStr) -> bool) -> Result<u64, RecordError> {
    let mut bytes = 0;
    for path in entries(folder)?.into_iter().filter(|path| path.file_name().is_some_and(&is_meant)) {
        bytes += size(&path);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.at("remove", &path)?;
    }
    Ok(bytes)
}

fn entries(folder: &Path) -> Result<Vec<std::path::PathBuf>, RecordError> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>().at("read", folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(RecordError::io("read", folder, &error)),
    }
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}
