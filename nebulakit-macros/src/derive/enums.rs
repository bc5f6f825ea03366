//! `#[derive(NebulaType)]` on an enum whose variants hold nothing: a Flyte enum.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{DeriveInput, Fields, Index, LitStr, Variant};

use super::attributes::{Container, wire_name};
use super::generics::head;
use crate::doc::doc;
use crate::errors::Errors;

/// Whether a variant has no fields; empty parentheses are refused where it is read.
pub(super) fn holds_nothing(variant: &Variant) -> bool {
    match &variant.fields {
        Fields::Unit => true,
        Fields::Unnamed(fields) => fields.unnamed.is_empty(),
        Fields::Named(_) => false,
    }
}

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

            fn index(&self) -> __nk::usize {
                match self {
                    #(Self::#idents => #numbers,)*
                }
            }

            fn at(__nk_index: __nk::usize) -> __nk::Option<Self> {
                match __nk_index {
                    #(#numbers => __nk::Some(Self::#idents),)*
                    _ => __nk::None,
                }
            }
        }

        #general {
            const TAG: &'static __nk::str = __nk::enums::TAG;
            const KIND: __nk::Kind = __nk::Kind::Enum;

            fn literal_type(__nk_dialect: &__nk::Dialect) -> __nk::LiteralType {
                __nk::enums::literal_type::<Self>(__nk_dialect)
            }

            fn encode(&self, __nk_encoder: &mut __nk::Encoder) -> __nk::Result<()> {
                __nk::enums::encode(self, __nk_encoder);
                __nk::Ok(())
            }

            fn decode(__nk_literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
                __nk::enums::decode(__nk_literal)
            }

            fn pack(&self, __nk_packer: &mut __nk::Packer) -> __nk::Result<()> {
                __nk::enums::pack(self, __nk_packer)
            }

            fn unpack(__nk_unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
                __nk::enums::unpack(__nk_unpacker)
            }

            fn schema(_: &__nk::Dialect) -> __nk::Value {
                __nk::enums::schema::<Self>()
            }

            fn shapes(__nk_shapes: &mut __nk::Shapes) {
                __nk::enums::shapes::<Self>(#name, #told, &[#(#docs),*], __nk_shapes);
            }
        }
    }
}

/// The name that people are shown.
pub(super) fn title(input: &DeriveInput) -> LitStr {
    LitStr::new(&input.ident.unraw().to_string(), Span::call_site())
}
