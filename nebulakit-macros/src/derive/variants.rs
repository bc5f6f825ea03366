//! `#[derive(NebulaType)]` on an enum: without values it is a Flyte enum ([`enums`]), else a Flyte union ([`unions`]).

use proc_macro2::TokenStream;
use syn::{DataEnum, DeriveInput, Fields, Meta};

use super::attributes::Container;
use super::enums::{holds_nothing, unit_enum};
use super::unions;
use crate::errors::Errors;

pub(super) fn expand(input: &DeriveInput, data: &DataEnum, container: &Container, errors: &mut Errors) -> TokenStream {
    if data.variants.is_empty() {
        errors.at(&input.ident, "an enum without variants has no values that could travel; add variants");
        return TokenStream::new();
    }
    let has_structs = data.variants.iter().any(|variant| matches!(variant.fields, Fields::Named(_)));
    let has_units = data.variants.iter().any(holds_nothing);
    for (name, reason) in OF_STRUCTS {
        if name != "pydantic" || !has_structs {
            container.refuse(&[(name, reason)], errors);
        }
    }
    if !has_units {
        container.refuse(&OF_UNIT_ENUMS, errors);
    }
    for attribute in data.variants.iter().flat_map(|variant| &variant.attrs) {
        // The bare one belongs to the derive of `Default`.
        if attribute.path().is_ident("default") && !matches!(attribute.meta, Meta::Path(_)) {
            errors.at(attribute, "a variant has no default; the fields of a variant have");
        }
    }
    if data.variants.iter().all(holds_nothing) {
        let units: Vec<_> = data.variants.iter().collect();
        unit_enum(input, &units, container, errors)
    } else {
        unions::expand(input, data, container, errors)
    }
}

/// The options of structs, and why an enum has none of them.
const OF_STRUCTS: [(&str, &str); 3] = [
    ("rename", "is for structs, whose schema has a title: an enum has no name on the wire"),
    ("default", "is for the fields of a struct"),
    ("pydantic", "is for structs: an enum is the same in all of Python"),
];

/// What says how variants are called, where no variant has a name.
const OF_UNIT_ENUMS: [(&str, &str); 1] =
    [("rename_all", "is for the variants without fields: the others have no names on the wire, only types")];
