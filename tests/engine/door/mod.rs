//! Through the public door: programs that register and launch themselves, as people type it, at a control plane that runs them.
//!
//! | module | shows |
//! |---|---|
//! | `constructs` | each construct, from `register` to the printed outputs |
//! | `fates` | failures, retries, the cache, gates, aborts |
//! | `steered` | executions looked at, begun again, and replayed |
//! | `library` | typed values and errors for programs that launch |
//! | `bad_days` | a control plane that is slow, drops calls or limits their rate while somebody waits |

mod bad_days;
mod constructs;
mod fates;
mod library;
mod steered;

use std::path::Path;
use std::process::Stdio;

use nebulakit::backend::flyte::RegisterOptions;
use nebulakit::backend::flyte::compile::{Entity, Options, Program, compile};
use nebulakit::prelude::*;
use nebulakit_tests::flyte::{DOMAIN, Double, PROJECT};
use nebulakit_types::wire::flyteidl::admin::{TaskCreateRequest, TaskSpec};
use nebulakit_types::wire::flyteidl::core::{Container, ResourceType, RuntimeMetadata, TaskMetadata, TaskTemplate, task_template};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::shown::of;

/// The program of all constructs, which the cluster suite runs too.
const FLOWS: &str = env!("CARGO_BIN_EXE_cluster_flows");
/// The program whose tasks are launched by their types.
const LAUNCHING: &str = env!("CARGO_BIN_EXE_launching");

/// A program that is registered at a double, and the home folder of its user.
struct Door {
    double: Double,
    home: TempDir,
    program: &'static str,
}

/// What a command line said, and how it ended.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Door {
    /// Registers the program as its user would.
    async fn open(program: &'static str) -> Self {
        let door = Self { double: crate::double(), home: tempfile::tempdir().unwrap(), program };
        let settings = json!({ "admin": door.double.settings(), "task": { "project": PROJECT }, "images": { "default": "app:1" } });
        std::fs::write(door.home().join("config.yaml"), settings.to_string()).unwrap();
        neighbour(&door.double).await;
        let name = Path::new(program).file_name().unwrap().to_string_lossy();
        let said = door.say(&format!("register --version v1 --binary {name}")).await;
        assert_eq!(said.code, Some(0), "{said:?}");
        door
    }

    async fn flows() -> Self {
        Self::open(FLOWS).await
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(self.program);
        command.args(words.split_whitespace()).current_dir(self.home()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.home()).env("FLYTECTL_CONFIG", self.home().join("config.yaml")).envs(self.double.variables());
        command.kill_on_drop(true);
        command
    }

    /// Runs the program to its end.
    async fn say(&self, words: &str) -> Said {
        Said::of(self.command(words).output().await.unwrap())
    }

    /// Starts the program, to be waited for.
    fn start(&self, words: &str) -> Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What a command that has to succeed prints.
    async fn print(&self, words: &str) -> String {
        let said = self.say(words).await;
        assert_eq!(said.code, Some(0), "{words}: {said:?}");
        said.out
    }
}

impl Said {
    fn of(output: std::process::Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    async fn by(child: Child) -> Self {
        Self::of(child.wait_with_output().await.unwrap())
    }
}

/// What the flows take for a workflow of Python.
#[workflow(name = "neighbours.quadrupled")]
fn quadrupled(x: Promise<i64>) -> Promise<i64> {
    crate::flows::double::node(crate::flows::double::node(x))
}

/// Registers what the flows refer to: the task of Python as flytekit would, and a launch plan. No execution here runs them.
async fn neighbour(double: &Double) {
    let doubled = crate::compiled(&Program::default().with_task(crate::flows::double::def()));
    let interface = match doubled.entities.first() {
        Some(Entity::Task { spec, .. }) => spec.template.clone().unwrap_or_default().interface,
        _ => panic!("no task"),
    };
    let mut id = of(ResourceType::Task, "neighbours.doubled");
    id.version = "flows-1".to_owned();
    let runtime = RuntimeMetadata { version: "1.16.31".to_owned(), flavor: "python".to_owned(), ..RuntimeMetadata::default() };
    let args = vec!["pyflyte-execute".to_owned()];
    let container = Container { image: "python:1".to_owned(), args, ..Container::default() };
    let template = TaskTemplate {
        r#type: "python-task".to_owned(),
        metadata: Some(TaskMetadata { runtime: Some(runtime), ..TaskMetadata::default() }),
        interface,
        target: Some(task_template::Target::Container(container)),
        ..TaskTemplate::default()
    };
    let spec = TaskSpec { template: Some(template), ..TaskSpec::default() };
    let request = TaskCreateRequest { id: Some(id), spec: Some(spec) };
    double.answer("CreateTask", prost::Message::encode_to_vec(&request)).await.unwrap();
    let options = Options::new("app:1", "engine").target(PROJECT, DOMAIN, "flows-2");
    let compiled = compile(&Program::of([quadrupled::graph().unwrap()]), &options).unwrap();
    assert!(double.client().register(&compiled.entities, &RegisterOptions::default()).await.unwrap().is_success());
}
