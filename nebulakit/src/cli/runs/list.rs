//! `runs list`: each run on one line, the latest first.

use nebulakit_types::visible;
use serde_json::{Value, json};

use super::show::counts;
use crate::cli::complaint::Complaint;
use crate::cli::folder::{Folder, no_runs_in};
use crate::cli::follow::words;
use crate::cli::shown::{columns, instant, moment};
use crate::process::terminal;
use crate::run::{RecordError, RunId, RunSummary, RunsFolder};

/// The runs as text, or as JSON.
pub(super) fn list(runs: Option<&RunsFolder>, folder: &Folder, is_json: bool) -> Result<String, Complaint> {
    let mut all = Vec::new();
    if let Some(runs) = runs {
        let summaries = runs.summaries()?;
        if let Some(why) = summaries.without_index {
            terminal::write(&format!("note: {why}; the runs are read one by one\n"));
        }
        all = summaries.runs;
    }
    all.reverse();
    if is_json {
        return Ok(format!("{:#}\n", all.iter().map(|(id, run)| described(id, run)).collect::<Value>()));
    }
    if all.is_empty() {
        return Ok(format!("{}\n", no_runs_in(folder.path())));
    }
    Ok(columns(&all.iter().map(|(id, run)| row(id, run)).collect::<Vec<_>>()))
}

/// A run on its line; why one cannot be read is in the last column, which may be long.
fn row(id: &RunId, run: &Result<RunSummary, RecordError>) -> [String; 5] {
    let [status, name, began, nodes] = match run {
        Ok(run) => {
            let took = words::time(words::between(run.created, words::until(&run.status, run.ended, run.latest)));
            let name = visible::line(&run.name).into_owned();
            [words::status(&run.status).to_owned(), name, moment(run.created), format!("{took}: {}", words::sums(run.counts))]
        }
        Err(error) => ["unreadable".to_owned(), String::new(), String::new(), visible::line(error.parts().0).into_owned()],
    };
    [id.to_string(), status, name, began, nodes]
}

fn described(id: &RunId, run: &Result<RunSummary, RecordError>) -> Value {
    match run {
        Ok(run) => json!({
            "run": id.to_string(),
            "status": words::status(&run.status),
            "name": run.name,
            "backend": run.backend,
            "created": instant(run.created),
            "ended": instant(run.ended),
            "counts": counts(run.planned, run.counts),
        }),
        Err(error) => json!({ "run": id.to_string(), "error": error.parts().0 }),
    }
}
