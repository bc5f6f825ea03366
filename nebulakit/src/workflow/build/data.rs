//! Promises as the data of a graph.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use nebulakit_types::{Dialect, Literal};

use crate::graph::{
    Arm, Binding, Bound, Branch as BranchData, GATE_OUTPUT, Gate, Kind, MAX_NESTING, Map as MapData, Mapped, Node as NodeData, NodeId,
    Otherwise, Output, Place, Problem, ProblemKind, Problems, Scope, Test,
};
use crate::task::def::TaskDef;
use crate::task::param::AnyParam;
use crate::workflow::build::order::Reached;
use crate::workflow::build::scopes::{Scopes, WHOLE};
use crate::workflow::node::{Branch, Expr, Map, Node, Runs, Source, Target, WorkflowDef};

/// What nodes run, as it is met.
#[derive(Default)]
pub(super) struct Uses {
    pub(super) tasks: BTreeMap<&'static str, &'static TaskDef>,
    pub(super) workflows: BTreeMap<&'static str, &'static WorkflowDef>,
    /// Of two that have one name, the name and the places of both.
    pub(super) twice: BTreeMap<&'static str, (Place, Place)>,
}

impl Uses {
    pub(super) fn task(&mut self, task: &'static TaskDef) {
        let other = self.tasks.insert(task.name, task).filter(|other| !std::ptr::eq(*other, task));
        if let Some(other) = other {
            self.twice.insert(task.name, (Place::new(other.file, other.line), Place::new(task.file, task.line)));
        }
    }

    pub(super) fn workflow(&mut self, workflow: &'static WorkflowDef) {
        let other = self.workflows.insert(workflow.name, workflow).filter(|other| !std::ptr::eq(*other, workflow));
        if let Some(other) = other {
            self.twice.insert(workflow.name, (Place::new(other.file, other.line), Place::new(workflow.file, workflow.line)));
        }
    }

    /// Adds what another workflow uses.
    pub(super) fn extend(&mut self, others: Self) {
        others.tasks.into_values().for_each(|task| self.task(task));
        others.workflows.into_values().for_each(|workflow| self.workflow(workflow));
        self.twice.extend(others.twice);
    }
}

/// The nodes that `result` reaches, and what feeds the outputs called `outputs`; `of` is the workflow whose inputs are known, if there is one.
pub(super) fn scope(
    of: Option<&'static WorkflowDef>,
    result: &Source,
    outputs: &[&'static str],
    uses: &mut Uses,
    problems: &mut Problems,
) -> Scope {
    let reached = Reached::from(result);
    let scopes = Scopes::of(&reached, result);
    if let Some(place) = scopes.too_deep {
        let message = format!("conditions stand in arms of each other more than {MAX_NESTING} deep");
        let at = Place::from(reached.nodes[place].at);
        let problem = Problem::new(ProblemKind::Limit, message).at(at);
        problems.push(problem.hint("put them side by side, with `.or_when(..)`, or into a workflow of their own"));
        let outputs = outputs.iter().map(|name| Bound::new(*name, Binding::Fault));
        return Scope { nodes: Vec::new(), outputs: outputs.collect() };
    }
    let ids = scopes.ids(&reached);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); scopes.count()];
    for place in reached.sorted.iter().copied() {
        members[scopes.of[place]].push(place);
    }
    let mut data = Data { of, reached: &reached, scopes: &scopes, ids: &ids, members: &members, uses, problems, told: HashSet::new() };
    data.scope(WHOLE, result, outputs, None)
}

struct Data<'a> {
    of: Option<&'static WorkflowDef>,
    reached: &'a Reached<'a>,
    scopes: &'a Scopes,
    ids: &'a [NodeId],
    members: &'a [Vec<usize>],
    uses: &'a mut Uses,
    problems: &'a mut Problems,
    /// Mistakes that are told already: one may stand in several places.
    told: HashSet<*const (Problem, Vec<Source>)>,
}

/// Nodes that are waited for without a value.
type Waits = Vec<NodeId>;

impl Data<'_> {
    fn scope(&mut self, scope: usize, result: &Source, outputs: &[&'static str], at: Option<&Place>) -> Scope {
        let members = self.members;
        let nodes = members[scope].iter().map(|place| self.node(*place)).collect();
        Scope { nodes, outputs: self.outputs(result, outputs, at) }
    }

    fn node(&mut self, place: usize) -> NodeData {
        let node = self.reached.nodes[place];
        let at = Place::from(node.at);
        let mut waits = Vec::new();
        let (kind, inputs) = match &node.target {
            Target::Task(task) => {
                self.uses.task(task);
                let kind = if task.reference.is_some() { Kind::Reference } else { Kind::Task };
                (kind(task.name.into()), self.inputs(node, task.params, &mut waits))
            }
            Target::Workflow(workflow) => {
                self.uses.workflow(workflow);
                let kind = match workflow.launch {
                    Some(launch) if launch.reference.is_some() => Kind::Reference,
                    Some(_) => Kind::LaunchPlan,
                    None => Kind::Workflow,
                };
                (kind(workflow.name.into()), self.inputs(node, workflow.params, &mut waits))
            }
            Target::Map(map) => self.map(node, map, &mut waits),
            Target::Branch(branch) => (self.branch(place, branch), Vec::new()),
            Target::Approve { signal, of } => {
                let inputs = node.inputs.iter().map(|source| Bound::new(GATE_OUTPUT, self.binding(source, &mut waits))).collect();
                (Kind::Approve(Box::new(Gate { signal: signal.clone().into(), literal_type: of(&Dialect::FLYTE_1) })), inputs)
            }
            Target::Wait { signal, of } => {
                (Kind::Wait(Box::new(Gate { signal: signal.clone().into(), literal_type: of(&Dialect::FLYTE_1) })), Vec::new())
            }
            Target::Sleep(time) => (Kind::Sleep(*time), Vec::new()),
        };
        for source in &node.after {
            source.nodes(&mut |node| waits.push(self.id(node).clone()));
            self.faults(source);
        }
        let mut data = NodeData::new(self.ids[place].clone(), kind);
        data.at = Some(at);
        data.inputs = inputs;
        data.after = unique(waits);
        data.overrides = node.overrides.clone();
        data
    }

    /// What feeds the inputs; those left to their defaults are left out.
    fn inputs(&mut self, node: &Node, params: &'static [&'static dyn AnyParam], waits: &mut Waits) -> Vec<Bound> {
        let given = params.iter().zip(&node.inputs).filter(|(_, source)| !matches!(source, Source::Default));
        // As much as is needed: a million nodes have a million of these.
        let mut bounds = Vec::with_capacity(given.clone().count());
        bounds.extend(given.map(|(param, source)| Bound::new(param.name(), self.binding(source, waits))));
        bounds
    }

    fn map(&mut self, node: &Node, map: &Map, waits: &mut Waits) -> (Kind, Vec<Bound>) {
        let (of, params) = match map.of {
            Runs::Task(task) => {
                self.uses.task(task);
                (Mapped::Task(task.name.into()), task.params)
            }
            Runs::Workflow(workflow) => {
                self.uses.workflow(workflow);
                (Mapped::Workflow(workflow.name.into()), workflow.params)
            }
        };
        let mapped = params.iter().zip(&map.mapped).filter(|(_, mapped)| **mapped).map(|(param, _)| Cow::Borrowed(param.name()));
        let mut data = MapData::new(of, mapped.collect());
        data.concurrency = map.concurrency;
        data.success = map.success;
        (Kind::Map(Box::new(data)), self.inputs(node, params, waits))
    }

    fn branch(&mut self, place: usize, branch: &Branch) -> Kind {
        let scopes = self.scopes;
        let own = scopes.arms.get(&place).map_or(&[] as &[usize], Vec::as_slice);
        let arms = branch.arms.iter().zip(own).map(|((condition, arm), scope)| Arm {
            test: self.test(condition),
            body: self.scope(*scope, arm, branch.names, None),
            at: None,
        });
        let arms = arms.collect();
        let otherwise = match (&branch.otherwise, own.last()) {
            (Ok(arm), Some(scope)) => Otherwise::Run(self.scope(*scope, arm, branch.names, None)),
            (Ok(_), None) => Otherwise::Run(Scope::default()),
            (Err(message), _) => Otherwise::Fail(message.clone()),
        };
        let outputs = branch.names.iter().zip((branch.types)(&Dialect::FLYTE_1)).map(|(name, ty)| Output::new(*name, ty));
        Kind::Branch(Box::new(BranchData::new(arms, otherwise, outputs.collect())))
    }

    fn test(&mut self, expr: &Expr) -> Test {
        match expr {
            Expr::Compare(by, left, right) => {
                let mut waits = Vec::new();
                Test::Compare { left: self.binding(left, &mut waits), by: *by, right: self.binding(right, &mut waits) }
            }
            Expr::And(parts) => Test::All(parts.iter().map(|part| self.test(part)).collect()),
            Expr::Or(parts) => Test::Any(parts.iter().map(|part| self.test(part)).collect()),
        }
    }

    /// What feeds the outputs of a workflow, or of an arm.
    fn outputs(&mut self, source: &Source, names: &[&'static str], at: Option<&Place>) -> Vec<Bound> {
        let mut waits = Vec::new();
        let bound = |name: &'static str, binding| Bound { at: at.cloned(), ..Bound::new(name, binding) };
        match source {
            Source::Also(also) => {
                also.1.iter().for_each(|source| self.faults(source));
                self.outputs(&also.0, names, at)
            }
            Source::Fault(_) => {
                self.faults(source);
                names.iter().map(|name| bound(name, Binding::Fault)).collect()
            }
            Source::Outputs(list) => {
                names.iter().zip(list.iter()).map(|(name, source)| bound(name, self.binding(source, &mut waits))).collect()
            }
            Source::Node { output: None, .. } if names.len() != 1 => {
                (0..).zip(names).map(|(index, name)| bound(name, self.binding(&source.output(index), &mut waits))).collect()
            }
            source => match names {
                [] => {
                    self.faults(source);
                    Vec::new()
                }
                names => names.iter().map(|name| bound(name, self.binding(source, &mut waits))).collect(),
            },
        }
    }

    /// What feeds an input; what has no value is waited for.
    fn binding(&mut self, source: &Source, waits: &mut Waits) -> Binding {
        match source {
            Source::Input { of, index, path } => {
                let name = of.params.get(*index as usize).map_or("", |param| param.name());
                if self.of.is_none_or(|own| !std::ptr::eq(own, *of)) {
                    self.foreign(of, name);
                    return Binding::Fault;
                }
                Binding::Input { name: name.into(), path: path.clone() }
            }
            Source::Node { node, output, path } => {
                let names = output_names(node);
                match names.get(output.unwrap_or_default() as usize) {
                    Some(name) => Binding::Output { node: self.id(node).clone(), output: (*name).into(), path: path.clone() },
                    // It gives nothing, which is what is taken.
                    None => {
                        waits.push(self.id(node).clone());
                        Binding::literal(Literal::none())
                    }
                }
            }
            Source::Constant(literal) => match Literal::decode(literal) {
                Ok(literal) => Binding::literal(literal),
                Err(error) => {
                    self.problems.push(Problem::new(ProblemKind::Limit, format!("a constant cannot be read: {error}")));
                    Binding::Fault
                }
            },
            Source::List(list) => Binding::List(list.iter().map(|source| self.binding(source, waits)).collect()),
            Source::Map(map) => Binding::Map(map.iter().map(|(key, source)| (key.clone(), self.binding(source, waits))).collect()),
            Source::Also(also) => {
                also.1.iter().for_each(|source| self.faults(source));
                self.binding(&also.0, waits)
            }
            Source::All(list) => {
                list.iter().for_each(|source| source.nodes(&mut |node| waits.push(self.id(node).clone())));
                self.faults(source);
                Binding::literal(Literal::none())
            }
            Source::Outputs(_) | Source::Default => Binding::literal(Literal::none()),
            Source::Failure => Binding::Failure,
            Source::Fault(_) => {
                self.faults(source);
                Binding::Fault
            }
        }
    }

    /// Tells the mistakes in a source that feeds nothing.
    fn faults(&mut self, source: &Source) {
        source.walk(&mut |source| {
            if let Source::Fault(fault) = source
                && self.told.insert(Arc::as_ptr(fault))
            {
                self.problems.push(fault.0.clone());
            }
        });
    }

    fn foreign(&mut self, of: &WorkflowDef, name: &str) {
        let own = self.of.map_or("the graph of a task", |own| own.name);
        let message = format!("a promise of another workflow got in: `{name}` is an input of `{}`, not of `{own}`", of.name);
        let problem = Problem::new(ProblemKind::Foreign, message).hint("give it to the workflow as an input");
        let problem = match self.of {
            Some(own) => problem.at(Place::new(own.file, own.line)),
            None => problem,
        };
        self.problems.push(problem.end(format!("`{}`", of.name), Place::new(of.file, of.line)));
    }

    fn id(&self, node: &Node) -> &NodeId {
        &self.ids[self.reached.place(node)]
    }
}

/// The names of what a node gives.
fn output_names(node: &Node) -> &'static [&'static str] {
    match &node.target {
        Target::Task(task) => task.outputs,
        Target::Workflow(workflow) => workflow.outputs,
        Target::Map(map) => match map.of {
            Runs::Task(task) => task.outputs,
            Runs::Workflow(workflow) => workflow.outputs,
        },
        Target::Branch(branch) => branch.names,
        Target::Approve { .. } | Target::Wait { .. } => &[GATE_OUTPUT],
        Target::Sleep(_) => &[],
    }
}

/// Each id once, in order.
fn unique(mut ids: Vec<NodeId>) -> Vec<NodeId> {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    ids
}
