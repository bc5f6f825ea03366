//! `executions list`: each execution on one line, the latest first.

use clap::ArgMatches;
use nebulakit_types::visible;
use serde_json::Value;

use super::show::described;
use crate::backend::flyte::{ExecutionDetails, ExecutionFilter, ExecutionPhase};
use crate::cli::complaint::Complaint;
use crate::cli::flyte::place::{Place, reached};
use crate::cli::follow::words;
use crate::cli::output::say;
use crate::cli::setting::Setting;
use crate::cli::shown::{columns, moment};
use crate::process::exit::Exit;
use crate::services::config::Config;

pub(super) fn list(matches: &ArgMatches, place: &Place, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let Place { project, domain } = place;
    let mut filter = ExecutionFilter::default().limit(matches.get_one::<u32>("limit").map_or(20, |limit| *limit as usize));
    for phase in matches.get_many::<ExecutionPhase>("phase").unwrap_or_default() {
        filter = filter.phase(*phase);
        if *phase == ExecutionPhase::Queued {
            filter = filter.phase(ExecutionPhase::Undefined);
        }
    }
    let given = |name: &str| matches.get_one::<String>(name);
    if let Some(name) = given("workflow") {
        filter = filter.workflow(name);
    }
    if let Some(name) = given("launch-plan") {
        filter = filter.launch_plan(name);
    }
    if let Some(name) = given("task") {
        filter = filter.task(name);
    }
    let executions = reached(config, setting, async |client| client.executions(project, domain, &filter).await)?;
    if matches.get_flag("json") {
        return say(&format!("{:#}\n", executions.iter().map(described).collect::<Value>()));
    }
    if executions.is_empty() {
        return say(&format!("no such executions in {project}/{domain}\n"));
    }
    say(&columns(&executions.iter().map(row).collect::<Vec<_>>()))
}

fn row(details: &ExecutionDetails) -> [String; 5] {
    let failure = details.failure.as_ref().map(|failure| visible::line(&failure.listed().to_string()).into_owned());
    let took = details.duration.map(words::time).unwrap_or_default();
    let about = [took].into_iter().filter(|took| !took.is_empty()).chain(failure).collect::<Vec<_>>().join(": ");
    [details.id.name.clone(), details.phase.to_string(), visible::line(&details.launched.name).into_owned(), moment(details.created), about]
}
