//! The path by which an expansion finds the library.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};

/// Where the runtime crate is, as seen from the user's code: `::nebulakit` unless `crate = path` says otherwise.
#[derive(Clone, Default)]
pub(crate) struct CratePath(Option<syn::Path>);

impl Parse for CratePath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if let Ok(text) = input.fork().parse::<syn::LitStr>() {
            return Err(syn::Error::new(text.span(), format!("write the path without quotes: `crate = {}`", text.value())));
        }
        input.call(syn::Path::parse_mod_style).map(|path| Self(Some(path)))
    }
}

impl CratePath {
    /// The statement that names the hidden module `__nk` inside an expansion.
    pub(crate) fn import(&self) -> TokenStream {
        // The span is the macro's own: a wrong path is reported where the user wrote it, by the path's own tokens.
        quote!(use #self::__private as __nk;)
    }
}

impl ToTokens for CratePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.0 {
            Some(path) => path.to_tokens(tokens),
            None => quote!(::nebulakit).to_tokens(tokens),
        }
    }
}
