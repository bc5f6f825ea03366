//! `#[derive(NebulaType)]` on a struct: one descriptor per field, and calls of the library with them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DataStruct, DeriveInput, Fields, Ident, Index, LitStr};

use super::attributes::{Container, default_of_whole, wire_name};
use super::generics::{RECURSIVE, arguments, bounded, descriptors, head, mentions};
use crate::doc::{doc, has_doc};
use crate::errors::Errors;
use crate::signature::judge_foreign;

/// A field that travels.
pub(super) struct Travelling {
    name: LitStr,
    aliases: Vec<LitStr>,
    ident: Ident,
    ty: TokenStream,
    /// The type as it was written.
    written: String,
    plain_type: syn::Type,
    visibility: syn::Visibility,
    descriptor: TokenStream,
}

pub(crate) fn expand(input: &DeriveInput, data: &DataStruct, container: &Container, errors: &mut Errors) -> TokenStream {
    match &data.fields {
        Fields::Named(_) => {}
        Fields::Unit => {
            errors.at(&input.ident, "a unit struct has no Flyte form; write `{}` after its name for a struct without fields");
            return TokenStream::new();
        }
        Fields::Unnamed(fields) => {
            errors.at(fields, "a tuple struct has no Flyte form: fields travel by name; give them names");
            return TokenStream::new();
        }
    }
    let (travelling, skipped) = self::fields(input, data, container, errors);
    let implementation = implementation(input, container, &travelling, &skipped, false);
    let promised = promised(input, &travelling);
    quote!(#implementation #promised)
}

/// The fields as promises, which a promise of the struct has.
fn promised(input: &DeriveInput, fields: &[Travelling]) -> TokenStream {
    let generics = bounded(&input.generics);
    let (parameters, _, clause) = generics.split_for_impl();
    let (ident, visibility, arguments) = (&input.ident, &input.vis, arguments(&input.generics));
    let names: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let visibilities = fields.iter().map(|field| &field.visibility);
    let types = fields.iter().map(|field| &field.plain_type);
    let keys = fields.iter().map(|field| &field.name);
    // A parameter may be in a field that does not travel.
    let has_parameters = !input.generics.params.is_empty();
    let of = has_parameters.then(|| quote!(__nk_of: __nk::PhantomData<fn() -> #ident #arguments>,));
    let of_value = has_parameters.then(|| quote!(__nk_of: __nk::PhantomData,));
    let head = head(input, &quote!(__nk::Parts));
    quote! {
        #[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces, unreachable_pub)]
        #visibility struct __Fields #parameters #clause {
            #(#visibilities #names: __nk::Promise<#types>,)*
            #of
        }

        #head {
            type Parts = __Fields #arguments;

            fn parts(__nk_whole: &__nk::Promise<Self>) -> Self::Parts {
                __Fields { #(#names: __nk::field(__nk_whole, #keys),)* #of_value }
            }
        }
    }
}

/// The fields that travel, and how the others are made.
pub(super) fn fields(
    input: &DeriveInput,
    data: &DataStruct,
    container: &Container,
    errors: &mut Errors,
) -> (Vec<Travelling>, Vec<TokenStream>) {
    let mut travelling: Vec<Travelling> = Vec::new();
    let mut skipped = Vec::new();
    for field in &data.fields {
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
        judge_foreign(ty, errors);
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
        let told = has_doc(&field.attrs).then(|| doc(&field.attrs)).map(|doc| quote!(.doc(#doc)));
        travelling.push(Travelling {
            // At the type, where the error belongs if it cannot travel.
            descriptor: quote_spanned!(ty.span()=> __nk::Field::<#ty>::new(#name) #told #default #required),
            ty: quote!(__nk::Field<#ty>),
            written: quote!(#ty).to_string(),
            plain_type: ty.clone(),
            visibility: field.vis.clone(),
            aliases: attributes.aliases,
            ident: ident.clone(),
            name,
        });
    }
    (travelling, skipped)
}

impl Travelling {
    pub(super) fn ident(&self) -> &Ident {
        &self.ident
    }

    /// The name on the wire, and the type as it was written.
    pub(super) fn described(&self) -> (String, String) {
        (self.name.value(), self.written.clone())
    }

    fn is_called(&self, name: &str) -> bool {
        self.name.value() == name || self.aliases.iter().any(|alias| alias.value() == name)
    }
}

/// The implementation for `input`; with `by_parts`, and a function that packs a value of which only the fields are there.
pub(super) fn implementation(
    input: &DeriveInput,
    container: &Container,
    fields: &[Travelling],
    skipped: &[TokenStream],
    by_parts: bool,
) -> TokenStream {
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
    let told = doc(&input.attrs);
    let packed = |values: &[TokenStream]| {
        let packed = quote! {
            __nk::Packer::map(__nk_packer, #count)?;
            #(__nk::Field::pack(&#all.#index, #values, __nk_packer)?;)*
            __nk::Ok(())
        };
        // Inside of a model some types are written in another way.
        if container.pydantic { quote!(__nk::structs::pydantic_pack(__nk_packer, |__nk_packer| { #packed })) } else { packed }
    };
    let entries = if container.pydantic { quote!(__nk::structs::pydantic_entries) } else { quote!(__nk::structs::entries) };
    let of_self = packed(&idents.iter().map(|ident| quote!(&self.#ident)).collect::<Vec<_>>());
    // Without fields nothing is known, and what followed would be out of reach.
    let known = (count > 0).then(|| quote!(__nk::Ok(true)));
    let head = head(input, &quote!(__nk::NebulaType));
    let ident = &input.ident;
    // At the struct's name: what is wrong with an implementation as a whole is wrong with the struct.
    let head = quote_spanned!(ident.span().resolved_at(Span::call_site())=> #head);
    let by_parts = by_parts.then(|| {
        let of_parts = packed(&slots.iter().map(ToTokens::to_token_stream).collect::<Vec<_>>());
        let plain_types = fields.iter().map(|field| &field.plain_type);
        let generics = bounded(&input.generics);
        let (parameters, _, clause) = generics.split_for_impl();
        let arguments = arguments(&input.generics);
        quote! {
            impl #parameters #ident #arguments #clause {
                fn __nk_pack(__nk_packer: &mut __nk::Packer #(, #slots: &#plain_types)*) -> __nk::Result<()> {
                    #of_parts
                }
            }
        }
    });
    quote! {
        #definition
        #by_parts
        #head {
            const TAG: &'static __nk::str = #tag;
            const KIND: __nk::Kind = __nk::Kind::Struct;

            fn literal_type(__nk_dialect: &__nk::Dialect) -> __nk::LiteralType {
                __nk::structs::literal_type(#title, <Self as __nk::NebulaType>::TAG, &[#(&#all.#index),*], __nk_dialect)
            }

            fn encode(&self, __nk_encoder: &mut __nk::Encoder) -> __nk::Result<()> {
                __nk::Encoder::msgpack(__nk_encoder, |__nk_packer| __nk::NebulaType::pack(self, __nk_packer))
            }

            fn decode(__nk_literal: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
                __nk::structs::decode(#title, __nk_literal)
            }

            fn pack(&self, __nk_packer: &mut __nk::Packer) -> __nk::Result<()> {
                #of_self
            }

            fn unpack(__nk_unpacker: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
                #(let mut #slots = __nk::None;)*
                #entries(__nk_unpacker, |__nk_key, __nk_unpacker| {
                    match __nk_key {
                        #(#keys => __nk::Field::unpack(&#all.#index, &mut #slots, __nk_key, __nk_unpacker)?,)*
                        _ => return __nk::Ok(false),
                    }
                    #known
                })?;
                __nk::Ok(Self {
                    #(#idents: __nk::Field::finish(&#all.#index, #slots)?,)*
                    #(#skipped,)*
                })
            }

            fn schema(__nk_dialect: &__nk::Dialect) -> __nk::Value {
                __nk::structs::schema(#title, &[#(&#all.#index),*], __nk_dialect)
            }

            fn shapes(__nk_shapes: &mut __nk::Shapes) {
                __nk::structs::shapes::<Self>(#title, #told, &[#(&#all.#index),*], __nk_shapes);
            }
        }
    }
}
