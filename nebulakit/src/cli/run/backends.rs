//! Which backend runs what `run` names, by the command line and the settings.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches};
use nebulakit_types::visible;

use crate::backend::{Backend, COMMAND, CommandBackend, LocalBackend, RunError, Said, Settings};
use crate::cli::complaint::Complaint;
use crate::cli::setting::Setting;

/// The option that names it.
const BACKEND: &str = "backend";

/// The option that says where the plan goes.
const PLAN_DIR: &str = "plan-dir";

/// The kind of backend whose jobs can drive runs.
const OF_SLURM: &str = "slurm";

/// The option that does not wait.
pub(super) const DETACH: &str = "detach";

/// The option that has the nodes share an allocation.
const PACKED: &str = "packed";

/// The option that says where the run is driven.
const DRIVER: &str = "driver";

/// What [`DRIVER`] takes.
const DRIVERS: [&str; 2] = ["here", "job"];

/// The options.
pub(super) fn arguments() -> [Arg; 5] {
    [
        Arg::new(BACKEND)
            .long(BACKEND)
            .value_name("NAME")
            .help("where it runs: local, or a name that nebulakit.toml knows; local if left out"),
        Arg::new(PLAN_DIR)
            .long(PLAN_DIR)
            .value_name("DIR")
            .value_parser(ValueParser::path_buf())
            .help("folder that the plan of another backend than local is written into"),
        Arg::new(PACKED).long(PACKED).action(ArgAction::SetTrue).help("run all nodes in one allocation after the other; Slurm only"),
        Arg::new(DRIVER)
            .long(DRIVER)
            .value_name("WHERE")
            .value_parser(PossibleValuesParser::new(DRIVERS))
            .help("where the run is driven: here, or in a job of Slurm; here if left out"),
        Arg::new(DETACH).long(DETACH).action(ArgAction::SetTrue).help("print the id of the run, and leave a process that drives it"),
    ]
}

/// Whether the command line says that it is `flyte`, which has its own options.
pub(super) fn is_flyte(words: &[std::ffi::OsString]) -> bool {
    let words: Vec<_> = words.iter().take_while(|word| *word != "--").filter_map(|word| word.to_str()).collect();
    words.contains(&"--backend=flyte") || words.windows(2).any(|pair| pair == ["--backend", "flyte"])
}

/// The words with `--remote` in the place of `--backend flyte`.
pub(super) fn as_remote(words: &[std::ffi::OsString]) -> Vec<std::ffi::OsString> {
    let mut all = Vec::new();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("--backend=flyte") => all.push("--remote".into()),
            Some("--backend") if words.peek().is_some_and(|next| *next == "flyte") => {
                words.next();
                all.push("--remote".into());
            }
            _ => all.push(word.clone()),
        }
    }
    all
}

/// The settings that count here.
pub(in crate::cli) fn settings(said: Said, setting: &Setting<'_>) -> Result<Settings, Complaint> {
    let folder = std::env::current_dir().map_err(|error| Complaint::failed(format!("there is no current folder: {error}")))?;
    Settings::read(&folder, setting.environment, said).map_err(|error| {
        let said: Vec<_> = error.0.iter().map(|said| visible::line(said).into_owned()).collect();
        Complaint::usage(format!("the settings are wrong:\n{}", said.join("\n")))
    })
}

/// Those of a run with these options.
pub(super) fn settings_of(matches: &ArgMatches, setting: &Setting<'_>) -> Result<Settings, Complaint> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let plan_dir = matches.get_one::<PathBuf>(PLAN_DIR).cloned();
    let said = Said { backend: text(BACKEND), plan_dir, packed: matches.get_flag(PACKED), driver: text(DRIVER) };
    let settings = settings(said, setting)?;
    let name = settings.backend();
    let option =
        if settings.is_packed() { Some(PACKED) } else { settings.driver().is_some_and(|driver| driver != DRIVERS[0]).then_some(DRIVER) };
    match option.filter(|_| settings.kind(&name).as_deref() != Some(OF_SLURM)) {
        Some(option) => {
            Err(Complaint::usage(format!("`--{option}` is for `--backend {OF_SLURM}`, and the run is one of `{}`", visible::line(&name))))
        }
        None => Ok(settings),
    }
}

/// The backend `name`, which walks graphs as `local` does.
pub(in crate::cli) fn joined(local: LocalBackend, name: &str, settings: &Settings) -> Result<Box<dyn Backend>, Complaint> {
    let shown = visible::line(name);
    match settings.kind(name).as_deref() {
        Some("local") => Ok(Box::new(local)),
        Some(COMMAND) => match CommandBackend::of_settings(local, name, settings, None) {
            Ok(backend) => Ok(Box::new(backend)),
            Err(error) => Err(wrong(&shown, error)),
        },
        #[cfg(feature = "aws-batch")]
        Some(crate::backend::AWS_BATCH) => match crate::backend::AwsBatchBackend::of_settings(local, name, settings, None) {
            Ok(backend) => Ok(Box::new(backend)),
            Err(error) => Err(wrong(&shown, error)),
        },
        #[cfg(feature = "slurm")]
        Some(crate::backend::SLURM) => match crate::backend::SlurmBackend::of_settings(local, name, settings, None) {
            Ok(backend) => Ok(Box::new(backend)),
            Err(error) => Err(wrong(&shown, error)),
        },
        #[cfg(feature = "snakemake")]
        Some(crate::backend::SNAKEMAKE) => match crate::backend::SnakemakeBackend::of_settings(&local, name, settings) {
            Ok(backend) => Ok(Box::new(backend)),
            Err(reasons) => {
                let reasons: Vec<_> = reasons.iter().map(|reason| visible::line(reason).into_owned()).collect();
                Err(Complaint::usage(format!("the settings of the backend `{shown}` are wrong:\n{}", reasons.join("\n"))))
            }
        },
        Some(kind) => {
            Err(Complaint::usage(format!("this binary has no backend of the kind `{}`, which `{shown}` is", visible::line(kind))))
        }
        None => {
            let known = settings.backends().iter().map(|name| format!("`{}`", visible::line(name))).collect::<Vec<_>>().join(", ");
            let hint = format!("hint: `[backends.{shown}]` with `kind = \"{COMMAND}\"` in nebulakit.toml makes one");
            Err(Complaint::usage(format!("there is no backend `{shown}`; there are {known}")).hint(hint))
        }
    }
}

fn wrong(shown: &str, error: RunError) -> Complaint {
    match error {
        RunError::Refused(reasons) => {
            let reasons: Vec<_> = reasons.iter().map(|reason| visible::line(reason).into_owned()).collect();
            Complaint::usage(format!("the settings of the backend `{shown}` are wrong:\n{}", reasons.join("\n")))
        }
        error => Complaint::failed(crate::task::failure::chain(&error)),
    }
}
