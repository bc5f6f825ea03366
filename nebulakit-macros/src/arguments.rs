//! Comma-separated arguments of attributes, read so that one mistake does not hide the next.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, Ident, Lit, LitBool, LitStr, Meta, Token, parenthesized, token};

use crate::errors::{Errors, Noun, unknown};

/// Reads comma-separated options, each with a name of its own; goes on with the next one after a mistake.
pub(crate) fn each(
    input: ParseStream<'_>,
    what: Noun<'_>,
    valid: &[&str],
    errors: &mut Errors,
    option: impl FnMut(&Ident, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    each_but(input, what, valid, &[], errors, option);
}

/// [`each`], where those that are `repeatable` may be given several times.
pub(crate) fn each_but(
    input: ParseStream<'_>,
    what: Noun<'_>,
    valid: &[&str],
    repeatable: &[&str],
    errors: &mut Errors,
    mut option: impl FnMut(&Ident, ParseStream<'_>, &mut Errors) -> syn::Result<()>,
) {
    let mut seen: Vec<Ident> = Vec::new();
    entries(input, errors, |input, errors| {
        let key = input
            .call(Ident::parse_any)
            .map_err(|error| syn::Error::new(error.span(), format!("expected the name of {}", what.with_article())))?;
        let name = key.unraw().to_string();
        if !valid.is_empty() && !valid.contains(&name.as_str()) {
            return Err(syn::Error::new(key.span(), unknown(what, &name, valid)));
        }
        if seen.contains(&key) && !repeatable.contains(&name.as_str()) {
            return Err(syn::Error::new(key.span(), format!("`{name}` is given twice; remove one")));
        }
        seen.push(key.clone());
        option(&key, input, errors)
    });
}

/// Reads comma-separated entries; goes on with the next one after a mistake.
pub(crate) fn entries(input: ParseStream<'_>, errors: &mut Errors, mut entry: impl FnMut(ParseStream<'_>, &mut Errors) -> syn::Result<()>) {
    while !input.is_empty() {
        let mut result = entry(input, errors);
        if result.is_ok() && !input.is_empty() && !input.peek(Token![,]) {
            result = Err(input.error("expected a comma"));
        }
        errors.keep(result);
        while !input.is_empty() && !input.peek(Token![,]) {
            drop(input.parse::<TokenTree>());
        }
        drop(input.parse::<Token![,]>());
    }
}

/// Reads the `=` of an option that has one value.
pub(crate) fn equals(key: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<()> {
    if input.parse::<Token![=]>().is_err() {
        return Err(syn::Error::new(key.span(), format!("`{key}` needs a value: `{key} = {example}`")));
    }
    Ok(())
}

/// Reads the parentheses of an option that has options of its own.
pub(crate) fn group<'a>(key: &Ident, input: ParseStream<'a>, example: &str) -> syn::Result<syn::parse::ParseBuffer<'a>> {
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(key.span(), format!("`{key}` needs parentheses: `{example}`")));
    }
    let content;
    parenthesized!(content in input);
    if content.is_empty() {
        return Err(syn::Error::new(key.span(), format!("`{key}` is empty; write `{example}`, or leave it out")));
    }
    Ok(content)
}

pub(crate) fn string(input: ParseStream<'_>, expected: &str) -> syn::Result<LitStr> {
    input.parse::<LitStr>().map_err(|error| syn::Error::new(error.span(), format!("expected {expected}")))
}

/// Reads `= "text"` and checks the text.
pub(crate) fn checked<T>(
    key: &Ident,
    input: ParseStream<'_>,
    example: &str,
    check: impl FnOnce(&str) -> Result<T, String>,
) -> syn::Result<LitStr> {
    equals(key, input, example)?;
    let text = string(input, &format!("a text in quotes, as in `{key} = {example}`"))?;
    check(&text.value()).map_err(|reason| syn::Error::new(text.span(), reason))?;
    Ok(text)
}

/// Reads a text in quotes, or a plain number or truth, which stands for the text that it is written as.
pub(crate) fn plain_value(input: ParseStream<'_>, expected: &str) -> syn::Result<LitStr> {
    let wrong = |span| syn::Error::new(span, format!("expected {expected}"));
    let literal = input.parse::<Lit>().map_err(|error| wrong(error.span()))?;
    let (text, suffix) = match &literal {
        Lit::Str(text) => return Ok(text.clone()),
        Lit::Int(number) => (number.base10_digits().to_owned(), number.suffix()),
        Lit::Float(number) => (number.base10_digits().to_owned(), number.suffix()),
        Lit::Bool(truth) => (truth.value.to_string(), ""),
        _ => return Err(wrong(literal.span())),
    };
    if !suffix.is_empty() {
        return Err(syn::Error::new(literal.span(), format!("write it in quotes: `\"{text}{suffix}\"`")));
    }
    Ok(LitStr::new(&text, literal.span()))
}

/// Reads `= "text"` or `= 1` and checks the text.
pub(crate) fn checked_plain<T>(
    key: &Ident,
    input: ParseStream<'_>,
    example: &str,
    check: impl FnOnce(&str) -> Result<T, String>,
) -> syn::Result<LitStr> {
    equals(key, input, example)?;
    let text = plain_value(input, &format!("a number or a text in quotes, as in `{key} = {example}`"))?;
    check(&text.value()).map_err(|reason| syn::Error::new(text.span(), reason))?;
    Ok(text)
}

/// The value of `#[default(value)]`, of an input or of a field.
pub(crate) fn default_value(attribute: &Attribute) -> syn::Result<Expr> {
    let wrong = |error: syn::Error| syn::Error::new(error.span(), "expected one value, as in `#[default(8)]`");
    match &attribute.meta {
        Meta::List(list) if !list.tokens.is_empty() => list.parse_args().map_err(wrong),
        Meta::NameValue(pair) => {
            let value = pair.value.to_token_stream();
            Err(syn::Error::new_spanned(&attribute.meta, format!("write the default in parentheses: `#[default({value})]`")))
        }
        _ => Err(syn::Error::new_spanned(&attribute.meta, "the default has no value; write it in parentheses, as in `#[default(8)]`")),
    }
}

/// Reads nothing, which means true, or `= true` or `= false`.
pub(crate) fn flag(key: &Ident, input: ParseStream<'_>) -> syn::Result<LitBool> {
    if input.peek(token::Paren) {
        return Err(syn::Error::new(key.span(), format!("`{key}` is a flag; write `{key}`, or `{key} = false`")));
    }
    if !input.peek(Token![=]) {
        return Ok(LitBool::new(true, Span::call_site()));
    }
    input.parse::<Token![=]>()?;
    input.parse().map_err(|error: syn::Error| syn::Error::new(error.span(), "expected `true` or `false`"))
}
