//! `#[derive(NebulaType)]` on a struct: one descriptor per field, and calls of the library with them.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DataStruct, DeriveInput, Fields, Ident, Index, LitStr};

use super::attributes::{Container, default_of_whole, wire_name};
use super::{RECURSIVE, arguments, descriptors, head, mentions};
use crate::errors::Errors;

/// A field that travels.
struct Travelling {
    name: LitStr,
    aliases: Vec<LitStr>,
    ident: Ident,
    ty: TokenStream,
    descriptor: TokenStream,
}

pub(crate) fn expand(input: &DeriveInput, data: &DataStruct, container: &Container, errors: &mut Errors) -> TokenStream {
    let fields = match &data.fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unit => {
            errors.at(&input.ident, "a unit struct has no Flyte form; write `{}` after its name for a struct without fields");
            return TokenStream::new();
        }
        Fields::Unnamed(fields) => {
            errors.at(fields, "a tuple struct has no Flyte form: fields travel by name; give them names");
            return TokenStream::new();
        }
    };
    let mut travelling: Vec<Travelling> = Vec::new();
    let mut skipped = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let attributes = container.field(field, errors);
        let ty = &field.ty;
        if let Some(value) = attributes.left_out(ty) {
            skipped.push(quote!(#ident: #value));
            continue;
        }
        if mentions(ty, &input.ident) {
            errors.at(ty, RECURSIVE);
        }
        let name = wire_name(ident, attributes.rename.as_ref(), container.rename_all);
        let names = || std::iter::once(&name).chain(&attributes.aliases);
        if let Some(again) = names().find(|name| travelling.iter().any(|other| other.is_called(&name.value()))) {
            errors.at(again, format!("two fields are called `{}` on the wire; rename one", again.value()));
        }
        if attributes.required
            && let Some(default) = &attributes.default
        {
            errors.push(syn::Error::new(default.span(), "a field that is `required` has no default; remove one of them"));
        }
        let whole = container.default.map(|span| default_of_whole(span, &input.ident, &arguments(&input.generics), ident));
        let default = attributes.default.as_ref().map(|default| default.function(ty)).or(whole).filter(|_| !attributes.required);
        let default = default.map(|function| quote!(.default(#function)));
        let required = attributes.required.then(|| quote!(.required()));
        travelling.push(Travelling {
            // At the type, where the error belongs if it cannot travel.
            descriptor: quote_spanned!(ty.span()=> __nk::Field::<#ty>::new(#name) #default #required),
            ty: quote!(__nk::Field<#ty>),
            aliases: attributes.aliases,
            ident: ident.clone(),
            name,
        });
    }
    implementation(input, container, &travelling, &skipped)
}

impl Travelling {
    fn is_called(&self, name: &str) -> bool {
        self.name.value() == name || self.aliases.iter().any(|alias| alias.value() == name)
    }
}

fn implementation(input: &DeriveInput, container: &Container, fields: &[Travelling], skipped: &[TokenStream]) -> TokenStream {
    let types: Vec<_> = fields.iter().map(|field| field.ty.clone()).collect();
    let values: Vec<_> = fields.iter().map(|field| field.descriptor.clone()).collect();
    let (definition, all) = descriptors(&input.generics, &format_ident!("__nk_fields"), &types, &values);
    let index: Vec<_> = (0..fields.len()).map(Index::from).collect();
    let slots: Vec<_> = (0..fields.len()).map(|index| format_ident!("__nk_{index}")).collect();
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let keys = fields.iter().map(|field| {
        let (name, aliases) = (&field.name, &field.aliases);
        quote!(#name #(| #aliases)*)
    });
    let title = container.title.clone().unwrap_or_else(|| LitStr::new(&input.ident.to_string(), Span::call_site()));
    let tag = if container.pydantic { quote!(__nk::structs::PYDANTIC) } else { quote!(__nk::structs::DATACLASS) };
    let count = fields.len();
    // Without fields nothing is known, and what followed would be out of reach.
    let known = (count > 0).then(|| quote!(__nk::Ok(true)));
    let head = head(input, &quote!(__nk::NebulaType));
    let ident = &input.ident;
    // At the struct's name: what is wrong with an implementation as a whole is wrong with the struct.
    let head = quote_spanned!(ident.span().resolved_at(Span::call_site())=> #head);
    quote! {
        #definition
        #head {
            const TAG: &'static str = #tag;

            fn literal_type(dialect: &__nk::Dialect) -> __nk::LiteralType {
                __nk::structs::literal_type(#title, Self::TAG, &[#(&#all.#index),*], dialect)
            }

            fn encode(&self, encoder: &mut __nk::Encoder) -> __nk::Result<()> {
                encoder.msgpack(|packer| __nk::NebulaType::pack(self, packer))
            }

            fn decode(literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
                __nk::structs::decode(#title, literal)
            }

            fn pack(&self, packer: &mut __nk::Packer) -> __nk::Result<()> {
                packer.map(#count)?;
                #(#all.#index.pack(&self.#idents, packer)?;)*
                __nk::Ok(())
            }

            fn unpack(unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
                #(let mut #slots = __nk::None;)*
                __nk::structs::entries(unpacker, |key, unpacker| {
                    match key {
                        #(#keys => #slots = #all.#index.unpack(unpacker)?,)*
                        _ => return __nk::Ok(false),
                    }
                    #known
                })?;
                __nk::Ok(Self {
                    #(#idents: #all.#index.finish(#slots)?,)*
                    #(#skipped,)*
                })
            }

            fn schema(dialect: &__nk::Dialect) -> __nk::Value {
                __nk::structs::schema(#title, &[#(&#all.#index),*], dialect)
            }
        }
    }
}
