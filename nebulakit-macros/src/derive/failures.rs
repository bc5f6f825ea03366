//! `#[derive(TaskFailure)]`: what the platform should make of each variant of an error type, for the library to find by the type.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Data, DeriveInput, LitBool, LitStr, Meta, Token, token};

use crate::arguments::{checked, each, equals};
use crate::crate_path::CratePath;
use crate::errors::{Errors, Noun};

/// What `#[failure(...)]` says.
#[derive(Clone, Default)]
struct Marks {
    recoverable: Option<LitBool>,
    code: Option<LitStr>,
}

/// The path of the library, and the implementation.
pub(super) fn expand(input: &DeriveInput, errors: &mut Errors) -> (CratePath, TokenStream) {
    let mut krate = CratePath::default();
    let of_all = Marks::read(&input.attrs, "a type", &["recoverable", "permanent", "code", "crate"], errors, |input| {
        krate = input.parse()?;
        Ok(())
    });
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics.params,
            "an error is found by its type, so it has no parameters; hold a `Box<dyn Error + Send + Sync>` instead",
        );
    }
    let marks = match &input.data {
        Data::Struct(_) => of_all.value(),
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                let marks = Marks::read(&variant.attrs, "a variant", &["recoverable", "permanent", "code"], errors, |_| Ok(()));
                let (ident, value) = (&variant.ident, marks.or(&of_all).value());
                quote!(Self::#ident { .. } => #value)
            });
            let arms: Vec<_> = arms.collect();
            quote!(match *self { #(#arms,)* })
        }
        Data::Union(data) => {
            errors.at(data.union_token, "a `union` is not an error; write an `enum`");
            TokenStream::new()
        }
    };
    let (variants, fields): (Vec<_>, Vec<_>) = match &input.data {
        Data::Enum(data) => (data.variants.iter().collect(), data.variants.iter().flat_map(|variant| &variant.fields).collect()),
        Data::Struct(data) => (Vec::new(), data.fields.iter().collect()),
        Data::Union(data) => (Vec::new(), data.fields.named.iter().collect()),
    };
    let misplaced: Vec<_> = fields.into_iter().flat_map(|field| &field.attrs).filter(|attribute| is_failure(attribute)).collect();
    for attribute in &misplaced {
        errors.at(attribute, "`#[failure(..)]` goes on a variant or on the type, not on a field");
    }
    let attributes = variants.into_iter().flat_map(|variant| &variant.attrs);
    if misplaced.is_empty() && !input.attrs.iter().chain(attributes).any(is_failure) {
        errors.at(
            &input.ident,
            "nothing is said of the error; write `#[failure(recoverable)]`, `#[failure(permanent)]` or `#[failure(code = \"MY:CODE\")]` on a variant or on the type",
        );
    }
    let ident = &input.ident;
    let span = ident.span().resolved_at(Span::call_site());
    // At the type's name, where the error belongs if the type is not an error.
    let known = quote_spanned!(span=> __nk::KnownFailure::new::<#ident>());
    let implementation = quote! {
        impl __nk::TaskFailure for #ident {
            fn marks(&self) -> __nk::Marks {
                #marks
            }
        }

        __nk::inventory::submit! { #known }
    };
    (krate, implementation)
}

fn is_failure(attribute: &Attribute) -> bool {
    attribute.path().is_ident("failure")
}

impl Marks {
    /// Reads every `#[failure(...)]`.
    fn read(
        attributes: &[Attribute],
        what: &str,
        valid: &[&str],
        errors: &mut Errors,
        mut krate: impl FnMut(ParseStream<'_>) -> syn::Result<()>,
    ) -> Self {
        let mut marks = Self::default();
        for attribute in attributes.iter().filter(|attribute| is_failure(attribute)) {
            if !matches!(&attribute.meta, Meta::List(list) if !list.tokens.is_empty()) {
                errors.at(attribute, "the attribute says nothing; write its options in parentheses, as in `#[failure(recoverable)]`");
                continue;
            }
            let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
                each(input, Noun("option", what), valid, errors, |key, input, _| match key.unraw().to_string().as_str() {
                    "code" if marks.code.is_some() => Err(syn::Error::new(key.span(), "`code` is given twice; remove one")),
                    "code" => {
                        marks.code = Some(checked(key, input, r#""MY:CODE""#, code)?);
                        Ok(())
                    }
                    "crate" => {
                        equals(key, input, "path")?;
                        krate(input)
                    }
                    word if input.peek(Token![=]) || input.peek(token::Paren) => {
                        Err(syn::Error::new(key.span(), format!("`{word}` takes no value; write `{word}` alone, or leave it out")))
                    }
                    _ if marks.recoverable.is_some() => {
                        Err(syn::Error::new(key.span(), "an error is either `recoverable` or `permanent`; remove one"))
                    }
                    word => {
                        marks.recoverable = Some(LitBool::new(word == "recoverable", key.span()));
                        Ok(())
                    }
                });
                Ok(())
            });
            errors.keep(parsed);
        }
        marks
    }

    fn or(self, others: &Self) -> Self {
        Self { recoverable: self.recoverable.or(others.recoverable.clone()), code: self.code.or(others.code.clone()) }
    }

    fn value(&self) -> TokenStream {
        let recoverable = self.recoverable.as_ref().map_or_else(|| quote!(__nk::None), |value| quote!(__nk::Some(#value)));
        let code = self.code.as_ref().map_or_else(|| quote!(__nk::None), |value| quote!(__nk::Some(#value)));
        quote!(__nk::Marks::new(#recoverable, #code))
    }
}

fn code(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("a code is never empty".to_owned()) } else { Ok(()) }
}
