//! `launch-plans`: which are registered, and which are active.

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgMatches, Command, value_parser};
use nebulakit_types::visible;
use serde_json::{Value, json};

use super::place::{self, Place, reached};
use crate::backend::flyte::RegisteredLaunchPlan;
use crate::cli::complaint::Complaint;
use crate::cli::help::{command as helped, json_flag};
use crate::cli::output::say;
use crate::cli::setting::Setting;
use crate::cli::shown::columns;
use crate::cli::word::word;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::services::config::Config;

/// The command with all of its own.
pub(super) fn command() -> Command {
    let text = |name: &'static str, value: &'static str| Arg::new(name).value_name(value).value_parser(NonEmptyStringValueParser::new());
    let name = || text("name", "NAME").required(true).help("full name of the launch plan");
    let version = |help: &'static str| text("version", "VERSION").help(help);
    let commands = [
        helped("list", "List the launch plans, latest first")
            .arg(text("name", "NAME").help("full name of the launch plan; all of them if left out"))
            .arg(
                Arg::new("limit")
                    .long("limit")
                    .value_name("COUNT")
                    .value_parser(value_parser!(u32).range(1..))
                    .default_value("50")
                    .help("list up to COUNT of them"),
            )
            .arg(json_flag().help("print JSON")),
        helped("activate", "Activate a launch plan and its schedule, in place of another version")
            .arg(name())
            .arg(version("version; the latest if left out")),
        helped("deactivate", "Deactivate a launch plan and its schedule").arg(name()).arg(version("version; the active one if left out")),
    ];
    helped("launch-plans", "List the launch plans that are registered with Flyte, and activate them")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(commands.map(|command| command.args(place::arguments())))
}

/// Does what the words behind `launch-plans` say.
pub(super) fn dispatch(matches: &ArgMatches, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let Some((verb, matches)) = matches.subcommand() else {
        // Clap has refused it.
        return Ok(Exit::Usage);
    };
    let Place { project, domain } = Place::of(matches, config)?;
    let (name, version) = (word(matches, "name"), || matches.get_one::<String>("version").map(String::as_str));
    let (plan, what) = match verb {
        "list" => {
            let (name, limit) = (Some(name).filter(|name| !name.is_empty()), matches.get_one::<u32>("limit").map(|limit| *limit as usize));
            let plans = reached(config, setting, async |client| client.launch_plans(&project, &domain, name, limit).await)?;
            return say(&listed(&plans, matches.get_flag("json"), &project, &domain));
        }
        "activate" => {
            let activated =
                async |client: crate::backend::flyte::FlyteClient| client.activate_launch_plan(&project, &domain, name, version()).await;
            (reached(config, setting, activated)?, "active")
        }
        _ => {
            let deactivated =
                async |client: crate::backend::flyte::FlyteClient| client.deactivate_launch_plan(&project, &domain, name, version()).await;
            (reached(config, setting, deactivated)?, "not active any more")
        }
    };
    let schedule = plan.schedule.map(|schedule| format!(" ({})", visible::line(&schedule))).unwrap_or_default();
    let (name, version) = (visible::line(&plan.id.name), visible::line(&plan.id.version));
    terminal::write(&format!("the launch plan `{name}`{schedule}, version {version}, is {what}\n"));
    Ok(Exit::Stored)
}

fn listed(plans: &[RegisteredLaunchPlan], is_json: bool, project: &str, domain: &str) -> String {
    if is_json {
        let described = |plan: &RegisteredLaunchPlan| {
            json!({
                "project": plan.id.project,
                "domain": plan.id.domain,
                "name": plan.id.name,
                "version": plan.id.version,
                "active": plan.is_active,
                "schedule": plan.schedule,
                "workflow": plan.workflow.name,
            })
        };
        return format!("{:#}\n", plans.iter().map(described).collect::<Value>());
    }
    if plans.is_empty() {
        return format!("no launch plans are registered in {project}/{domain}\n");
    }
    let row = |plan: &RegisteredLaunchPlan| {
        let state = if plan.is_active { "active" } else { "" };
        [&plan.id.name, &plan.id.version, state, plan.schedule.as_deref().unwrap_or_default()].map(|word| visible::line(word).into_owned())
    };
    columns(&plans.iter().map(row).collect::<Vec<_>>())
}
