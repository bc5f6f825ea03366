//! Why the outputs of a node were, or were not, taken from the cache.

use std::time::SystemTime;

use crate::run::error::RecordError;
use crate::run::event::{EventKind, Origin};
use crate::run::folder::RunsFolder;
use crate::run::handle::RunHandle;
use crate::run::lookup::{CacheKey, Lookup};
use crate::run::memo::{Cache, Nearest};
use crate::run::path::NodePath;
use crate::run::state::NodeStatus;

/// Why the outputs of a node were, or were not, taken from the cache.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum CacheWhy {
    /// The cache was asked.
    Asked {
        /// The result.
        found: Lookup,
        /// If there was no entry, the most similar one from before the lookup.
        nearest: Option<Box<Nearest>>,
    },
    /// Its outputs are kept from the run that this one resumes: the cache was not asked.
    Resumed,
    /// It consists of other nodes; ask about those.
    Composed,
    /// The cache was not reached: the node is queued, was skipped, or was stopped.
    NotReached,
    /// Its outputs are not cached: it is not a task, it is a task without `cache(..)`, or the node switches the cache off.
    NotCached,
}

/// Says why the outputs of a node were, or were not, taken from the cache: what its run recorded, compared with the entries that exist now.
///
/// # Errors
/// When the run has no such node, or when its events or the cache cannot be read.
pub fn cache_why(runs: &RunsFolder, run: &RunHandle, node: &str) -> Result<CacheWhy, RecordError> {
    let path = run.known(node)?;
    if let Some((found, at)) = last_lookup(run, &path)? {
        let nearest = match &found {
            Lookup::Miss { key } => nearest(runs, run, &path, key, at)?.map(Box::new),
            _ => None,
        };
        return Ok(CacheWhy::Asked { found, nearest });
    }
    let state = run.state()?;
    let about = &state.nodes[&path];
    let is_composed = state.nodes.keys().any(|other| other.parent().as_ref() == Some(&path));
    Ok(match &about.status {
        NodeStatus::Succeeded(Origin::Resumed) => CacheWhy::Resumed,
        _ if is_composed => CacheWhy::Composed,
        NodeStatus::Queued | NodeStatus::Skipped { .. } => CacheWhy::NotReached,
        NodeStatus::Cancelled if about.attempts == 0 => CacheWhy::NotReached,
        _ => CacheWhy::NotCached,
    })
}

/// The result of the last cache lookup for a node, and its time.
fn last_lookup(run: &RunHandle, node: &NodePath) -> Result<Option<(Lookup, SystemTime)>, RecordError> {
    let (mut events, mut last) = (run.events(), None);
    while let Some(event) = events.read()? {
        if let EventKind::LookedUp { found } = event.kind
            && event.node.as_ref() == Some(node)
        {
            last = Some((found, event.at));
        }
    }
    Ok(last)
}

/// The entry that was most similar to a key at that time, if it still exists. The node's own entry does not count.
fn nearest(runs: &RunsFolder, run: &RunHandle, node: &NodePath, key: &CacheKey, at: SystemTime) -> Result<Option<Nearest>, RecordError> {
    let mut entries = Cache::new(runs).list(Some(&key.task))?;
    entries.retain(|entry| entry.at <= at && !(entry.run == *run.id() && entry.node == *node));
    Ok(Nearest::of(key, &entries))
}
