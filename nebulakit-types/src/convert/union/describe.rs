//! What a union is called: its type, its schema, and its variants as people are shown them.

use serde_json::{Value, json};

use super::variant::AnyVariant;
use crate::convert::endless::bounded;
use crate::convert::enums;
use crate::convert::shapes::{Part, Shapes};
use crate::literal_type::TypeKind;
use crate::{Dialect, LiteralType};

/// The type of a union of these variants.
///
/// # Panics
/// When the union holds itself through other types, and when two variants are the same type, which no reader could tell apart.
#[must_use]
pub fn literal_type(variants: &[&dyn AnyVariant], dialect: &Dialect) -> LiteralType {
    let types: Vec<_> = bounded("a union", || variants.iter().map(|variant| variant.literal_type(dialect)).collect());
    for (right, literal_type) in types.iter().enumerate() {
        let schema = |which: usize| untitled(variants[which].schema(dialect));
        if let Some(left) = (0..right).find(|left| is_alike(&types[*left], literal_type) && schema(*left) == schema(right)) {
            let (first, second) = (variants[left].name(), variants[right].name());
            panic!(
                "the variants `{first}` and `{second}` of a union are both `{literal_type}` on the wire, so that no reader could tell them \
                 apart; keep one of them, or give one a field that the other has not"
            );
        }
    }
    LiteralType::union(types)
}

/// Whether nothing but their schemas can tell two types apart, which not every type carries.
///
/// Files of two formats are one type to Flyte 2, where tasks may give such a union and not take it.
fn is_alike(left: &LiteralType, right: &LiteralType) -> bool {
    !matches!(left.kind, TypeKind::Blob(_)) && left.tag() == right.tag() && left.kind == right.kind
}

/// A schema without the name of the struct, which msgpack does not carry.
fn untitled(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("title");
    }
    schema
}

/// A variant as people are shown it: one of the union's types, or one of the variants that hold nothing.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    name: &'static str,
    doc: &'static str,
    of: Of,
}

#[derive(Debug, Clone, Copy)]
enum Of {
    Member(usize),
    Unit(&'static enums::Variant),
}

impl Told {
    /// The variant called `name`, whose type is that of the union's `member`.
    #[must_use]
    pub const fn member(name: &'static str, doc: &'static str, member: usize) -> Self {
        Self { name, doc, of: Of::Member(member) }
    }

    /// A variant that holds nothing.
    #[must_use]
    pub const fn unit(variant: &'static enums::Variant, doc: &'static str) -> Self {
        Self { name: "", doc, of: Of::Unit(variant) }
    }

    fn part(&self, variants: &[&dyn AnyVariant], dialect: &Dialect) -> Part {
        match self.of {
            Of::Member(member) => Part::new(self.name, self.doc).of_type(variants[member].literal_type(dialect)),
            Of::Unit(variant) => Part::new(variant.text(dialect), self.doc),
        }
    }
}

/// Adds a union called `name`, and what its variants hold.
pub fn shapes<T>(name: &'static str, doc: &'static str, told: &[Told], variants: &[&dyn AnyVariant], shapes: &mut Shapes) {
    if shapes.add::<T>("union", name, doc, |dialect| told.iter().map(|each| each.part(variants, dialect)).collect()) {
        for each in told {
            if let Of::Member(member) = each.of {
                variants[member].shapes(shapes);
            }
        }
    }
}

/// The JSON schema of a union as a field of a struct.
///
/// # Panics
/// When the union holds itself through other types.
#[must_use]
pub fn schema(variants: &[&dyn AnyVariant], dialect: &Dialect) -> Value {
    let variants: Vec<_> = bounded("a union", || variants.iter().map(|variant| variant.schema(dialect)).collect());
    json!({ "anyOf": variants })
}
