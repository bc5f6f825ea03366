//! `#[derive(TaskOutputs)]`: the fields of a struct are the outputs of a task, by their names.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident, Index, LitStr, Type, Visibility};

use super::attributes::{Container, wire_name};
use super::generics::{arguments, bounded, descriptors, head};
use crate::errors::Errors;
use crate::signature::judge_foreign;

/// The options of structs that are one value, and why outputs have none of them.
const OF_VALUES: [(&str, &str); 3] = [
    ("rename", "names a value's schema: the outputs of a task are not one value, and have no name"),
    ("default", "is for the fields of a value: every output is always written"),
    ("pydantic", "is for values: each output has a type of its own"),
];

pub(crate) fn expand(input: &DeriveInput, container: &Container, errors: &mut Errors) -> TokenStream {
    container.refuse(&OF_VALUES, errors);
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => &fields.named,
            Fields::Unnamed(fields) => {
                errors.at(fields, "outputs have names; give the fields names, or return a tuple instead");
                return TokenStream::new();
            }
            _ => {
                errors.at(&input.ident, "there are no fields, so no outputs; return `()` instead");
                return TokenStream::new();
            }
        },
        Data::Enum(data) => {
            errors.at(
                data.enum_token,
                "the outputs of a task are always the same: a struct; `#[derive(NebulaType)]` makes an enum one output",
            );
            return TokenStream::new();
        }
        Data::Union(data) => {
            errors.at(data.union_token, "the outputs of a task are the fields of a struct");
            return TokenStream::new();
        }
    };
    let mut names: Vec<LitStr> = Vec::new();
    let (mut idents, mut types): (Vec<&Ident>, Vec<_>) = (Vec::new(), Vec::new());
    let mut visibilities = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let attributes = container.field(field, errors);
        if attributes.skip || attributes.required || attributes.default.is_some() {
            errors.at(field, "every output is always written; remove the attribute that says otherwise");
        }
        judge_foreign(&field.ty, errors);
        let name = wire_name(ident, attributes.rename.as_ref(), container.rename_all);
        if names.iter().any(|other| other.value() == name.value()) {
            errors.at(&name, format!("two outputs are called `{}`; rename one", name.value()));
        }
        names.push(name);
        idents.push(ident);
        types.push(&field.ty);
        visibilities.push(&field.vis);
    }
    let descriptor_types: Vec<_> = types.iter().map(|ty| quote!(__nk::OutputField<#ty>)).collect();
    let descriptor_values: Vec<_> = types.iter().map(|ty| quote_spanned!(ty.span()=> __nk::OutputField::<#ty>::new())).collect();
    let (definition, all) = descriptors(&input.generics, &format_ident!("__nk_outputs"), &descriptor_types, &descriptor_values);
    let index: Vec<_> = (0..names.len()).map(Index::from).collect();
    let head = head(input, &quote!(__nk::TaskOutputs));
    let head = quote_spanned!(input.ident.span().resolved_at(Span::call_site())=> #head);
    let promised = promised(input, &idents, &types, &visibilities);
    let arguments = arguments(&input.generics);
    quote! {
        #definition
        #promised
        #head {
            const NAMES: &'static [&'static __nk::str] = &[#(#names),*];
            type Each = __Each #arguments;
            const KINDS: &'static [__nk::Kind] = &[#(__nk::OutputField::kind(&#all.#index)),*];

            fn literal_types(__nk_dialect: &__nk::Dialect) -> __nk::Vec<__nk::LiteralType> {
                __nk::vec![#(__nk::OutputField::literal_type(&#all.#index, __nk_dialect)),*]
            }

            fn write(self, __nk_writer: &mut __nk::OutputWriter) -> __nk::Result<()> {
                #(__nk::OutputField::put(&#all.#index, self.#idents, __nk_writer)?;)*
                __nk::Ok(())
            }

            fn read(__nk_reader: &mut __nk::OutputReader<'_>) -> __nk::Result<Self> {
                __nk::Ok(Self { #(#idents: __nk::OutputField::take(&#all.#index, __nk_reader)?,)* })
            }

            fn shapes(__nk_shapes: &mut __nk::Shapes) {
                #(__nk::OutputField::shapes(&#all.#index, __nk_shapes);)*
            }
        }
    }
}

/// The outputs as promises: of a node, of a map, and of a map some of whose elements may fail; and the outputs of several nodes put together.
fn promised(input: &DeriveInput, names: &[&Ident], types: &[&Type], visibilities: &[&Visibility]) -> TokenStream {
    let generics = bounded(&input.generics);
    let (parameters, _, clause) = generics.split_for_impl();
    let (ident, visibility, arguments) = (&input.ident, &input.vis, arguments(&input.generics));
    let letters: Vec<_> = (0..names.len()).map(|index| format_ident!("__NK{index}")).collect();
    let indices: Vec<_> = (0_u32..).take(names.len()).collect();
    let allow = quote!(#[allow(dead_code, missing_docs, missing_debug_implementations, private_interfaces, unreachable_pub)]);
    let of = quote!((__nk::PhantomData<fn() -> #ident #arguments>));
    let parts = |of: TokenStream, types: Vec<TokenStream>| {
        quote! {
            impl #parameters __nk::Parts for #of #arguments #clause {
                type Parts = __Outputs<#(#types),*>;

                fn parts(__nk_whole: &__nk::Promise<Self>) -> Self::Parts {
                    __Outputs { #(#names: __nk::output(__nk_whole, #indices)),* }
                }
            }
        }
    };
    let whole = parts(quote!(#ident), types.iter().map(|ty| quote!(#ty)).collect());
    let each = parts(quote!(__Each), types.iter().map(|ty| quote!(__nk::Vec<#ty>)).collect());
    let partial = parts(quote!(__Partial), types.iter().map(|ty| quote!(__nk::Vec<__nk::Option<#ty>>)).collect());
    quote! {
        #allow
        #visibility struct __Outputs<#(#letters),*> {
            #(#visibilities #names: __nk::Promise<#letters>),*
        }
        #allow
        #visibility struct __Each #parameters #of #clause;
        #allow
        #visibility struct __Partial #parameters #of #clause;

        impl #parameters __nk::MapOutputs for __Each #arguments #clause {
            type Partial = __Partial #arguments;
        }
        #whole
        #each
        #partial

        #[allow(dead_code, clippy::too_many_arguments)]
        impl #parameters #ident #arguments #clause {
            /// The outputs of several nodes, put together under these names.
            #[track_caller]
            #visibility fn promise(#(#names: impl __nk::IntoPromise<#types>),*) -> __nk::Promise<Self> {
                __nk::outputs(__nk::vec![#(__nk::source(#names)),*])
            }
        }
    }
}

/// An implementation that does nothing, so that a mistake in the struct makes no second error where it is returned.
pub(crate) fn stub(input: &DeriveInput) -> TokenStream {
    let head = head(input, &quote!(__nk::TaskOutputs));
    quote! {
        #head {
            const NAMES: &'static [&'static __nk::str] = &[];
            type Each = __nk::Vec<()>;
            fn literal_types(_: &__nk::Dialect) -> __nk::Vec<__nk::LiteralType> {
                __nk::unreachable!()
            }
            fn write(self, _: &mut __nk::OutputWriter) -> __nk::Result<()> {
                __nk::unreachable!()
            }
            fn read(_: &mut __nk::OutputReader<'_>) -> __nk::Result<Self> {
                __nk::unreachable!()
            }
        }
    }
}
