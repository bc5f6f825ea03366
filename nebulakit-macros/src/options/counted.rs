//! The options that a coordinator goes by: `tokens` and `on_oom`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Lit, LitFloat, LitInt, LitStr, Token};

use super::quantity::Quantity;
use crate::arguments::{checked_plain, each, equals, group};
use crate::errors::{Errors, Noun};
use crate::values::{self, Unit};

/// Reads `(licences = 1, ...)` as pairs.
pub(super) fn tokens(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<TokenStream>> {
    let content = group(key, input, "tokens(licences = 1)")?;
    let mut pairs = Vec::new();
    each(&content, Noun("token", "`tokens`"), &[], errors, |token, input, _| {
        let name = token.unraw().to_string();
        equals(token, input, "1")?;
        let wrong = |span| syn::Error::new(span, format!("expected a whole number of tokens, 1 or more, as in `{name} = 1`"));
        let count: LitInt = input.parse().map_err(|error: syn::Error| wrong(error.span()))?;
        count.base10_parse::<u32>().ok().filter(|count| *count > 0).ok_or_else(|| wrong(count.span()))?;
        let name = LitStr::new(&name, token.span());
        pairs.push(quote!((#name, #count)));
        Ok(())
    });
    Ok(pairs)
}

/// Reads `(factor = 2, limit = "16Gi")`, either of them or both: the value, and the limit.
pub(super) fn on_oom(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<(TokenStream, Option<Quantity>)> {
    let content = group(key, input, r#"on_oom(factor = 2, limit = "16Gi")"#)?;
    let (mut factor, mut limit) = (quote!(2.0), None);
    each(&content, Noun("option", "`on_oom`"), &["factor", "limit"], errors, |option, input, _| {
        if option == "factor" {
            equals(option, input, "2")?;
            let value = self::factor(input)?;
            factor = quote!(#value);
            return Ok(());
        }
        // In quotes a number alone counts bytes, as Kubernetes has it; without them it was meant to have a unit.
        let is_number = input.peek(Token![=]) && input.peek2(Lit) && !input.peek2(LitStr);
        let mut value = 0;
        let text = checked_plain(option, input, r#""16Gi""#, |text| {
            if is_number {
                return Err(format!("`{text}` has no unit: write `limit = \"{text}Mi\"` or `limit = \"{text}Gi\"`"));
            }
            value = values::quantity(text, Unit::Bytes)?;
            Ok(())
        })?;
        limit = Some(Quantity { resource: "memory".to_owned(), text, value });
        Ok(())
    });
    let most = match &limit {
        Some(Quantity { text, .. }) => quote!(__nk::Some(#text)),
        None => quote!(__nk::None),
    };
    Ok((quote!(__nk::OnOom { factor: #factor, limit: #most }), limit))
}

/// Reads a number above 1.
fn factor(input: ParseStream<'_>) -> syn::Result<LitFloat> {
    let wrong = |span| syn::Error::new(span, "expected a number above 1, as in `factor = 2`");
    let literal = input.parse::<Lit>().map_err(|error| wrong(error.span()))?;
    let (digits, suffix) = match &literal {
        Lit::Int(number) => (number.base10_digits().to_owned(), number.suffix()),
        Lit::Float(number) => (number.base10_digits().to_owned(), number.suffix()),
        _ => return Err(wrong(literal.span())),
    };
    let value: f64 = digits.parse().map_err(|_| wrong(literal.span()))?;
    if !suffix.is_empty() || !value.is_finite() || value <= 1.0 {
        return Err(wrong(literal.span()));
    }
    Ok(LitFloat::new(&format!("{value:?}"), literal.span()))
}
