//! `#[derive(NebulaType)]` on an enum: without values it is a Flyte enum, else a Flyte union ([`unions`](super::unions)).

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{DataEnum, DeriveInput, Fields, Index, LitStr, Meta, Variant};

use super::attributes::{Container, wire_name};
use super::head;
use crate::doc::doc;
use crate::errors::Errors;

pub(crate) fn expand(input: &DeriveInput, data: &DataEnum, container: &Container, errors: &mut Errors) -> TokenStream {
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
        super::unions::expand(input, data, container, errors)
    }
}

/// Whether a variant has no fields; empty parentheses are refused where it is read.
pub(super) fn holds_nothing(variant: &Variant) -> bool {
    match &variant.fields {
        Fields::Unit => true,
        Fields::Unnamed(fields) => fields.unnamed.is_empty(),
        Fields::Named(_) => false,
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

/// An enum of variants without fields: `input` is the type that they are put into.
pub(super) fn unit_enum(input: &DeriveInput, variants: &[&Variant], container: &Container, errors: &mut Errors) -> TokenStream {
    let (mut values, mut names): (Vec<LitStr>, Vec<LitStr>) = (Vec::new(), Vec::new());
    for variant in variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.at(variant, "a variant without a value has no parentheses; remove them");
        }
        let attributes = container.variant(variant, errors);
        let value = wire_name(&variant.ident, attributes.value.as_ref(), container.rename_all);
        let name = attributes.name.unwrap_or_else(|| LitStr::new(&variant.ident.unraw().to_string(), variant.ident.span()));
        if values.iter().any(|other| other.value() == value.value()) {
            errors.at(&value, format!("two variants have the value `{}`; change one", value.value()));
        }
        if names.iter().any(|other| other.value() == name.value()) {
            errors.at(&name, format!("two variants are called `{}`; change one", name.value()));
        }
        values.push(value);
        names.push(name);
    }
    // Both are read, so that the value of one must not be the name of another.
    for (index, value) in values.iter().enumerate() {
        if let Some(other) = names.iter().enumerate().position(|(other, name)| other != index && name.value() == value.value())
            && values[other].value() != value.value()
        {
            errors.at(value, format!("the value `{}` is also the name of another variant; change one", value.value()));
        }
    }
    let idents: Vec<_> = variants.iter().map(|variant| &variant.ident).collect();
    let numbers: Vec<_> = (0..idents.len()).map(Index::from).collect();
    let head_of = |name: TokenStream| {
        let head = head(input, &name);
        quote_spanned!(input.ident.span().resolved_at(Span::call_site())=> #head)
    };
    let (name, told) = (title(input), doc(&input.attrs));
    let docs: Vec<_> = variants.iter().map(|variant| doc(&variant.attrs)).collect();
    let (own, general) = (head_of(quote!(__nk::enums::UnitEnum)), head_of(quote!(__nk::NebulaType)));
    quote! {
        #own {
            const VARIANTS: &'static [__nk::enums::Variant] = &[#(__nk::enums::Variant { value: #values, name: #names }),*];

            fn index(&self) -> usize {
                match self {
                    #(Self::#idents => #numbers,)*
                }
            }

            fn at(index: usize) -> __nk::Option<Self> {
                match index {
                    #(#numbers => __nk::Some(Self::#idents),)*
                    _ => __nk::None,
                }
            }
        }

        #general {
            const TAG: &'static str = __nk::enums::TAG;

            fn literal_type(dialect: &__nk::Dialect) -> __nk::LiteralType {
                __nk::enums::literal_type::<Self>(dialect)
            }

            fn encode(&self, encoder: &mut __nk::Encoder) -> __nk::Result<()> {
                __nk::enums::encode(self, encoder);
                __nk::Ok(())
            }

            fn decode(literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
                __nk::enums::decode(literal)
            }

            fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
                __nk::enums::pack(self, packer)
            }

            fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
                __nk::enums::unpack(unpacker)
            }

            fn schema(_: &__nk::Dialect) -> __nk::Value {
                __nk::enums::schema::<Self>()
            }

            fn shapes(shapes: &mut __nk::Shapes) {
                __nk::enums::shapes::<Self>(#name, #told, &[#(#docs),*], shapes);
            }
        }
    }
}

/// The name that people are shown.
pub(super) fn title(input: &DeriveInput) -> LitStr {
    LitStr::new(&input.ident.unraw().to_string(), Span::call_site())
}
