//! What the command line says of containers.

use clap::{Arg, ArgAction, ArgMatches};

use crate::cli::complaint::Complaint;
use crate::coordinator::{ContainerStrategy, Strategy};
use crate::graph::{Graph, Overrides};
use crate::task::def::TaskDef;
use crate::task::registry::registry;

/// The option that names the image.
const IMAGE: &str = "container-image";

/// The option that gives the container a network.
const NETWORK: &str = "container-network";

/// The option that names the engine.
const ENGINE: &str = "container-engine";

/// The options themselves.
pub(super) fn arguments() -> [Arg; 3] {
    [
        Arg::new(IMAGE)
            .long(IMAGE)
            .value_name("IMAGE")
            .help("run tasks in a container of this image, unless they name one; of a workflow, those that run by `container`"),
        Arg::new(NETWORK).long(NETWORK).action(ArgAction::SetTrue).help("give containers a network"),
        Arg::new(ENGINE)
            .long(ENGINE)
            .value_name("ENGINE")
            .help("docker, podman, apptainer, singularity, or a path; the first that answers if left out"),
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

    /// Has the task that `graph` runs alone run in a container of the image that is asked for, if one is.
    pub(super) fn place(&self, task: &TaskDef, graph: &mut Graph) {
        if self.image.is_some() && !task.is_dynamic {
            let overrides = Overrides { strategy: Some(Strategy::Container), ..Overrides::default() };
            graph.body.nodes.iter_mut().for_each(|node| node.overrides = Some(Box::new(overrides.clone())));
        }
    }

    /// Looks whether what is asked of containers can change anything in a run of `graph`, whose tasks run by `strategy` where they do not say so.
    ///
    /// # Errors
    /// When it cannot.
    pub(super) fn check(&self, graph: &Graph, strategy: Option<&Strategy>) -> Result<(), Complaint> {
        let given = [(self.image.is_some(), IMAGE), (self.network, NETWORK), (self.engine.is_some(), ENGINE)];
        let surplus = given.into_iter().find(|(is_given, option)| *is_given && !is_for(option, graph, strategy));
        let Some((_, option)) = surplus else { return Ok(()) };
        let message = format!("`--{option}` is for tasks that run in a container, and those of `{}` do not", graph.name);
        Err(Complaint::usage(message).hint("hint: add `--strategy container`"))
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

/// Whether a task of `graph` may run in a container that heeds the option.
fn is_for(option: &str, graph: &Graph, strategy: Option<&Strategy>) -> bool {
    let mut is_for = strategy == Some(&Strategy::Container);
    graph.each_node(&mut |_, node| {
        let of_node = node.overrides.as_ref().and_then(|overrides| overrides.strategy.as_ref());
        let Some(task) = node.task().and_then(|name| registry().get(name)) else { return };
        // What a dynamic task will give is not known: it may name containers, and no image then.
        is_for |= task.runs_by(of_node, strategy) == Strategy::Container || (task.is_dynamic && option != IMAGE);
    });
    is_for
}
