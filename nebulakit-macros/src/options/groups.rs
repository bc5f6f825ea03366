//! The options whose values are in parentheses.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Lit, LitStr, Token};

use super::quantity::{Quantity, RESOURCES};
use crate::arguments::{checked_plain, each, entries, equals, group, plain_value, string};
use crate::errors::{Errors, Noun};
use crate::values::{self, Unit};

/// Reads `(a, b)`: one or more different names, and whether they are all that was meant.
pub(crate) fn names(key: &Ident, input: ParseStream<'_>, example: &str, errors: &mut Errors) -> syn::Result<(Vec<Ident>, bool)> {
    let content = group(key, input, example)?;
    let mut names: Vec<Ident> = Vec::new();
    let mut meant = 0;
    entries(&content, errors, |input, _| {
        meant += 1;
        let name = input.call(Ident::parse_any).map_err(|error| {
            let message = format!("expected a name without quotes, as in `{example}`");
            syn::Error::new(error.span(), message)
        })?;
        if names.contains(&name) {
            return Err(syn::Error::new(name.span(), format!("`{}` is named twice; remove one", name.unraw())));
        }
        names.push(name);
        Ok(())
    });
    let complete = names.len() == meant;
    Ok((names, complete))
}

/// Reads `(cpu = "500m", ...)`.
pub(super) fn quantities(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<Quantity>> {
    let content = group(key, input, &format!(r#"{key}(cpu = "500m", memory = "256Mi")"#))?;
    let mut quantities = Vec::new();
    each(&content, Noun("resource", &format!("`{key}`")), RESOURCES, errors, |resource, input, _| {
        let (unit, example) = match resource.to_string().as_str() {
            "cpu" => (Unit::Cores, "2"),
            "gpu" => (Unit::Whole, "1"),
            _ => (Unit::Bytes, r#""256Mi""#),
        };
        let mut value = 0;
        // In quotes a number alone counts bytes, as Kubernetes has it; without them it was meant to have a unit.
        let is_number = unit == Unit::Bytes && input.peek2(Lit) && !input.peek2(LitStr);
        let text = checked_plain(resource, input, example, |text| {
            if is_number {
                return Err(format!("`{text}` has no unit: write `{resource} = \"{text}Mi\"` or `{resource} = \"{text}Gi\"`"));
            }
            value = values::quantity(text, unit)?;
            Ok(())
        })?;
        quantities.push(Quantity { resource: resource.to_string(), text, value });
        Ok(())
    });
    Ok(quantities)
}

/// Reads `(KEY = "value", ...)` as pairs.
pub(crate) fn environment(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<TokenStream>> {
    let content = group(key, input, r#"env(KEY = "value")"#)?;
    let mut pairs = Vec::new();
    each(&content, Noun("environment variable", "`env`"), &[], errors, |variable, input, _| {
        let name = variable.unraw().to_string();
        if name.starts_with("FLYTE_INTERNAL_") {
            return Err(syn::Error::new(variable.span(), format!("`{name}` is set by the platform, which would overwrite this value")));
        }
        equals(variable, input, r#""value""#)?;
        let value = plain_value(input, &format!(r#"a text in quotes or a number, as in `{name} = "1"`"#))?;
        let name = LitStr::new(&name, variable.span());
        pairs.push(quote!((#name, #value)));
        Ok(())
    });
    Ok(pairs)
}

/// Reads `("key" = "value", ...)` as pairs.
pub(crate) fn metadata(
    key: &Ident,
    input: ParseStream<'_>,
    check_value: impl Fn(&str) -> Result<(), String>,
    errors: &mut Errors,
) -> syn::Result<Vec<TokenStream>> {
    let example = format!(r#"{key}("team" = "data")"#);
    let content = group(key, input, &example)?;
    let mut pairs = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    entries(&content, errors, |input, _| {
        let name = string(input, &format!("a key in quotes, as in `{example}`"))?;
        values::metadata_key(&name.value()).map_err(|reason| syn::Error::new(name.span(), reason))?;
        if seen.contains(&name.value()) {
            return Err(syn::Error::new(name.span(), format!("`{}` is given twice; remove one", name.value())));
        }
        seen.push(name.value());
        if input.parse::<Token![=]>().is_err() {
            return Err(syn::Error::new(name.span(), format!("the key needs a value: `{example}`")));
        }
        let value = plain_value(input, &format!("a text in quotes, as in `{example}`"))?;
        check_value(&value.value()).map_err(|reason| syn::Error::new(value.span(), reason))?;
        pairs.push(quote!((#name, #value)));
        Ok(())
    });
    Ok(pairs)
}
