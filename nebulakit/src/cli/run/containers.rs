//! What the command line says of containers.

use clap::{Arg, ArgAction, ArgMatches};

use crate::cli::complaint::Complaint;
use crate::coordinator::ContainerStrategy;
use crate::task::def::TaskDef;

/// The option that names the image.
const IMAGE: &str = "container-image";

/// The option that gives the container a network.
const NETWORK: &str = "container-network";

/// The option that names the engine.
const ENGINE: &str = "container-engine";

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
    /// Reads it.
    pub(super) fn of(matches: &ArgMatches) -> Self {
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        Self { image: text(IMAGE), network: matches.get_flag(NETWORK), engine: text(ENGINE) }
    }

    /// Whether a task that runs alone runs in a container: its own, or one of the image that is asked for.
    ///
    /// # Errors
    /// When something is asked of a container that there is not.
    pub(super) fn is_for(&self, task: &TaskDef) -> Result<bool, Complaint> {
        if task.container.is_some() || self.image.is_some() {
            return Ok(true);
        }
        let surplus = [(self.network, NETWORK), (self.engine.is_some(), ENGINE)].into_iter().find(|(is_given, _)| *is_given);
        match surplus {
            Some((_, option)) => {
                let message = format!("`--{option}` is for tasks that run in a container, and `{}` runs in this process", task.name);
                Err(Complaint::usage(message).hint(format!("hint: name the image by `--{IMAGE}`")))
            }
            None => Ok(false),
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
}
