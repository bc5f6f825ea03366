//! The values that bindings lead to, from what other jobs left in the plan.

use std::collections::BTreeMap;
use std::fs;

use bytes::Bytes;
use nebulakit_types::{Error, ErrorKind, Result};

use super::super::folder::{self, PlanFolder};
use crate::backend::values::{error as error_literal, named, none};
use crate::graph::{Binding, Bound, Graph, Test};
use crate::run::NodePath;

/// Lifts bindings out of their workflow: what they take becomes an input of a graph that has one node.
pub(super) struct Given<'a> {
    pub(super) plan: &'a PlanFolder,
    pub(super) workflow: &'a Graph,
    /// The node that runs the workflow.
    pub(super) parent: Option<NodePath>,
    /// What the failure handler is told: its id, and the message.
    pub(super) failure: Option<(String, String)>,
    values: BTreeMap<String, Bytes>,
    read: BTreeMap<String, Bytes>,
}

impl<'a> Given<'a> {
    pub(super) fn new(plan: &'a PlanFolder, workflow: &'a Graph, parent: Option<NodePath>) -> Self {
        Self { plan, workflow, parent, failure: None, values: BTreeMap::new(), read: BTreeMap::new() }
    }

    /// The values, by the names of inputs that lifted bindings have.
    pub(super) fn values(&self) -> Vec<(&str, Bytes)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect()
    }

    pub(super) fn all(&mut self, bound: &[Bound]) -> Result<Vec<Bound>> {
        bound
            .iter()
            .map(|bound| Ok(Bound::new(bound.name.clone(), self.lift(&bound.binding).map_err(|error| error.at_field(&bound.name))?)))
            .collect()
    }

    pub(super) fn lift(&mut self, binding: &Binding) -> Result<Binding> {
        Ok(match binding {
            Binding::Literal(_) | Binding::Fault => binding.clone(),
            Binding::Input { name, path } => {
                let value = self.input(name)?;
                Binding::Input { name: self.keep(format!("input {name}"), value).into(), path: path.clone() }
            }
            Binding::Output { node, output, path } => {
                let value = self.output(node, output)?;
                Binding::Input { name: self.keep(format!("{node} {output}"), value).into(), path: path.clone() }
            }
            Binding::List(elements) => Binding::List(elements.iter().map(|element| self.lift(element)).collect::<Result<_>>()?),
            Binding::Map(entries) => {
                Binding::Map(entries.iter().map(|(key, entry)| Ok((key.clone(), self.lift(entry)?))).collect::<Result<_>>()?)
            }
            Binding::Failure => match &self.failure {
                Some((handler, message)) => {
                    let value = error_literal(handler, message);
                    Binding::Input { name: self.keep("failure".to_owned(), value).into(), path: Vec::new() }
                }
                None => binding.clone(),
            },
        })
    }

    pub(super) fn test(&mut self, test: &Test) -> Result<Test> {
        Ok(match test {
            Test::Compare { left, by, right } => Test::Compare { left: self.lift(left)?, by: *by, right: self.lift(right)? },
            Test::All(tests) => Test::All(tests.iter().map(|test| self.test(test)).collect::<Result<_>>()?),
            Test::Any(tests) => Test::Any(tests.iter().map(|test| self.test(test)).collect::<Result<_>>()?),
        })
    }

    fn keep(&mut self, name: String, value: Bytes) -> String {
        self.values.insert(name.clone(), value);
        name
    }

    /// An input of the workflow, or its default.
    fn input(&mut self, name: &str) -> Result<Bytes> {
        let file = self.parent.as_ref().map_or_else(|| "inputs.pb".to_owned(), |parent| format!("{}/inputs.pb", folder::node(parent)));
        if let Some(value) = named(&self.file(&file)?, name)? {
            return Ok(value);
        }
        let input = self.workflow.inputs.iter().find(|input| input.name == name);
        let input = input.ok_or_else(|| missing(format!("the workflow has no input `{name}`")))?;
        Ok(input.default.as_ref().map_or_else(none, |default| default.encode().into()))
    }

    fn output(&mut self, node: &str, output: &str) -> Result<Bytes> {
        let path = NodePath::below(self.parent.as_ref(), node);
        let outputs = self.outputs(&path)?;
        named(&outputs, output)?.ok_or_else(|| missing(format!("the node `{node}` has no output `{output}`")))
    }

    fn outputs(&mut self, path: &NodePath) -> Result<Bytes> {
        if let Some(known) = self.read.get(path.as_str()) {
            return Ok(known.clone());
        }
        let unread = |error: std::io::Error| missing(format!("cannot read what the node `{path}` gave: {error}"));
        let outputs = self.plan.outputs(path).map_err(unread)?;
        let outputs: Bytes = outputs.ok_or_else(|| missing(format!("the node `{path}` has no outputs")))?.into();
        self.read.insert(path.as_str().to_owned(), outputs.clone());
        Ok(outputs)
    }

    fn file(&mut self, name: &str) -> Result<Bytes> {
        if let Some(known) = self.read.get(name) {
            return Ok(known.clone());
        }
        let path = self.plan.file(name);
        let contents: Bytes = fs::read(&path).map_err(|error| missing(format!("cannot read `{}`: {error}", path.display())))?.into();
        self.read.insert(name.to_owned(), contents.clone());
        Ok(contents)
    }
}

fn missing(message: String) -> Error {
    Error::new(ErrorKind::Missing, message)
}
