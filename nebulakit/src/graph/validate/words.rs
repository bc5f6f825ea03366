//! How problems name what they are about.

use std::fmt;

use nebulakit_types::literal::{LiteralValue, Primitive};
use nebulakit_types::{Literal, LiteralType};

use super::entities::Entities;
use crate::graph::Graph;
use crate::graph::binding::{Binding, Step};
use crate::graph::cut::{cut, written};
use crate::graph::node::{Kind, Node};
use crate::graph::place::Place;
use crate::graph::variable::Output;

/// The longest text of a type or a constant in a message, in characters.
const MAX_SHOWN: usize = 120;

/// A node as people know it: its id, and what it runs.
pub(super) struct Named<'g>(pub(super) &'g Node);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", short(&self.0.id))?;
        match &self.0.kind {
            Kind::Task(name) | Kind::Workflow(name) | Kind::LaunchPlan(name) | Kind::Reference(name) => write!(f, " (`{}`)", last(name)),
            Kind::Map(map) => write!(f, " (a map of `{}`)", last(map.of.name())),
            Kind::Branch(_) => f.write_str(" (a condition)"),
            Kind::Approve(_) => f.write_str(" (an approval)"),
            Kind::Wait(_) => f.write_str(" (a wait)"),
            Kind::Sleep(_) => f.write_str(" (a pause)"),
        }
    }
}

/// What is fed.
#[derive(Clone, Copy)]
pub(super) enum Target<'g> {
    /// An input of a node.
    Input(&'g Node, &'g str),
    /// An output of a workflow.
    Output(&'g Graph, &'g str),
    /// An output of an arm of a condition.
    Arm(&'g Node, &'g str),
    /// A side of a comparison.
    Test(&'g Node),
}

impl<'g> Target<'g> {
    /// Where that is written.
    pub(super) fn at(self) -> Option<&'g Place> {
        match self {
            Self::Input(node, _) | Self::Arm(node, _) | Self::Test(node) => node.at.as_ref(),
            Self::Output(graph, _) => graph.at.as_ref(),
        }
    }

    /// The type of an output, if there is one of that name.
    pub(super) fn literal_type(self, entities: &Entities<'g>) -> Option<&'g LiteralType> {
        let output = match self {
            Self::Output(graph, name) => entities.workflow_output(graph, name),
            Self::Arm(node, name) => match &node.kind {
                Kind::Branch(branch) => entities.branch_output(branch, name),
                _ => None,
            },
            Self::Input(..) | Self::Test(_) => None,
        };
        output.map(|output| &output.literal_type)
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(node, name) => write!(f, "`{}` of {}", short(name), Named(node)),
            Self::Output(graph, name) => write!(f, "the output `{}` of `{}`", short(name), last(&graph.name)),
            Self::Arm(node, name) => write!(f, "the output `{}` of an arm of {}", short(name), Named(node)),
            Self::Test(node) => write!(f, "a comparison of {}", Named(node)),
        }
    }
}

/// What feeds.
pub(super) struct Fed<'g> {
    pub(super) binding: &'g Binding,
    /// The node that gives it, if one does.
    pub(super) node: Option<&'g Node>,
}

impl fmt::Display for Fed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.binding {
            Binding::Literal(literal) => write!(f, "the constant {}", constant(literal)),
            Binding::Input { name, path } => write!(f, "the input `{}{}`", short(name), Path(path)),
            Binding::Output { node, output, path } => {
                write!(f, "`{}{}` of ", short(output), Path(path))?;
                match self.node {
                    Some(node) => Named(node).fmt(f),
                    None => write!(f, "`{}`", short(node)),
                }
            }
            Binding::List(_) => f.write_str("a list"),
            Binding::Map(_) => f.write_str("a map"),
            Binding::Failure => f.write_str("the error of a failure"),
            Binding::Fault => f.write_str("a mistake"),
        }
    }
}

/// Steps into a value, as they are written in most languages.
pub(super) struct Path<'g>(pub(super) &'g [Step]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| match step {
            Step::Key(key) => write!(f, ".{}", short(key)),
            Step::Index(index) => write!(f, "[{index}]"),
        })
    }
}

/// A constant in few words.
fn constant(literal: &Literal) -> String {
    match &literal.value {
        LiteralValue::Primitive(Primitive::Integer(number)) => format!("`{number}`"),
        LiteralValue::Primitive(Primitive::Float(number)) => format!("`{number:?}`"),
        LiteralValue::Primitive(Primitive::Boolean(value)) => format!("`{value}`"),
        LiteralValue::Primitive(Primitive::String(text)) => format!("`{:?}`", short(text)),
        LiteralValue::None => "`none`".to_owned(),
        LiteralValue::Collection(elements) => format!("list of {}", elements.len()),
        LiteralValue::Map(entries) => format!("map of {}", entries.len()),
        LiteralValue::Union { value, .. } => match &value.value {
            LiteralValue::Union { .. } => "union".to_owned(),
            _ => constant(value),
        },
        _ => "value".to_owned(),
    }
}

/// A type, cut where it is long.
pub(super) fn type_text(literal_type: &LiteralType) -> String {
    written(literal_type, MAX_SHOWN)
}

/// A text, cut where it is long.
pub(super) fn short(text: &str) -> String {
    cut(text, MAX_SHOWN).into_owned()
}

/// The last segment of a full name.
pub(super) fn last(name: &str) -> String {
    short(name.rsplit('.').next().unwrap_or(name))
}

/// Names in a row: `` `a`, `b` and `c` ``; of more than ten the first ones.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const SHOWN: usize = 10;
    let mut names = names.into_iter();
    let mut shown: Vec<_> = names.by_ref().take(SHOWN).map(|name| format!("`{}`", short(name))).collect();
    if names.next().is_some() {
        shown.push("more".to_owned());
    }
    match shown.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// The names of what something gives, for a hint.
pub(super) fn outputs(outputs: &[Output]) -> String {
    listed(outputs.iter().map(|output| &*output.name))
}
