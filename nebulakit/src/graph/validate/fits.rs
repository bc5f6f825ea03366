//! Whether a constant fits a type, as the platform judges it (Flyte task contract, types inferred from literal values).

use nebulakit_types::Literal;
use nebulakit_types::LiteralType;
use nebulakit_types::literal::{LiteralValue, Primitive};
use nebulakit_types::literal_type::{MAX_NESTED_MESSAGES, SimpleType, TypeKind, castable_within, variant_castable_within};

/// Whether `literal` fits `declared`: element by element, and of a union exactly one variant. Each comparison is taken from `left`.
pub(super) fn fits(literal: &Literal, declared: &LiteralType, left: &mut u64) -> bool {
    fits_within(literal, declared, MAX_NESTED_MESSAGES, left)
}

fn fits_within(literal: &Literal, declared: &LiteralType, deeper: usize, left: &mut u64) -> bool {
    *left = left.saturating_sub(1);
    if *left == 0 {
        return false;
    }
    let Some(deeper) = deeper.checked_sub(1) else { return false };
    match (&literal.value, &declared.kind) {
        (LiteralValue::Union { variant: Some(variant), .. }, _) => variant_castable_within(variant, declared, left),
        (LiteralValue::Union { value, variant: None }, _) => fits_within(value, declared, deeper, left),
        (LiteralValue::Offloaded { inferred_type, .. }, _) => {
            inferred_type.as_ref().is_none_or(|given| castable_within(given, declared, left))
        }
        (LiteralValue::Collection(_) | LiteralValue::Map(_), TypeKind::Union(variants)) => {
            variants.iter().filter(|variant| fits_within(literal, variant, deeper, left)).count() == 1
        }
        (LiteralValue::Collection(elements), TypeKind::Collection(element)) => {
            elements.iter().all(|literal| fits_within(literal, element, deeper, left))
        }
        (LiteralValue::Map(entries), TypeKind::Map(value)) => entries.values().all(|literal| fits_within(literal, value, deeper, left)),
        (LiteralValue::Collection(_) | LiteralValue::Map(_), _) => false,
        (scalar, _) => scalar_type(scalar).is_some_and(|given| scalar_fits(scalar, &given, declared, left)),
    }
}

/// A scalar of the type `given`. Text has to be one of the values of an enum.
fn scalar_fits(scalar: &LiteralValue, given: &LiteralType, declared: &LiteralType, left: &mut u64) -> bool {
    match (scalar, &declared.kind) {
        (_, TypeKind::Union(variants)) => variants.iter().filter(|variant| scalar_fits(scalar, given, variant, left)).count() == 1,
        (LiteralValue::Primitive(Primitive::String(text)), TypeKind::Enum(values)) => {
            *left = left.saturating_sub(values.len() as u64);
            values.contains(text)
        }
        _ => castable_within(given, declared, left),
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
