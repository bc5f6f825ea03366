//! The options of `#[task(...)]`: read one by one, each judged for itself, and turned into the fields of `TaskOptions`.

mod container;
mod counted;
mod groups;
mod quantity;
mod reference;
mod secrets;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned as _;
use syn::{GenericArgument, Ident, LitInt, LitStr, PathArguments, ReturnType, Token, Type, TypeTuple};

pub(crate) use self::container::Container;
use self::counted::{on_oom, tokens};
use self::groups::quantities;
pub(crate) use self::groups::{environment, metadata, names};
use self::quantity::{Quantity, RESOURCES};
pub(crate) use self::reference::Reference;
use self::secrets::secrets;
use crate::arguments::{checked, checked_plain, each, equals, flag, group, plain_value};
use crate::crate_path::CratePath;
use crate::errors::{Errors, Noun, unknown};
use crate::signature::{Interface, Parameter, plain};
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
    "requests_with",
    "tokens",
    "on_oom",
    "accelerator",
    "shared_memory",
    "env",
    "secrets",
    "image",
    "container",
    "reference",
    "strategy",
    "pod_template",
    "labels",
    "annotations",
    "deck",
    "supervised",
    "deprecated",
    "crate",
];

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
    /// The most memory that `on_oom` gives.
    most_memory: Option<Quantity>,
    pub(crate) container: Option<Container>,
    /// Whether it says that the code is elsewhere, rightly written or not.
    pub(crate) is_elsewhere: bool,
    /// Where it is registered, if elsewhere.
    pub(crate) reference: Option<Reference>,
    /// Options that are for functions of this binary alone, and why.
    of_functions: Vec<(Ident, &'static str)>,
}

impl Options {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self::default();
        let parser = |input: ParseStream<'_>| {
            each(input, Noun("option", "a task"), &[], errors, |key, input, errors| {
                if OPTIONS.contains(&key.unraw().to_string().as_str()) {
                    options.option(key, input, errors)
                } else {
                    Err(unknown_option(key, input))
                }
            });
            Ok(())
        };
        let parsed = parser.parse2(tokens);
        errors.keep(parsed);
        options.check_resources(errors);
        options.check_memory(errors);
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
                let text = plain_value(input, r#"a duration in quotes, as in `timeout = "10m"`"#)?;
                let duration = values::duration(&text.value()).map_err(|reason| syn::Error::new(text.span(), reason))?;
                let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
                quote!(timeout: __nk::Some(__nk::Duration::new(#seconds, #nanos)))
            }
            "cache" => self.cache(key, input, errors)?,
            "interruptible" => {
                let value = flag(key, input)?;
                quote!(interruptible: __nk::Some(#value))
            }
            "deck" | "supervised" => {
                let value = flag(key, input)?;
                self.of_functions.push((key.clone(), "is for a function of this binary, and the program of a container task is not one"));
                quote!(#key: #value)
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
            "requests_with" => {
                equals(key, input, "ask")?;
                let function: syn::Path = input.call(syn::Path::parse_mod_style).map_err(|error| {
                    syn::Error::new(
                        error.span(),
                        "expected the name of a function, as in `requests_with = ask`, of `fn ask(a: &Ask) -> Requests`",
                    )
                })?;
                self.of_functions.push((key.clone(), "is for a function of this binary; write `requests(..)` for a program in an image"));
                // The type is written out, so that what does not fit is one error, at the name.
                let asked = quote_spanned!(function.span()=> const __NK_ASK: fn(&__nk::Ask) -> __nk::Requests = #function;);
                quote!(requests_with: __nk::Some({ #asked __NK_ASK }))
            }
            "tokens" => {
                let pairs = tokens(key, input, errors)?;
                quote!(tokens: &[#(#pairs),*])
            }
            "on_oom" => {
                let (value, limit) = on_oom(key, input, errors)?;
                self.most_memory = limit;
                quote!(on_oom: __nk::Some(#value))
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
                self.of_functions.push((key.clone(), "is said twice: the image of a container task is in `container(..)`"));
                quote!(image: __nk::Some(#image))
            }
            "container" => {
                self.is_elsewhere = true;
                let container = Container::parse(key, input, errors)?;
                let network = container.network.then(|| quote!(network: true));
                self.container = Some(container);
                let Some(network) = network else { return Ok(()) };
                network
            }
            "reference" => {
                self.is_elsewhere = true;
                self.reference = Some(Reference::parse(key, input, errors)?);
                return Ok(());
            }
            "strategy" => {
                let strategy = strategy(key, input)?;
                quote!(strategy: __nk::Some(#strategy))
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
                version = Some(checked_plain(key, input, r#""1""#, |text| {
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

    /// Where the first attempt has more memory than `on_oom` gives, nothing is given.
    fn check_memory(&self, errors: &mut Errors) {
        let Some(most) = &self.most_memory else { return };
        let of_memory = |quantities: &'_ [Quantity]| quantities.iter().position(|quantity| quantity.resource == "memory");
        let first = of_memory(&self.limits).map(|place| &self.limits[place]);
        let first = first.or_else(|| of_memory(&self.requests).map(|place| &self.requests[place]));
        if let Some(first) = first.filter(|first| first.value >= most.value) {
            let (given, asked) = (most.text.value(), first.text.value());
            errors.at(
                &most.text,
                format!("`on_oom` gives up to `{given}`, and the first attempt has `{asked}`; raise the limit of `on_oom`"),
            );
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
                errors.at(ignored, format!("`{name}` is the context, which is not an input and never part of a cache key"));
            } else if inputs.is_empty() {
                errors.at(ignored, format!("unknown input `{name}`; the task has none"));
            } else {
                let valid: Vec<_> = inputs.iter().map(String::as_str).collect();
                errors.at(ignored, unknown(Noun("input", "the task"), &name, &valid));
            }
        }
    }

    /// The container of a task that is a program in an image.
    pub(crate) fn program(&self) -> Option<&Container> {
        self.container.as_ref().filter(|container| container.is_program())
    }

    /// Checks what a container task can have, and gives the inputs that its command renders.
    pub(crate) fn check_program(&self, interface: &Interface, errors: &mut Errors) -> Vec<String> {
        let Some(container) = self.program() else { return Vec::new() };
        for (option, reason) in &self.of_functions {
            errors.at(option, format!("`{option}` {reason}; remove it"));
        }
        if let Some(context) = interface.parameters.iter().find(|parameter| parameter.is_context) {
            errors.at(&context.ty, "a container task has no context: its program knows nothing of this library; remove the parameter");
        }
        let inputs: Vec<_> = interface.parameters.iter().filter(|input| !input.is_context).map(Parameter::input_name).collect();
        container.rendered(&inputs, errors)
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
            #[allow(clippy::needless_update)]
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

/// The answer to an option that `#[task]` does not have: where it belongs if it is a part of another, or is Python's word for one.
fn unknown_option(key: &Ident, input: ParseStream<'_>) -> syn::Error {
    let name = key.unraw().to_string();
    let resource = match name.as_str() {
        "cpus" | "cores" => "cpu",
        "mem" | "ram" => "memory",
        "gpus" => "gpu",
        "disk" => "ephemeral_storage",
        other => other,
    };
    if RESOURCES.contains(&resource) {
        let value = written_value(input).unwrap_or_else(|| if matches!(resource, "cpu" | "gpu") { "1" } else { "\"1Gi\"" }.to_owned());
        let message =
            format!("resources have parentheses around them: write `requests({resource} = {value})`, or `limits(..)` for the most");
        return syn::Error::new(key.span(), message);
    }
    let instead = match name.as_str() {
        "version" | "cache_version" => format!("cache(version = {})", written_value(input).unwrap_or_else(|| "\"1\"".to_owned())),
        "serialize" | "cache_serialize" => "cache(version = \"1\", serialize)".to_owned(),
        "ignore" | "cache_ignore_input_vars" => "cache(version = \"1\", ignore(name))".to_owned(),
        "group" | "key" | "secret_requests" => "secrets(\"group/key\")".to_owned(),
        "resources" => "requests(cpu = 2, memory = \"1Gi\")".to_owned(),
        "network" => "container(network = true)".to_owned(),
        "command" => container::EXAMPLE.to_owned(),
        "container_image" => "image = \"ghcr.io/me/app:1\"".to_owned(),
        "environment" | "env_vars" => "env(KEY = \"value\")".to_owned(),
        "enable_deck" | "report" => "deck".to_owned(),
        _ => return syn::Error::new(key.span(), unknown(Noun("option", "a task"), &name, OPTIONS)),
    };
    syn::Error::new(key.span(), format!("unknown option `{name}` of a task; write `{instead}`"))
}

/// The literal that follows as `= value`.
fn written_value(input: ParseStream<'_>) -> Option<String> {
    let ahead = input.fork();
    ahead.parse::<Token![=]>().ok()?;
    ahead.parse::<syn::Lit>().ok().map(|value| value.to_token_stream().to_string())
}

/// Reads `= process`, or `= "name"` of a strategy that the program registers.
fn strategy(key: &Ident, input: ParseStream<'_>) -> syn::Result<TokenStream> {
    const BUILT_IN: [&str; 4] = ["async", "thread", "process", "container"];
    equals(key, input, "process")?;
    if let Ok(name) = input.call(Ident::parse_any) {
        let text = name.unraw().to_string();
        return match text.as_str() {
            "async" => Ok(quote!(__nk::Strategy::Async)),
            "thread" => Ok(quote!(__nk::Strategy::Thread)),
            "process" => Ok(quote!(__nk::Strategy::Process)),
            "container" => Ok(quote!(__nk::Strategy::Container)),
            _ => {
                let message = unknown(Noun("strategy", "a task"), &text, &BUILT_IN);
                Err(syn::Error::new(
                    name.span(),
                    format!("{message}; one of the program's own is written in quotes: `strategy = \"{text}\"`"),
                ))
            }
        };
    }
    let name: LitStr = input.parse().map_err(|error: syn::Error| {
        syn::Error::new(error.span(), "expected a strategy, as in `strategy = process`, or the name of one of the program's own in quotes")
    })?;
    let text = name.value();
    if BUILT_IN.contains(&text.as_str()) {
        return Err(syn::Error::new(name.span(), format!("write the built-in strategy without quotes: `strategy = {text}`")));
    }
    values::solid(&text, "the name of a strategy").map_err(|reason| syn::Error::new(name.span(), reason))?;
    Ok(quote!(__nk::Strategy::Named(__nk::Borrowed(#name))))
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
