//! What a task takes and gives: named and typed inputs and outputs.

use prost::Message as _;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::field_order;
use crate::json::{self, Message};
use crate::literal_type::LiteralType;
use crate::message::decode_message;
use crate::wire::fields;
use crate::wire::flyteidl::core as pb;

/// The inputs and outputs of a task or a workflow (`flyteidl.core.TypedInterface`).
///
/// Their order is the source's; the wire does not keep it, so a decoded interface is sorted by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interface {
    /// What it takes.
    pub inputs: Vec<Variable>,
    /// What it gives.
    pub outputs: Vec<Variable>,
}

/// An input or an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// The name; unique among the inputs, or among the outputs.
    pub name: String,
    /// The type of the value.
    pub literal_type: LiteralType,
    /// What it is, for people; may be empty.
    pub description: String,
}

impl Variable {
    /// Makes a variable without a description.
    #[must_use]
    pub fn new(name: impl Into<String>, literal_type: LiteralType) -> Self {
        Self { name: name.into(), literal_type, description: String::new() }
    }
}

impl Interface {
    /// The input of that name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Variable> {
        self.inputs.iter().find(|variable| variable.name == name)
    }

    /// The output of that name.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Variable> {
        self.outputs.iter().find(|variable| variable.name == name)
    }

    /// Encodes the interface as `flyteidl.core.TypedInterface`, sorted by name. Inputs and outputs are written even where there are none, as
    /// flytekit does.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        field_order::sorted(&self.to_wire().encode_to_vec(), &fields::TYPED_INTERFACE)
    }

    /// Decodes a `flyteidl.core.TypedInterface`. What it says of artifacts is skipped.
    ///
    /// # Errors
    ///
    /// Those of [`LiteralType::decode`], at the path of the variable; [`ErrorKind::Missing`] for a variable without a type.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let wire: pb::TypedInterface = decode_message(bytes, "an interface")?;
        Ok(Self { inputs: variables_from_wire(wire.inputs)?, outputs: variables_from_wire(wire.outputs)? })
    }

    /// Turns the interface into the proto3 JSON of `flyteidl.core.TypedInterface`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json::own_to_json(Message::TypedInterface, &self.encode())
    }

    /// The interface as the message that [`Interface::encode`] writes.
    #[must_use]
    pub fn to_wire(&self) -> pb::TypedInterface {
        pb::TypedInterface { inputs: Some(variables_to_wire(&self.inputs)), outputs: Some(variables_to_wire(&self.outputs)) }
    }
}

fn variables_to_wire(variables: &[Variable]) -> pb::VariableMap {
    let variables = variables.iter().map(|variable| {
        let wire = pb::Variable {
            r#type: Some(variable.literal_type.to_wire()),
            description: variable.description.clone(),
            artifact_partial_id: None,
            artifact_tag: None,
        };
        (variable.name.clone(), wire)
    });
    pb::VariableMap { variables: variables.collect() }
}

fn variables_from_wire(wire: Option<pb::VariableMap>) -> Result<Vec<Variable>> {
    let variables = wire.unwrap_or_default().variables.into_iter();
    variables
        .map(|(name, wire)| {
            let literal_type = wire.r#type.ok_or_else(|| Error::new(ErrorKind::Missing, "a variable without a type"));
            match literal_type.and_then(LiteralType::from_wire) {
                Ok(literal_type) => Ok(Variable { name, literal_type, description: wire.description }),
                Err(error) => Err(error.at_field(&name)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::literal_type::SimpleType;

    #[test]
    fn names_sort_on_the_wire_and_defaults_vanish_in_json() {
        let mut b = Variable::new("b", LiteralType::simple(SimpleType::None));
        b.description = "the second".to_owned();
        let a = Variable::new("a", LiteralType::enumeration(vec!["x".to_owned()]));
        let interface = Interface { inputs: vec![b.clone(), a.clone()], outputs: Vec::new() };
        assert_eq!(Interface::decode(&interface.encode()).unwrap().inputs, [a, b]);
        let expected = serde_json::json!({
            "inputs": {"variables": {
                "a": {"type": {"enumType": {"values": ["x"]}}},
                "b": {"type": {"simple": "NONE"}, "description": "the second"},
            }},
            "outputs": {},
        });
        assert_eq!(interface.to_json(), expected);
    }

    #[test]
    fn a_variable_without_a_type_is_named() {
        // inputs { "a": {} }
        let error = Interface::decode(&[0x0a, 0x07, 0x0a, 0x05, 0x0a, 0x01, b'a', 0x12, 0x00]).unwrap_err();
        assert_eq!(error.to_string(), "`a`: a variable without a type");
    }
}
