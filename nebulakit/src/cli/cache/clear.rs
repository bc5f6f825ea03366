//! `cache clear`: entries are removed, and it is said how many of which tasks.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use nebulakit_types::visible;

use crate::cli::complaint::Complaint;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::Cache;

/// Removes the entries of a task, or of all of them, that are older than `age`.
pub(super) fn clear(cache: &Cache, task: Option<&str>, age: Option<Duration>) -> Result<Exit, Complaint> {
    // What is older than the clock's own beginning is not there.
    let until = age.map(|age| SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH));
    let cleared = cache.clear(task, until)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &cleared.entries {
        *counts.entry(&entry.key.task).or_default() += 1;
    }
    for (task, count) in &counts {
        let entries = if *count == 1 { "entry" } else { "entries" };
        terminal::write(&format!("removed {count} {entries} of `{}`\n", visible::line(task)));
    }
    if cleared.damaged > 0 {
        terminal::write(&format!("removed {} that could not be read\n", cleared.damaged));
    }
    if counts.is_empty() && cleared.damaged == 0 {
        let of = task.map(|task| format!(" of `{}`", visible::line(task))).unwrap_or_default();
        let old = if age.is_some() { " that are old enough" } else { "" };
        terminal::write(&format!("there are no entries{of}{old}\n"));
    }
    Ok(Exit::Stored)
}
