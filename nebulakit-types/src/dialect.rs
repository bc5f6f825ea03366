//! What differs between the platforms in how values and types are written, as data.

/// How values and types are shaped for the platform at the other end.
///
/// Everything is read in every shape; a dialect only decides what is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dialect {
    /// The text that a unit enum travels as.
    pub enum_text: EnumText,
    /// What a struct's type says of its fields.
    pub struct_structure: StructStructure,
    /// How files and directories are written.
    pub files: FileShape,
}

/// How files and directories are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileShape {
    /// With the format in the type; `path` alone in structs.
    Flyte1,
    /// Without a format in the type; with `name`, `format` and `hash` beside `path` in structs.
    Flyte2,
}

/// The text that a unit enum travels as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnumText {
    /// The value given by `#[nebula(value = "...")]` or serde's name.
    Value,
    /// The name given by `#[nebula(name = "...")]`, else the variant's identifier.
    Name,
}

/// What the `structure` of a struct's type holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructStructure {
    /// The type of every field (`dataclass_type`), which attribute access on promises needs.
    Fields,
    /// Only the tag that unions match by.
    Tag,
}

impl Dialect {
    /// Flyte 1.x and flytekit.
    pub const FLYTE_1: Self = Self { enum_text: EnumText::Value, struct_structure: StructStructure::Fields, files: FileShape::Flyte1 };
    /// Flyte 2 and its Python SDK.
    pub const FLYTE_2: Self = Self { enum_text: EnumText::Name, struct_structure: StructStructure::Tag, files: FileShape::Flyte2 };
}
