//! One attempt at a task: the container's command is really started, and what it leaves is read.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use nebulakit_types::wire::flyteidl::core::{
    Container, DynamicJobSpec, ErrorDocument, ExecutionError, LiteralMap, TaskNodeOverrides, TaskTemplate, container_error,
    execution_error::ErrorKind, task_template,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use prost::Message as _;
use tokio::process::{Child, Command};

use super::failure::error;
use super::names;
use super::render::Rendered;
use super::run::Run;
use super::stop::Stop;
use crate::flyte::world::World;

/// How long a container may take to end once it is told to.
const GRACE: Duration = Duration::from_secs(30);
/// The bytes of a log that a failed pod shows.
const LOG_END: usize = 2048;

/// What an attempt is given.
#[derive(Clone, Debug)]
pub(crate) struct Pod {
    pub(crate) world: Arc<World>,
    pub(crate) run: Arc<Run>,
    pub(crate) stop: Stop,
    pub(crate) template: TaskTemplate,
    pub(crate) image: Option<String>,
    /// The name of the pod, and those of the attempts before it.
    pub(crate) name: String,
    pub(crate) former: Option<String>,
    pub(crate) attempt: u32,
    /// The folder of the node's documents, and that of the attempt's.
    pub(crate) data: String,
    pub(crate) outputs: String,
    /// The inputs that the command line may show.
    pub(crate) inputs: LiteralMap,
    /// Which element of a map it is.
    pub(crate) index: Option<usize>,
    pub(crate) timeout: Option<Duration>,
}

/// How an attempt ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Outputs(LiteralMap),
    /// It left nodes to run.
    Job(DynamicJobSpec),
    Failed {
        error: ExecutionError,
        is_recoverable: bool,
    },
    Stopped(String),
}

fn failed(code: &str, kind: ErrorKind, message: impl Into<String>) -> Ended {
    Ended::Failed { error: error(code, kind, message), is_recoverable: true }
}

fn refused(code: &str, message: impl Into<String>) -> Ended {
    Ended::Failed { error: error(code, ErrorKind::User, message), is_recoverable: false }
}

/// The image that a node names besides its task.
pub(crate) fn image(overrides: Option<&TaskNodeOverrides>) -> Option<String> {
    overrides.map(|overrides| overrides.container_image.clone()).filter(|image| !image.is_empty())
}

impl Pod {
    /// The place for what the task stores.
    pub(crate) fn raw(&self, name: &str) -> String {
        let prefix = self.run.spec.raw_output_data_config.as_ref().map(|config| config.output_location_prefix.as_str());
        let prefix = prefix.filter(|prefix| !prefix.is_empty()).map_or_else(|| format!("{}/data", self.world.bucket), str::to_owned);
        format!("{}/{}/{name}", prefix.trim_end_matches('/'), names::shard(name))
    }

    pub(crate) fn checkpoint(&self) -> String {
        format!("{}/_flytecheckpoints", self.raw(&self.name))
    }

    async fn rendered(&self) -> Rendered {
        let task_template = format!("{}/task.pb", self.data);
        self.world.write(&task_template, &self.template).await;
        let former = self.former.as_ref().map(|name| format!("{}/_flytecheckpoints", self.raw(name)));
        Rendered {
            names: vec![
                ("input", format!("{}/inputs.pb", self.data)),
                ("outputprefix", self.outputs.clone()),
                ("inputprefix", self.data.clone()),
                ("rawoutputdataprefix", self.raw(&self.name)),
                ("prevcheckpointprefix", former.unwrap_or_else(|| "\"\"".to_owned())),
                ("checkpointoutputprefix", self.checkpoint()),
                ("perretryuniquekey", self.name.replace('-', "_")),
                ("tasktemplatepath", task_template),
                ("namespace", format!("{}-{}", self.run.id.project, self.run.id.domain)),
            ],
            inputs: self.inputs.clone(),
        }
    }

    fn environment(&self, container: &Container) -> Vec<(String, String)> {
        let (run, id) = (&self.run.id, self.template.id.clone().unwrap_or_default());
        let mut variables: Vec<(String, String)> = container.env.iter().map(|pair| (pair.key.clone(), pair.value.clone())).collect();
        let mut set = |name: &str, value: &str| variables.push((name.to_owned(), value.to_owned()));
        set("FLYTE_INTERNAL_EXECUTION_WORKFLOW", &format!("{}:{}:{}", run.project, run.domain, self.run.workflow.name));
        set("FLYTE_INTERNAL_EXECUTION_ID", &run.name);
        set("FLYTE_INTERNAL_EXECUTION_PROJECT", &run.project);
        set("FLYTE_INTERNAL_EXECUTION_DOMAIN", &run.domain);
        set("FLYTE_ATTEMPT_NUMBER", &self.attempt.to_string());
        set("FLYTE_INTERNAL_TASK_PROJECT", &id.project);
        set("FLYTE_INTERNAL_TASK_DOMAIN", &id.domain);
        set("FLYTE_INTERNAL_TASK_NAME", &id.name);
        set("FLYTE_INTERNAL_TASK_VERSION", &id.version);
        if let Some(index) = self.index {
            set("BATCH_JOB_ARRAY_INDEX_VAR_NAME", "FLYTE_K8S_ARRAY_INDEX");
            set("FLYTE_K8S_ARRAY_INDEX", &index.to_string());
        }
        self.run.spec.envs.iter().flat_map(|envs| &envs.values).for_each(|pair| set(&pair.key, &pair.value));
        variables.extend(self.world.variables());
        variables
    }

    /// Runs the attempt to its end.
    pub(crate) async fn run(&self) -> Ended {
        self.world.holds.pass(&self.template.id.clone().unwrap_or_default().name, &self.stop).await;
        let Some(task_template::Target::Container(container)) = &self.template.target else {
            return refused("BadTaskSpecification", "the double starts containers only");
        };
        let image = self.image.as_ref().unwrap_or(&container.image);
        let Some(folder) = self.world.image(image) else {
            let message = format!("Grace period [3m0s] exceeded|containers with unready status|Back-off pulling image {image:?}");
            return failed("ContainersNotReady|ImagePullBackOff", ErrorKind::User, message);
        };
        let rendered = self.rendered().await;
        let words = container.command.iter().chain(&container.args).map(|word| rendered.word(word)).collect::<Result<Vec<_>, _>>();
        let words = match words {
            Ok(words) => words,
            Err(why) => return refused("FailedToBuildResource", format!("could not build resource for task: {why}")),
        };
        let work = match tempfile::tempdir() {
            Ok(work) => work,
            Err(why) => return refused("FailedToBuildResource", why.to_string()),
        };
        match self.start(container, &words, &folder, work.path()) {
            Ok(child) => self.wait(child).await,
            Err(why) => self.exited(&format!("terminated with exit code (128). Reason [StartError]. Message: {why}")),
        }
    }

    fn start(&self, container: &Container, words: &[String], folder: &Path, work: &Path) -> std::io::Result<Child> {
        let program = words.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
        let log = std::fs::File::create(self.world.log(&self.name))?;
        let mut command = Command::new(folder.join(program));
        command.args(words.iter().skip(1)).env_clear().env("PATH", folder).envs(self.environment(container)).current_dir(work);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        command.spawn()
    }

    async fn wait(&self, mut child: Child) -> Ended {
        let expired = async {
            match self.timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            why = self.stop.stopped() => {
                end(&mut child).await;
                Ended::Stopped(why)
            }
            status = child.wait() => match status {
                Ok(status) if status.success() => self.left().await,
                Ok(status) => {
                    let code = status.code().unwrap_or_else(|| 128 + std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0));
                    let log = std::fs::read(self.world.log(&self.name)).unwrap_or_default();
                    let log = String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_END)..]).into_owned();
                    self.exited(&format!("terminated with exit code ({code}). Reason [Error]. Message: {log}"))
                }
                Err(why) => self.exited(&why.to_string()),
            },
            () = expired => {
                end(&mut child).await;
                let timeout = self.timeout.unwrap_or_default();
                failed("TimeoutExpired", ErrorKind::User, format!("task execution timeout [{timeout:?}] expired"))
            }
        }
    }

    fn exited(&self, how: &str) -> Ended {
        let message = format!("Pod failed. No message received from kubernetes.\n[{}] {how}", self.name);
        failed("Interrupted", ErrorKind::System, message)
    }

    /// Reads what a container left that ended well: nodes, else an error, else outputs.
    async fn left(&self) -> Ended {
        let at = |name: &str| format!("{}/{name}", self.outputs);
        if let Some(bytes) = self.world.read(&at("futures.pb")).await {
            return match DynamicJobSpec::decode(bytes) {
                Ok(job) => Ended::Job(job),
                Err(why) => refused("DynamicWorkflowBuildFailed", why.to_string()),
            };
        }
        if let Some(bytes) = self.world.read(&at("error.pb")).await {
            let document = ErrorDocument::decode(bytes).ok().and_then(|document| document.error);
            let Some(document) = document else {
                let message = format!("error not formatted correctly, nil error @path [{}]", at("error.pb"));
                return failed("ErrorFileBadFormat", ErrorKind::System, message);
            };
            let is_recoverable = document.kind() == container_error::Kind::Recoverable;
            let error = ExecutionError {
                code: document.code,
                message: document.message,
                kind: document.origin,
                timestamp: document.timestamp,
                worker: document.worker,
                ..ExecutionError::default()
            };
            return Ended::Failed { error, is_recoverable };
        }
        let declared = self.template.interface.as_ref().and_then(|interface| interface.outputs.as_ref());
        if declared.is_none_or(|outputs| outputs.variables.is_empty()) {
            return Ended::Outputs(LiteralMap::default());
        }
        match self.world.read(&at("outputs.pb")).await {
            Some(bytes) => Ended::Outputs(LiteralMap::decode(bytes).unwrap_or_default()),
            None => failed("OutputsNotFound", ErrorKind::Unknown, "Outputs not generated by task execution"),
        }
    }
}

/// Tells a container to end, and ends it where it does not.
async fn end(child: &mut Child) {
    if let Some(id) = child.id() {
        let _ = kill(Pid::from_raw(id.cast_signed()), Signal::SIGTERM);
    }
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}
