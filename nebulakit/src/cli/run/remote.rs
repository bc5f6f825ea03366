//! `run --remote`: what is registered, launched with the same flags as here, and with `--wait` shown as a run here is.

use std::ffi::OsString;
use std::path::Path;

use clap::ArgMatches;
use nebulakit_types::LiteralType;
use nebulakit_types::visible;
use serde_json::json;
use tokio::runtime::Builder;
use uuid::Uuid;

use super::answer::answer;
use super::options::{JSON, QUIET, VERBOSE};
use super::places::Stdin;
use super::remote_options::{LaunchWords, WAIT};
use super::subject::Subject;
use super::{alone, flags, inputs};
use crate::backend::flyte::{ClientError, FlyteBackend, FlyteClient, LaunchedRun, with_defaults};
use crate::backend::{Backend as _, Options, RunError};
use crate::cli::complaint::{Complaint, describing};
use crate::cli::folder::Folder;
use crate::cli::follow::{Form, Give, Shown, Told, follow};
use crate::cli::output::say;
use crate::cli::outputs::Target;
use crate::cli::setting::Setting;
use crate::cli::stops::Stops;
use crate::cli::usage;
use crate::process::exit::Exit;
use crate::process::host::Host;
use crate::process::{logs, terminal};
use crate::run::RunsFolder;
use crate::services::config::Config;
use crate::task::failure::chain;

/// Launches `subject`, which was called `name`, with the flags in `words`.
pub(super) fn run(subject: &Subject, name: &str, words: &[OsString], setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let mut command = describing(|| flags::command(subject, setting))?;
    let matches = match command.try_get_matches_from_mut(words) {
        Ok(matches) => matches,
        Err(error) => return usage::answer(&error, &format!("{} run {name} --remote", setting.binary), words),
    };
    let graph = subject.graph()?;
    let config = Config::load(setting.environment, Path::new("")).map_err(|error| Complaint::failed(error.to_string()))?;
    let launch = LaunchWords(&matches);
    let options = launch.options();
    options.check().map_err(|error| Complaint::usage(error.to_string()))?;
    let client = client(&config, &launch, setting)?;
    let folder = Folder::of(&matches, setting);
    let host = inputs::host(setting)?;
    let runs = folder.made()?;
    // Before the run is there, nothing else says whose the copies are.
    let _in_use = runs.in_use()?;
    let inputs = given(subject, &matches, &runs, &host, setting)?;
    let target = Target::of(&matches);
    if let Some(target) = &target {
        target.prepare(&graph)?;
    }
    logs::install(&host.environment, setting.platform);
    host.serve_all();
    let backend = FlyteBackend::new(client, runs).launching(options);
    let plan = backend.compile(&graph, &Options::new().inputs(inputs).checked()).map_err(|error| refused(subject, error))?;
    let runtime = Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Complaint::failed(format!("the client cannot start: {error}")))?;
    let launched = runtime.block_on(backend.launch(plan)).map_err(|error| refused(subject, error))?;
    let is_json = matches.get_flag(JSON);
    if !matches.get_flag(WAIT) {
        return told(launched, subject, is_json);
    }
    let form = Form::of(is_json, matches.get_flag(QUIET), setting.environment);
    if form.is_for_people() {
        terminal::write(&format!("{}: {}\n", launched.execution.id(), launched.execution.console_url()));
    }
    let stops = Stops::heard(setting.leave).map_err(|error| Complaint::failed(format!("cannot listen to signals: {error}")))?;
    let shown = Shown { form, shows_logs: matches.get_flag(VERBOSE) };
    let ended = runtime.block_on(async {
        let name = launched.execution.id().name.clone();
        let run = launched.watch();
        stops.leave_run(&run, &name);
        let read = |text: &str, literal_type: &LiteralType, give: Give<'_>| answer(&run, text, literal_type, Stdin::Answers, setting, give);
        let outcome = follow(&run, shown, &read, None, &folder, setting).await?;
        Ok::<_, Complaint>((run, outcome))
    });
    stops.stop_process();
    let (run, outcome) = ended?;
    Told { run: &run, outcome, stops: &stops, is_json, form, target, stores: &host.stores }.tell(&folder, setting)
}

fn client(config: &Config, launch: &LaunchWords<'_>, setting: &Setting<'_>) -> Result<FlyteClient, Complaint> {
    let mut client = FlyteClient::new(config, setting.environment).map_err(|error| failed(&error))?;
    if let Some(project) = launch.text("project") {
        client = client.with_project(project);
    }
    if let Some(domain) = launch.text("domain") {
        client = client.with_domain(domain);
    }
    match client.project() {
        Some(_) => Ok(client),
        None => {
            Err(Complaint::usage("no project is named")
                .hint("hint: name it with `--project`, or as `task.project` in the configuration file"))
        }
    }
}

/// The inputs that the command line gives. Those of a task have its defaults, which the platform does not know.
fn given(subject: &Subject, matches: &ArgMatches, runs: &RunsFolder, host: &Host, setting: &Setting<'_>) -> Result<Vec<u8>, Complaint> {
    let copies = runs.copies().join(Uuid::new_v4().simple().to_string());
    let inputs = inputs::inputs(subject, matches, &[], copies, &host.stores, setting)?;
    match subject.alone() {
        Some(task) => {
            alone::check_inputs(task, &inputs, host, setting.dialect())?;
            with_defaults(task, inputs).map_err(|error| Complaint::failed(chain(&error)))
        }
        None => {
            inputs::check(subject, &inputs)?;
            Ok(inputs)
        }
    }
}

/// Says which execution it is.
fn told(launched: LaunchedRun, subject: &Subject, is_json: bool) -> Result<Exit, Complaint> {
    let (id, console, version) = (launched.execution.id().clone(), launched.execution.console_url(), launched.version.clone());
    let run = launched.leave();
    if is_json {
        let json = json!({
            "run": run.id().to_string(), "project": id.project, "domain": id.domain, "execution": id.name,
            "name": subject.name, "version": version, "console": console,
        });
        return say(&format!("{json}\n"));
    }
    say(&format!("{} {} ({}) is launched as {id}\n{}\n", subject.what, subject.name, visible::line(&version), visible::line(&console)))
}

/// Why it cannot be launched.
fn refused(subject: &Subject, error: RunError) -> Complaint {
    match error {
        RunError::Record(error) => error.into(),
        RunError::Platform(error) => match error.downcast_ref::<ClientError>() {
            Some(error) => failed(error),
            None => Complaint::failed(error.to_string()),
        },
        RunError::Refused(reasons) => {
            let reasons: String = reasons.iter().map(|reason| format!("\n{reason}")).collect();
            Complaint::failed(format!("the {} `{}` cannot run on Flyte:{reasons}", subject.what, subject.name))
        }
        error => Complaint::failed(chain(&error)),
    }
}

fn failed(error: &ClientError) -> Complaint {
    let complaint = Complaint::failed(error.message());
    match error.hint() {
        Some(hint) => complaint.hint(format!("hint: {hint}")),
        None => complaint,
    }
}
