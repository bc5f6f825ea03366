//! `runs`: the runs that are recorded on this machine. Each command is thin over a [`RunHandle`].

mod answer;
mod delete;
mod elsewhere;
mod grammar;
mod list;
mod logs;
mod onward;
mod report;
mod retry;
mod show;

use clap::ArgMatches;
use nebulakit_types::{LiteralType, visible};

pub(super) use self::grammar::command;
use self::onward::OfPlan;
use super::complaint::Complaint;
#[cfg(feature = "flyte")]
use super::flyte;
use super::folder::{Folder, find};
use super::follow::{Form, Give, Shown, Told, follow, is_of_a_task};
use super::output::say;
use super::outputs::{self, Target};
use super::run::{self, Stdin};
use super::setting::Setting;
use super::stops::Stops;
use super::values;
use super::word::word;
use crate::process::exit::Exit;
use crate::process::terminal;
#[cfg(feature = "flyte")]
use crate::run::RunStatus;
use crate::run::{Request, RunHandle};
use crate::task::failure::chain;

/// Does what the words behind `runs` say.
pub(super) fn dispatch(matches: &ArgMatches, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let Some((verb, matches)) = matches.subcommand() else {
        // Clap has refused it.
        return Ok(Exit::Usage);
    };
    let folder = Folder::of(matches, setting);
    let runs = folder.opened()?;
    if verb == "list" {
        return say(&list::list(runs.as_ref(), &folder, matches.get_flag("json"))?);
    }
    let runs = runs.ok_or_else(|| folder.no_runs())?;
    if verb == "delete" {
        let named = matches.get_many::<String>("run").unwrap_or_default();
        return delete::delete(&runs, &named.map(|name| find(&runs, name)).collect::<Result<Vec<_>, _>>()?);
    }
    if verb == "prune" {
        return delete::prune(&runs, matches);
    }
    let named = word(matches, "run");
    let run = match onward::of_a_plan(named).filter(|_| verb == "attach") {
        Some(OfPlan::Run(run)) => find(&runs, &run)?,
        Some(OfPlan::Unbegun(backend)) => {
            let (shown, is_json) = (shown_as(matches, false, setting), matches.get_flag("json"));
            return onward::begin(named, &backend, shown, is_json, &folder, setting);
        }
        None => find(&runs, named)?,
    };
    let signal = || word(matches, "signal");
    match verb {
        "show" => say(&if matches.get_flag("json") { show::json(&run)? } else { show::text(&run)? }),
        "logs" => logs::logs(&run, matches.get_one::<String>("node").map(String::as_str), matches.get_flag("follow")),
        "inputs" => say(&shown(&run.inputs()?, matches)?),
        "outputs" => gave(&run, matches, &folder, setting),
        "report" => report::report(&run, matches),
        "approve" => answer::approve(&run, signal(), &folder, setting),
        "reject" => answer::reject(&run, signal(), &folder, setting),
        "signal" => answer::signal(&run, signal(), word(matches, "value"), &folder, setting),
        "retry" => retry::retry(&run, matches, &folder, setting),
        "cancel" => {
            let is_now = matches.get_flag("now");
            if !elsewhere::ask(&run, if is_now { &Request::Kill } else { &Request::Cancel }, &folder, setting)? {
                let asked = if is_now { run.kill() } else { run.cancel() };
                asked.map_err(|error| folder.complaint(error, run.id(), setting))?;
            }
            terminal::write(&format!("the run {} was asked to {}\n", run.id(), if is_now { "end at once" } else { "stop" }));
            Ok(Exit::Stored)
        }
        _ => attach(&run, matches, &folder, setting),
    }
}

/// Shows the outputs of a run or of one of its nodes, or puts them into a folder.
fn gave(run: &RunHandle, matches: &ArgMatches, folder: &Folder, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let complaint = |error| folder.complaint(error, run.id(), setting);
    let bytes = match matches.get_one::<String>("node") {
        None => run.result().map_err(complaint)?,
        Some(node) => run
            .outputs(node)
            .map_err(complaint)?
            .ok_or_else(|| Complaint::failed(format!("the outputs of the node `{}` were not recorded", visible::line(node))))?,
    };
    let stores = run::host(setting)?.stores;
    let target = Target::of(matches);
    let stops = match target {
        Some(_) => Stops::heard(setting.leave).map_err(|error| Complaint::failed(format!("cannot listen to signals: {error}")))?,
        None => Stops::default(),
    };
    say(&outputs::shown(run, &bytes, target.as_ref(), matches.get_flag("json"), &stores, &stops)?)
}

fn shown(values: &[u8], matches: &ArgMatches) -> Result<String, Complaint> {
    values::shown(values, matches.get_flag("json")).map_err(|error| Complaint::failed(format!("cannot show the values: {}", chain(&error))))
}

/// How a run is shown, which may be that of a task alone.
fn shown_as(matches: &ArgMatches, is_of_a_task: bool, setting: &Setting<'_>) -> Shown {
    let form = Form::of(matches.get_flag("json") && !is_of_a_task, false, setting.environment);
    Shown { form, shows_logs: matches.get_flag("verbose") }
}

/// Shows a run until it is over, as the command that started it does.
fn attach(run: &RunHandle, matches: &ArgMatches, folder: &Folder, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let is_json = matches.get_flag("json");
    let shown = shown_as(matches, is_of_a_task(&run.graph()?), setting);
    let form = shown.form;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Complaint::failed(format!("cannot follow the run: {error}")))?;
    let read = |text: &str, literal_type: &LiteralType, give: Give<'_>| run::answer(run, text, literal_type, Stdin::Answers, setting, give);
    #[cfg(feature = "flyte")]
    if run.status()? == RunStatus::Elsewhere {
        let stops = Stops::heard(setting.leave).map_err(|error| Complaint::failed(format!("cannot listen to signals: {error}")))?;
        let outcome = runtime.block_on(async {
            let run = flyte::watched(run, &folder.made()?, &stops, setting)?;
            let outcome = follow(&run, shown, &read, None, folder, setting).await;
            stops.stop_process();
            outcome
        })?;
        let stores = run::host(setting)?.stores;
        return Told { run, outcome, stops: &stops, is_json, form, target: None, stores: &stores }.tell(folder, setting);
    }
    if onward::is_left(run)? {
        drop(runtime);
        return onward::drive(run, shown, is_json, folder, setting);
    }
    let outcome = runtime.block_on(follow(run, shown, &read, None, folder, setting))?;
    let stores = run::host(setting)?.stores;
    Told { run, outcome, stops: &Stops::default(), is_json, form, target: None, stores: &stores }.tell(folder, setting)
}
