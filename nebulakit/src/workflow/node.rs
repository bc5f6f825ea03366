//! What promises are made of: sources of values, and the nodes that give them. An immutable web of `Arc`s; no builder stands behind it.
//!
//! A node is changed only while nothing else holds it, so that a circle cannot be written.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use nebulakit_types::{Dialect, LiteralType};

use crate::graph::{Comparison, Overrides, Problem, Step, Success};
use crate::task::def::TaskDef;
use crate::task::param::AnyParam;
use crate::workflow::launch::LaunchOptions;

/// Where a value comes from.
#[derive(Clone)]
pub enum Source {
    /// An input of a workflow.
    Input {
        /// Whose input it is.
        of: &'static WorkflowDef,
        /// Which of its inputs.
        index: u32,
        /// The part of it.
        path: Vec<Step>,
    },
    /// An output of a node.
    Node {
        /// The node.
        node: Arc<Node>,
        /// Which of its outputs; [`None`] for all of them.
        output: Option<u32>,
        /// The part of the output.
        path: Vec<Step>,
    },
    /// A literal.
    Constant(Arc<[u8]>),
    /// A list of values.
    List(Arc<Vec<Source>>),
    /// A map of values.
    Map(Arc<Vec<(String, Source)>>),
    /// Outputs of several nodes, put together.
    Outputs(Arc<Vec<Source>>),
    /// No value, when all of these are there.
    All(Arc<Vec<Source>>),
    /// The first, and the nodes of the others with it.
    Also(Arc<(Source, Vec<Source>)>),
    /// What an input has when nothing is given for it.
    Default,
    /// The error that a failure handler is about.
    Failure,
    /// A mistake, which travels to where the graph is built; and what it was made with.
    Fault(Arc<(Problem, Vec<Source>)>),
}

/// One node.
pub struct Node {
    /// Only the order of these numbers is ever looked at: nodes are listed in the order in which the source makes them.
    pub(super) stamp: u64,
    pub(super) at: &'static Location<'static>,
    pub(super) target: Target,
    pub(super) inputs: Vec<Source>,
    pub(super) after: Vec<Source>,
    pub(super) overrides: Option<Box<Overrides>>,
    /// Whether a graph holds it.
    pub(super) reached: AtomicBool,
}

/// What a node does.
pub(super) enum Target {
    Task(&'static TaskDef),
    Workflow(&'static WorkflowDef),
    Map(Box<Map>),
    Branch(Box<Branch>),
    Approve { signal: String, of: fn(&Dialect) -> LiteralType },
    Wait { signal: String, of: fn(&Dialect) -> LiteralType },
    Sleep(Duration),
}

/// A node for each element of lists.
pub(super) struct Map {
    pub(super) of: Runs,
    /// Whether each input is mapped over.
    pub(super) mapped: Vec<bool>,
    pub(super) concurrency: Option<u32>,
    pub(super) success: Success,
}

/// What runs for each element of a map.
#[derive(Clone, Copy)]
pub(super) enum Runs {
    Task(&'static TaskDef),
    Workflow(&'static WorkflowDef),
}

/// One of several arms.
pub(super) struct Branch {
    pub(super) arms: Vec<(Expr, Source)>,
    /// The message with which the workflow fails, if there is no last arm.
    pub(super) otherwise: Result<Source, String>,
    pub(super) names: &'static [&'static str],
    pub(super) types: fn(&Dialect) -> Vec<LiteralType>,
}

/// A test of promises.
#[derive(Clone)]
pub(super) enum Expr {
    Compare(Comparison, Source, Source),
    And(Vec<Expr>),
    Or(Vec<Expr>),
}

/// One workflow or launch plan of this binary, as data.
#[derive(Debug)]
pub struct WorkflowDef {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) params: &'static [&'static dyn AnyParam],
    pub(crate) outputs: &'static [&'static str],
    pub(crate) types: fn(&Dialect) -> Vec<LiteralType>,
    pub(crate) keep_going: bool,
    pub(crate) interruptible: Option<bool>,
    pub(crate) launch: Option<&'static LaunchOptions>,
    pub(crate) build: fn() -> Built,
}

/// What the function of a workflow gave.
#[derive(Debug)]
pub struct Built {
    pub(super) result: Source,
    pub(super) on_failure: Option<Source>,
}

static STAMP: AtomicU64 = AtomicU64::new(0);

impl Node {
    pub(super) fn new(at: &'static Location<'static>, target: Target, inputs: Vec<Source>) -> Arc<Self> {
        let stamp = STAMP.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { stamp, at, target, inputs, after: Vec::new(), overrides: None, reached: AtomicBool::new(false) })
    }

    /// What people call it, unless it has a name of its own.
    pub(super) fn label(&self) -> &str {
        match &self.target {
            Target::Task(task) => last(task.name),
            Target::Workflow(workflow) => last(workflow.name),
            Target::Map(map) => last(map.of.name()),
            Target::Branch(_) => "when",
            Target::Approve { signal, .. } | Target::Wait { signal, .. } => signal,
            Target::Sleep(_) => "sleep",
        }
    }

    /// Everything that it needs.
    pub(super) fn sources<'a>(&'a self, visit: &mut dyn FnMut(&'a Source)) {
        self.inputs.iter().chain(&self.after).for_each(&mut *visit);
        if let Target::Branch(branch) = &self.target {
            for (condition, arm) in &branch.arms {
                condition.operands(visit);
                visit(arm);
            }
            if let Ok(arm) = &branch.otherwise {
                visit(arm);
            }
        }
    }
}

fn last(name: &'static str) -> &'static str {
    name.rsplit('.').next().unwrap_or(name)
}

impl Runs {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Task(task) => task.name,
            Self::Workflow(workflow) => workflow.name,
        }
    }
}

impl Expr {
    /// Everything that is compared.
    pub(super) fn operands<'a>(&'a self, visit: &mut dyn FnMut(&'a Source)) {
        match self {
            Self::Compare(_, left, right) => {
                visit(left);
                visit(right);
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.operands(visit)),
        }
    }

    fn into_operands(self, into: &mut Vec<Source>) {
        match self {
            Self::Compare(_, left, right) => into.extend([left, right]),
            Self::And(parts) | Self::Or(parts) => parts.into_iter().for_each(|part| part.into_operands(into)),
        }
    }
}

impl Source {
    pub(super) fn of_node(node: Arc<Node>) -> Self {
        Self::Node { node, output: None, path: Vec::new() }
    }

    pub(super) fn fault(problem: Problem, made_with: Vec<Self>) -> Self {
        Self::Fault(Arc::new((problem, made_with)))
    }

    /// The sources that it is put together of, which are not a node's.
    pub(super) fn parts<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        match self {
            Self::List(list) | Self::Outputs(list) | Self::All(list) => list.iter().for_each(visit),
            Self::Map(map) => map.iter().for_each(|(_, source)| visit(source)),
            Self::Also(also) => {
                visit(&also.0);
                also.1.iter().for_each(visit);
            }
            Self::Fault(fault) => fault.1.iter().for_each(visit),
            Self::Input { .. } | Self::Node { .. } | Self::Constant(_) | Self::Default | Self::Failure => {}
        }
    }

    /// The source and all that it is put together of, whatever the depth.
    pub(super) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        let mut stack = vec![self];
        while let Some(source) = stack.pop() {
            visit(source);
            source.parts(&mut |part| stack.push(part));
        }
    }

    /// Every node that it holds.
    pub(super) fn nodes<'a>(&'a self, visit: &mut dyn FnMut(&'a Arc<Node>)) {
        // Nearly every source is a node's output or holds none: those need no stack.
        match self {
            Self::Node { node, .. } => visit(node),
            Self::Input { .. } | Self::Constant(_) | Self::Default | Self::Failure => {}
            whole => whole.walk(&mut |source| {
                if let Self::Node { node, .. } = source {
                    visit(node);
                }
            }),
        }
    }
}

/// A chain of a hundred thousand nodes is dropped without a hundred thousand frames.
impl Drop for Node {
    fn drop(&mut self) {
        if !*self.reached.get_mut() && !std::thread::panicking() {
            tracing::warn!(at = %self.at, node = self.label(), "the node is in no workflow: nothing that is returned needs it");
        }
        let mut sources = Vec::new();
        self.dissolve(&mut sources);
        while let Some(source) = sources.pop() {
            match source {
                Source::Node { node, .. } => {
                    if let Some(mut node) = Arc::into_inner(node) {
                        node.dissolve(&mut sources);
                    }
                }
                Source::List(list) | Source::Outputs(list) | Source::All(list) => sources.extend(Arc::into_inner(list).unwrap_or_default()),
                Source::Map(map) => {
                    sources.extend(Arc::into_inner(map).unwrap_or_default().into_iter().map(|(_, source)| source));
                }
                Source::Also(also) => {
                    if let Some((first, others)) = Arc::into_inner(also) {
                        sources.push(first);
                        sources.extend(others);
                    }
                }
                Source::Fault(fault) => sources.extend(Arc::into_inner(fault).map(|(_, sources)| sources).unwrap_or_default()),
                Source::Input { .. } | Source::Constant(_) | Source::Default | Source::Failure => {}
            }
        }
    }
}

impl Node {
    /// Gives away what it holds, so that nothing is left to drop.
    fn dissolve(&mut self, into: &mut Vec<Source>) {
        into.append(&mut self.inputs);
        into.append(&mut self.after);
        if let Target::Branch(branch) = &mut self.target {
            for (condition, arm) in branch.arms.drain(..) {
                condition.into_operands(into);
                into.push(arm);
            }
            if let Ok(arm) = std::mem::replace(&mut branch.otherwise, Err(String::new())) {
                into.push(arm);
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { of, index, path } => {
                let name = of.params.get(*index as usize).map_or("?", |param| param.name());
                write!(f, "{name}{}", Path(path))
            }
            Self::Node { node, output: Some(output), path } => write!(f, "{}.{output}{}", node.label(), Path(path)),
            Self::Node { node, output: None, path } => write!(f, "{}{}", node.label(), Path(path)),
            Self::Constant(_) => f.write_str("constant"),
            Self::List(list) => write!(f, "list of {}", list.len()),
            Self::Map(map) => write!(f, "map of {}", map.len()),
            Self::Outputs(list) => write!(f, "{} outputs", list.len()),
            Self::All(list) => write!(f, "all of {}", list.len()),
            Self::Also(also) => write!(f, "{:?}, also {}", also.0, also.1.len()),
            Self::Default => f.write_str("default"),
            Self::Failure => f.write_str("failure"),
            Self::Fault(fault) => fault.0.fmt(f),
        }
    }
}

/// The part of a value, as it is written.
struct Path<'a>(&'a [Step]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| match step {
            Step::Key(key) => write!(f, ".{key}"),
            Step::Index(index) => write!(f, "[{index}]"),
        })
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("of", &self.label()).field("at", &self.at).finish_non_exhaustive()
    }
}
