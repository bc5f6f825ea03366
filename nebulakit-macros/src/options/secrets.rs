//! The option `secrets`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, parenthesized, token};

use crate::arguments::{checked, checked_plain, each, entries, equals, group};
use crate::errors::{Errors, Noun};
use crate::values;

/// Where a secret is put.
enum Mount {
    Any,
    Env,
    File,
}

impl Parse for Mount {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        mod words {
            syn::custom_keyword!(any);
            syn::custom_keyword!(env);
            syn::custom_keyword!(file);
        }
        let lookahead = input.lookahead1();
        if lookahead.peek(words::any) {
            input.parse::<words::any>().map(|_| Self::Any)
        } else if lookahead.peek(words::env) {
            input.parse::<words::env>().map(|_| Self::Env)
        } else if lookahead.peek(words::file) {
            input.parse::<words::file>().map(|_| Self::File)
        } else {
            Err(lookahead.error())
        }
    }
}

/// Reads `("db/password", (group = "db", key = "password"), ...)`.
pub(super) fn secrets(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<TokenStream>> {
    const EXAMPLE: &str = r#"secrets("db/password")"#;
    const OPTIONS: &str = r#"secrets((group = "db", key = "password"))"#;
    let content = group(key, input, EXAMPLE)?;
    let mut secrets = Vec::new();
    let mut variables: Vec<String> = Vec::new();
    entries(&content, errors, |input, errors| {
        let span = input.span();
        if input.peek(LitStr) {
            let (group, key) = shorthand(&input.parse()?)?;
            secrets.push(quote! {
                __nk::SecretRequest { group: #group, key: #key, version: "", env_var: "", mount: __nk::Mount::Any }
            });
            return Ok(());
        }
        if !input.peek(token::Paren) {
            return Err(syn::Error::new(
                span,
                format!("expected a secret as `\"group/key\"`, or its options in parentheses, as in `{OPTIONS}`"),
            ));
        }
        let content;
        parenthesized!(content in input);
        let mut mount = quote!(__nk::Mount::Any);
        let mut texts: Vec<(Ident, LitStr)> = Vec::new();
        let mut given: Vec<Ident> = Vec::new();
        each(&content, Noun("option", "a secret"), &["group", "key", "version", "mount", "env_var"], errors, |key, input, _| {
            given.push(key.clone());
            if key == "mount" {
                equals(key, input, "file")?;
                mount = match input.parse()? {
                    Mount::Any => quote!(__nk::Mount::Any),
                    Mount::Env => quote!(__nk::Mount::EnvVar),
                    Mount::File => quote!(__nk::Mount::File),
                };
                return Ok(());
            }
            let check = |text: &str| {
                if key == "env_var" {
                    values::secret_variable(text)?;
                    if variables.iter().any(|variable| variable == text) {
                        return Err(format!("`{text}` would hold two secrets; name one of them otherwise"));
                    }
                    variables.push(text.to_owned());
                    return Ok(());
                }
                values::solid(text, &format!("the {key} of a secret"))
            };
            let example = format!(r#""{key}""#);
            let text = if key == "version" { checked_plain(key, input, &example, check) } else { checked(key, input, &example, check) }?;
            texts.push((key.clone(), text));
            Ok(())
        });
        for needed in ["group", "key"] {
            if !given.iter().any(|name| name == needed) {
                return Err(syn::Error::new(span, format!("the secret has no {needed}; write `{OPTIONS}`")));
            }
        }
        let fields = ["group", "key", "version", "env_var"].map(|name| {
            let field = Ident::new(name, Span::call_site());
            let text = texts.iter().find(|(key, _)| key == name).map_or_else(|| quote!(""), |(_, text)| text.to_token_stream());
            quote!(#field: #text)
        });
        secrets.push(quote!(__nk::SecretRequest { #(#fields,)* mount: #mount }));
        Ok(())
    });
    Ok(secrets)
}

/// The group and the key of `"group/key"`.
fn shorthand(text: &LitStr) -> syn::Result<(LitStr, LitStr)> {
    let value = text.value();
    let wrong = |reason: String| syn::Error::new(text.span(), reason);
    let Some((group, key)) = value.split_once('/') else {
        return Err(wrong(format!("`{value}` has no key: write the group and the key of the secret, as in `\"db/password\"`")));
    };
    if key.contains('/') {
        return Err(wrong(format!("`{value}` has several `/`: write `(group = \"..\", key = \"..\")`, which says where the key begins")));
    }
    for (part, what) in [(group, "the group of a secret"), (key, "the key of a secret")] {
        values::solid(part, what).map_err(wrong)?;
    }
    Ok((LitStr::new(group, text.span()), LitStr::new(key, text.span())))
}
