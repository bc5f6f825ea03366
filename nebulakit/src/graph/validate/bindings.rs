//! Whether what feeds an input or output fits it.

use std::collections::HashSet;

use nebulakit_types::LiteralType;
use nebulakit_types::literal_type::{SimpleType, TypeKind};

use super::checks::{Checks, MAX_NESTING, Workflow};
use super::entities::Entity;
use super::given::{given, made};
use super::words::{self, Fed, Target, type_text};
use crate::graph::binding::{Binding, Bound};
use crate::graph::node::Node;
use crate::graph::place::Place;
use crate::graph::problem::{Problem, ProblemKind};

/// What one binding feeds.
#[derive(Clone, Copy)]
struct Feeding<'g> {
    target: Target<'g>,
    at: Option<&'g Place>,
}

/// Judges what feeds `target`, which is of the type `asked` if that is known.
pub(super) fn bound<'g>(
    checks: &mut Checks<'g>,
    workflow: &mut Workflow<'g>,
    bound: &'g Bound,
    target: Target<'g>,
    asked: Option<&'g LiteralType>,
) {
    if checks.is_full() {
        return;
    }
    let at = bound.at.as_ref().or(target.at());
    feed(checks, workflow, &bound.binding, asked, Feeding { target, at }, 0);
}

fn feed<'g>(
    checks: &mut Checks<'g>,
    workflow: &mut Workflow<'g>,
    binding: &'g Binding,
    asked: Option<&'g LiteralType>,
    feeding: Feeding<'g>,
    depth: usize,
) {
    let Feeding { target, at } = feeding;
    if depth > MAX_NESTING {
        let message = format!("{target} is fed by lists and maps nested deeper than {MAX_NESTING} levels");
        checks.report(Problem::new(ProblemKind::Limit, message).at(at.cloned()));
        return;
    }
    match binding {
        Binding::Fault => {}
        Binding::Literal(literal) => {
            if let Some(asked) = asked
                && !checks.constant_fits(literal, asked)
            {
                mismatch(checks, feeding, asked, binding, None, None);
            }
        }
        Binding::Failure => failure(checks, workflow, asked, feeding, depth),
        Binding::Input { .. } | Binding::Output { .. } => {
            if let Some((literal_type, node)) = given(checks, workflow, binding, target, at)
                && let Some(asked) = asked
                && !checks.fits(literal_type, asked)
            {
                mismatch(checks, feeding, asked, binding, node, Some(literal_type));
            }
        }
        Binding::List(elements) => {
            let element = asked.and_then(|asked| inner(checks, workflow, feeding, asked, binding));
            for binding in elements {
                feed(checks, workflow, binding, element, feeding, depth + 1);
            }
        }
        Binding::Map(entries) => {
            let value = asked.and_then(|asked| inner(checks, workflow, feeding, asked, binding));
            for binding in entries.values() {
                feed(checks, workflow, binding, value, feeding, depth + 1);
            }
        }
    }
}

/// What the elements of a list or a map have to be: of a union's lists, those of the one that takes it.
fn inner<'g>(
    checks: &mut Checks<'g>,
    workflow: &Workflow<'g>,
    feeding: Feeding<'g>,
    asked: &'g LiteralType,
    binding: &'g Binding,
) -> Option<&'g LiteralType> {
    if let Some(inner) = element(asked, binding) {
        return Some(inner);
    }
    if let TypeKind::Union(variants) = &asked.kind {
        let alike: Vec<_> = variants.iter().filter(|variant| element(variant, binding).is_some()).collect();
        if let [only] = alike.as_slice() {
            return element(only, binding);
        }
        let fitting: Vec<_> = alike.into_iter().filter(|variant| takes(checks, workflow, variant, binding, 0)).collect();
        if let [only] = fitting.as_slice() {
            return element(only, binding);
        }
    }
    mismatch(checks, feeding, asked, binding, None, None);
    None
}

fn element<'g>(asked: &'g LiteralType, binding: &Binding) -> Option<&'g LiteralType> {
    match (&asked.kind, binding) {
        (TypeKind::Collection(inner), Binding::List(_)) | (TypeKind::Map(inner), Binding::Map(_)) => Some(inner),
        _ => None,
    }
}

/// Whether a type takes a binding; what is wrong with the binding itself counts as taken, since it is told where it is fed.
fn takes<'g>(checks: &mut Checks<'g>, workflow: &Workflow<'g>, asked: &'g LiteralType, binding: &'g Binding, depth: usize) -> bool {
    if depth > MAX_NESTING || !checks.spend(1) {
        return true;
    }
    match (binding, &asked.kind) {
        (Binding::Literal(literal), _) => checks.constant_fits(literal, asked),
        (Binding::List(_) | Binding::Map(_), TypeKind::Union(variants)) => {
            variants.iter().filter(|variant| takes(checks, workflow, variant, binding, depth + 1)).count() == 1
        }
        (Binding::List(elements), _) => {
            element(asked, binding).is_some_and(|asked| elements.iter().all(|binding| takes(checks, workflow, asked, binding, depth + 1)))
        }
        (Binding::Map(entries), _) => {
            element(asked, binding).is_some_and(|asked| entries.values().all(|binding| takes(checks, workflow, asked, binding, depth + 1)))
        }
        (Binding::Input { name, path }, _) if path.is_empty() => {
            let input = checks.entities.input(Entity::Workflow(workflow.graph), name);
            input.is_none_or(|input| checks.fits(&input.literal_type, asked))
        }
        (Binding::Output { node, output, path }, _) if path.is_empty() => {
            let node = workflow.stands.get(node.as_str()).map(|stand| stand.node);
            let given = node.and_then(|node| checks.entities.output_type(node, output)).flatten();
            given.is_none_or(|given| checks.fits(given, asked))
        }
        _ => true,
    }
}

fn mismatch<'g>(
    checks: &mut Checks<'g>,
    feeding: Feeding<'g>,
    asked: &LiteralType,
    binding: &'g Binding,
    node: Option<&'g Node>,
    literal_type: Option<&LiteralType>,
) {
    let Feeding { target, at } = feeding;
    let what = literal_type.map_or_else(|| "does not fit".to_owned(), |given| format!("is `{}`", type_text(given)));
    let message = format!("{target} takes `{}`, and {} {what}", type_text(asked), Fed { binding, node });
    let mut problem = Problem::new(ProblemKind::Type, message).at(at.cloned());
    if let Some(node) = node {
        problem = problem.end(made(node), node.at.clone());
    }
    checks.report(problem);
}

/// The error of a failure goes to one input of a handler, as it is.
fn failure<'g>(checks: &mut Checks<'g>, workflow: &Workflow<'g>, asked: Option<&'g LiteralType>, feeding: Feeding<'g>, depth: usize) {
    let Feeding { target, at } = feeding;
    let is_input = matches!(target, Target::Input(..));
    if !workflow.in_handler || !is_input || depth > 0 {
        let message = format!("{target} is fed by `Failure`, which only an input of a failure handler can be");
        let hint = "write `#[workflow(on_failure = handler::node(.., Failure))]`";
        checks.report(Problem::new(ProblemKind::Failure, message).at(at.cloned()).hint(hint));
    } else if let Some(asked) = asked
        && !takes_error(asked)
    {
        let message = format!("{target} takes `{}`, and `Failure` is an error or none", type_text(asked));
        let hint = "let it be an `Option<FlyteError>`";
        checks.report(Problem::new(ProblemKind::Type, message).at(at.cloned()).hint(hint));
    }
}

/// Whether a type is that of the error that a failure handler is told.
pub(super) fn takes_error(literal_type: &LiteralType) -> bool {
    let is_error = |literal_type: &LiteralType| matches!(literal_type.kind, TypeKind::Simple(SimpleType::Error));
    match &literal_type.kind {
        TypeKind::Union(variants) => variants.iter().any(is_error),
        _ => false,
    }
}

/// Tells what is fed twice.
pub(super) fn twice<'g>(checks: &mut Checks<'g>, bounds: &'g [Bound], target: impl Fn(&'g str) -> Target<'g>) {
    let mut seen = HashSet::new();
    for bound in bounds {
        if !seen.insert(&*bound.name) {
            let target = target(&bound.name);
            let at = bound.at.as_ref().or(target.at());
            checks.report(Problem::new(ProblemKind::Surplus, format!("{target} is fed twice")).at(at.cloned()));
        }
    }
}

/// The problem of what has to be fed and is not.
pub(super) fn missing<'g>(of: &dyn std::fmt::Display, at: Option<&Place>, names: impl Iterator<Item = &'g str>) -> Option<Problem> {
    let mut names = names.peekable();
    let first = names.next()?;
    let (is, default) = if names.peek().is_none() { ("is", "it has no default") } else { ("are", "they have no defaults") };
    let message = format!("{} of {of} {is} not given, and {default}", words::listed(std::iter::once(first).chain(names)));
    Some(Problem::new(ProblemKind::Missing, message).at(at.cloned()))
}
