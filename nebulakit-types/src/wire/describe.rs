//! What the tables in `fields.rs` are made of: the fields of each message, as far as proto3 JSON needs to know them.

/// A message and its fields.
pub(crate) struct MessageFields {
    /// The full name, as `flyteidl.core.Literal`.
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// Sorted by their JSON names; at most [`MAX_FIELDS`].
    pub(crate) fields: &'static [Field],
}

/// The most fields that a message of ours has.
pub(crate) const MAX_FIELDS: usize = 16;

/// How proto3 JSON writes a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Object,
    Timestamp,
    Duration,
    Struct,
    Value,
    List,
    /// A wrapper of one plain field.
    Wrapper,
}

pub(crate) struct Field {
    pub(crate) number: u32,
    pub(crate) json_name: &'static str,
    pub(crate) shape: Shape,
    /// Of a map, what its values are; its keys are always strings.
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Left out of JSON where it has its default; a message is left out where it is absent.
    Single,
    /// A member of the oneof of this index: written whenever it is set.
    OneOf(u8),
    Repeated,
    Map,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Bool,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Double,
    String,
    Bytes,
    /// The names of the numbers.
    Enum(&'static [(i32, &'static str)]),
    Message(&'static MessageFields),
}
