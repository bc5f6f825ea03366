//! From promises to the plain data of a graph: what the result reaches, where each node lives, what it is called.
//!
//! Everything is linear in the number of nodes, and nothing recurses but over the arms of conditions, whose depth is limited.

mod data;
mod order;
mod scopes;
#[cfg(feature = "run")]
mod single;

use std::collections::BTreeSet;

use nebulakit_types::outputs::TaskOutputs;
use nebulakit_types::{Dialect, Literal, LiteralType};

use crate::graph::{
    Graph, Home, Input, LaunchPlan, Node, Notification, Output, Place, Problem, ProblemKind, Problems, Reference, ReferenceKind, Schedule,
    Scope, Task,
};
use crate::task::def::TaskDef;
use crate::task::param::AnyParam;
use crate::task::reference::ReferenceSpec;
use crate::workflow::build::data::{Uses, scope};
use crate::workflow::launch::{LaunchOptions, LaunchSchedule};
use crate::workflow::node::{Source, WorkflowDef};
use crate::workflow::promise::Promise;

/// The name of a graph that is no workflow's.
const PROMISED: &str = "promise";

/// The id of the node that runs when a workflow failed, as flytekit calls it.
const HANDLER: &str = "fn0";

impl WorkflowDef {
    /// Its graph, with those of all workflows in it.
    ///
    /// Its function is called, and so is that of each workflow that it contains.
    ///
    /// # Errors
    /// Everything that is wrong with it and with the workflows in it, at once.
    pub fn graph(&'static self) -> Result<Graph, Problems> {
        if let Some(reference) = self.reference() {
            let message = format!("`{}` is registered elsewhere, as `{}`: there is no graph of it here", self.name, reference.name);
            return Err(Problem::new(ProblemKind::LaunchPlan, message).at(place(self)).into());
        }
        let (mut problems, mut uses) = (Problems::new(), Uses::default());
        let graph = alone(self, &mut uses, &mut problems);
        whole(graph, uses, problems)
    }
}

impl<O: TaskOutputs> Promise<O> {
    /// The graph that the promise stands for, without a name and inputs: what a dynamic task returned, for its tests.
    ///
    /// # Errors
    /// Everything that is wrong with it and with the workflows in it, at once.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::prelude::*;
    ///
    /// #[task]
    /// fn double(x: i64) -> i64 {
    ///     2 * x
    /// }
    ///
    /// /// Doubles what is positive.
    /// #[task]
    /// fn fan_out(xs: Vec<i64>) -> Promise<Vec<i64>> {
    ///     xs.into_iter().filter(|x| *x > 0).map(|x| double::node(x)).collect()
    /// }
    /// # fn main() -> anyhow::Result<()> {
    /// assert_eq!(fan_out(vec![1, -1, 2]).graph()?.body.nodes.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn graph(&self) -> Result<Graph, Problems> {
        promised(self.source(), O::NAMES.iter().copied().zip(O::literal_types(&Dialect::FLYTE_1)).collect())
    }
}

/// The graph that `source` stands for, which gives outputs of these names and types.
pub(super) fn promised(source: &Source, outputs: Vec<(&'static str, LiteralType)>) -> Result<Graph, Problems> {
    let (mut problems, mut uses) = (Problems::new(), Uses::default());
    let names: Vec<_> = outputs.iter().map(|(name, _)| *name).collect();
    let mut graph = Graph::new(PROMISED);
    graph.outputs = outputs.into_iter().map(|(name, ty)| Output::new(name, ty)).collect();
    graph.body = scope(None, source, &names, &mut uses, &mut problems);
    whole(graph, uses, problems)
}

/// The graph with those of all workflows that it uses, and with its tasks and references, unless something is wrong.
fn whole(mut graph: Graph, mut uses: Uses, mut problems: Problems) -> Result<Graph, Problems> {
    let mut seen = BTreeSet::from([graph.name.clone()]);
    let mut next: Vec<&'static WorkflowDef> = uses.workflows.values().copied().collect();
    while let Some(workflow) = next.pop() {
        if !seen.insert(workflow.name.into()) {
            continue;
        }
        if let Some(reference) = workflow.reference() {
            let reference =
                referred(reference, ReferenceKind::LaunchPlan, workflow.params, outputs(workflow), place(workflow), &mut problems);
            graph.references.insert(workflow.name.into(), reference);
            continue;
        }
        let mut inner = Uses::default();
        let data = alone(workflow, &mut inner, &mut problems);
        graph.workflows.insert(workflow.name.into(), data);
        next.extend(inner.workflows.values().copied());
        uses.extend(inner);
    }
    for (name, (one, other)) in uses.twice {
        let problem = Problem::new(ProblemKind::Duplicate, format!("two are called `{name}`")).at(other);
        problems.push(problem.end("the other one", one).hint("give one of them another name, with the option `name`"));
    }
    for (name, task) in uses.tasks {
        match task.reference {
            Some(reference) => {
                let at = Place::new(task.file, task.line);
                let reference = referred(reference, ReferenceKind::Task, task.params, task_outputs(task), at, &mut problems);
                graph.references.insert(name.into(), reference);
            }
            None => {
                graph.tasks.insert(name.into(), used(task, &mut problems));
            }
        }
    }
    problems.extend(graph.problems());
    problems.or(graph)
}

/// The graph of a workflow, without what it uses.
fn alone(workflow: &'static WorkflowDef, uses: &mut Uses, problems: &mut Problems) -> Graph {
    let mut graph = Graph::new(workflow.name);
    graph.doc = workflow.doc.into();
    graph.at = Some(place(workflow));
    graph.inputs = inputs(workflow.params, &place(workflow), problems);
    graph.outputs = outputs(workflow);
    graph.keep_going = workflow.keep_going;
    graph.interruptible = workflow.interruptible;
    graph.launch_plan = workflow.launch.map(|launch| Box::new(plan(launch)));
    let built = (workflow.build)();
    let told = problems.len();
    graph.body = scope(Some(workflow), &built.result, workflow.outputs, uses, problems);
    if graph.body.nodes.is_empty() && !workflow.is_launch_plan() && problems.len() == told {
        let message = format!("`{}` runs nothing: what it returns needs no node", workflow.name);
        let hint = "Flyte refuses a workflow without nodes; a plain function can hand promises on";
        problems.push(Problem::new(ProblemKind::Empty, message).at(place(workflow)).hint(hint));
    }
    graph.on_failure = built.on_failure.as_ref().and_then(|source| handler(workflow, source, uses, problems));
    graph
}

/// The node that runs when the workflow failed.
fn handler(workflow: &'static WorkflowDef, source: &Source, uses: &mut Uses, problems: &mut Problems) -> Option<Box<Node>> {
    let Scope { mut nodes, .. } = scope(Some(workflow), source, &[], uses, problems);
    if nodes.len() != 1 {
        let message = format!("the failure handler of `{}` is {} nodes, and has to be one", workflow.name, nodes.len());
        let problem = Problem::new(ProblemKind::Failure, message).at(place(workflow));
        problems.push(problem.hint("make a workflow of them, and write `on_failure = workflow::node(..)`"));
    }
    let mut node = nodes.pop()?;
    node.id = HANDLER.into();
    Some(Box::new(node))
}

fn place(workflow: &WorkflowDef) -> Place {
    Place::new(workflow.file, workflow.line)
}

fn inputs(params: &'static [&'static dyn AnyParam], at: &Place, problems: &mut Problems) -> Vec<Input> {
    let input = |param: &&'static dyn AnyParam| {
        let mut input = Input::new(param.name(), param.literal_type(&Dialect::FLYTE_1));
        input.doc = param.doc().into();
        match param.default_literal(&Dialect::FLYTE_1).map(|literal| literal.and_then(|literal| Literal::decode(&literal))) {
            Some(Ok(literal)) => input.default = Some(literal),
            Some(Err(error)) => {
                let message = format!("the default of `{}` cannot be written: {error}", param.name());
                problems.push(Problem::new(ProblemKind::Limit, message).at(at.clone()));
            }
            None => {}
        }
        input
    };
    params.iter().map(input).collect()
}

fn outputs(workflow: &WorkflowDef) -> Vec<Output> {
    workflow.output_types(&Dialect::FLYTE_1).into_iter().map(|(name, ty)| Output::new(name, ty)).collect()
}

fn task_outputs(task: &TaskDef) -> Vec<Output> {
    task.output_types(&Dialect::FLYTE_1).into_iter().map(|(name, ty)| Output::new(name, ty)).collect()
}

/// A task that is used.
fn used(task: &'static TaskDef, problems: &mut Problems) -> Task {
    let at = Place::new(task.file, task.line);
    let mut data = Task::new(inputs(task.params, &at, problems), task_outputs(task));
    data.is_dynamic = task.is_dynamic;
    if let Some(container) = task.container {
        data.home = Home::Container { image: container.image.into() };
    }
    data.at = Some(at);
    data
}

fn referred(
    to: &'static ReferenceSpec,
    kind: ReferenceKind,
    params: &'static [&'static dyn AnyParam],
    outputs: Vec<Output>,
    at: Place,
    problems: &mut Problems,
) -> Reference {
    let mut data = Reference::new(kind, to.name, to.version);
    data.project = to.project.into();
    data.domain = to.domain.into();
    data.inputs = inputs(params, &at, problems);
    data.outputs = outputs;
    data.at = Some(at);
    data
}

fn plan(options: &LaunchOptions) -> LaunchPlan {
    let pairs =
        |pairs: &'static [(&'static str, &'static str)]| pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let notifications = options.notifications.iter().map(|notification| Notification {
        email: notification.email.iter().map(|email| (*email).into()).collect(),
        on: notification.on.to_vec(),
    });
    LaunchPlan {
        schedule: options.schedule.map(|schedule| match schedule {
            LaunchSchedule::Cron(cron) => Schedule::Cron(cron.into()),
            LaunchSchedule::Every(time) => Schedule::Every(time),
        }),
        kickoff: options.kickoff.map(Into::into),
        max_parallelism: options.max_parallelism,
        at_most: options.at_most,
        labels: pairs(options.labels),
        annotations: pairs(options.annotations),
        env: pairs(options.env),
        notifications: notifications.collect(),
        service_account: options.service_account.map(Into::into),
        iam_role: options.iam_role.map(Into::into),
        raw_output_prefix: options.raw_output_prefix.map(Into::into),
        overwrite_cache: options.overwrite_cache,
        interruptible: options.interruptible,
        active: options.active,
    }
}
