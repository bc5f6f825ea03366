//! The way from the first word of a command line to the command.

use std::ffi::OsString;

use clap::Command;
use nebulakit_types::visible;

use super::complaint::{Complaint, describing};
#[cfg(feature = "flyte")]
use super::flyte;
use super::grammar::commands;
use super::output::{container_help, say, say_dressed};
use super::setting::{Leave, Setting};
use super::word::word;
use super::{cache, completions, config, describe, generated, graph, image, list, run, runs, usage, workflows};
use crate::process::exit::Exit;
use crate::process::platform::Platform;
use crate::process::request::ContainerRequest;
use crate::services::env::Environment;
use crate::task::registry::Registry;

/// The commands that need the feature `flyte`.
const OF_FLYTE: [&str; 4] = ["register", "package", "executions", "launch-plans"];

/// Runs the command that `arguments` name.
pub(super) fn dispatch(
    binary: &str,
    arguments: &[OsString],
    environment: &Environment,
    registry: &Registry,
    leave: Leave,
) -> Result<Exit, Complaint> {
    let setting = Setting { binary: binary.to_owned(), environment, registry, platform: Platform::detect(environment), leave };
    let arguments = asking_for_help(arguments, registry);
    if let [verb, ..] = arguments.as_slice()
        && verb.to_str().is_some_and(ContainerRequest::is_verb)
    {
        return Ok(container_help(binary));
    }
    let mut command = commands(&setting);
    let matches = match command.try_get_matches_from_mut(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            return usage::answer(&error, &named(&command, &arguments), &arguments).map_err(|complaint| {
                let name = arguments.first().and_then(|word| word.to_str()).unwrap_or_default();
                #[cfg(not(feature = "flyte"))]
                if OF_FLYTE.contains(&name) {
                    return Complaint::usage(format!(
                        "`{name}` needs the feature `flyte` of nebulakit, which this binary was built without"
                    ));
                }
                match what(name, &setting) {
                    Some(what) => {
                        let name = visible::line(name);
                        complaint.hint(format!("hint: `{name}` is a {what}: `{binary} run {name}`"))
                    }
                    None => complaint,
                }
            });
        }
    };
    match matches.subcommand() {
        Some(("list", matches)) => say_dressed(&describing(|| list::list(&setting, matches.get_flag("json")))?),
        Some(("describe", matches)) => {
            let (name, json) = (word(matches, "task"), matches.get_flag("json"));
            if let Some(workflow) = workflows::instead_of_task(name, &setting)? {
                return say(&describing(
                    || {
                        if json { describe::workflow_json(workflow) } else { describe::workflow(workflow, &setting) }
                    },
                )??);
            }
            let found = setting.find(name);
            if found.is_err() {
                let generated = describing(|| generated::named(name))?;
                if !generated.is_empty() {
                    let text = if json { format!("{:#}\n", generated::json(&generated)) } else { generated::text(&generated) };
                    return say(&text);
                }
            }
            let task = found.map_err(|complaint| workflows::neither(name, &setting, complaint))?;
            say(&describing(|| if json { describe::json(task, &setting) } else { Ok(describe::text(task, &setting)) })??)
        }
        Some(("graph", matches)) => {
            let workflow = workflows::find(word(matches, "workflow"), &setting)?;
            say(&describing(|| graph::drawn(workflow, word(matches, "format")))??)
        }
        Some(("run", matches)) => match matches.subcommand() {
            Some((name, rest)) => run::run(name, rest.get_many::<OsString>("").unwrap_or_default(), &setting),
            None => Err(Complaint::usage("no task is named").hint(format!("hint: `{} list` shows what there is to run", setting.binary))),
        },
        Some(("runs", matches)) => runs::dispatch(matches, &setting),
        Some(("config", matches)) => config::dispatch(matches, &setting),
        Some(("image", matches)) => image::dispatch(matches, &setting),
        #[cfg(feature = "flyte")]
        Some((verb, matches)) if OF_FLYTE.contains(&verb) => flyte::dispatch(verb, matches, &setting),
        Some(("cache", matches)) => cache::dispatch(matches, &setting),
        Some(("completions", matches)) => say(&describing(|| completions::script(word(matches, "shell"), &setting))??),
        // Clap has refused everything else.
        _ => Ok(Exit::Usage),
    }
}

/// Drives a run as a job of Slurm, as the words behind the verb say.
#[cfg(feature = "slurm")]
pub(super) fn drive(
    binary: &str,
    words: &[OsString],
    environment: &Environment,
    registry: &Registry,
    leave: Leave,
) -> Result<Exit, Complaint> {
    run::drive(words, &Setting { binary: binary.to_owned(), environment, registry, platform: Platform::detect(environment), leave })
}

/// The command that the words name, as people type it: `app runs show`.
fn named(command: &Command, words: &[OsString]) -> String {
    let inner = words.first().and_then(|word| command.find_subcommand(word));
    match inner {
        Some(inner) => format!("{} {}", command.get_name(), named(inner, &words[1..])),
        None => command.get_name().to_owned(),
    }
}

/// What can be run by that name, in a word or two.
fn what(name: &str, setting: &Setting<'_>) -> Option<&'static str> {
    match workflows::instead_of_task(name, setting) {
        Ok(Some(workflow)) => Some(workflows::what(workflow)),
        _ => setting.registry.find(name).is_ok().then_some("task"),
    }
}

/// The bytes of the `inputs.pb` that a `run` in `arguments` makes, where every document says `document`; [`None`] for every other command.
/// Nothing is read, nothing runs and nothing is said.
pub(super) fn rehearse(
    arguments: &[OsString],
    environment: &Environment,
    registry: &Registry,
    document: &str,
) -> Result<Option<Vec<u8>>, Complaint> {
    let leave: Leave = |_| unreachable!("nothing runs");
    let setting = Setting { binary: "app".to_owned(), environment, registry, platform: Platform::detect(environment), leave };
    let arguments = asking_for_help(arguments, registry);
    let mut command = commands(&setting);
    let matches = command.try_get_matches_from_mut(&arguments);
    match matches.map_err(|error| usage::unsaid(&error, &named(&command, &arguments), &arguments))?.subcommand() {
        Some(("run", matches)) => match matches.subcommand() {
            Some((name, rest)) => run::rehearse(name, rest.get_many::<OsString>("").unwrap_or_default(), &setting, document).map(Some),
            None => Ok(None),
        },
        _ => Ok(None),
    }
}

/// The words with `help` in front of a command, or of a task behind `run`, turned into `--help` behind it.
fn asking_for_help(arguments: &[OsString], registry: &Registry) -> Vec<OsString> {
    let is_help = |word: Option<&OsString>| word.is_some_and(|word| word == "help");
    let at = match arguments.first() {
        first if is_help(first) => 0,
        Some(first) if first == "run" && is_help(arguments.get(1)) && registry.find("help").is_err() => 1,
        _ => return arguments.to_vec(),
    };
    let others = arguments.iter().enumerate().filter(|(index, _)| *index != at).map(|(_, word)| word.clone());
    others.chain(["--help".into()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a command line without a control plane is answered.
    fn answered(words: &[&str]) -> Result<Exit, Complaint> {
        let leave: Leave = |_| unreachable!("nothing runs");
        let words: Vec<_> = words.iter().map(OsString::from).collect();
        dispatch("app", &words, &Environment::empty(), &Registry::linked(), leave)
    }

    #[cfg(not(feature = "flyte"))]
    #[test]
    fn a_command_without_its_feature_names_the_feature() {
        for verb in OF_FLYTE {
            let complaint = answered(&[verb]).unwrap_err();
            assert!(complaint.message.starts_with(&format!("`{verb}` needs the feature `flyte`")), "{}", complaint.message);
        }
    }

    #[cfg(feature = "flyte")]
    #[test]
    fn the_commands_that_need_the_feature_are_there_with_it() {
        for verb in OF_FLYTE {
            assert!(answered(&[verb, "--help"]).is_ok(), "{verb}");
        }
    }
}
