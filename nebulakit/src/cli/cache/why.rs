//! `cache why`: why a node's outputs were, or were not, taken from the cache.

use nebulakit_types::visible;
use serde_json::{Value, json};

use crate::cli::complaint::Complaint;
use crate::cli::lookups;
use crate::run::{CacheKey, CacheWhy, Lookup, Nearest, RunHandle, RunsFolder, cache_why};

/// The answer as text, or as JSON.
pub(super) fn why(runs: &RunsFolder, run: &RunHandle, node: &str, is_json: bool) -> Result<String, Complaint> {
    let why = cache_why(runs, run, node)?;
    if is_json {
        return Ok(format!("{:#}\n", described(run, node, &why)?));
    }
    let said = said(run, &why)?;
    let mut text = format!("{} was {said}\n", visible::line(node));
    if let CacheWhy::Asked { found, nearest } = &why {
        text.extend(nearest.iter().flat_map(|nearest| &nearest.changes).map(|change| format!("  {}\n", lookups::change(change))));
        let ignored = found.key().map(|key| key.ignored.as_slice()).unwrap_or_default();
        text.extend(ignored.iter().map(|name| format!("  the input `{}` does not count\n", visible::line(name))));
    }
    Ok(text)
}

/// What is said behind "was".
fn said(run: &RunHandle, why: &CacheWhy) -> Result<String, Complaint> {
    Ok(match why {
        CacheWhy::Asked { found: found @ Lookup::Hit { .. }, .. } => format!("taken from the cache: {}", lookups::lookup(found, None)),
        CacheWhy::Asked { found, nearest } => format!("not taken from the cache: {}", lookups::lookup(found, nearest.as_deref())),
        CacheWhy::Resumed => {
            let resumes = run.state()?.resumes.as_ref().map(|run| format!(" {run}")).unwrap_or_default();
            format!("kept from the run{resumes}, which this one resumes; the cache was not asked")
        }
        CacheWhy::Composed => "not looked up: it consists of other nodes, and each of them has its own answer".to_owned(),
        CacheWhy::NotReached => "not looked for in the cache: the node was never reached".to_owned(),
        CacheWhy::NotCached => {
            "not looked for in the cache: it is not a task with `cache(..)`, or the node switches the cache off".to_owned()
        }
    })
}

fn described(run: &RunHandle, node: &str, why: &CacheWhy) -> Result<Value, Complaint> {
    let (answer, found, nearest) = match why {
        CacheWhy::Asked { found, nearest } => {
            (if matches!(found, Lookup::Hit { .. }) { "hit" } else { "miss" }, Some(found), nearest.as_deref())
        }
        CacheWhy::Resumed => ("resumed", None, None),
        CacheWhy::Composed => ("composed", None, None),
        CacheWhy::NotReached => ("not_reached", None, None),
        CacheWhy::NotCached => ("not_cached", None, None),
    };
    Ok(json!({
        "run": run.id().to_string(),
        "node": node,
        "answer": answer,
        "because": said(run, why)?,
        "lookup": found.map(lookups::lookup_name),
        "entry": found.and_then(Lookup::key).map(CacheKey::digest),
        "ignored": found.and_then(Lookup::key).map(|key| &key.ignored),
        "nearest": nearest.map(of_nearest),
    }))
}

fn of_nearest(nearest: &Nearest) -> Value {
    json!({
        "entry": nearest.entry.key.digest(),
        "run": nearest.entry.run.to_string(),
        "node": nearest.entry.node,
        "changes": lookups::changes_json(nearest),
    })
}
