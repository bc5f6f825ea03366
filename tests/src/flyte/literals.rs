//! The types of literals, and types as the platform prints them.

use nebulakit_types::literal_type::{LiteralType, SimpleType};
use nebulakit_types::wire::flyteidl::core::{self as wire, Literal, Primitive, literal, literal_type, primitive, scalar};
use prost::Message as _;

/// The type that a literal has by itself; none where it has none of its own.
pub(crate) fn type_of(literal: &Literal) -> Option<LiteralType> {
    let simple = |simple| Some(LiteralType::simple(simple));
    match literal.value.as_ref()? {
        literal::Value::Collection(collection) => Some(LiteralType::collection(of_all(collection.literals.iter())?)),
        literal::Value::Map(map) => Some(LiteralType::map(of_all(map.literals.values())?)),
        literal::Value::OffloadedMetadata(metadata) => known(metadata.inferred_type.as_ref()?),
        literal::Value::Scalar(scalar) => match scalar.value.as_ref()? {
            scalar::Value::Primitive(Primitive { value }) => simple(match value.as_ref()? {
                primitive::Value::Integer(_) => SimpleType::Integer,
                primitive::Value::FloatValue(_) => SimpleType::Float,
                primitive::Value::StringValue(_) => SimpleType::String,
                primitive::Value::Boolean(_) => SimpleType::Boolean,
                primitive::Value::Datetime(_) => SimpleType::Datetime,
                primitive::Value::Duration(_) => SimpleType::Duration,
            }),
            scalar::Value::NoneType(_) => simple(SimpleType::None),
            scalar::Value::Error(_) => simple(SimpleType::Error),
            scalar::Value::Generic(_) => simple(SimpleType::Struct),
            scalar::Value::Binary(binary) if binary.tag == "msgpack" => simple(SimpleType::Struct),
            scalar::Value::Binary(_) => simple(SimpleType::Binary),
            scalar::Value::Union(union) => Some(LiteralType::union(vec![known(union.r#type.as_ref()?)?])),
            scalar::Value::Blob(blob) => of_wire(literal_type::Type::Blob(blob.metadata.clone()?.r#type?)),
            scalar::Value::Schema(schema) => of_wire(literal_type::Type::Schema(schema.r#type.clone()?)),
            scalar::Value::StructuredDataset(dataset) => {
                of_wire(literal_type::Type::StructuredDatasetType(dataset.metadata.clone()?.structured_dataset_type?))
            }
        },
    }
}

fn of_wire(kind: literal_type::Type) -> Option<LiteralType> {
    known(&wire::LiteralType { r#type: Some(kind), ..wire::LiteralType::default() })
}

/// A type of a message.
pub(crate) fn known(literal_type: &wire::LiteralType) -> Option<LiteralType> {
    LiteralType::decode(&literal_type.encode_to_vec()).ok()
}

/// The type of all elements: one of several is a union.
fn of_all<'l>(literals: impl Iterator<Item = &'l Literal>) -> Option<LiteralType> {
    let mut types: Vec<LiteralType> = Vec::new();
    for literal in literals {
        let of_one = type_of(literal)?;
        if !types.contains(&of_one) {
            types.push(of_one);
        }
    }
    match types.len() {
        0 => Some(LiteralType::simple(SimpleType::None)),
        1 => types.pop(),
        _ => Some(LiteralType::union(types)),
    }
}

/// A type as the platform's refusals show it.
pub(crate) fn shown(literal_type: &wire::LiteralType) -> String {
    match &literal_type.r#type {
        Some(literal_type::Type::Simple(simple)) => {
            format!("simple:{}", wire::SimpleType::try_from(*simple).unwrap_or_default().as_str_name())
        }
        Some(literal_type::Type::CollectionType(element)) => format!("collection_type:{{{}}}", shown(element)),
        Some(literal_type::Type::MapValueType(value)) => format!("map_value_type:{{{}}}", shown(value)),
        Some(literal_type::Type::UnionType(union)) => {
            let variants = union.variants.iter().map(|variant| format!("variants:{{{}}}", shown(variant))).collect::<Vec<_>>();
            format!("union_type:{{{}}}", variants.join(" "))
        }
        other => format!("{other:?}"),
    }
}

/// A primitive as the platform's refusals show it.
pub(crate) fn shown_value(literal: &Literal) -> String {
    let Some(literal::Value::Scalar(scalar)) = &literal.value else { return format!("{literal:?}") };
    let Some(scalar::Value::Primitive(Primitive { value: Some(value) })) = &scalar.value else { return format!("{literal:?}") };
    let value = match value {
        primitive::Value::Integer(number) => format!("integer:{number}"),
        primitive::Value::FloatValue(number) => format!("float_value:{number}"),
        primitive::Value::StringValue(text) => format!("string_value:{text:?}"),
        primitive::Value::Boolean(yes) => format!("boolean:{yes}"),
        other => format!("{other:?}"),
    };
    format!("scalar:{{primitive:{{{value}}}}}")
}
