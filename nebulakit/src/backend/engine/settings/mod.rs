//! The settings of backends: `nebulakit.toml` of the project, and `config.toml` of the user.
//!
//! Every file is read whole, and everything that is wrong is said at once. The keys of one kind of backend are read by that backend, by the same
//! [`Keys`].

mod keys;
mod layers;
mod mistakes;
mod origin;

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::{Table, Value};

pub(in crate::backend) use self::keys::Keys;
use self::keys::span;
pub(in crate::backend) use self::layers::Layers;
use self::layers::join;
pub(in crate::backend) use self::mistakes::Mistakes;
use super::rules::{Rule, Rules};
use crate::services::env::{self, Environment};

/// The file of a project.
const PROJECT: &str = "nebulakit.toml";

/// Backends that need no section.
const BUILT_IN: [&str; 5] = ["local", "flyte", "slurm", "snakemake", "aws-batch"];

/// What a command line says, which counts more than anything else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    /// `--backend`.
    pub(crate) backend: Option<String>,
    /// `--plan-dir`.
    pub(crate) plan_dir: Option<PathBuf>,
    /// `--packed`.
    pub(crate) packed: bool,
    /// `--driver`.
    pub(crate) driver: Option<String>,
}

/// The settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    layers: Layers,
    said: Said,
    variables: Vec<(&'static str, &'static str, String)>,
    pub(in crate::backend) rules: Rules,
}

/// What settings are about: the pattern of a name, or all.
#[cfg(any(feature = "aws-batch", feature = "slurm"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) enum Scope {
    Task(String),
    Workflow(String),
    All,
}

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingsError(pub(crate) Mistakes);

impl std::fmt::Display for SettingsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads the settings that count in `folder`: those of the nearest project above it, and those of the user.
    ///
    /// # Errors
    /// With everything that is wrong.
    pub(crate) fn read(folder: &Path, environment: &Environment, said: Said) -> Result<Self, SettingsError> {
        let project = folder.ancestors().map(|folder| folder.join(PROJECT)).find(|file| file.is_file());
        let files: Vec<_> = project.into_iter().chain(of_user(environment)).collect();
        let mut mistakes = Mistakes::new();
        let layers = Layers::read(&files, &mut mistakes);
        let named = [("backend", env::NEBULAKIT_BACKEND), ("plan_dir", env::NEBULAKIT_PLAN_DIR), ("poll", env::NEBULAKIT_POLL)];
        let variables = named.into_iter().filter_map(|(key, name)| Some((key, name, environment.get(name)?.to_owned()))).collect();
        let mut settings = Self { layers, said, variables, rules: Rules::default() };
        settings.check(&mut mistakes);
        if mistakes.is_empty() { Ok(settings) } else { Err(SettingsError(mistakes)) }
    }

    fn check(&mut self, mistakes: &mut Mistakes) {
        let mut keys = Keys::of(&self.layers.table, "", &self.layers);
        keys.text("backend", mistakes);
        keys.text("plan_dir", mistakes);
        keys.span("poll", mistakes);
        if let Some(table) = keys.table("data", mistakes) {
            let mut keys = Keys::of(table, "data", &self.layers);
            let folders = keys.one_or_more("shared", mistakes).unwrap_or_default();
            if let Some(folder) = folders.iter().find(|folder| !folder.starts_with('/')) {
                mistakes.push(
                    keys.mistake("shared", &format!("expected paths from `/` on, found `{}`", nebulakit_types::visible::line(folder))),
                );
            }
            keys.text("prefix", mistakes);
            keys.done(mistakes);
        }
        let mut rules = Rules::default();
        if let Some(table) = keys.table("defaults", mistakes) {
            rules.defaults = rule(table, "defaults", &self.layers, mistakes);
        }
        for (section, named) in [("task", &mut rules.tasks), ("workflow", &mut rules.workflows)] {
            let Some(tables) = keys.table(section, mistakes) else { continue };
            for (name, value) in tables {
                let path = join(section, name);
                match value {
                    Value::Table(table) => named.push((name.clone(), rule(table, &path, &self.layers, mistakes))),
                    _ => mistakes.push(format!("{}: `{path}`: expected a table", self.layers.origin(&path))),
                }
            }
        }
        let backends = keys.table("backends", mistakes);
        for (name, value) in backends.into_iter().flatten() {
            if !value.is_table() {
                let path = join("backends", name);
                mistakes.push(format!("{}: `{path}`: expected a table", self.layers.origin(&path)));
            }
        }
        keys.done(mistakes);
        for (key, name, value) in &self.variables {
            if *key == "poll" && span(value).is_none() {
                mistakes.push(format!("{name}: expected a time such as `10s`, found `{}`", nebulakit_types::visible::line(value)));
            }
        }
        self.rules = rules;
    }

    /// The backend that runs what `run` names.
    pub(crate) fn backend(&self) -> String {
        let said = self.said.backend.clone().or_else(|| self.variable("backend"));
        said.or_else(|| self.top("backend")).unwrap_or_else(|| "local".to_owned())
    }

    /// Whether the command line has the nodes of a run share an allocation.
    pub(crate) fn is_packed(&self) -> bool {
        self.said.packed
    }

    /// Where the command line has a run driven.
    pub(crate) fn driver(&self) -> Option<&str> {
        self.said.driver.as_deref()
    }

    /// Where the plan is written.
    pub(in crate::backend) fn plan_dir(&self) -> Option<PathBuf> {
        let said = self.said.plan_dir.clone();
        said.or_else(|| self.variable("plan_dir").map(PathBuf::from)).or_else(|| self.top("plan_dir").map(PathBuf::from))
    }

    /// The URL below which plans and data are, for jobs that share no folder with this machine.
    #[cfg(feature = "aws-batch")]
    pub(in crate::backend) fn data_prefix(&self) -> Option<String> {
        self.layers.table.get("data")?.get("prefix")?.as_str().map(str::to_owned)
    }

    /// The folders that the machines of engines share.
    pub(in crate::backend) fn shared(&self) -> Vec<PathBuf> {
        let Some(data) = self.layers.table.get("data").and_then(Value::as_table) else { return Vec::new() };
        let folders = Keys::of(data, "data", &self.layers).one_or_more("shared", &mut Mistakes::new());
        folders.unwrap_or_default().into_iter().map(PathBuf::from).collect()
    }

    /// How often an engine is asked: what is said for all of them.
    pub(in crate::backend) fn poll(&self) -> Option<Duration> {
        self.variable("poll").or_else(|| self.top("poll")).and_then(|text| span(&text))
    }

    /// The section of a backend.
    pub(in crate::backend) fn section(&self, backend: &str) -> Option<&Table> {
        self.layers.table.get("backends")?.as_table()?.get(backend)?.as_table()
    }

    /// The keys of the section of a backend.
    pub(in crate::backend) fn keys(&self, backend: &str) -> Option<Keys<'_>> {
        Some(Keys::of(self.section(backend)?, &join("backends", backend), &self.layers))
    }

    /// What kind of backend it is, by its section or its name.
    pub(crate) fn kind(&self, backend: &str) -> Option<String> {
        let said = self.section(backend).and_then(|table| table.get("kind")).and_then(Value::as_str).map(str::to_owned);
        said.or_else(|| BUILT_IN.contains(&backend).then(|| backend.to_owned()))
    }

    /// The names of all backends that there are.
    pub(crate) fn backends(&self) -> Vec<String> {
        let sections = self.layers.table.get("backends").and_then(Value::as_table);
        let named = sections.into_iter().flat_map(Table::keys).cloned();
        let mut names: Vec<_> = BUILT_IN.into_iter().map(str::to_owned).chain(named).collect();
        names.sort();
        names.dedup();
        names
    }

    /// What one engine alone knows of jobs, such as a partition: the tables of that name in the sections of tasks, of workflows, and in the defaults.
    #[cfg(any(feature = "aws-batch", feature = "slurm"))]
    pub(in crate::backend) fn of_engine(&self, engine: &str) -> Vec<(Scope, Keys<'_>)> {
        let tables = |section: &str| self.layers.table.get(section).and_then(Value::as_table).into_iter().flatten();
        let tasks = tables("task").map(|(name, value)| (Scope::Task(name.clone()), join("task", name), value));
        let workflows = tables("workflow").map(|(name, value)| (Scope::Workflow(name.clone()), join("workflow", name), value));
        let all = self.layers.table.get("defaults").map(|value| (Scope::All, "defaults".to_owned(), value));
        let found = tasks.chain(workflows).chain(all).filter_map(|(scope, path, value)| {
            let own = value.as_table()?.get(engine)?.as_table()?;
            Some((scope, Keys::of(own, &join(&path, engine), &self.layers)))
        });
        found.collect()
    }

    fn variable(&self, key: &str) -> Option<String> {
        self.variables.iter().find(|(known, ..)| *known == key).map(|(.., value)| value.clone())
    }

    fn top(&self, key: &str) -> Option<String> {
        self.layers.table.get(key)?.as_str().map(str::to_owned)
    }
}

/// The user's file.
fn of_user(environment: &Environment) -> Option<PathBuf> {
    let folder = match environment.get(env::XDG_CONFIG_HOME).filter(|folder| folder.starts_with('/')) {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(environment.get(env::HOME).filter(|home| !home.is_empty())?).join(".config"),
    };
    Some(folder.join("nebulakit").join("config.toml"))
}

/// What a table says of tasks. Tables in it are for one engine alone, which reads them itself.
fn rule(table: &Table, path: &str, layers: &Layers, mistakes: &mut Mistakes) -> Rule {
    let mut keys = Keys::of(table, path, layers);
    let rule = Rule {
        cores: keys.number("cores", mistakes),
        memory: keys.bytes("memory", mistakes),
        gpus: keys.count("gpus", mistakes),
        time: keys.span("time", mistakes),
        image: keys.text("image", mistakes),
        local: keys.flag("local", mistakes),
        chunk: keys.count("chunk", mistakes),
        preemptions: keys.count("preemptions", mistakes),
    };
    if rule.chunk == Some(0) {
        mistakes.push(keys.mistake("chunk", "expected a number of elements from 1, found 0"));
    }
    for engine in ["slurm", "snakemake", "aws-batch"] {
        keys.table(engine, mistakes);
    }
    keys.done(mistakes);
    rule
}
