//! Constants and defaults that name files and directories of this machine: what is registered is read elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use nebulakit_types::convert::relocate::relocated;
use nebulakit_types::literal::LiteralValue;
use nebulakit_types::literal_type::TypeKind;
use nebulakit_types::{Literal, LiteralType};

use super::program::Program;
use crate::graph::{Binding, Bound, Graph, Input, Kind, Node, Otherwise, Place, Problem, ProblemKind, Problems, ReferenceKind, Scope};

/// A file or a directory of this machine that a program names.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalFile {
    /// Where it is.
    pub path: PathBuf,
    /// What names it, such as ``the input `table` of `n0` in `app.daily` ``.
    pub named_by: String,
    /// Where that is written.
    pub at: Option<Place>,
}

impl Program {
    /// The files and directories of this machine that constants of nodes, fixed inputs and defaults name: each place of the program once.
    ///
    /// # Errors
    /// Literals that are broken.
    pub fn local_files(&self) -> Result<Vec<LocalFile>, Problems> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        // Nearly no program has any.
        if self.graphs.iter().any(may_name_data) {
            self.clone().visit(&mut |path, named_by, at| {
                // A workflow is in each graph that runs it.
                if seen.insert((path.to_owned(), named_by.to_owned())) {
                    found.push(LocalFile { path: path.to_owned(), named_by: named_by.to_owned(), at: at.cloned() });
                }
                None
            })?;
        }
        Ok(found)
    }

    /// The same program with other places for files and directories of this machine; what `to` says nothing of stays.
    ///
    /// # Errors
    /// Literals that are broken.
    pub fn relocated(mut self, to: impl Fn(&Path) -> Option<String>) -> Result<Self, Problems> {
        self.visit(&mut |path, _, _| to(path))?;
        Ok(self)
    }

    fn visit(&mut self, see: See<'_>) -> Result<(), Problems> {
        let mut problems = Problems::new();
        for graph in &mut self.graphs {
            let mut visit = Visit { types: types(graph), left: left_out(graph), see, problems: &mut problems, workflow: String::new() };
            visit.graph(graph);
        }
        problems.or(())
    }
}

/// Everything of this machine that a program names, as what is wrong with it.
pub(super) fn refused(program: &Program) -> Problems {
    let problem = |file: LocalFile| {
        let message = format!("{} is `{}`, a file of this machine", file.named_by, file.path.display());
        let hint = "`register` uploads it; a package and a dynamic task cannot: name it by its URL in a store, or, if the image has it, let the task take its path as a `String`";
        Problem::new(ProblemKind::Other, message).at(file.at).hint(hint)
    };
    match program.local_files() {
        Ok(files) => files.into_iter().map(problem).collect(),
        Err(problems) => problems,
    }
}

type See<'a> = &'a mut dyn FnMut(&Path, &str, Option<&Place>) -> Option<String>;

/// What tasks, references and workflows take, by their names.
type Types = BTreeMap<String, BTreeMap<String, LiteralType>>;

fn types(graph: &Graph) -> Types {
    let inputs = |inputs: &[Input]| inputs.iter().map(|input| (input.name.to_string(), input.literal_type.clone())).collect();
    let tasks = graph.tasks.iter().map(|(name, task)| (name.to_string(), inputs(&task.inputs)));
    let references = graph.references.iter().map(|(name, reference)| (name.to_string(), inputs(&reference.inputs)));
    let workflows = graph.workflows.iter().map(|(name, graph)| (name.to_string(), inputs(&graph.inputs)));
    tasks.chain(references).chain(workflows).collect()
}

/// The inputs of tasks and references that a node leaves to their defaults.
fn left_out(graph: &Graph) -> BTreeSet<(String, String)> {
    let mut left = BTreeSet::new();
    let takes = |name: &str| {
        let task = graph.tasks.get(name).map(|task| task.inputs.as_slice());
        task.or_else(|| graph.references.get(name).map(|reference| reference.inputs.as_slice())).unwrap_or_default()
    };
    for workflow in std::iter::once(graph).chain(graph.workflows.values()) {
        let mut see = |node: &Node| {
            let Some(name) = runs(&node.kind) else { return };
            let open = takes(name).iter().filter(|input| node.input(&input.name).is_none());
            left.extend(open.map(|input| (name.to_owned(), input.name.to_string())));
        };
        nodes(&workflow.body, &mut see);
        workflow.on_failure.iter().for_each(|node| see(node));
    }
    left
}

fn runs(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Task(name) | Kind::Workflow(name) | Kind::LaunchPlan(name) | Kind::Reference(name) => Some(name),
        Kind::Map(map) => Some(map.of.name()),
        _ => None,
    }
}

fn nodes<'g>(scope: &'g Scope, see: &mut dyn FnMut(&'g Node)) {
    for node in &scope.nodes {
        see(node);
        if let Kind::Branch(branch) = &node.kind {
            branch.scopes().for_each(|inner| nodes(inner, see));
        }
    }
}

/// Goes through the literals of a graph.
struct Visit<'v> {
    types: Types,
    left: BTreeSet<(String, String)>,
    see: See<'v>,
    problems: &'v mut Problems,
    /// The workflow that it is in.
    workflow: String,
}

impl Visit<'_> {
    fn graph(&mut self, graph: &mut Graph) {
        for (name, task) in &mut graph.tasks {
            self.defaults("task", name, &mut task.inputs, task.at.as_ref(), true);
        }
        for (name, reference) in &mut graph.references {
            let what = match reference.kind {
                ReferenceKind::Task => "task",
                ReferenceKind::LaunchPlan => "launch plan",
            };
            self.defaults(what, name, &mut reference.inputs, reference.at.as_ref(), true);
        }
        self.workflow(graph);
        graph.workflows.values_mut().for_each(|inner| self.workflow(inner));
    }

    fn workflow(&mut self, graph: &mut Graph) {
        self.workflow = graph.name.to_string();
        let what = if graph.launch_plan.is_some() { "launch plan" } else { "workflow" };
        let (name, at) = (graph.name.to_string(), graph.at.clone());
        self.defaults(what, &name, &mut graph.inputs, at.as_ref(), false);
        let types: BTreeMap<_, _> = graph.outputs.iter().map(|output| (output.name.to_string(), output.literal_type.clone())).collect();
        self.scope(&mut graph.body, &types, at.as_ref());
        if let Some(handler) = graph.on_failure.as_deref_mut() {
            self.node(handler);
        }
    }

    fn defaults(&mut self, what: &str, name: &str, inputs: &mut [Input], at: Option<&Place>, where_left_out: bool) {
        for input in inputs {
            let is_used = !where_left_out || self.left.contains(&(name.to_owned(), input.name.to_string()));
            if let Some(default) = input.default.as_mut().filter(|_| is_used) {
                let named_by = format!("the default of `{}` of the {what} `{name}`", input.name);
                self.literal(default, Some(&input.literal_type), &named_by, at);
            }
        }
    }

    fn scope(&mut self, scope: &mut Scope, outputs: &BTreeMap<String, LiteralType>, at: Option<&Place>) {
        scope.nodes.iter_mut().for_each(|node| self.node(node));
        for Bound { name, binding, at: own } in &mut scope.outputs {
            let named_by = format!("the output `{name}` of `{}`", self.workflow);
            self.binding(binding, outputs.get(&**name), &named_by, own.as_ref().or(at));
        }
    }

    fn node(&mut self, node: &mut Node) {
        let types = runs(&node.kind).and_then(|name| self.types.get(name)).cloned().unwrap_or_default();
        for Bound { name, binding, at } in &mut node.inputs {
            let literal_type =
                types.get(&**name).cloned().map(|of| if is_mapped(&node.kind, name) { LiteralType::collection(of) } else { of });
            let named_by = format!("the input `{name}` of `{}` in `{}`", node.id, self.workflow);
            self.binding(binding, literal_type.as_ref(), &named_by, at.as_ref().or(node.at.as_ref()));
        }
        if let Kind::Branch(branch) = &mut node.kind {
            let outputs = branch.outputs.iter().map(|output| (output.name.to_string(), output.literal_type.clone())).collect();
            branch.arms.iter_mut().for_each(|arm| self.scope(&mut arm.body, &outputs, node.at.as_ref()));
            if let Otherwise::Run(scope) = &mut branch.otherwise {
                self.scope(scope, &outputs, node.at.as_ref());
            }
        }
    }

    fn binding(&mut self, binding: &mut Binding, literal_type: Option<&LiteralType>, named_by: &str, at: Option<&Place>) {
        let inner = literal_type.and_then(|of| match &of.kind {
            TypeKind::Collection(inner) | TypeKind::Map(inner) => Some(&**inner),
            _ => None,
        });
        match binding {
            Binding::Literal(literal) => self.literal(literal, literal_type, named_by, at),
            Binding::List(elements) => elements.iter_mut().for_each(|element| self.binding(element, inner, named_by, at)),
            Binding::Map(entries) => entries.values_mut().for_each(|entry| self.binding(entry, inner, named_by, at)),
            Binding::Input { .. } | Binding::Output { .. } | Binding::Failure | Binding::Fault => {}
        }
    }

    fn literal(&mut self, literal: &mut Literal, literal_type: Option<&LiteralType>, named_by: &str, at: Option<&Place>) {
        const ONE: &str = "value";
        if !literal_names_data(literal) {
            return;
        }
        let inputs = Literal::encode_map(&BTreeMap::from([(ONE.to_owned(), literal.clone())]));
        let moved =
            relocated(&inputs, |_| literal_type, |path| (self.see)(path, named_by, at)).and_then(|moved| Literal::decode_map(&moved));
        match moved {
            Ok(mut moved) => *literal = moved.remove(ONE).unwrap_or_else(|| literal.clone()),
            Err(error) => {
                self.problems.extend([Problem::new(ProblemKind::Other, format!("{named_by} is broken: {error}")).at(at.cloned())])
            }
        }
    }
}

fn is_mapped(kind: &Kind, input: &str) -> bool {
    matches!(kind, Kind::Map(map) if map.mapped.iter().any(|name| name == input))
}

/// Whether a literal of the graph may name data, as far as can be told without its type.
fn may_name_data(graph: &Graph) -> bool {
    let default = |inputs: &[Input]| inputs.iter().filter_map(|input| input.default.as_ref()).any(literal_names_data);
    let of_entities = graph.tasks.values().any(|task| default(&task.inputs)) || graph.references.values().any(|of| default(&of.inputs));
    of_entities
        || std::iter::once(graph).chain(graph.workflows.values()).any(|graph| {
            let mut found = default(&graph.inputs) || graph.body.outputs.iter().any(|bound| binding_names_data(&bound.binding));
            let mut see = |node: &Node| {
                found = found || node.inputs.iter().any(|bound| binding_names_data(&bound.binding));
                if let Kind::Branch(branch) = &node.kind {
                    found = found || branch.scopes().flat_map(|scope| &scope.outputs).any(|bound| binding_names_data(&bound.binding));
                }
            };
            nodes(&graph.body, &mut see);
            graph.on_failure.iter().for_each(|node| see(node));
            found
        })
}

fn binding_names_data(binding: &Binding) -> bool {
    match binding {
        Binding::Literal(literal) => literal_names_data(literal),
        Binding::List(elements) => elements.iter().any(binding_names_data),
        Binding::Map(entries) => entries.values().any(binding_names_data),
        Binding::Input { .. } | Binding::Output { .. } | Binding::Failure | Binding::Fault => false,
    }
}

fn literal_names_data(literal: &Literal) -> bool {
    match &literal.value {
        LiteralValue::Blob { .. }
        | LiteralValue::Schema { .. }
        | LiteralValue::StructuredDataset { .. }
        | LiteralValue::Binary { .. }
        | LiteralValue::Generic(_) => true,
        LiteralValue::Union { value, .. } => literal_names_data(value),
        LiteralValue::Collection(elements) => elements.iter().any(literal_names_data),
        LiteralValue::Map(entries) => entries.values().any(literal_names_data),
        _ => false,
    }
}
