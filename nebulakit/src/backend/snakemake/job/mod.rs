//! One job of Snakemake: a part of a node of a plan, as a process.
//!
//! It takes what other jobs left in the plan, has the driver run the node as a graph of its own, tells what happens in a file, and leaves the file
//! that Snakemake looks for. Two processes of one node, such as one that outlived its Snakemake and one that a new Snakemake started, take turns; the
//! second finds what the first left.
//!
//! | module | holds |
//! |---|---|
//! | `request` | the command line |
//! | `spot` | the node in its graph |
//! | `given` | what it is given |
//! | `told` | what it tells |
//! | `stop` | what stops it |
//! | `strategy` | its attempts, each by `node-execute` |
//! | `world` | what the driver needs |
//! | `work`, `map` | the part that it does, and what a map needs |
//! | `does` | how it does that |
//! | `why`, `end` | how that ended, and what it leaves |

mod does;
mod end;
mod given;
mod map;
mod request;
mod spot;
mod stop;
mod strategy;
mod told;
mod why;
mod work;
mod world;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;

use self::end::leave;
use self::request::JobRequest;
use self::spot::{Around, Spot};
use self::told::Told;
use self::work::Work;
use super::folder::{self, PlanFolder, publish};
use super::parts::Part;
use crate::backend::node::{self, PlanFile};
use crate::graph::Graph;
use crate::process::exit::Exit;
use crate::process::platform::Platform;
use crate::process::{logs, program, terminal};
use crate::run::NodePath;
use crate::services::env::Environment;

/// Does what the words behind the verb say.
pub(crate) fn serve(arguments: &[OsString], environment: &Environment) -> Exit {
    let request = match JobRequest::parse(arguments) {
        Ok(request) => request,
        Err(said) => {
            terminal::write(&format!("error: {said}\n"));
            return Exit::Usage;
        }
    };
    run(&request, environment).unwrap_or_else(|said| {
        terminal::write(&format!("error: {}\n", terminal::continued(&said)));
        Exit::Unfit
    })
}

fn run(request: &JobRequest, environment: &Environment) -> Result<Exit, String> {
    let path = std::path::absolute(&request.plan).map_err(|error| format!("there is no current folder: {error}"))?;
    let plan = PlanFolder::new(path);
    let file = PlanFile::read(&plan.file("plan.json")).map_err(|why| format!("cannot read the plan `{}`: {why}", plan.path().display()))?;
    let own = program::id().map_err(|error| format!("cannot tell which build this program is: {error}"))?;
    if own != file.build {
        return Err(format!(
            "the plan was made by the build `{}`, and this program is the build `{own}`\nhint: run `{}`",
            file.build, file.program
        ));
    }
    let text = fs::read_to_string(plan.file("graph.json")).map_err(|error| format!("cannot read the graph of the plan: {error}"))?;
    let graph = Graph::from_json(&text).map_err(|problems| problems.to_string())?;
    let (id, part) = (&request.node, request.part);
    let _ = plan.stop(None).exists().then(|| terminal::write("note: the run stops\n"));
    if plan.stop(None).exists() && part != Part::Handle {
        return Ok(Exit::Failed);
    }
    let unkept = |error: io::Error| format!("the plan's folder cannot be used: {error}");
    let (spot, id) = match part {
        Part::Finish => (None, id.clone()),
        Part::Handle => {
            let Some(handler) = graph.on_failure.as_deref() else { return Ok(Exit::Stored) };
            (Some(Spot::of(&graph, handler)), handler.id.as_str().to_owned())
        }
        _ => {
            let path = if part == Part::Element { id.rsplit_once('[').map_or(id.as_str(), |(map, _)| map) } else { id };
            (Some(Spot::find(&graph, path).ok_or_else(|| format!("the plan has no node `{id}`"))?), id.clone())
        }
    };
    let folder = plan.node(&id);
    folder::make(&folder).map_err(unkept)?;
    if let Some(spot) = &spot
        && is_skipped(&plan, spot).map_err(unkept)?
    {
        let said = if part == Part::Expand { "0\n" } else { "skipped\n" };
        publish(&plan.marker(&id, part), said.as_bytes()).map_err(unkept)?;
        return Ok(Exit::Stored);
    }
    let lock = File::create(folder.join("lock")).map_err(unkept)?;
    lock.lock().map_err(unkept)?;
    // What this process starts holds it too, and may outlive this process.
    rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::empty()).map_err(|error| unkept(error.into()))?;
    if end::is_kept(&plan, &id, part, spot.as_ref().is_some_and(|spot| spot.is_grown(&graph))).map_err(unkept)? {
        return Ok(Exit::Stored);
    }
    logs::install(environment, &Platform::FLYTE_1);
    let hushed = matches!(part, Part::Decide).then(|| NodePath::from(id.as_str()));
    let told = Told::of(&plan, &folder, hushed).map_err(unkept)?;
    let (at, program) = (node::PlanFolder::at(plan.path()).map_err(unkept)?, plan.file(&file.program));
    let work =
        Work { plan: &plan, at: &at, program: &program, file: &file, graph: &graph, spot: spot.as_ref(), id: &id, part, environment };
    let ended = work.done(std::sync::Arc::new(told));
    leave(&work, ended).map_err(unkept)
}

/// Whether the node is in an arm that was not taken.
fn is_skipped(plan: &PlanFolder, spot: &Spot<'_>) -> io::Result<bool> {
    for around in &spot.around {
        let (path, part, expected) = match around {
            Around::Workflow(path) => (path, Part::Begin, None),
            Around::Arm(path, arm) => (path, Part::Decide, Some(arm.to_string())),
        };
        let said = plan.said(path, part)?.unwrap_or_default();
        if said == "skipped" || expected.is_some_and(|expected| said != expected) {
            return Ok(true);
        }
    }
    Ok(false)
}
