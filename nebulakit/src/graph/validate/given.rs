//! What feeds something: found by its name, visible from where it is used, and of which type.

use nebulakit_types::LiteralType;
use nebulakit_types::literal_type::{SimpleType, TypeKind};

use super::checks::{Checks, Workflow};
use super::entities::Entity;
use super::words::{Fed, Named, Path, Target, listed, outputs, short, type_text};
use crate::graph::binding::{Binding, NodeId, Step};
use crate::graph::node::{GATE_OUTPUT, Kind, Node};
use crate::graph::place::Place;
use crate::graph::problem::{Problem, ProblemKind};

/// The type of a promise, and the node that gives it; [`None`] where it is not known, which is told already.
pub(super) fn given<'g>(
    checks: &mut Checks<'g>,
    workflow: &mut Workflow<'g>,
    binding: &'g Binding,
    target: Target<'g>,
    at: Option<&'g Place>,
) -> Option<(&'g LiteralType, Option<&'g Node>)> {
    let (whole, node, path) = match binding {
        Binding::Input { name, path } => {
            let Some(input) = checks.entities.input(Entity::Workflow(workflow.graph), name) else {
                let message =
                    format!("{target} is fed by the input `{}`, which `{}` does not have", short(name), short(&workflow.graph.name));
                let known = workflow.graph.inputs.iter().map(|input| &*input.name);
                let hint = match workflow.graph.inputs.len() {
                    0 => "it has no inputs".to_owned(),
                    _ => format!("it has {}", listed(known)),
                };
                let end = format!("`{}` is here", short(&workflow.graph.name));
                checks.report(Problem::new(ProblemKind::Unknown, message).at(at.cloned()).end(end, workflow.graph.at.clone()).hint(hint));
                return None;
            };
            (&input.literal_type, None, path)
        }
        Binding::Output { node: id, output, path } => {
            let node = visible(checks, workflow, id, &format_args!("{target}"), at)?;
            let Some(literal_type) = checks.entities.output_type(node, output) else {
                let message = format!("{target} is fed by `{}` of {}, which has no such output", short(output), Named(node));
                let names = match &node.kind {
                    Kind::Branch(branch) => outputs(&branch.outputs),
                    Kind::Approve(_) | Kind::Wait(_) => format!("`{GATE_OUTPUT}`"),
                    kind => checks.entities.of(kind).map(|entity| outputs(entity.outputs())).unwrap_or_default(),
                };
                let hint = if names.is_empty() { "it gives nothing".to_owned() } else { format!("it gives {names}") };
                checks.report(Problem::new(ProblemKind::Unknown, message).at(at.cloned()).end(made(node), node.at.clone()).hint(hint));
                return None;
            };
            (literal_type?, Some(node), path)
        }
        _ => return None,
    };
    match part_of(whole, path) {
        Ok(Part { literal_type, is_packed }) => {
            if is_packed && is_container(checks, target) && !is_same_packed(literal_type) {
                packed(checks, target, at, literal_type, Fed { binding, node });
            }
            Some((literal_type, node))
        }
        Err(why) => {
            let message = format!("{target} is fed by {}: {why}", Fed { binding, node });
            let mut problem = Problem::new(ProblemKind::Type, message).at(at.cloned());
            if let Some(node) = node {
                problem = problem.end(made(node), node.at.clone());
            }
            checks.report(problem);
            None
        }
    }
}

/// The node of that id, where it can be seen from where the workflow is looked at.
pub(super) fn visible<'g>(
    checks: &mut Checks<'g>,
    workflow: &mut Workflow<'g>,
    id: &NodeId,
    target: &dyn std::fmt::Display,
    at: Option<&'g Place>,
) -> Option<&'g Node> {
    if workflow.in_handler {
        let message = format!("{target} needs the node `{}`, and what handles failures cannot see nodes", short(id));
        let hint = "a handler takes inputs of the workflow, constants and `Failure`";
        checks.report(Problem::new(ProblemKind::Failure, message).at(at.cloned()).hint(hint));
        return None;
    }
    let Some(stand) = workflow.stands.get(id.as_str()).copied() else {
        let message = format!("{target} needs the node `{}`, which `{}` does not have", short(id), short(&workflow.graph.name));
        checks.report(Problem::new(ProblemKind::Unknown, message).at(at.cloned()));
        return None;
    };
    let Some((_, index)) = workflow.position.iter().find(|(scope, _)| *scope == stand.scope) else {
        let message = format!("{target} needs {}, which is in an arm of a condition that only this arm sees", Named(stand.node));
        let hint = "give the value out as an output of the condition";
        let problem = Problem::new(ProblemKind::Order, message).at(at.cloned()).end(made(stand.node), stand.node.at.clone());
        checks.report(problem.hint(hint));
        return None;
    };
    // Whether it stands before is judged when all needs are known.
    workflow.needs.push((stand.scope, *index, stand.index));
    Some(stand.node)
}

/// How the end of a problem names the node that gives the value.
pub(super) fn made(node: &Node) -> String {
    format!("{} is made here", Named(node))
}

/// A part of a value.
struct Part<'g> {
    literal_type: &'g LiteralType,
    /// Whether it is in a struct: then the platform takes it from there as msgpack, unless it is a number, a text or a boolean.
    is_packed: bool,
}

/// Whether what is fed is an input of a container task.
fn is_container(checks: &Checks<'_>, target: Target<'_>) -> bool {
    let Target::Input(node, _) = target else { return false };
    matches!(checks.entities.of(&node.kind), Some(Entity::Task(task)) if !task.home.is_here())
}

/// Whether a program in a container is given the same when a value of this type comes as msgpack.
fn is_same_packed(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Union(variants) => variants.iter().all(is_same_packed),
        kind => matches!(kind, TypeKind::Simple(_) | TypeKind::Enum(_)),
    }
}

/// Tells that a program in a container gets msgpack in place of a file, a folder or a list.
fn packed(checks: &mut Checks<'_>, target: Target<'_>, at: Option<&Place>, literal_type: &LiteralType, fed: Fed<'_>) {
    let message = format!(
        "{target} is fed by {fed}, which is in a struct: a container task gets a `{}` from there as msgpack",
        type_text(literal_type)
    );
    let mut problem = Problem::new(ProblemKind::Type, message).at(at.cloned());
    if let Some(node) = fed.node {
        problem = problem.end(made(node), node.at.clone());
    }
    checks.report(problem.hint("give it outside of the struct, as a value of its own"));
}

/// The type of a part of a value.
pub(crate) fn part<'g>(whole: &'g LiteralType, path: &[Step]) -> Result<&'g LiteralType, String> {
    part_of(whole, path).map(|part| part.literal_type)
}

fn part_of<'g>(whole: &'g LiteralType, path: &[Step]) -> Result<Part<'g>, String> {
    let (mut literal_type, mut is_packed) = (whole, false);
    for (index, step) in path.iter().enumerate() {
        is_packed |= matches!(literal_type.kind, TypeKind::Simple(SimpleType::Struct));
        literal_type = match (&literal_type.kind, step) {
            (TypeKind::Collection(element), Step::Index(index)) => {
                if i32::try_from(*index).is_err() {
                    return Err(format!("an index is at most {}", i32::MAX));
                }
                element
            }
            (TypeKind::Map(value), Step::Key(_)) => value,
            (TypeKind::Simple(SimpleType::Struct), step) => {
                let fields = literal_type.structure.as_ref().map(|structure| &structure.dataclass_type);
                match (fields.filter(|fields| !fields.is_empty()), step) {
                    // An untyped structure stays one.
                    (None, _) => literal_type,
                    (Some(fields), Step::Key(name)) => {
                        let known = || listed(fields.keys().map(String::as_str));
                        fields
                            .get(&**name)
                            .ok_or_else(|| format!("`{}` has no field `{}`; it has {}", type_text(literal_type), short(name), known()))?
                    }
                    (Some(_), Step::Index(_)) => return Err(format!("`{}` has fields, not elements", type_text(literal_type))),
                }
            }
            (TypeKind::Union(_), _) => {
                let of = Path(&path[..index]).to_string();
                return Err(format!(
                    "`{}` may be of several types or none, and the platform does not look into it",
                    if of.is_empty() { type_text(literal_type) } else { of }
                ));
            }
            (TypeKind::Collection(_), Step::Key(_)) => {
                return Err(format!("`{}` has elements by number, not by name", type_text(literal_type)));
            }
            (TypeKind::Map(_), Step::Index(_)) => return Err(format!("`{}` has values by name, not by number", type_text(literal_type))),
            _ => return Err(format!("`{}` has no parts", type_text(literal_type))),
        };
    }
    Ok(Part { literal_type, is_packed })
}
