//! The derives: a type of the user's becomes a Flyte type, or the outputs of a task.

mod attributes;
mod enums;
mod failures;
mod generics;
mod outputs;
mod rows;
mod structs;
mod unions;
mod variants;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Generics};

use self::attributes::Container;
pub(crate) use self::attributes::converted;
use self::generics::head;
use crate::crate_path::CratePath;
use crate::errors::Errors;

/// Expands `#[derive(NebulaType)]`.
pub(crate) fn expand_nebula_type(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::new();
    let container = Container::parse(&input, &mut errors);
    judge_generics(&input.generics, &mut errors);
    let implementation = match &input.data {
        Data::Struct(data) => structs::expand(&input, data, &container, &mut errors),
        Data::Enum(data) => variants::expand(&input, data, &container, &mut errors),
        Data::Union(data) => {
            errors.at(data.union_token, "a `union` has no Flyte form: nothing says which of its fields is valid; write an `enum`");
            TokenStream::new()
        }
    };
    let implementation = match errors.into_tokens() {
        Some(errors) => {
            let stub = stub(&input);
            // The mistakes stand outside of the block, so that the stub's own names are not looked for in vain.
            let stub = in_block(&container.krate, stub);
            return quote!(#errors #stub);
        }
        None => implementation,
    };
    in_block(&container.krate, implementation)
}

/// Expands `#[derive(TaskOutputs)]`.
pub(crate) fn expand_task_outputs(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::new();
    let container = Container::parse(&input, &mut errors);
    judge_generics(&input.generics, &mut errors);
    let implementation = outputs::expand(&input, &container, &mut errors);
    match errors.into_tokens() {
        Some(errors) => {
            let stub = in_block(&container.krate, outputs::stub(&input));
            quote!(#errors #stub)
        }
        None => in_block(&container.krate, implementation),
    }
}

/// Expands `#[derive(Row)]`.
pub(crate) fn expand_row(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::new();
    let container = Container::parse(&input, &mut errors);
    judge_generics(&input.generics, &mut errors);
    let implementation = rows::expand(&input, &container, &mut errors);
    match errors.into_tokens() {
        // What has parameters cannot be stubbed as the `'static` that a row is.
        Some(errors) if !input.generics.params.is_empty() => errors,
        Some(errors) => {
            let stub = in_block(&container.krate, rows::stub(&input));
            quote!(#errors #stub)
        }
        None => in_block(&container.krate, implementation),
    }
}

/// Expands `#[derive(TaskFailure)]`.
pub(crate) fn expand_task_failure(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::new();
    let (krate, implementation) = failures::expand(&input, &mut errors);
    match errors.into_tokens() {
        Some(errors) => errors,
        None => in_block(&krate, implementation),
    }
}

/// Puts an implementation into a block of its own, where the library is called `__nk`.
fn in_block(krate: &CratePath, implementation: TokenStream) -> TokenStream {
    let import = krate.import();
    quote! {
        #[allow(deprecated, non_upper_case_globals, unused_qualifications, clippy::multiple_bound_locations)]
        const _: () = {
            #import
            #implementation
        };
    }
}

fn judge_generics(generics: &Generics, errors: &mut Errors) {
    if let Some(lifetime) = generics.lifetimes().next() {
        errors.at(&lifetime.lifetime, "a type with a lifetime cannot travel: its value is owned by the one who reads it; use owned fields");
    }
}

/// An implementation that does nothing, so that a mistake in the type makes no second error where it is used.
fn stub(input: &DeriveInput) -> TokenStream {
    let head = head(input, &quote!(__nk::NebulaType));
    quote! {
        #head {
            const TAG: &'static __nk::str = "";
            fn literal_type(_: &__nk::Dialect) -> __nk::LiteralType {
                __nk::unreachable!()
            }
            fn encode(&self, _: &mut __nk::Encoder) -> __nk::Result<()> {
                __nk::unreachable!()
            }
            fn decode(_: __nk::LiteralRef<'_>) -> __nk::Result<Self> {
                __nk::unreachable!()
            }
            fn pack(&self, _: &mut __nk::Packer) -> __nk::Result<()> {
                __nk::unreachable!()
            }
            fn unpack(_: &mut __nk::Unpacker<'_>) -> __nk::Result<Self> {
                __nk::unreachable!()
            }
            fn schema(_: &__nk::Dialect) -> __nk::Value {
                __nk::unreachable!()
            }
        }
    }
}
