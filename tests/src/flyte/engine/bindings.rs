//! What the inputs of a node are, once the nodes before it have ended.

use std::collections::BTreeMap;

use nebulakit_types::wire::flyteidl::core::{
    Binding, BindingData, Literal, LiteralCollection, LiteralMap, OutputReference, PromiseAttribute, binding_data, literal,
    promise_attribute, scalar,
};
use nebulakit_types::wire::google::protobuf::{Struct, Value, value};

use super::failure::{Failure, system};
use super::msgpack::{self, Step, of_scalar};

/// The node that stands for a workflow's inputs.
pub(crate) const START: &str = "start-node";
/// The node that stands for a workflow's outputs.
pub(crate) const END: &str = "end-node";

/// The outputs of the nodes that have ended, by the nodes' ids. The inputs are those of [`START`].
pub(crate) type Given = BTreeMap<String, LiteralMap>;

/// The inputs that bindings stand for.
pub(crate) fn resolve(bindings: &[Binding], given: &Given) -> Result<LiteralMap, Failure> {
    let mut literals = BTreeMap::new();
    for Binding { var, binding } in bindings {
        let Some(binding) = binding else { continue };
        let literal = data(binding, given)
            .map_err(|why| system("BindingResolutionFailure", format!("Error binding Var [{var}], caused by: {why}")))?;
        literals.insert(var.clone(), literal);
    }
    Ok(LiteralMap { literals })
}

fn data(binding: &BindingData, given: &Given) -> Result<Literal, String> {
    let value = match binding.value.as_ref().ok_or("the binding is empty")? {
        binding_data::Value::Promise(promise) => return promised(promise, given),
        binding_data::Value::Scalar(scalar) => literal::Value::Scalar(Box::new(scalar.clone())),
        binding_data::Value::OffloadedMetadata(metadata) => literal::Value::OffloadedMetadata(metadata.clone()),
        binding_data::Value::Collection(collection) => {
            let literals = collection.bindings.iter().map(|binding| data(binding, given)).collect::<Result<_, _>>()?;
            literal::Value::Collection(LiteralCollection { literals })
        }
        binding_data::Value::Map(map) => {
            let literals = map.bindings.iter().map(|(key, binding)| Ok((key.clone(), data(binding, given)?)));
            literal::Value::Map(LiteralMap { literals: literals.collect::<Result<_, String>>()? })
        }
    };
    Ok(Literal { value: Some(value), ..Literal::default() })
}

fn promised(promise: &OutputReference, given: &Given) -> Result<Literal, String> {
    let OutputReference { node_id, var, attr_path } = promise;
    let node = if node_id.is_empty() { START } else { node_id };
    let outputs = given.get(node).ok_or_else(|| format!("failed to find node [{node}]"))?;
    let mut literal = match outputs.literals.get(var) {
        Some(literal) => literal.clone(),
        None => return Err(format!("failed to find [{node}].[{var}]")),
    };
    for attribute in attr_path {
        literal = inner(&literal, attribute).map_err(|step| format!("[{step}] does not lead into [{node}].[{var}]"))?;
    }
    Ok(literal)
}

/// What an attribute leads to; plain values stay.
fn inner(literal: &Literal, attribute: &PromiseAttribute) -> Result<Literal, String> {
    let step = match attribute.value.as_ref().ok_or("")? {
        promise_attribute::Value::StringValue(key) => Step::Key(key),
        promise_attribute::Value::IntValue(index) => Step::Index(usize::try_from(*index).map_err(|_| index.to_string())?),
    };
    let name = || match &step {
        Step::Key(key) => (*key).to_owned(),
        Step::Index(index) => index.to_string(),
    };
    let found = match (literal.value.as_ref().ok_or_else(name)?, &step) {
        (literal::Value::Collection(collection), Step::Index(index)) => collection.literals.get(*index).cloned(),
        (literal::Value::Map(map), Step::Key(key)) => map.literals.get(*key).cloned(),
        (literal::Value::Scalar(scalar), _) => match &scalar.value {
            Some(scalar::Value::Binary(binary)) => msgpack::step(&binary.value, &step).and_then(msgpack::literal),
            Some(scalar::Value::Generic(fields)) => match &step {
                Step::Key(key) => fields.fields.get(*key).and_then(of_json),
                Step::Index(_) => None,
            },
            Some(scalar::Value::Union(union)) => return inner(union.value.as_ref().ok_or_else(name)?, attribute),
            _ => Some(literal.clone()),
        },
        _ => None,
    };
    found.ok_or_else(name)
}

/// A field of a struct, as the platform hands it on: numbers are floats.
fn of_json(field: &Value) -> Option<Literal> {
    use nebulakit_types::wire::flyteidl::core::{Primitive, primitive};
    let primitive = match field.kind.as_ref()? {
        value::Kind::NumberValue(number) => primitive::Value::FloatValue(*number),
        value::Kind::StringValue(text) => primitive::Value::StringValue(text.clone()),
        value::Kind::BoolValue(yes) => primitive::Value::Boolean(*yes),
        value::Kind::NullValue(_) => return Some(of_scalar(scalar::Value::NoneType(Default::default()))),
        value::Kind::StructValue(fields) => return Some(of_scalar(scalar::Value::Generic(Struct { fields: fields.fields.clone() }))),
        value::Kind::ListValue(list) => {
            let literals = list.values.iter().map(of_json).collect::<Option<_>>()?;
            return Some(Literal { value: Some(literal::Value::Collection(LiteralCollection { literals })), ..Literal::default() });
        }
    };
    Some(of_scalar(scalar::Value::Primitive(Primitive { value: Some(primitive) })))
}

/// The nodes whose outputs bindings use.
pub(crate) fn sources(bindings: &[Binding]) -> Vec<String> {
    fn collect(binding: &BindingData, into: &mut Vec<String>) {
        match &binding.value {
            Some(binding_data::Value::Promise(promise)) if !promise.node_id.is_empty() => into.push(promise.node_id.clone()),
            Some(binding_data::Value::Collection(collection)) => collection.bindings.iter().for_each(|binding| collect(binding, into)),
            Some(binding_data::Value::Map(map)) => map.bindings.values().for_each(|binding| collect(binding, into)),
            _ => {}
        }
    }
    let mut into = Vec::new();
    bindings.iter().filter_map(|binding| binding.binding.as_ref()).for_each(|binding| collect(binding, &mut into));
    into
}
