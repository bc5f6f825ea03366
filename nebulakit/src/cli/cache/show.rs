//! `cache show`: an entry, with the parts of its key and its outputs.

use nebulakit_types::visible;
use serde_json::json;

use super::list::{described, size};
use crate::cli::complaint::Complaint;
use crate::cli::follow::words;
use crate::cli::shown::{columns, moment};
use crate::cli::{lookups, values};
use crate::render::{self, Reader};
use crate::run::{Cache, CacheEntry};
use crate::task::failure::chain;

/// The entry as text, or as JSON.
pub(super) fn show(cache: &Cache, entry: &CacheEntry, is_json: bool) -> Result<String, Complaint> {
    let outputs = cache.outputs(entry)?;
    if is_json {
        return json(entry, outputs.as_deref());
    }
    let key = &entry.key;
    let row = |name: &str, value: String| [name.to_owned(), value];
    let about = [
        row("entry", key.digest()),
        row("task", visible::line(&key.task).into_owned()),
        row("version", visible::line(&key.version).into_owned()),
        row("input types", lookups::digest(&key.inputs_type)),
        row("output types", lookups::digest(&key.outputs_type)),
        row("from", lookups::caller(&entry.from())),
        row("when", moment(Some(entry.at))),
        row("size", words::size(size(entry))),
    ];
    let mut inputs: Vec<_> = key.inputs.iter().map(|(name, part)| row(&visible::line(name), lookups::part(name, part))).collect();
    inputs.extend(key.ignored.iter().map(|name| row(&visible::line(name), "does not count".to_owned())));
    let outputs = match outputs {
        Some(outputs) => values::of_map(&outputs, Reader::Person).map_err(unreadable)?,
        None => return Ok(format!("{}\ninputs\n{}\nthe outputs are gone or damaged\n", columns(&about), columns(&inputs))),
    };
    let outputs: String = outputs.iter().map(|(name, value)| values::beside(name, value) + "\n").collect();
    Ok(format!("{}\ninputs\n{}\noutputs\n{outputs}", columns(&about), columns(&inputs)))
}

fn json(entry: &CacheEntry, outputs: Option<&[u8]>) -> Result<String, Complaint> {
    let mut whole = described(entry);
    let inputs: serde_json::Map<_, _> = entry.key.inputs.iter().map(|(name, part)| (name.clone(), lookups::part_json(part))).collect();
    whole["inputs_type"] = json!(entry.key.inputs_type);
    whole["outputs_type"] = json!(entry.key.outputs_type);
    whole["inputs"] = json!(inputs);
    whole["ignored"] = json!(entry.key.ignored);
    let outputs = outputs.map(|outputs| values::of_map(outputs, Reader::Machine)).transpose().map_err(unreadable)?;
    whole["outputs"] = outputs.map(|outputs| render::to_value(&values::object(outputs))).into();
    Ok(format!("{whole:#}\n"))
}

#[expect(clippy::needless_pass_by_value, reason = "errors are mapped by it")]
fn unreadable(error: nebulakit_types::Error) -> Complaint {
    Complaint::failed(format!("cannot show the outputs: {}", chain(&error)))
}
