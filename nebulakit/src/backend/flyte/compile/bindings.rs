//! What feeds inputs and outputs.

use std::collections::BTreeMap;

use nebulakit_types::literal::LiteralValue;
use nebulakit_types::literal_type::SimpleType;
use nebulakit_types::wire::flyteidl::core::{
    Binding as WireBinding, BindingData, BindingDataCollection, BindingDataMap, OutputReference, binding_data,
};
use nebulakit_types::{Literal, LiteralType};

use super::frame::{Frame, promised};
use crate::graph::{Binding, Bound, Input, is_optional};
use crate::task::elements;

/// What feeds the inputs of a node that takes `inputs`: those that it is given, and the defaults of all others.
///
/// The platform has no defaults of tasks and workflows. What is left out of an optional input is written as none: a workflow could not hand on
/// what is not there.
pub(super) fn inputs<'p>(frame: &mut Frame<'_, 'p>, given: &'p [Bound], inputs: &[Input]) -> Vec<WireBinding> {
    filled(frame, given, inputs, default)
}

/// What feeds the inputs of an execution of its own: its launch plan has the defaults. What has none there is none here, since the platform would not
/// start an execution that lacks an input.
pub(super) fn launched<'p>(frame: &mut Frame<'_, 'p>, given: &'p [Bound], inputs: &[Input]) -> Vec<WireBinding> {
    filled(frame, given, inputs, |input| if input.default.is_some() { None } else { default(input) })
}

/// What is given, and what `left` makes of the inputs that are left out.
fn filled<'p>(
    frame: &mut Frame<'_, 'p>,
    given: &'p [Bound],
    inputs: &[Input],
    left: impl Fn(&Input) -> Option<Literal>,
) -> Vec<WireBinding> {
    let mut bindings: Vec<_> = given.iter().map(|bound| of(frame, &bound.name, &bound.binding)).collect();
    // In the order in which flytekit has them.
    let order = |one: &WireBinding, other: &WireBinding| one.var.cmp(&other.var);
    bindings.sort_by(order);
    let is_open = |input: &&Input| bindings.binary_search_by(|bound| bound.var.as_str().cmp(&input.name)).is_err();
    let open: Vec<_> = inputs.iter().filter(is_open).filter_map(|input| Some(named(&input.name, constant(left(input)?)))).collect();
    if !open.is_empty() {
        bindings.extend(open);
        bindings.sort_by(order);
    }
    bindings
}

/// What feeds outputs, in their order.
pub(super) fn outputs<'p>(frame: &mut Frame<'_, 'p>, outputs: &'p [Bound]) -> Vec<WireBinding> {
    outputs.iter().map(|bound| of(frame, &bound.name, &bound.binding)).collect()
}

/// The value of an input that is left out, if it may be.
pub(super) fn default(input: &Input) -> Option<Literal> {
    input.default.clone().or_else(|| is_optional(&input.literal_type).then(Literal::none))
}

/// What feeds `var`.
pub(super) fn of<'p>(frame: &mut Frame<'_, 'p>, var: &str, binding: &'p Binding) -> WireBinding {
    named(var, data(frame, binding))
}

fn named(var: &str, binding: BindingData) -> WireBinding {
    WireBinding { var: var.to_owned(), binding: Some(binding) }
}

/// What hands on whole values, by the names that they have there.
pub(super) fn promises(references: BTreeMap<String, OutputReference>) -> Vec<WireBinding> {
    references.into_iter().map(|(name, reference)| named(&name, promise(reference))).collect()
}

fn promise(reference: OutputReference) -> BindingData {
    with(binding_data::Value::Promise(reference))
}

fn data<'p>(frame: &mut Frame<'_, 'p>, binding: &'p Binding) -> BindingData {
    if let Some((value, path)) = promised(binding) {
        return promise(frame.promise(value, path));
    }
    match binding {
        Binding::Literal(literal) => constant((**literal).clone()),
        Binding::List(elements) => {
            let bindings = elements.iter().map(|element| data(frame, element)).collect();
            with(binding_data::Value::Collection(BindingDataCollection { bindings }))
        }
        Binding::Map(entries) => {
            let bindings = entries.iter().map(|(key, entry)| (key.clone(), data(frame, entry))).collect();
            with(binding_data::Value::Map(BindingDataMap { bindings }))
        }
        // The platform puts the error in the place of the none.
        Binding::Failure => constant(no_error()),
        Binding::Input { .. } | Binding::Output { .. } | Binding::Fault => BindingData::default(),
    }
}

/// The value of a binding that promises nothing.
pub(super) fn literal(binding: &Binding) -> Option<Literal> {
    match binding {
        Binding::Literal(literal) => Some((**literal).clone()),
        Binding::List(elements) => {
            let elements: Option<Vec<_>> = elements.iter().map(literal).collect();
            Some(Literal::new(LiteralValue::Collection(elements?)))
        }
        Binding::Map(entries) => {
            let entries: Option<_> = entries.iter().map(|(key, entry)| Some((key.clone(), literal(entry)?))).collect();
            Some(Literal::new(LiteralValue::Map(entries?)))
        }
        Binding::Input { .. } | Binding::Output { .. } | Binding::Failure | Binding::Fault => None,
    }
}

/// The none of the union that errors of failures are.
fn no_error() -> Literal {
    let variant = LiteralType::simple(SimpleType::None).with_tag("none");
    Literal::new(LiteralValue::Union { value: Box::new(Literal::none()), variant: Some(Box::new(variant)) })
}

fn constant(literal: Literal) -> BindingData {
    elements::constant(literal.to_wire())
}

fn with(value: binding_data::Value) -> BindingData {
    BindingData { value: Some(value), union: None }
}
