//! Whether a constant fits a type, as the platform judges it (Flyte task contract, types inferred from literal values).

use nebulakit_types::Literal;
use nebulakit_types::LiteralType;
use nebulakit_types::literal::{LiteralValue, Primitive};
use nebulakit_types::literal_type::{MAX_NESTED_MESSAGES, SimpleType, TypeKind, castable};

/// Whether `literal` fits `declared`: element by element, and of a union exactly one variant.
pub(super) fn fits(literal: &Literal, declared: &LiteralType) -> bool {
    fits_within(literal, declared, MAX_NESTED_MESSAGES)
}

fn fits_within(literal: &Literal, declared: &LiteralType, deeper: usize) -> bool {
    let Some(deeper) = deeper.checked_sub(1) else { return false };
    match (&literal.value, &declared.kind) {
        (LiteralValue::Union { variant: Some(variant), .. }, _) => castable(&LiteralType::union(vec![(**variant).clone()]), declared),
        (LiteralValue::Union { value, variant: None }, _) => fits_within(value, declared, deeper),
        (LiteralValue::Offloaded { inferred_type, .. }, _) => inferred_type.as_ref().is_none_or(|given| castable(given, declared)),
        (_, TypeKind::Union(variants)) => variants.iter().filter(|variant| fits_within(literal, variant, deeper)).count() == 1,
        (LiteralValue::Collection(elements), TypeKind::Collection(element)) => {
            elements.iter().all(|literal| fits_within(literal, element, deeper))
        }
        (LiteralValue::Map(entries), TypeKind::Map(value)) => entries.values().all(|literal| fits_within(literal, value, deeper)),
        (LiteralValue::Primitive(Primitive::String(text)), TypeKind::Enum(values)) => values.contains(text),
        (LiteralValue::Collection(_) | LiteralValue::Map(_), _) => false,
        (scalar, _) => scalar_type(scalar).is_some_and(|given| castable(&given, declared)),
    }
}

/// The type of a constant that holds no others.
pub(super) fn scalar_type(value: &LiteralValue) -> Option<LiteralType> {
    let simple = |simple| Some(LiteralType::simple(simple));
    match value {
        LiteralValue::Primitive(primitive) => simple(match primitive {
            Primitive::Integer(_) => SimpleType::Integer,
            Primitive::Float(_) => SimpleType::Float,
            Primitive::String(_) => SimpleType::String,
            Primitive::Boolean(_) => SimpleType::Boolean,
            Primitive::Datetime(_) => SimpleType::Datetime,
            Primitive::Duration(_) => SimpleType::Duration,
        }),
        LiteralValue::Blob { blob_type, .. } => Some(LiteralType::new(TypeKind::Blob(blob_type.clone()))),
        LiteralValue::Binary { tag, .. } => simple(if tag == "msgpack" { SimpleType::Struct } else { SimpleType::Binary }),
        LiteralValue::Schema { schema_type, .. } => Some(LiteralType::new(TypeKind::Schema(schema_type.clone()))),
        LiteralValue::None => simple(SimpleType::None),
        LiteralValue::Error { .. } => simple(SimpleType::Error),
        LiteralValue::Generic(_) => simple(SimpleType::Struct),
        LiteralValue::StructuredDataset { dataset_type, .. } => Some(LiteralType::new(TypeKind::StructuredDataset(dataset_type.clone()))),
        _ => None,
    }
}

/// Whether nothing at all fits the type too.
pub(crate) fn is_optional(literal_type: &LiteralType) -> bool {
    let TypeKind::Union(variants) = &literal_type.kind else { return false };
    variants.iter().any(|variant| matches!(variant.kind, TypeKind::Simple(SimpleType::None)))
}
