//! What a node asks for itself, instead of as its task says.

use std::panic::Location;
use std::sync::Arc;

use nebulakit_types::outputs::MapOutputs;

use crate::graph::{Cache, Overrides, Place, Problem, ProblemKind, Resources, Success};
use crate::task::strategy::Strategy;
use crate::workflow::duration::IntoDuration;
use crate::workflow::node::{Map, Node, Source, Target};
use crate::workflow::promise::Promise;

impl<T: ?Sized> Promise<T> {
    /// Changes the node that this is, where nothing else holds it yet; else the promise becomes a mistake, which shows when the graph is built.
    pub(super) fn change(
        mut self,
        at: &'static Location<'static>,
        what: &str,
        change: impl FnOnce(&mut Node) -> Result<(), String>,
    ) -> Self {
        let problem = match sole(self.source_mut()) {
            Ok(Some(node)) => match change(node) {
                Ok(()) => return self,
                Err(problem) => problem,
            },
            Ok(None) => return self,
            Err(Held::ByOthers) => format!("`.{what}(..)` comes too late: the node is in use already; say it where the node is made"),
            Err(Held::IsValue) => {
                format!("`.{what}(..)` is for what `::node(..)` or `::map(..)` just gave, and this is a value")
            }
        };
        let problem = Problem::new(ProblemKind::Override, problem).at(Place::from(at));
        Self::new(Source::fault(problem, vec![self.__into_source()]))
    }

    fn change_task(self, at: &'static Location<'static>, what: &'static str, change: impl FnOnce(&mut Overrides)) -> Self {
        self.change(at, what, |node| {
            let other = match &node.target {
                Target::Task(_) | Target::Map(_) => {
                    change(node.overrides.get_or_insert_default());
                    return Ok(());
                }
                Target::Workflow(workflow) if workflow.launch.is_some() => "and this is a launch plan",
                Target::Workflow(_) => "and this is a workflow, whose own nodes have it",
                Target::Branch(_) => "and this is a condition, whose arms have it",
                Target::Approve { .. } | Target::Wait { .. } | Target::Sleep(_) => "and this is a gate",
            };
            Err(format!("`.{what}(..)` is for tasks, {other}"))
        })
    }

    /// The node's name: its id, and what consoles call it.
    #[track_caller]
    pub fn name(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.change(Location::caller(), "name", |node| {
            node.overrides.get_or_insert_default().name = Some(name);
            Ok(())
        })
    }

    /// How often a failed attempt is repeated, instead of as often as the task says.
    #[track_caller]
    pub fn retries(self, retries: u32) -> Self {
        self.change_task(Location::caller(), "retries", |overrides| overrides.retries = Some(retries))
    }

    /// How long one attempt, or the wait at a gate, may take: `"1h30m"`, or a [`Duration`](std::time::Duration).
    #[track_caller]
    pub fn timeout(self, timeout: impl IntoDuration) -> Self {
        let timeout = timeout.__into_duration();
        self.change(Location::caller(), "timeout", |node| {
            if let Target::Sleep(_) | Target::Branch(_) | Target::Workflow(_) = &node.target {
                return Err("`.timeout(..)` is for tasks, and for the gates that wait for somebody".to_owned());
            }
            node.overrides.get_or_insert_default().timeout = Some(timeout?);
            Ok(())
        })
    }

    /// What the node needs and gets, instead of what the task says.
    #[track_caller]
    pub fn resources(self, resources: Resources) -> Self {
        self.change_task(Location::caller(), "resources", |overrides| overrides.resources = Some(resources))
    }

    /// The accelerator's device name, as `nvidia-tesla-a100`.
    #[track_caller]
    pub fn accelerator(self, device: impl Into<String>) -> Self {
        let device = device.into();
        self.change_task(Location::caller(), "accelerator", |overrides| overrides.accelerator = Some(device))
    }

    /// The size of the shared memory, as `1Gi`.
    #[track_caller]
    pub fn shared_memory(self, size: impl Into<String>) -> Self {
        let size = size.into();
        self.change_task(Location::caller(), "shared_memory", |overrides| overrides.shared_memory = Some(size))
    }

    /// Results are remembered, under this version.
    #[track_caller]
    pub fn cache(self, version: impl Into<String>) -> Self {
        let version = version.into();
        self.change_task(Location::caller(), "cache", |overrides| overrides.cache = Some(Cache::Version(version)))
    }

    /// Results are not remembered, whatever the task says.
    #[track_caller]
    pub fn no_cache(self) -> Self {
        self.change_task(Location::caller(), "no_cache", |overrides| overrides.cache = Some(Cache::Off))
    }

    /// Whether the node may run on machines that can be taken away.
    #[track_caller]
    pub fn interruptible(self, interruptible: bool) -> Self {
        self.change(Location::caller(), "interruptible", |node| match &node.target {
            Target::Task(_) | Target::Map(_) | Target::Workflow(_) => {
                node.overrides.get_or_insert_default().interruptible = Some(interruptible);
                Ok(())
            }
            Target::Branch(_) => {
                Err("`.interruptible(..)` is for tasks and workflows, and this is a condition, whose arms have it".to_owned())
            }
            _ => Err("`.interruptible(..)` is for tasks and workflows, and this is a gate".to_owned()),
        })
    }

    /// The container image, instead of the task's.
    #[track_caller]
    pub fn image(self, image: impl Into<String>) -> Self {
        let image = image.into();
        self.change_task(Location::caller(), "image", |overrides| overrides.image = Some(image))
    }

    /// The name of a pod template of the cluster.
    #[track_caller]
    pub fn pod_template(self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.change_task(Location::caller(), "pod_template", |overrides| overrides.pod_template = Some(name))
    }

    /// How a local run runs the node, instead of as the task says.
    #[track_caller]
    pub fn strategy(self, strategy: Strategy) -> Self {
        self.change_task(Location::caller(), "strategy", |overrides| overrides.strategy = Some(strategy))
    }
}

impl<L: ?Sized> Promise<L> {
    fn change_map(self, at: &'static Location<'static>, what: &'static str, change: impl FnOnce(&mut Map)) -> Self {
        self.change(at, what, |node| match &mut node.target {
            Target::Map(map) => {
                change(map);
                Ok(())
            }
            _ => Err(format!("`.{what}(..)` is for what `::map(..)` just gave")),
        })
    }

    /// How many elements of a map run at once, 0 for all of them. Left out, it is up to the platform: it may limit the nodes of an execution,
    /// as [`max_parallelism`](crate::launch_plan) does.
    #[track_caller]
    pub fn concurrency(self, elements: u32) -> Self {
        self.change_map(Location::caller(), "concurrency", |map| map.concurrency = Some(elements))
    }
}

impl<L> Promise<L> {
    /// The map succeeds when this share of its elements does, above 0 and at most 1; the others are [`None`].
    #[track_caller]
    pub fn min_success_ratio<P>(self, ratio: f32) -> Promise<P>
    where
        L: MapOutputs<Partial = P>,
    {
        self.change_map(Location::caller(), "min_success_ratio", |map| map.success = Success::Ratio(ratio)).read_as()
    }

    /// The map succeeds when this many of its elements do; the others are [`None`].
    #[track_caller]
    pub fn min_successes<P>(self, count: u32) -> Promise<P>
    where
        L: MapOutputs<Partial = P>,
    {
        self.change_map(Location::caller(), "min_successes", |map| map.success = Success::Count(count)).read_as()
    }
}

/// Why a node cannot be changed.
enum Held {
    ByOthers,
    IsValue,
}

/// The node that `source` alone holds; none where the source is a mistake already.
fn sole(source: &mut Source) -> Result<Option<&mut Node>, Held> {
    match source {
        Source::Also(also) => sole(&mut Arc::get_mut(also).ok_or(Held::ByOthers)?.0),
        Source::Node { node, path, output: None } if path.is_empty() => Arc::get_mut(node).map(Some).ok_or(Held::ByOthers),
        Source::Fault(_) => Ok(None),
        _ => Err(Held::IsValue),
    }
}
