//! Where types of a signature stand.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::Ident;

/// Where a type of the signature stands.
///
/// The compiler tells an error once that is the same in text and place, however often it meets it. What the function returns is named in
/// several items; so all of them say that they stand where the type does, from its first token to its last.
pub(crate) struct TypeSpan {
    pub(crate) first: Span,
    last: Span,
}

impl TypeSpan {
    pub(crate) fn of(ty: &TokenStream) -> Self {
        let mut spans = ty.clone().into_iter().map(|tree| tree.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first, last: spans.last().unwrap_or(first) }
    }

    /// A type of the macro's own that says that it stands here.
    pub(crate) fn ty(&self, ty: TokenStream) -> TokenStream {
        self.ended(at(ty, self.first))
    }

    /// `type name = ty;`, of which the compiler points at the name and at the type, whose first token stands here.
    pub(crate) fn associated_type(&self, name: &str, ty: TokenStream) -> TokenStream {
        let (ty, name) = (self.ended(ty), Ident::new(name, self.last));
        let (start, end) = (quote_spanned!(self.first=> type), quote_spanned!(self.last=> ;));
        quote!(#start #name = #ty #end)
    }

    /// `tokens`, of which the last one says that it stands where the type ends.
    fn ended(&self, tokens: TokenStream) -> TokenStream {
        let mut trees: Vec<_> = tokens.into_iter().collect();
        if let Some(last) = trees.last_mut() {
            last.set_span(self.last);
        }
        trees.into_iter().collect()
    }
}

/// Tokens that say that they stand at `span`.
pub(crate) fn at(tokens: TokenStream, span: Span) -> TokenStream {
    let here = |mut tree: TokenTree| {
        // The crate that `$crate` means is in its span.
        if !matches!(&tree, TokenTree::Ident(ident) if ident == "$crate") {
            tree.set_span(span);
        }
        tree
    };
    tokens.into_iter().map(here).collect()
}
