//! `runs list`: each run on one line, the latest first.

use std::time::SystemTime;

use nebulakit_types::visible;
use serde_json::{Value, json};

use super::show::counts;
use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::follow::words;
use crate::cli::shown::{columns, instant, moment};
use crate::run::{RecordError, RunHandle, RunId, RunsFolder};

/// The runs as text, or as JSON.
pub(super) fn list(runs: Option<&RunsFolder>, folder: &Folder, is_json: bool) -> Result<String, Complaint> {
    let mut ids = runs.map_or(Ok(Vec::new()), RunsFolder::list)?;
    ids.reverse();
    if is_json {
        let all = runs.into_iter().flat_map(|runs| ids.iter().map(|id| described(runs, id)));
        return Ok(format!("{:#}\n", all.collect::<Value>()));
    }
    if ids.is_empty() {
        return Ok(format!("no runs are recorded in `{}`\n", visible::line(&folder.path().to_string_lossy())));
    }
    let rows: Vec<_> = runs.into_iter().flat_map(|runs| ids.iter().map(|id| row(runs, id))).collect();
    Ok(columns(&rows))
}

/// A run on its line. One that cannot be read does not hide the others.
fn row(runs: &RunsFolder, id: &RunId) -> [String; 5] {
    let read = || {
        let run = RunHandle::attach(runs, id)?;
        let (status, state) = (run.status()?, run.state()?);
        let took = words::time(words::between(state.created, state.ended.unwrap_or_else(SystemTime::now)));
        let name = visible::line(&state.name).into_owned();
        Ok([words::status(&status).to_owned(), name, moment(state.created), format!("{took}: {}", words::sums(state.counts()))])
    };
    let [status, name, began, nodes] = read().unwrap_or_else(|error: RecordError| {
        ["unreadable".to_owned(), visible::line(error.parts().0).into_owned(), String::new(), String::new()]
    });
    [id.to_string(), status, name, began, nodes]
}

fn described(runs: &RunsFolder, id: &RunId) -> Value {
    let read = || {
        let run = RunHandle::attach(runs, id)?;
        let (status, state) = (run.status()?, run.state()?);
        Ok(json!({
            "run": id.to_string(),
            "status": words::status(&status),
            "name": state.name,
            "backend": state.backend,
            "created": instant(state.created),
            "ended": instant(state.ended),
            "counts": counts(&state),
        }))
    };
    read().unwrap_or_else(|error: RecordError| json!({ "run": id.to_string(), "error": error.parts().0 }))
}
