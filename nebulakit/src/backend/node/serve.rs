//! The verb `node-execute`.

use std::ffi::OsString;
use std::time::SystemTime;

use nebulakit_types::visible;

use super::attempt::Claimed;
use super::claim::{claim, claim_next};
use super::engine_ids::engine_ids;
use super::folder::PlanFolder;
use super::listing::listed;
use super::plan_file::PlanFile;
use super::record::Begun;
use super::refusal::Refusal;
use super::request::{NodeRequest, VERB, Which, usage};
use crate::process::exit::Exit;
use crate::process::host_name::host_name;
use crate::process::signal::StopSignals;
use crate::process::terminal;
use crate::services::env::Environment;

/// Does what the words behind `node-execute` say. It ends the process together with the thread that calls it.
pub(crate) fn serve(binary: &str, arguments: &[OsString], environment: &Environment) -> Exit {
    match NodeRequest::parse(arguments) {
        Ok(Some(request)) => run(request, environment).unwrap_or_else(|refusal| {
            refusal.tell();
            refusal.exit
        }),
        Ok(None) => {
            terminal::write(&format!("{}\n", usage(binary)));
            Exit::Stored
        }
        Err(said) => {
            terminal::write(&format!("error: {said}\n\n{}\n", usage(binary)));
            Exit::Usage
        }
    }
}

/// Runs one attempt at a node.
fn run(request: NodeRequest, environment: &Environment) -> Result<Exit, Refusal> {
    let folder = PlanFolder::at(&request.plan).map_err(|error| Refusal::unfit(format!("there is no current folder: {error}")))?;
    let plan = PlanFile::read_for_this_program(&folder)?;
    let (path, listed_attempt) = match request.which {
        Which::Node(path) => (path, None),
        Which::Listed { variable, list } => listed(environment, &variable, &list)?,
    };
    let asked = request.attempt.or(listed_attempt);
    let node = folder.node(&path);
    // From here on a request to stop is heard, and the task is told.
    let mut signals = StopSignals::listen_with_children().map_err(|error| Refusal::unfit(format!("cannot listen to signals: {error}")))?;
    let done = node.outputs().map_err(|error| Refusal::unfit(error.to_string()))?;
    if let (Some(attempt), None) = (done, asked) {
        note(&path, attempt, "has succeeded");
        return Ok(Exit::Stored);
    }
    let mut begun = Begun {
        node: path,
        attempt: asked.unwrap_or_default(),
        began: SystemTime::now(),
        host: host_name(),
        pid: std::process::id(),
        engine: engine_ids(environment),
    };
    let claimed = match asked {
        Some(number) => claim(&node.attempt(number), &begun),
        None => claim_next(&node, &mut begun).map(|()| true),
    };
    if !claimed.map_err(|error| Refusal::unrecorded(format!("cannot claim an attempt in {}: {error}", node.path().display())))? {
        note(&begun.node, begun.attempt, "is another process's");
        return Ok(Exit::Stored);
    }
    let claimed = Claimed { plan: &plan, node, begun, limit: request.time_limit };
    match (done, request.task) {
        (Some(of), _) => claimed.has_outputs(of),
        (None, Some(task)) => claimed.run(task, &mut signals),
        (None, None) => Err(Refusal::unfit(format!("`{VERB}` needs `--task` with the name of a task"))),
    }
}

fn note(path: &str, attempt: u32, what: &str) {
    terminal::write(&format!("note: attempt {attempt} at the node `{}` {what}; nothing is run\n", visible::line(path)));
}
