//! What a map goes through, and how much of it has to succeed.

use std::collections::HashSet;

use nebulakit_types::literal::LiteralValue;

use super::checks::Checks;
use super::entities::Entity;
use super::words::{Named, listed, short};
use crate::graph::binding::Binding;
use crate::graph::node::{Map, Node, Success};
use crate::graph::problem::{Problem, ProblemKind};

/// Judges a map of `entity`.
pub(super) fn map<'g>(checks: &mut Checks<'g>, node: &'g Node, map: &'g Map, entity: Option<Entity<'g>>) {
    let problem = |kind, message: String| Problem::new(kind, message).at(node.at.clone());
    let mut seen = HashSet::new();
    if map.mapped.is_empty() {
        checks.report(problem(ProblemKind::Map, format!("{} goes through none of its inputs", Named(node))));
    }
    for name in &map.mapped {
        if !seen.insert(name) {
            checks.report(problem(ProblemKind::Map, format!("{} goes through `{}` twice", Named(node), short(name))));
        } else if entity.is_some_and(|entity| checks.entities.input(entity, name).is_none()) {
            let known = entity.into_iter().flat_map(|entity| entity.inputs().iter().map(|input| &*input.name));
            let message = format!("{} goes through `{}`, which is not an input", Named(node), short(name));
            let hint = format!("its inputs are {}", listed(known));
            checks.report(problem(ProblemKind::Unknown, message).hint(hint));
        }
    }
    let lengths: Vec<_> = node
        .inputs
        .iter()
        .filter(|bound| seen.contains(&bound.name))
        .filter_map(|bound| Some((&*bound.name, length(&bound.binding)?)))
        .collect();
    let first = lengths.first().copied();
    if let Some((name, length)) = first
        && let Some((other, found)) = lengths.iter().find(|(_, found)| *found != length)
    {
        let message = format!("{} goes through {length} elements of `{}` and {found} of `{}`", Named(node), short(name), short(other));
        checks.report(problem(ProblemKind::Map, message).hint("lists that are gone through together have the same length"));
    }
    match map.success {
        Success::Ratio(ratio) if !(ratio > 0.0 && ratio <= 1.0) => {
            let message = format!("{} has to succeed in a part of {ratio} of its elements", Named(node));
            checks.report(problem(ProblemKind::Limit, message).hint("a part is above 0 and at most 1"));
        }
        Success::Count(0) => {
            let message = format!("{} has to succeed in 0 of its elements", Named(node));
            checks.report(problem(ProblemKind::Limit, message).hint("at least 1"));
        }
        Success::Count(count) if first.is_some_and(|(_, length)| length < count as usize) => {
            let length = first.map_or(0, |(_, length)| length);
            let message = format!("{} has to succeed in {count} elements and has {length}", Named(node));
            checks.report(problem(ProblemKind::Map, message));
        }
        _ => {}
    }
}

/// How long a list is, where that is known.
fn length(binding: &Binding) -> Option<usize> {
    match binding {
        Binding::List(elements) => Some(elements.len()),
        Binding::Literal(literal) => match &literal.value {
            LiteralValue::Collection(elements) => Some(elements.len()),
            _ => None,
        },
        _ => None,
    }
}
