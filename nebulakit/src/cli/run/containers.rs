//! `run` of a task in a container: by a coordinator of its own, which has nothing else to do.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use clap::{Arg, ArgAction, ArgMatches};

use crate::cli::complaint::Complaint;
use crate::coordinator::{ContainerStrategy, Coordinator, EventKind, JobEvent, Overflow, Retry, Strategy, Work};
use crate::process::terminal;
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::error::TaskError;

/// The option that names the image.
const IMAGE: &str = "container-image";

/// The option that gives the container a network.
const NETWORK: &str = "container-network";

/// The option that names the engine.
const ENGINE: &str = "container-engine";

/// How many events may wait to be told.
const WAITING: usize = 1_024;

/// The options themselves.
pub(super) fn arguments() -> [Arg; 3] {
    [
        Arg::new(IMAGE).long(IMAGE).value_name("IMAGE").help("run the task in a container of this image, unless it names one itself"),
        Arg::new(NETWORK).long(NETWORK).action(ArgAction::SetTrue).help("give the container a network"),
        Arg::new(ENGINE)
            .long(ENGINE)
            .value_name("ENGINE")
            .help("docker, podman, apptainer or singularity, or its path; the first that answers if left out"),
    ]
}

/// What the command line says of a container.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    image: Option<String>,
    network: bool,
    engine: Option<String>,
}

impl Asked {
    /// Reads it, whatever runs.
    pub(super) fn any(matches: &ArgMatches) -> Self {
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        Self { image: text(IMAGE), network: matches.get_flag(NETWORK), engine: text(ENGINE) }
    }

    /// Reads it; [`None`] where the task runs in this process.
    pub(super) fn of(task: &TaskDef, matches: &ArgMatches) -> Result<Option<Self>, Complaint> {
        let asked = Self::any(matches);
        if task.container.is_some() || asked.image.is_some() {
            return Ok(Some(asked));
        }
        let surplus = [(asked.network, NETWORK), (asked.engine.is_some(), ENGINE)].into_iter().find(|(is_given, _)| *is_given);
        match surplus {
            Some((_, option)) => {
                let message = format!("`--{option}` is for tasks that run in a container, and `{}` runs in this process", task.name);
                Err(Complaint::usage(message).hint(format!("hint: name the image by `--{IMAGE}`")))
            }
            None => Ok(None),
        }
    }

    /// The strategy that runs containers so.
    pub(super) fn strategy(&self) -> ContainerStrategy {
        let mut strategy = ContainerStrategy::new().network(self.network);
        if let Some(image) = &self.image {
            strategy = strategy.image(image);
        }
        if let Some(engine) = &self.engine {
            strategy = strategy.engine(engine);
        }
        strategy
    }

    /// Runs the task once, until it ends or `context` is cancelled; what it prints goes to standard error.
    ///
    /// # Errors
    /// Those of the task, of the engine, and of the inputs.
    pub(super) async fn run(self, task: &'static TaskDef, inputs: Bytes, context: Context) -> Result<Vec<u8>, TaskError> {
        let coordinator = Coordinator::builder().strategy(Strategy::Container, self.strategy()).context(context.clone()).build();
        let mut events = coordinator.publisher().subscribe(Overflow::Wait(WAITING));
        let work = Work::of_task(task, inputs.to_vec()).retry(Retry::NEVER);
        let job = coordinator.submit(work, Strategy::Container).await.map_err(TaskError::permanent)?;
        let id = job.id().clone();
        let (mut joined, mut is_told) = (pin!(job.join()), false);
        let ended = loop {
            tokio::select! {
                Some(event) = events.next() => tell(&event),
                () = context.cancelled(), if !is_told => {
                    is_told = true;
                    coordinator.cancel(&id);
                }
                ended = &mut joined => break ended,
            }
        };
        coordinator.shutdown(Duration::ZERO).await;
        while let Some(event) = events.next().await {
            tell(&event);
        }
        ended.map_err(crate::coordinator::JobError::into_task_error)
    }
}

fn tell(event: &JobEvent) {
    match &event.kind {
        EventKind::Output { line, .. } => terminal::write(&format!("{line}\n")),
        EventKind::Log { level, message } => terminal::write(&format!("{level} {message}\n")),
        _ => {}
    }
}
