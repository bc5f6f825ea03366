//! `#[derive(Row)]`: the fields of a struct as the columns of a table.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident, Index, LitStr};

use super::attributes::{Container, wire_name};
use super::generics::{descriptors, mentions};
use crate::errors::Errors;

/// A field that is a column.
struct Column {
    name: LitStr,
    ident: Ident,
    ty: TokenStream,
    descriptor: TokenStream,
}

pub(super) fn expand(input: &DeriveInput, container: &Container, errors: &mut Errors) -> TokenStream {
    if let Some(parameter) = input.generics.params.iter().find(|parameter| !matches!(parameter, syn::GenericParam::Lifetime(_))) {
        errors.at(parameter, "a row has no parameters: its columns are known when it is compiled; write a struct for each of the types");
    }
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => &fields.named,
            _ => {
                errors.at(&input.ident, "a row needs fields with names, which are those of the columns");
                return TokenStream::new();
            }
        },
        Data::Enum(data) => {
            errors.at(data.enum_token, "an `enum` is not a row of a table; write a struct with a field for each column");
            return TokenStream::new();
        }
        Data::Union(data) => {
            errors.at(data.union_token, "a `union` is not a row of a table; write a struct with a field for each column");
            return TokenStream::new();
        }
    };
    let mut columns: Vec<Column> = Vec::new();
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
            errors.at(ty, "a row that holds itself has no columns, which would have no end; hold the inner values in a table of their own");
        }
        let name = wire_name(ident, attributes.rename.as_ref(), container.rename_all);
        if columns.iter().any(|other| other.name.value() == name.value()) {
            errors.at(&name, format!("two columns are called `{}`; rename one", name.value()));
        }
        columns.push(Column {
            // At the type, where the error belongs if no column can hold it.
            descriptor: quote_spanned!(ty.span()=> __nk::RowField::<#ty>::new(#name)),
            ty: quote!(__nk::RowField<#ty>),
            ident: ident.clone(),
            name,
        });
    }
    if columns.is_empty() {
        errors.at(&input.ident, "a row without columns makes no table; add a field, or use a `Schema` without a type");
    }
    implementation(input, &columns, &skipped)
}

fn implementation(input: &DeriveInput, columns: &[Column], skipped: &[TokenStream]) -> TokenStream {
    let types: Vec<_> = columns.iter().map(|column| column.ty.clone()).collect();
    let values: Vec<_> = columns.iter().map(|column| column.descriptor.clone()).collect();
    let (definition, all) = descriptors(&input.generics, &format_ident!("__nk_columns"), &types, &values);
    let index: Vec<_> = (0..columns.len()).map(Index::from).collect();
    let slots: Vec<_> = (0..columns.len()).map(|index| format_ident!("__nk_{index}")).collect();
    let idents: Vec<_> = columns.iter().map(|column| &column.ident).collect();
    let ident = &input.ident;
    quote! {
        #definition
        impl __nk::Row for #ident {
            fn columns() -> __nk::Vec<__nk::Column> {
                __nk::vec![#(__nk::RowField::column(&#all.#index)),*]
            }

            fn to_arrays(__nk_rows: &[__nk::Option<&Self>]) -> __nk::Result<__nk::Vec<__nk::ArrayRef>> {
                __nk::Ok(__nk::vec![#(__nk::RowField::collect(&#all.#index, __nk_rows, |__nk_row| &__nk_row.#idents)?),*])
            }

            fn from_arrays(__nk_arrays: &[__nk::ArrayRef]) -> __nk::Result<__nk::Vec<Self>> {
                let mut __nk_read = (#(__nk::RowField::read(&#all.#index, __nk_arrays, #index)?,)*);
                let mut __nk_rows = __nk::Vec::new();
                while let (#(__nk::Some(#slots),)*) = (#(__nk::Iterator::next(&mut __nk_read.#index),)*) {
                    __nk::Vec::push(&mut __nk_rows, Self { #(#idents: #slots,)* #(#skipped,)* });
                }
                __nk::Ok(__nk_rows)
            }
        }
    }
}

/// An implementation that does nothing, so that a mistake in the type makes no second error where it is used.
pub(super) fn stub(input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    let (parameters, arguments, clause) = input.generics.split_for_impl();
    quote! {
        impl #parameters __nk::Row for #ident #arguments #clause {
            fn columns() -> __nk::Vec<__nk::Column> {
                __nk::unreachable!()
            }
            fn to_arrays(_: &[__nk::Option<&Self>]) -> __nk::Result<__nk::Vec<__nk::ArrayRef>> {
                __nk::unreachable!()
            }
            fn from_arrays(_: &[__nk::ArrayRef]) -> __nk::Result<__nk::Vec<Self>> {
                __nk::unreachable!()
            }
        }
    }
}
