//! Unions: a value of one of several types, as an enum with one value in each variant.
//!
//! Written always wrapped with the type of its variant. Read wrapped (the variant has the same tag, else the value fits one variant
//! alone), bare (the value fits one variant alone), and inside structs, where nothing says which variant it is: there the first variant
//! that fits exactly, else the one that serde's own form names, else the first one that fits at all. A value that would be read there as
//! another variant's is not written.

mod choose;
mod describe;
mod variant;

pub use self::choose::{check_packed, decode, unpack};
pub use self::describe::{Told, literal_type, schema, shapes};
pub use self::variant::{AnyChoice, AnyVariant, Choice, Variant, assert_distinct};

/// The tag of unions, where one stands inside another type.
pub const TAG: &str = "Typed Union";
