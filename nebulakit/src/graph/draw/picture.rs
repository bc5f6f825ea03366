//! What every picture shows: shapes and arrows, the frames of arms around them.

use std::collections::{HashMap, HashSet};

use super::labels::{Labels, output, parameter};
use super::overrides::overrides;
use super::values::{binding, line, test};
use crate::graph::Graph;
use crate::graph::binding::Binding;
use crate::graph::condition::Test;
use crate::graph::node::{Kind, Node, Otherwise, Scope};
use crate::graph::validate::MAX_NESTING;

/// A graph in shapes and arrows.
pub(super) struct Picture {
    pub(super) title: String,
    pub(super) shapes: Vec<Shape>,
    pub(super) arrows: Vec<Arrow>,
    /// The first one is around everything.
    pub(super) frames: Vec<Frame>,
}

/// A thing in a picture.
pub(super) struct Shape {
    /// Its lines.
    pub(super) lines: Vec<String>,
    pub(super) form: Form,
    /// The id of the node that it stands for, if it does.
    pub(super) node: Option<String>,
}

/// What a thing looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// An input or an output of the workflow.
    End,
    /// A task.
    Task,
    /// A map.
    Map,
    /// A workflow, a launch plan, a reference.
    Other,
    /// A condition.
    Branch,
    /// Where the arms of a condition meet.
    Join,
    /// A gate.
    Gate,
    /// What handles failures.
    Handler,
}

/// What goes from one shape to another, by their numbers.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Empty where nothing is said.
    pub(super) label: String,
    /// Whether it is order alone, or a choice, without a value.
    pub(super) is_dashed: bool,
}

/// An arm of a condition, with what stands in it.
#[derive(Default)]
pub(super) struct Frame {
    pub(super) label: String,
    pub(super) shapes: Vec<usize>,
    pub(super) frames: Vec<usize>,
}

/// The frame around everything.
pub(super) const WHOLE: usize = 0;

impl Picture {
    pub(super) fn of(graph: &Graph) -> Self {
        let labels = Labels::of(graph);
        let title = line(&graph.name);
        let mut drawing = Drawing {
            labels,
            picture: Self { title, shapes: Vec::new(), arrows: Vec::new(), frames: vec![Frame::default()] },
            drawn: HashSet::new(),
            inputs: HashMap::new(),
            nodes: HashMap::new(),
        };
        for input in &graph.inputs {
            let shape = drawing.shape(vec![parameter(input)], Form::End, WHOLE);
            drawing.inputs.insert(input.name.to_string(), shape);
        }
        drawing.scope(&graph.body, WHOLE, 0);
        for (bound, declared) in graph.body.outputs.iter().zip(&graph.outputs) {
            let shape = drawing.shape(vec![output(declared)], Form::End, WHOLE);
            drawing.feed(&bound.binding, shape, "");
        }
        if let Some(handler) = graph.on_failure.as_deref() {
            let lines = drawing.lines(handler, Some("on failure"));
            let shape = drawing.shape(lines, Form::Handler, WHOLE);
            drawing.picture.shapes[shape].node = Some(handler.id.to_string());
            drawing.fed(handler, shape);
        }
        drawing.picture
    }
}

struct Drawing<'g> {
    labels: Labels<'g>,
    picture: Picture,
    /// The arrows so far: what feeds an input twice has one.
    drawn: HashSet<Arrow>,
    inputs: HashMap<String, usize>,
    /// What gives the values of a node; of a condition, where its arms meet.
    nodes: HashMap<String, usize>,
}

impl Drawing<'_> {
    fn shape(&mut self, lines: Vec<String>, form: Form, frame: usize) -> usize {
        let shape = self.picture.shapes.len();
        self.picture.shapes.push(Shape { lines, form, node: None });
        self.picture.frames[frame].shapes.push(shape);
        shape
    }

    fn arrow(&mut self, from: usize, to: usize, label: &str, is_dashed: bool) {
        let arrow = Arrow { from, to, label: label.to_owned(), is_dashed };
        if self.drawn.insert(arrow.clone()) {
            self.picture.arrows.push(arrow);
        }
    }

    /// The id of a node with what it runs, what is special about that, and what it overrides.
    fn lines(&self, node: &Node, remark: Option<&str>) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", line(&node.id), self.labels.what(node))];
        let remarks = remark.map(str::to_owned).into_iter().chain(self.labels.remarks(node));
        lines.push(remarks.collect::<Vec<_>>().join(", "));
        lines.push(node.overrides.as_deref().map(overrides).unwrap_or_default().join(", "));
        lines.retain(|line| !line.is_empty());
        lines
    }

    fn scope(&mut self, scope: &Scope, frame: usize, depth: usize) {
        for node in &scope.nodes {
            let form = match &node.kind {
                Kind::Task(_) => Form::Task,
                Kind::Map(_) => Form::Map,
                Kind::Branch(_) => Form::Branch,
                Kind::Approve(_) | Kind::Wait(_) | Kind::Sleep(_) => Form::Gate,
                Kind::Workflow(_) | Kind::LaunchPlan(_) | Kind::Reference(_) => Form::Other,
            };
            let lines = self.lines(node, None);
            let shape = self.shape(lines, form, frame);
            self.picture.shapes[shape].node = Some(node.id.to_string());
            self.fed(node, shape);
            let gives = self.branch(node, shape, frame, depth);
            self.nodes.insert(node.id.to_string(), gives);
        }
    }

    /// What feeds a node, and what it waits for.
    fn fed(&mut self, node: &Node, shape: usize) {
        for bound in &node.inputs {
            self.feed(&bound.binding, shape, &line(&bound.name));
        }
        for id in &node.after {
            if let Some(from) = self.nodes.get(id.as_str()).copied() {
                self.arrow(from, shape, "", true);
            }
        }
    }

    /// An arrow from each promise in a binding; constants have none.
    fn feed(&mut self, fed: &Binding, to: usize, name: &str) {
        let mut left = vec![fed];
        while let Some(next) = left.pop() {
            let from = match next {
                Binding::Input { name, .. } => self.inputs.get(&**name).copied(),
                Binding::Output { node, .. } => self.nodes.get(node.as_str()).copied(),
                Binding::List(elements) => {
                    left.extend(elements.iter().rev());
                    None
                }
                Binding::Map(entries) => {
                    left.extend(entries.values().rev());
                    None
                }
                _ => None,
            };
            if let Some(from) = from {
                self.arrow(from, to, name, false);
            }
        }
    }

    /// The arms of a condition, and where they meet; of any other node, itself.
    fn branch(&mut self, node: &Node, shape: usize, frame: usize, depth: usize) -> usize {
        let Kind::Branch(branch) = &node.kind else { return shape };
        let join = self.shape(vec![line(&node.id)], Form::Join, frame);
        if depth == MAX_NESTING {
            self.arrow(shape, join, "..", true);
            return join;
        }
        let mut tests: Vec<&Test> = branch.arms.iter().map(|arm| &arm.test).collect();
        while let Some(test) = tests.pop() {
            match test {
                Test::Compare { left, right, .. } => {
                    self.feed(left, shape, "");
                    self.feed(right, shape, "");
                }
                Test::All(inner) | Test::Any(inner) => tests.extend(inner),
            }
        }
        for arm in &branch.arms {
            self.arm(format!("if {}", test(&arm.test)), &arm.body, (shape, join), frame, depth);
        }
        match &branch.otherwise {
            Otherwise::Run(scope) => self.arm("else".to_owned(), scope, (shape, join), frame, depth),
            Otherwise::Fail(message) => {
                let fails = self.shape(vec![format!("fail: {}", line(message))], Form::End, frame);
                self.arrow(shape, fails, "else", true);
            }
        }
        join
    }

    fn arm(&mut self, label: String, scope: &Scope, (branch, join): (usize, usize), frame: usize, depth: usize) {
        if scope.nodes.is_empty() {
            let given: Vec<_> = scope.outputs.iter().map(|bound| binding(&bound.binding)).collect();
            let label = if given.is_empty() { label } else { format!("{label}: {}", given.join(", ")) };
            self.arrow(branch, join, &label, true);
        } else {
            let inner = self.picture.frames.len();
            self.picture.frames.push(Frame { label, ..Frame::default() });
            self.picture.frames[frame].frames.push(inner);
            let first = self.picture.shapes.len();
            self.scope(scope, inner, depth + 1);
            self.arrow(branch, first, "", true);
        }
        for bound in &scope.outputs {
            self.feed(&bound.binding, join, &line(&bound.name));
        }
    }
}
