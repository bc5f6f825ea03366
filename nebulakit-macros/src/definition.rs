//! What `#[task]`, `#[workflow]` and `#[launch_plan]` make alike: the function that they stand on, the type of its name, and its inputs as data.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Ident, LitStr, Type};

use crate::derive::converted;
use crate::errors::Errors;
use crate::signature::{Function, Item, Parameter};
use crate::verbs::Kind;

/// The function in `item`; where there is something else, an error, which `refused` words.
pub(crate) fn function(item: &TokenStream, refused: impl FnOnce(&str) -> String, errors: &mut Errors) -> Option<Box<Function>> {
    match syn::parse2(item.clone()) {
        Ok(Item::Function(function)) => Some(function),
        Ok(Item::Other(word, span)) => {
            errors.push(syn::Error::new(span, refused(word)));
            None
        }
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

/// The type that stands for the function; braced, so that the name stays free for the function among values. All else is written by its
/// attribute, so that where no type can stand nothing else is tried.
pub(crate) fn marker(kind: Kind, function: &Function, beside: &TokenStream) -> TokenStream {
    let (name, visibility, conditions) = (&function.signature.ident, &function.visibility, function.conditions());
    let what = match kind {
        _ if function.has_body() => "the function of the same name stays an ordinary function",
        Kind::Task => "its code is elsewhere",
        Kind::Workflow | Kind::LaunchPlan => "it is registered elsewhere",
    };
    let doc = format!(" The {} `{}`; {what}.", kind.word(), name.unraw());
    quote! {
        #(#conditions)*
        #[doc = #doc]
        #[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
        #beside
        #visibility struct #name {}
    }
}

/// `NAME`: the option, or the path of the function with dots.
///
/// Comes with the expression for the name, so that a second task of the same name in a module is not also an ambiguous `NAME`.
pub(crate) fn full_name(what: &str, name: &Ident, option: Option<&LitStr>) -> (TokenStream, TokenStream) {
    let (before, value) = match option {
        Some(text) => (TokenStream::new(), text.to_token_stream()),
        None => {
            let last = format!("::{}", name.unraw());
            let before = quote! {
                const __nk_path: &__nk::str = __nk::concat!(__nk::module_path!(), #last);
                const __nk_name: [__nk::u8; __nk::dotted_len(__nk_path)] = __nk::dotted(__nk_path);
            };
            (before, quote!(__nk::text(&__nk_name)))
        }
    };
    let doc = format!(" The name by which the {what} is run and registered.");
    let definition = quote! {
        #before
        #[allow(dead_code)]
        impl #name {
            #[doc = #doc]
            pub const NAME: &'static __nk::str = #value;
        }
    };
    (definition, value)
}

pub(crate) fn input_static(index: usize) -> Ident {
    format_ident!("__nk_input_{index}")
}

/// The static that holds what is known of an input, whose values are of type `ty`.
pub(crate) fn input(index: usize, parameter: &Parameter, ty: &Type, checks: &TokenStream) -> TokenStream {
    let (name, doc) = (input_static(index), &parameter.doc);
    let input_name = parameter.input_name();
    let default = parameter.default.as_ref().map(converted).map(|value| quote!(.default(|| #value)));
    // The type is named with its bound once, so that a type that cannot be an input is one error, at the type.
    let value = quote_spanned!(ty.span()=> __nk::Param::<#ty>::new(#input_name, #doc) #checks #default);
    quote!(static #name: __nk::Param<#ty> = #value;)
}
