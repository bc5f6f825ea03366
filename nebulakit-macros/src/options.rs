//! The options of `#[task(...)]`: read one by one, each judged for itself, and turned into the fields of `TaskOptions`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{GenericArgument, Ident, LitInt, LitStr, PathArguments, ReturnType, Token, Type, TypeTuple, parenthesized, token};

use crate::arguments::{checked, each, entries, equals, flag, group, string};
use crate::crate_path::CratePath;
use crate::errors::{Errors, Noun, unknown};
use crate::signature::plain;
use crate::values::{self, Unit};

/// Every option of `#[task]`, in the order of the documentation.
const OPTIONS: &[&str] = &[
    "name",
    "outputs",
    "retries",
    "timeout",
    "cache",
    "interruptible",
    "requests",
    "limits",
    "accelerator",
    "shared_memory",
    "env",
    "secrets",
    "image",
    "pod_template",
    "labels",
    "annotations",
    "deck",
    "deprecated",
    "crate",
];

/// Every resource of `requests` and `limits`.
const RESOURCES: &[&str] = &["cpu", "memory", "gpu", "ephemeral_storage", "storage"];

/// What `#[task(...)]` says.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) krate: CratePath,
    /// The name that replaces the one made of the module path.
    pub(crate) name: Option<LitStr>,
    /// The names of the outputs, and where they are.
    pub(crate) outputs: Option<(Vec<Ident>, Span)>,
    /// Inputs that the cache leaves out; checked against the signature by [`Options::check_inputs`].
    ignored: Vec<Ident>,
    /// `name: value` for each field of `TaskOptions` that is not as in `TaskOptions::NONE`.
    fields: Vec<TokenStream>,
    requests: Vec<Quantity>,
    limits: Vec<Quantity>,
}

/// One quantity of `requests(...)` or `limits(...)`.
struct Quantity {
    resource: String,
    text: LitStr,
    /// Billionths of a unit.
    value: u128,
}

impl Options {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parser = |input: ParseStream<'_>| {
            each(input, Noun("option", "a task"), OPTIONS, errors, |key, input, errors| options.option(key, input, errors));
            Ok(())
        };
        let parsed = parser.parse2(tokens);
        errors.keep(parsed);
        options.check_resources(errors);
        options
    }

    fn option(&mut self, key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let name = key.unraw().to_string();
        let field = match name.as_str() {
            "name" => {
                self.name = Some(checked(key, input, r#""app.divider""#, values::task_name)?);
                return Ok(());
            }
            "crate" => {
                equals(key, input, "path")?;
                self.krate = input.parse()?;
                return Ok(());
            }
            "outputs" => {
                let (names, complete) = names(key, input, "outputs(quotient, remainder)", errors)?;
                self.outputs = complete.then(|| (names, key.span()));
                return Ok(());
            }
            "retries" => {
                equals(key, input, "3")?;
                let count = retries(input)?;
                quote!(retries: #count)
            }
            "timeout" => {
                equals(key, input, r#""10m""#)?;
                let text = string(input, r#"a duration in quotes, as in `timeout = "10m"`"#)?;
                let duration = values::duration(&text.value()).map_err(|reason| syn::Error::new(text.span(), reason))?;
                let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
                quote!(timeout: __nk::Some(__nk::Duration::new(#seconds, #nanos)))
            }
            "cache" => self.cache(key, input, errors)?,
            "interruptible" => {
                let value = flag(key, input)?;
                quote!(interruptible: __nk::Some(#value))
            }
            "deck" => {
                let value = flag(key, input)?;
                quote!(deck: #value)
            }
            "requests" | "limits" => {
                let quantities = quantities(key, input, errors)?;
                let fields = RESOURCES.iter().map(|resource| {
                    let field = Ident::new(resource, Span::call_site());
                    match quantities.iter().find(|quantity| quantity.resource == *resource) {
                        Some(Quantity { text, .. }) => quote!(#field: __nk::Some(#text)),
                        None => quote!(#field: __nk::None),
                    }
                });
                let field = quote!(#key: __nk::Resources { #(#fields),* });
                *(if name == "requests" { &mut self.requests } else { &mut self.limits }) = quantities;
                field
            }
            "accelerator" => {
                let device = checked(key, input, r#""nvidia-tesla-a100""#, values::accelerator)?;
                quote!(accelerator: __nk::Some(#device))
            }
            "shared_memory" => {
                let size = if input.peek(Token![=]) {
                    checked(key, input, r#""1Gi""#, |text| values::quantity(text, Unit::Bytes).map(drop))?.to_token_stream()
                } else {
                    quote!("")
                };
                quote!(shared_memory: __nk::Some(#size))
            }
            "env" => {
                let pairs = environment(key, input, errors)?;
                quote!(env: &[#(#pairs),*])
            }
            "secrets" => {
                let secrets = secrets(key, input, errors)?;
                quote!(secrets: &[#(#secrets),*])
            }
            "image" => {
                let image = checked(key, input, r#""ghcr.io/me/app:1""#, |text| values::solid(text, "the image"))?;
                quote!(image: __nk::Some(#image))
            }
            "pod_template" => {
                let template = checked(key, input, r#""my-template""#, values::object_name)?;
                quote!(pod_template: __nk::Some(#template))
            }
            "labels" => {
                let pairs = metadata(key, input, values::label_value, errors)?;
                quote!(labels: &[#(#pairs),*])
            }
            "annotations" => {
                let pairs = metadata(key, input, |_| Ok(()), errors)?;
                quote!(annotations: &[#(#pairs),*])
            }
            "deprecated" => {
                let text = checked(key, input, r#""use `other` instead""#, |text| {
                    if text.trim().is_empty() { Err("say what to use instead".to_owned()) } else { Ok(()) }
                })?;
                quote!(deprecated: __nk::Some(#text))
            }
            _ => return Ok(()),
        };
        self.fields.push(field);
        Ok(())
    }

    fn cache(&mut self, key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<TokenStream> {
        const EXAMPLE: &str = r#"cache(version = "1")"#;
        let content = group(key, input, EXAMPLE)?;
        let (mut version, mut serialize) = (None, quote!(false));
        let ignored = &mut self.ignored;
        let mut version_given = false;
        each(&content, Noun("option", "`cache`"), &["version", "serialize", "ignore"], errors, |key, input, errors| {
            if key == "version" {
                version_given = true;
                version = Some(checked(key, input, r#""1""#, |text| {
                    if text.trim().is_empty() { Err("a cache version is never empty".to_owned()) } else { Ok(()) }
                })?);
            } else if key == "serialize" {
                serialize = flag(key, input)?.to_token_stream();
            } else {
                *ignored = names(key, input, "ignore(a, b)", errors)?.0;
            }
            Ok(())
        });
        let Some(version) = version else {
            if !version_given {
                return Err(syn::Error::new(key.span(), format!("a cache needs a version, raised when the results change: `{EXAMPLE}`")));
            }
            return Ok(quote!());
        };
        let ignored = self.ignored.iter().map(|name| name.unraw().to_string());
        Ok(quote! {
            cache: __nk::Some(__nk::CacheOptions { version: #version, serialize: #serialize, ignore: &[#(#ignored),*] })
        })
    }

    fn check_resources(&self, errors: &mut Errors) {
        for limit in &self.limits {
            if let Some(request) = self.requests.iter().find(|request| request.resource == limit.resource && request.value > limit.value) {
                let (limited, requested) = (limit.text.value(), request.text.value());
                errors.at(&limit.text, format!("the limit `{limited}` is below the request `{requested}`; raise it, or lower the request"));
            }
        }
    }

    /// Checks the names that the options share with the signature.
    pub(crate) fn check_inputs(&self, inputs: &[&Ident], context: Option<&Ident>, errors: &mut Errors) {
        let inputs: Vec<_> = inputs.iter().map(|name| name.unraw().to_string()).collect();
        for ignored in &self.ignored {
            let name = ignored.unraw().to_string();
            if inputs.contains(&name) {
                continue;
            }
            if context.is_some_and(|context| context == ignored) {
                errors.at(ignored, format!("`{name}` is the context, which is no input and never part of a cache key"));
            } else if inputs.is_empty() {
                errors.at(ignored, format!("unknown input `{name}`; the task has none"));
            } else {
                let valid: Vec<_> = inputs.iter().map(String::as_str).collect();
                errors.at(ignored, unknown(Noun("input", "the task"), &name, &valid));
            }
        }
    }

    /// Checks the number of output names where the signature shows how many outputs there are; the compiler checks the rest.
    pub(crate) fn check_outputs(&self, returned: &ReturnType, errors: &mut Errors) {
        let (Some((names, span)), ReturnType::Type(_, ty)) = (&self.outputs, returned) else { return };
        let Some(outputs) = tuple(ty).map(|tuple| tuple.elems.len()).filter(|outputs| *outputs != names.len()) else { return };
        let message = match outputs {
            0 => "the task returns nothing that could be named; remove the option".to_owned(),
            _ => format!("{} names for {outputs} outputs; give each value of the tuple one name", names.len()),
        };
        errors.push(syn::Error::new(*span, message));
    }

    /// The static that holds the options, and the reference to it; tasks that ask for nothing share one.
    pub(crate) fn definition(&self) -> (TokenStream, TokenStream) {
        let fields = &self.fields;
        if fields.is_empty() {
            return (TokenStream::new(), quote!(&__nk::NO_OPTIONS));
        }
        let definition = quote! {
            static __nk_options: __nk::TaskOptions = __nk::TaskOptions { #(#fields,)* ..__nk::TaskOptions::NONE };
        };
        (definition, quote!(&__nk_options))
    }

    /// The names of the outputs as an array, at the place where the user wrote them.
    pub(crate) fn output_names(&self) -> TokenStream {
        let Some((names, span)) = &self.outputs else { return quote!(&[]) };
        let names = names.iter().map(|name| LitStr::new(&name.unraw().to_string(), name.span()));
        quote_spanned!(*span=> &[#(#names),*])
    }
}

fn retries(input: ParseStream<'_>) -> syn::Result<LitInt> {
    let wrong = |span| syn::Error::new(span, "expected a whole number of retries, 0 or more, as in `retries = 3`");
    let count: LitInt = input.parse().map_err(|error: syn::Error| wrong(error.span()))?;
    count.base10_parse::<u32>().map_err(|_| wrong(count.span()))?;
    Ok(count)
}

/// The tuple that a function returns, by itself or in a `Result`.
fn tuple(ty: &Type) -> Option<&TypeTuple> {
    match plain(ty) {
        Type::Tuple(tuple) => Some(tuple),
        Type::Path(path) => {
            let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            match arguments.args.first()? {
                GenericArgument::Type(Type::Tuple(tuple)) => Some(tuple),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Reads `(a, b)`: one or more different names, and whether they are all that was meant.
fn names(key: &Ident, input: ParseStream<'_>, example: &str, errors: &mut Errors) -> syn::Result<(Vec<Ident>, bool)> {
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

fn quantities(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<Quantity>> {
    let content = group(key, input, &format!(r#"{key}(cpu = "500m", memory = "256Mi")"#))?;
    let mut quantities = Vec::new();
    each(&content, Noun("resource", &format!("`{key}`")), RESOURCES, errors, |resource, input, _| {
        let (unit, example) = match resource.to_string().as_str() {
            "cpu" => (Unit::Cores, r#""500m""#),
            "gpu" => (Unit::Whole, r#""1""#),
            _ => (Unit::Bytes, r#""256Mi""#),
        };
        let mut value = 0;
        let text = checked(resource, input, example, |text| {
            value = values::quantity(text, unit)?;
            Ok(())
        })?;
        quantities.push(Quantity { resource: resource.to_string(), text, value });
        Ok(())
    });
    Ok(quantities)
}

fn environment(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<TokenStream>> {
    let content = group(key, input, r#"env(KEY = "value")"#)?;
    let mut pairs = Vec::new();
    each(&content, Noun("environment variable", "`env`"), &[], errors, |variable, input, _| {
        let name = variable.unraw().to_string();
        if name.starts_with("FLYTE_INTERNAL_") {
            return Err(syn::Error::new(variable.span(), format!("`{name}` is set by the platform, which would overwrite this value")));
        }
        equals(variable, input, r#""value""#)?;
        let value = string(input, &format!(r#"a text in quotes, as in `{name} = "1"`"#))?;
        let name = LitStr::new(&name, variable.span());
        pairs.push(quote!((#name, #value)));
        Ok(())
    });
    Ok(pairs)
}

fn metadata(
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
        let value = string(input, &format!("a text in quotes, as in `{example}`"))?;
        check_value(&value.value()).map_err(|reason| syn::Error::new(value.span(), reason))?;
        pairs.push(quote!((#name, #value)));
        Ok(())
    });
    Ok(pairs)
}

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

/// Reads `((group = "db", key = "password"), ...)`.
fn secrets(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<TokenStream>> {
    const EXAMPLE: &str = r#"secrets((group = "db", key = "password"))"#;
    let content = group(key, input, EXAMPLE)?;
    let mut secrets = Vec::new();
    let mut variables: Vec<String> = Vec::new();
    entries(&content, errors, |input, errors| {
        let span = input.span();
        if !input.peek(token::Paren) {
            return Err(syn::Error::new(span, format!("expected a secret in parentheses of its own, as in `{EXAMPLE}`")));
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
            let text = checked(key, input, &format!(r#""{key}""#), |text| {
                if key == "env_var" {
                    values::secret_variable(text)?;
                    if variables.iter().any(|variable| variable == text) {
                        return Err(format!("`{text}` would hold two secrets; name one of them otherwise"));
                    }
                    variables.push(text.to_owned());
                    return Ok(());
                }
                values::solid(text, &format!("the {key} of a secret"))
            })?;
            texts.push((key.clone(), text));
            Ok(())
        });
        for needed in ["group", "key"] {
            if !given.iter().any(|name| name == needed) {
                return Err(syn::Error::new(span, format!("the secret has no {needed}; write `{EXAMPLE}`")));
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
