//! `image`: a container image of this program: a static binary, and nothing else that it does not need.
//!
//! | module | holds |
//! |---|---|
//! | `grammar` | the words |
//! | `project` | what cargo says of the program |
//! | `features` | which features of nebulakit the program needs in a container |
//! | `target` | which machine it is for, and what builds for that |
//! | `context` | the folder that the image is built of |
//! | `builder` | docker, podman or buildah |
//! | `path` | which programs are installed |

mod builder;
mod context;
mod features;
mod grammar;
mod path;
mod project;
mod target;

use std::path::PathBuf;
use std::process::Command;

use clap::ArgMatches;

use self::builder::Builder;
use self::context::{Context, dockerfile};
use self::features::Features;
pub(super) use self::grammar::command;
use self::project::Project;
use self::target::Target;
use super::complaint::Complaint;
use super::output::say;
use super::setting::Setting;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::services::config::Config;

/// Does what the words behind `image` say.
pub(super) fn dispatch(matches: &ArgMatches, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let target = Target::of(matches.get_one::<String>("platform").map_or(target::HOST, String::as_str))?;
    let project = Project::find(text("bin").as_deref())?;
    let features = Features::of(&project, text("features").as_deref(), text("roots").is_some(), setting);
    let context = Context {
        roots: text("roots").map(PathBuf::from),
        zones: (project.reads_time_zones || matches.get_flag("time-zones")).then(|| PathBuf::from(context::ZONES)),
        folder: project.target_folder.join("nebulakit-image").join(target.arch),
    };
    let mut cargo = cargo(&project, &features, target, setting);
    features.notes().iter().for_each(|note| terminal::write(&format!("note: {note}\n")));
    terminal::write(&format!("note: built by `{}`\n", words(&cargo)));
    if !matches.get_flag("build") {
        return say(&dockerfile(&context));
    }
    let tag = match text("image") {
        Some(tag) => tag,
        None => {
            let config =
                Config::load(setting.environment, std::path::Path::new("")).map_err(|error| Complaint::failed(error.to_string()))?;
            let hint = "hint: name it with `--image`, or as `images.default` in the configuration file";
            config.images.get("default").cloned().ok_or_else(|| Complaint::usage("the image has no name").hint(hint))?
        }
    };
    let builder = Builder::find(text("builder").as_deref(), setting.environment)?;
    target.installed()?;
    if !target.has_compiler(setting.environment) {
        terminal::write(&format!(
            "note: no C compiler for {} is found, which TLS and the allocator need: {}\n",
            target.triple,
            target.hint()
        ));
    }
    run(&mut cargo)?;
    let binary = project.target_folder.join(target.triple).join("release").join(&project.bin);
    target.check(&binary)?;
    context.fill(&binary)?;
    run(&mut builder.command(&context.folder, &tag, target))?;
    let bytes = std::fs::metadata(&binary).map_or(0, |about| about.len());
    let mebibytes = bytes as f64 / 1024.0 / 1024.0;
    let push = builder.push(&tag);
    say(&format!("{tag} is built for {}: {mebibytes:.1} MiB\npush it: {push}\n", target.platform))
}

/// What builds the program.
fn cargo(project: &Project, features: &Features, target: &Target, setting: &Setting<'_>) -> Command {
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--target", target.triple, "--package", &project.package, "--bin", &project.bin]);
    command.args(["--no-default-features", "--features", &features.list()]);
    command.current_dir(&project.folder);
    // A binary of tasks is copied to every node that runs one.
    command.env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    for (name, value) in target.environment(setting.environment) {
        command.env(name, value);
    }
    command
}

/// Runs a program that says itself what it does.
fn run(command: &mut Command) -> Result<(), Complaint> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Complaint::failed(format!("`{program}` failed: {status}"))),
        Err(error) => Err(Complaint::failed(format!("`{program}` cannot be started: {error}"))),
    }
}

/// A command as it is typed.
fn words(command: &Command) -> String {
    let variables =
        command.get_envs().filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), quoted(&value?.to_string_lossy()))));
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(|word| quoted(&word.to_string_lossy()));
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("'{word}'") } else { word.to_owned() }
}
