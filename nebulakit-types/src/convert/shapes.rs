//! What people are shown of the structs and enums that a signature names: their parts, with types, defaults and doc comments.
//!
//! The schemas on the wire cannot carry this: they are compared with Python's, which lack doc comments and the names of enums.

use crate::{Dialect, LiteralType, Untyped};

/// The structs and enums of a signature, each once, in the order in which they are met.
#[derive(Debug, Default)]
pub struct Shapes {
    dialect: Option<&'static Dialect>,
    /// By the names that the compiler has for them: two may have one name of their own.
    seen: Vec<&'static str>,
    shapes: Vec<Shape>,
}

/// A struct or an enum.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Shape {
    /// Whether it is a `struct`, an `enum` or a `union`.
    pub kind: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its doc comment; empty when there is none.
    pub doc: &'static str,
    /// Its fields or variants.
    pub parts: Vec<Part>,
}

/// A field of a struct, or a variant of an enum.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Part {
    /// The name of the field, or what stands for the variant.
    pub name: &'static str,
    /// Its type; [`None`] for a variant that holds nothing.
    pub literal_type: Option<LiteralType>,
    /// The value that stands for an absent field.
    pub default: Option<Untyped>,
    /// Its doc comment; empty when there is none.
    pub doc: &'static str,
}

impl Part {
    /// A part that has only a name and a doc comment.
    #[must_use]
    pub fn new(name: &'static str, doc: &'static str) -> Self {
        Self { name, literal_type: None, default: None, doc }
    }

    /// The same part with the type of what it holds.
    #[must_use]
    pub fn of_type(self, literal_type: LiteralType) -> Self {
        Self { literal_type: Some(literal_type), ..self }
    }
}

impl Shapes {
    /// None yet, of types as `dialect` has them.
    #[must_use]
    pub fn new(dialect: &'static Dialect) -> Self {
        Self { dialect: Some(dialect), ..Self::default() }
    }

    /// How types are written.
    #[must_use]
    pub fn dialect(&self) -> &'static Dialect {
        self.dialect.unwrap_or(&Dialect::FLYTE_1)
    }

    /// Adds the shape of `T`, unless it is there. Says whether it was added: then the types of its parts follow.
    pub fn add<T>(
        &mut self,
        kind: &'static str,
        name: &'static str,
        doc: &'static str,
        parts: impl FnOnce(&'static Dialect) -> Vec<Part>,
    ) -> bool {
        let key = std::any::type_name::<T>();
        if self.seen.contains(&key) {
            return false;
        }
        self.seen.push(key);
        let parts = parts(self.dialect());
        self.shapes.push(Shape { kind, name, doc, parts });
        true
    }

    /// All of them.
    #[must_use]
    pub fn into_shapes(self) -> Vec<Shape> {
        self.shapes
    }
}
