//! What the derives share: the heads of implementations, and the descriptors of the parts of a type.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{DeriveInput, GenericParam, Generics, Ident, Type, parse_quote};

/// `impl<T: ..> Trait for Type<T> where ..`, with the bound that every type parameter can travel.
pub(super) fn head(input: &DeriveInput, name: &TokenStream) -> TokenStream {
    let generics = bounded(&input.generics);
    let (parameters, _, clause) = generics.split_for_impl();
    let ident = &input.ident;
    let arguments = arguments(&input.generics);
    quote!(impl #parameters #name for #ident #arguments #clause)
}

/// The generics without lifetimes and defaults, each type parameter bounded.
pub(super) fn bounded(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    generics.params = generics.params.into_iter().filter(|parameter| !matches!(parameter, GenericParam::Lifetime(_))).collect();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(__nk::NebulaType));
    }
    generics
}

/// `<'static, T, N>`; empty without generics.
pub(super) fn arguments(generics: &Generics) -> TokenStream {
    if generics.params.is_empty() {
        return TokenStream::new();
    }
    let arguments = generics.params.iter().map(|parameter| match parameter {
        GenericParam::Lifetime(_) => quote!('static),
        GenericParam::Type(parameter) => parameter.ident.to_token_stream(),
        GenericParam::Const(parameter) => parameter.ident.to_token_stream(),
    });
    quote!(<#(#arguments),*>)
}

/// The descriptors of the parts of a type, as one constant tuple, and the expression that stands for the tuple.
///
/// The types of the parts stand in it with their bounds once, so that a part of an unsupported type is one error, at its type.
pub(super) fn descriptors(generics: &Generics, name: &Ident, types: &[TokenStream], values: &[TokenStream]) -> (TokenStream, TokenStream) {
    if generics.params.is_empty() {
        return (quote!(const #name: (#(#types,)*) = (#(#values,)*);), name.to_token_stream());
    }
    let generics = bounded(generics);
    let (parameters, _, clause) = generics.split_for_impl();
    let arguments = arguments(&generics);
    let definition = quote! {
        const fn #name #parameters() -> (#(#types,)*) #clause {
            (#(#values,)*)
        }
    };
    (definition, quote!(const { #name::#arguments() }))
}

/// Whether a type mentions the type that it is a part of.
pub(super) fn mentions(ty: &Type, ident: &Ident) -> bool {
    fn search(tokens: TokenStream, ident: &Ident) -> bool {
        tokens.into_iter().any(|tree| match tree {
            proc_macro2::TokenTree::Ident(name) => name == *ident || name == "Self",
            proc_macro2::TokenTree::Group(group) => search(group.stream(), ident),
            _ => false,
        })
    }
    search(ty.to_token_stream(), ident)
}

/// What a type that holds itself is told.
pub(super) const RECURSIVE: &str =
    "a type that holds itself has no Flyte type, which would have no end; hold the inner values as `Untyped`";
