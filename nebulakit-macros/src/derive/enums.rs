//! `#[derive(NebulaType)]` on an enum: without values it is a Flyte enum, with one value in each variant a Flyte union.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DataEnum, DeriveInput, Fields, Index, LitStr, Type, Variant};

use super::attributes::{Container, refuse_names, wire_name};
use super::{RECURSIVE, descriptors, head, mentions};
use crate::errors::Errors;

pub(crate) fn expand(input: &DeriveInput, data: &DataEnum, container: &Container, errors: &mut Errors) -> TokenStream {
    if data.variants.is_empty() {
        errors.at(&input.ident, "an enum without variants has no values that could travel; add variants");
        return TokenStream::new();
    }
    let holds_one = |variant: &Variant| matches!(&variant.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
    container.refuse(&OF_STRUCTS, errors);
    if data.variants.iter().any(holds_one) {
        container.refuse(&OF_UNIT_ENUMS, errors);
        union(input, data, errors)
    } else {
        unit_enum(input, data, container, errors)
    }
}

/// The options of structs, and why an enum has none of them.
const OF_STRUCTS: [(&str, &str); 3] = [
    ("rename", "is for structs, whose schema has a title: an enum has no name on the wire"),
    ("default", "is for the fields of a struct"),
    ("pydantic", "is for structs: an enum is the same in all of Python"),
];

/// What says how variants are called, where no variant has a name.
const OF_UNIT_ENUMS: [(&str, &str); 1] = [("rename_all", "is for names: the variants of a union have none on the wire, only types")];

/// What a variant that holds more than one unnamed value is told.
fn too_much(variant: &Variant) -> String {
    let name = &variant.ident;
    format!("a variant holds nothing, or one value; put the fields into a struct of their own: `{name}({name})`")
}

fn unit_enum(input: &DeriveInput, data: &DataEnum, container: &Container, errors: &mut Errors) -> TokenStream {
    let (mut values, mut names): (Vec<LitStr>, Vec<LitStr>) = (Vec::new(), Vec::new());
    for variant in &data.variants {
        match &variant.fields {
            Fields::Unit => {}
            Fields::Unnamed(fields) if fields.unnamed.is_empty() => {
                errors.at(variant, "a variant without a value has no parentheses; remove them");
            }
            fields => errors.at(fields, too_much(variant)),
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
    let idents: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let numbers: Vec<_> = (0..idents.len()).map(Index::from).collect();
    let head_of = |name: TokenStream| {
        let head = head(input, &name);
        quote_spanned!(input.ident.span().resolved_at(Span::call_site())=> #head)
    };
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
        }
    }
}

fn union(input: &DeriveInput, data: &DataEnum, errors: &mut Errors) -> TokenStream {
    let mut types: Vec<&Type> = Vec::new();
    for variant in &data.variants {
        refuse_names(variant, errors);
        match &variant.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let ty = &fields.unnamed[0].ty;
                if mentions(ty, &input.ident) {
                    errors.at(ty, RECURSIVE);
                }
                types.push(ty);
            }
            Fields::Unit => {
                let name = &variant.ident;
                let message = format!("a variant beside others that hold a value holds one too; write `{name}(())` for none");
                errors.at(variant, message);
            }
            fields => errors.at(fields, too_much(variant)),
        }
    }
    let idents: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let descriptor_types: Vec<_> = types.iter().map(|ty| quote!(__nk::union::Variant<#ty>)).collect();
    let descriptor_values: Vec<_> = types.iter().map(|ty| quote_spanned!(ty.span()=> __nk::union::Variant::<#ty>::new())).collect();
    let (definition, all) = descriptors(&input.generics, &format_ident!("__nk_variants"), &descriptor_types, &descriptor_values);
    let index: Vec<_> = (0..types.len()).map(Index::from).collect();
    let distinct = if input.generics.params.is_empty() {
        quote_spanned!(input.ident.span().resolved_at(Span::call_site())=> const _: () = __nk::union::assert_distinct(&[#(#all.#index.tag()),*]);)
    } else {
        TokenStream::new()
    };
    let head = head(input, &quote!(__nk::NebulaType));
    let head = quote_spanned!(input.ident.span().resolved_at(Span::call_site())=> #head);
    let choices = quote!(&[#(&#all.#index.choice(Self::#idents)),*]).into_token_stream();
    quote! {
        #definition
        #distinct
        #head {
            const TAG: &'static str = __nk::union::TAG;
            const IS_UNION: bool = true;

            fn literal_type(dialect: &__nk::Dialect) -> __nk::LiteralType {
                __nk::union::literal_type(&[#(&#all.#index),*], dialect)
            }

            fn encode(&self, encoder: &mut __nk::Encoder) -> __nk::Result<()> {
                match self {
                    #(Self::#idents(value) => #all.#index.encode(value, encoder),)*
                }
            }

            fn decode(literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
                __nk::union::decode(literal, #choices)
            }

            fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
                match self {
                    #(Self::#idents(value) => #all.#index.pack(value, packer),)*
                }
            }

            fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
                __nk::union::unpack(unpacker, #choices)
            }

            fn schema(dialect: &__nk::Dialect) -> __nk::Value {
                __nk::union::schema(&[#(&#all.#index),*], dialect)
            }
        }
    }
}
