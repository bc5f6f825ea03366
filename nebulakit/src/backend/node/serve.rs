//! The verb `node-execute`.

use std::ffi::OsString;
use std::time::SystemTime;

use nebulakit_types::visible;

use super::attempt::Claimed;
use super::claim::{claim, claim_next};
use super::each;
use super::engine_ids::engine_ids;
use super::files;
use super::folder::{PlanFolder, Settled};
use super::line::{Line, Work};
use super::lines::{self, Lines};
use super::listing::listed;
use super::perform::perform;
use super::plan_file::PlanFile;
use super::record::Begun;
use super::refusal::Refusal;
use super::request::{NodeRequest, Which, usage};
use super::resolve::{Part, Values, split};
use super::tries;
use super::work::{todo, waits};
use crate::process::exit::Exit;
use crate::process::host_name::host_name;
use crate::process::signal::StopSignals;
use crate::process::terminal;
use crate::services::env::Environment;

/// Does what the words behind `node-execute` say. What it starts ends together with the thread that calls it.
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

/// Makes one attempt at a node.
fn run(request: NodeRequest, environment: &Environment) -> Result<Exit, Refusal> {
    let folder = PlanFolder::at(&request.plan).map_err(|error| Refusal::unfit(format!("there is no current folder: {error}")))?;
    let plan = PlanFile::read_for_this_program(&folder)?;
    let (path, listed_attempt) = match &request.which {
        Which::Node(path) => (path.clone(), None),
        Which::Listed { variable, list } => listed(environment, variable, list)?,
        Which::Each(list) => return each::run(&folder, &request, list),
    };
    // Whoever names the task has put what it takes beside it.
    let lines = match request.task {
        Some(_) => None,
        None => Lines::open(lines::file(folder.path()))
            .map_err(|error| Refusal::unfit(format!("cannot read the nodes of the plan: {error}")))?,
    };
    let line = lines.as_ref().map(|lines| line_of(lines, &path)).transpose()?.flatten();
    if line.is_none() && request.task.is_none() {
        let said = format!("the plan {} has no node `{}` that a job does", visible::line(&plan.id), visible::line(&path));
        return Err(Refusal::unfit(format!(
            "{said}\nhint: a node that is known only while the workflow runs needs `--task` with the name of its task"
        )));
    }
    if let Some(why) = line.as_ref().and_then(|(line, _)| not_here(line)) {
        return Err(Refusal::unfit(format!("the node `{}` is not run: {why}", visible::line(&path))));
    }
    let asked = request.attempt.or(listed_attempt);
    let node = folder.node(&path);
    // From here on a request to stop is heard, and the task is told.
    let mut signals = StopSignals::listen_with_children().map_err(|error| Refusal::unfit(format!("cannot listen to signals: {error}")))?;
    let done = node.settled().map_err(|error| Refusal::unfit(error.to_string()))?;
    if let (Some(settled), None) = (done, asked) {
        return Ok(settled_already(&path, settled));
    }
    let retries = line.as_ref().map_or(0, |(line, _)| line.retries);
    if let Some(tries) = request.tries
        && let Some(exit) = tries::is_enough(&node, tries, retries)
    {
        return Ok(exit);
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
        note(&begun.node, &format!("attempt {} is another process's", begun.attempt));
        return Ok(Exit::Stored);
    }
    let is_last = request.tries.unwrap_or(1) > retries;
    let claimed = Claimed {
        #[cfg(feature = "run")]
        folder: &folder,
        plan: &plan,
        attempt: node.attempt(begun.attempt),
        node,
        begun,
        limit: request.time_limit,
        is_spared: asked.is_none() && is_last && line.as_ref().is_some_and(|(line, part)| may_fail(line, *part)),
    };
    if let Some(Settled::Outputs(of)) = done {
        return claimed.has_outputs(of);
    }
    let is_given = files::exists(&claimed.attempt.file("inputs.pb")).map_err(|error| Refusal::unfit(error.to_string()))?;
    match (request.task, line, &lines) {
        (Some(task), ..) => claimed.run(task, &mut signals),
        (None, Some((line, part)), _) if is_given && task_of(&line, part).is_some() => {
            let task = task_of(&line, part).unwrap_or_default().to_owned();
            claimed.run(task, &mut signals)
        }
        (None, Some((line, part)), Some(lines)) => {
            let todo = todo(&folder, &Values::new(&folder, lines), &line, part);
            perform(claimed, todo, &mut signals)
        }
        (None, ..) => Err(Refusal::unfit("the plan has no nodes")),
    }
}

/// The line and the part of it that a path names, where a job does that.
fn line_of(lines: &Lines, path: &str) -> Result<Option<(Line, Part)>, Refusal> {
    let find = |id: &str| lines.find(id).map_err(|error| Refusal::unfit(error.to_string()));
    let (id, part) = match split(path) {
        (_, Part::Whole) => (path, Part::Whole),
        part => part,
    };
    Ok(find(id)?.map(|line| (line, part)).filter(|(line, part)| match (&line.run, part) {
        (Work::Passes(_) | Work::Given(_), _) => false,
        (Work::Map(_), _) => true,
        (_, part) => *part == Part::Whole,
    }))
}

/// Why no process of this program runs the line, if none does.
fn not_here(line: &Line) -> Option<String> {
    match &line.run {
        Work::Approve(gate) | Work::Wait(gate) => Some(waits(gate)),
        Work::Grown(_) if cfg!(not(feature = "run")) => Some(
            "this program was built without the feature `run`, which dynamic tasks and maps of workflows need where they run".to_owned(),
        ),
        _ => None,
    }
}

/// The task that the part runs, if it is one.
fn task_of(line: &Line, part: Part) -> Option<&str> {
    match (&line.run, part) {
        (Work::Task(name), Part::Whole) => Some(name),
        (Work::Map(map), Part::Element(_)) => Some(map.map.of.name()),
        _ => None,
    }
}

/// Whether it is an element of a map of which some may fail.
fn may_fail(line: &Line, part: Part) -> bool {
    matches!((&line.run, part), (Work::Map(map), Part::Element(_)) if map.map.success.lets_some_fail())
}

fn settled_already(path: &str, settled: Settled) -> Exit {
    note(
        path,
        &match settled {
            Settled::Outputs(attempt) => format!("attempt {attempt} has succeeded"),
            Settled::Skipped => "it is in an arm of a condition that is not taken".to_owned(),
            Settled::Spared => "it has failed, and others make up for it".to_owned(),
        },
    );
    Exit::Stored
}

fn note(path: &str, what: &str) {
    terminal::write(&format!("note: nothing is run for the node `{}`: {what}\n", visible::line(path)));
}
