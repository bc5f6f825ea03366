//! `cache list`: each entry on one line, the latest first.

use nebulakit_types::visible;
use serde_json::{Value, json};

use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::follow::words;
use crate::cli::lookups;
use crate::cli::shown::{columns, instant, moment};
use crate::run::{Cache, CacheEntry, Recorded};

/// The entries of a task, or of all of them, as text or as JSON.
pub(super) fn list(cache: &Cache, task: Option<&str>, folder: &Folder, is_json: bool) -> Result<String, Complaint> {
    let mut entries = cache.list(task)?;
    entries.reverse();
    if is_json {
        return Ok(format!("{:#}\n", entries.iter().map(described).collect::<Value>()));
    }
    if entries.is_empty() {
        let of = task.map(|task| format!(" of `{}`", visible::line(task))).unwrap_or_default();
        return Ok(format!("no outputs{of} are cached in `{}`\n", visible::line(&folder.path().to_string_lossy())));
    }
    Ok(columns(&entries.iter().map(row).collect::<Vec<_>>()))
}

fn row(entry: &CacheEntry) -> [String; 6] {
    let key = &entry.key;
    [
        lookups::short(&key.digest()).to_owned(),
        visible::line(&key.task).into_owned(),
        format!("version {}", visible::line(&key.version)),
        moment(Some(entry.at)),
        words::size(size(entry)),
        format!("{} of {}", visible::line(&entry.node), entry.run),
    ]
}

/// An entry for machines.
pub(super) fn described(entry: &CacheEntry) -> Value {
    json!({
        "entry": entry.key.digest(),
        "task": entry.key.task,
        "version": entry.key.version,
        "at": instant(Some(entry.at)),
        "size": size(entry),
        "run": entry.run.to_string(),
        "node": entry.node,
    })
}

/// How many bytes the outputs are, without the files that they name.
pub(super) fn size(entry: &CacheEntry) -> u64 {
    match &entry.outputs {
        Recorded::Here(bytes) => bytes.len() as u64,
        Recorded::Data { size, .. } => *size,
        Recorded::Not => 0,
    }
}
