//! Doc comments, as the expressions that hold their text.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, Meta};

/// Whether there are doc comments.
pub(crate) fn has_doc(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("doc") && matches!(attribute.meta, Meta::NameValue(_)))
}

/// The text of doc comments, as an expression: their lines without the blank that follows `///`.
pub(crate) fn doc(attributes: &[Attribute]) -> TokenStream {
    let mut lines: Vec<Result<String, &Expr>> = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        match &pair.value {
            Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => {
                lines.extend(text.value().lines().map(|line| Ok(line.strip_prefix(' ').unwrap_or(line).trim_end().to_owned())));
                if text.value().is_empty() {
                    lines.push(Ok(String::new()));
                }
            }
            computed => lines.push(Err(computed)),
        }
    }
    if lines.iter().all(Result::is_ok) {
        let text = lines.into_iter().flatten().collect::<Vec<_>>().join("\n");
        let text = text.trim_matches('\n');
        return quote!(#text);
    }
    let parts = lines.iter().map(|line| match line {
        Ok(text) => quote!(#text),
        Err(computed) => quote!(#computed),
    });
    quote!(__nk::concat!(#(#parts, "\n"),*))
}
