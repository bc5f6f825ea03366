//! The options of `#[workflow(...)]` and `#[launch_plan(...)]`: read one by one, each judged for itself.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, LitInt, LitStr, bracketed};

use crate::arguments::{checked, each, each_but, entries, equals, flag, group, plain_value, string};
use crate::crate_path::CratePath;
use crate::errors::{Errors, Noun, unknown};
use crate::options::{Reference, environment, metadata, names};
use crate::values;
use crate::verbs::Kind;

const OF_WORKFLOWS: &[&str] = &["name", "outputs", "keep_going", "interruptible", "on_failure", "crate"];

const OF_LAUNCH_PLANS: &[&str] = &[
    "name",
    "cron",
    "every",
    "kickoff",
    "max_parallelism",
    "at_most",
    "labels",
    "annotations",
    "notify",
    "env",
    "service_account",
    "iam_role",
    "raw_output_prefix",
    "overwrite_cache",
    "interruptible",
    "active",
    "reference",
    "outputs",
    "crate",
];

/// How an execution can end, as `notify` names it.
const PHASES: [(&str, &str); 4] = [("succeeded", "Succeeded"), ("failed", "Failed"), ("aborted", "Aborted"), ("timed_out", "TimedOut")];

/// What the attribute says.
#[derive(Default)]
pub(super) struct Options {
    pub(super) krate: CratePath,
    pub(super) name: Option<LitStr>,
    pub(super) outputs: Option<(Vec<Ident>, Span)>,
    pub(super) keep_going: TokenStream,
    pub(super) interruptible: TokenStream,
    pub(super) on_failure: Option<Expr>,
    pub(super) reference: Option<Reference>,
    pub(super) kickoff: Option<Ident>,
    cron: Option<Span>,
    every: Option<Span>,
    notifications: Vec<TokenStream>,
    /// `name: value` for each field of `LaunchOptions` that is not as in `LaunchOptions::NONE`.
    pub(super) fields: Vec<TokenStream>,
}

impl Options {
    pub(super) fn parse(kind: Kind, tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut options = Self { keep_going: quote!(false), interruptible: quote!(__nk::None), ..Self::default() };
        let (noun, valid) = match kind {
            Kind::LaunchPlan => (Noun("option", "a launch plan"), OF_LAUNCH_PLANS),
            _ => (Noun("option", "a workflow"), OF_WORKFLOWS),
        };
        let parser = |input: ParseStream<'_>| {
            each_but(input, noun, &[], &["notify"], errors, |key, input, errors| {
                let name = key.unraw().to_string();
                if valid.contains(&name.as_str()) {
                    return options.option(kind, key, &name, input, errors);
                }
                Err(syn::Error::new(key.span(), elsewhere(kind, &name).unwrap_or_else(|| unknown(noun, &name, valid))))
            });
            Ok(())
        };
        let parsed = parser.parse2(tokens);
        errors.keep(parsed);
        if !options.notifications.is_empty() {
            let notifications = &options.notifications;
            options.fields.push(quote!(notifications: &[#(#notifications),*]));
        }
        if let (Some(_), Some(every)) = (options.cron, options.every) {
            errors.push(syn::Error::new(every, "a launch plan has one schedule; write `cron` or `every`, or a second launch plan"));
        }
        if let (Some(kickoff), Some(_)) = (&options.kickoff, options.every) {
            let message = "the platform's fixed rates never fire with a kickoff input; write a `cron`, or leave `kickoff` out";
            errors.at(kickoff, message);
        } else if let (Some(kickoff), None, None) = (&options.kickoff, options.cron, options.every) {
            errors.at(kickoff, "only a schedule gives a time of its own; add `cron = \"0 2 * * *\"`, or leave `kickoff` out");
        }
        options
    }

    fn option(&mut self, kind: Kind, key: &Ident, name: &str, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        let field = match name {
            "name" => {
                self.name = Some(checked(key, input, r#""app.word_count""#, values::task_name)?);
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
            "keep_going" => {
                let value = flag(key, input)?;
                self.keep_going = quote!(#value);
                return Ok(());
            }
            "on_failure" => {
                equals(key, input, "clean_up::node(data, Failure)")?;
                self.on_failure = Some(input.parse()?);
                return Ok(());
            }
            "reference" => {
                self.reference = Some(Reference::parse(key, input, errors)?);
                return Ok(());
            }
            "interruptible" => {
                let value = flag(key, input)?;
                if kind == Kind::Workflow {
                    self.interruptible = quote!(__nk::Some(#value));
                    return Ok(());
                }
                quote!(interruptible: __nk::Some(#value))
            }
            "cron" => {
                let text = checked(key, input, r#""0 2 * * *""#, cron)?;
                self.cron = Some(key.span());
                quote!(schedule: __nk::Some(__nk::LaunchSchedule::Cron(#text)))
            }
            "every" => {
                equals(key, input, r#""10m""#)?;
                let text = plain_value(input, r#"a duration in quotes, as in `every = "10m"`"#)?;
                let wrong = |reason| syn::Error::new(text.span(), reason);
                let duration = values::duration(&text.value()).map_err(wrong)?;
                if duration.as_secs() % 60 != 0 || duration.subsec_nanos() != 0 {
                    return Err(wrong("a fixed rate is in whole minutes, as in `every = \"10m\"`".to_owned()));
                }
                self.every = Some(key.span());
                let seconds = duration.as_secs();
                quote!(schedule: __nk::Some(__nk::LaunchSchedule::Every(__nk::Duration::new(#seconds, 0))))
            }
            "kickoff" => {
                equals(key, input, "time")?;
                let input: Ident = input.call(Ident::parse_any).map_err(|error| {
                    syn::Error::new(error.span(), "expected the input that gets the time of the schedule, without quotes")
                })?;
                let name = input.unraw().to_string();
                self.kickoff = Some(input);
                quote!(kickoff: __nk::Some(#name))
            }
            "max_parallelism" | "at_most" => {
                equals(key, input, "25")?;
                let count = count(input, name)?;
                quote!(#key: __nk::Some(#count))
            }
            "labels" => {
                let pairs = metadata(key, input, values::label_value, errors)?;
                quote!(labels: &[#(#pairs),*])
            }
            "annotations" => {
                let pairs = metadata(key, input, |_| Ok(()), errors)?;
                quote!(annotations: &[#(#pairs),*])
            }
            "env" => {
                let pairs = environment(key, input, errors)?;
                quote!(env: &[#(#pairs),*])
            }
            "notify" => {
                self.notifications.push(notify(key, input, errors)?);
                return Ok(());
            }
            "service_account" => {
                let account = checked(key, input, r#""pipelines""#, values::object_name)?;
                quote!(service_account: __nk::Some(#account))
            }
            "iam_role" => {
                let role = checked(key, input, r#""arn:aws:iam::123456789012:role/pipelines""#, |text| values::solid(text, "the role"))?;
                quote!(iam_role: __nk::Some(#role))
            }
            "raw_output_prefix" => {
                let prefix = checked(key, input, r#""s3://bucket/data""#, |text| values::solid(text, "the prefix"))?;
                quote!(raw_output_prefix: __nk::Some(#prefix))
            }
            _ => {
                let value = flag(key, input)?;
                quote!(#key: #value)
            }
        };
        self.fields.push(field);
        Ok(())
    }

    /// Checks the names that the options share with the signature.
    pub(super) fn check_inputs(&self, inputs: &[String], errors: &mut Errors) {
        let Some(kickoff) = &self.kickoff else { return };
        let name = kickoff.unraw().to_string();
        if inputs.contains(&name) {
            return;
        }
        let valid: Vec<_> = inputs.iter().map(String::as_str).collect();
        match valid.as_slice() {
            [] => errors.at(kickoff, format!("unknown input `{name}`; the launch plan has none")),
            valid => errors.at(kickoff, unknown(Noun("input", "the launch plan"), &name, valid)),
        }
    }
}

/// Where an option belongs that is of something else.
fn elsewhere(kind: Kind, name: &str) -> Option<String> {
    let of = |what: &str, how: &str| Some(format!("unknown option `{name}` of a {}; {what}: {how}", kind.word()));
    match (kind, name) {
        (Kind::Workflow, "cron" | "every" | "schedule") => {
            of("schedules belong to launch plans", "`#[launch_plan(cron = \"0 2 * * *\")] fn nightly(..) -> .. { workflow::node(..) }`")
        }
        (Kind::Workflow, "retries" | "timeout" | "cache" | "requests" | "limits" | "image" | "strategy") => {
            of("tasks have it", &format!("`#[task({name} ..)]`, or `.{name}(..)` on a node"))
        }
        (Kind::Workflow, "failure_policy") => of("write", "`keep_going`"),
        (Kind::LaunchPlan, "schedule") => of("write", "`cron = \"0 2 * * *\"` or `every = \"10m\"`"),
        (Kind::LaunchPlan, "fixed_inputs" | "default_inputs" | "fixed" | "defaults") => {
            of("constants in the body are fixed", "`workflow::node(time, \"eu\")`; a `#[default(..)]` of its own replaces the workflow's")
        }
        (Kind::LaunchPlan, "on_failure" | "keep_going") => of("its workflow has it", &format!("`#[workflow({name} ..)]`")),
        _ => None,
    }
}

/// Checks that a text looks like a cron expression; when it fires is judged when the graph is built.
fn cron(text: &str) -> Result<(), String> {
    const ALIASES: [&str; 6] = ["@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually"];
    if ALIASES.contains(&text) {
        return Ok(());
    }
    let fields = text.split_whitespace().count();
    if text.starts_with('@') || fields == 1 && text.chars().all(char::is_alphabetic) {
        return Err(format!("`{text}` is not a schedule; write five fields, as in `0 2 * * *`, or one of {}", ALIASES.join(", ")));
    }
    if fields != 5 {
        return Err(format!("a cron schedule has five fields (minute, hour, day, month, weekday), and this has {fields}"));
    }
    Ok(())
}

fn count(input: ParseStream<'_>, name: &str) -> syn::Result<LitInt> {
    let wrong = |span| syn::Error::new(span, format!("expected a whole number, 1 or more, as in `{name} = 25`"));
    let count: LitInt = input.parse().map_err(|error: syn::Error| wrong(error.span()))?;
    match count.base10_parse::<u32>() {
        Ok(1..) => Ok(count),
        _ => Err(wrong(count.span())),
    }
}

/// Reads `(email = ["a@b.c"], on = [failed, timed_out])`.
fn notify(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<TokenStream> {
    const EXAMPLE: &str = r#"notify(email = ["a@b.c"], on = [failed, timed_out])"#;
    let content = group(key, input, EXAMPLE)?;
    let (mut emails, mut phases): (Vec<LitStr>, Vec<Ident>) = (Vec::new(), Vec::new());
    let mut given = Vec::new();
    each(&content, Noun("option", "`notify`"), &["email", "on"], errors, |key, input, errors| {
        given.push(key.to_string());
        equals(key, input, if key == "email" { r#"["a@b.c"]"# } else { "[failed]" })?;
        let list;
        bracketed!(list in input);
        entries(&list, errors, |input, _| {
            if key == "email" {
                let email = string(input, &format!("an address in quotes, as in `{EXAMPLE}`"))?;
                let text = email.value();
                let parts = text.split_once('@').filter(|(user, host)| !user.is_empty() && host.contains('.'));
                if parts.is_none() || text.contains(char::is_whitespace) {
                    return Err(syn::Error::new(email.span(), format!("`{text}` is not an address; write it as in `a@b.c`")));
                }
                emails.push(email);
                return Ok(());
            }
            let phase = input.call(Ident::parse_any)?;
            let name = phase.to_string();
            let Some((_, variant)) = PHASES.into_iter().find(|(known, _)| *known == name) else {
                let valid = PHASES.map(|(known, _)| known);
                return Err(syn::Error::new(phase.span(), unknown(Noun("end", "an execution"), &name, &valid)));
            };
            phases.push(Ident::new(variant, Span::call_site()));
            Ok(())
        });
        Ok(())
    });
    for needed in ["email", "on"] {
        if !given.iter().any(|name| name == needed) {
            return Err(syn::Error::new(key.span(), format!("the notification has no `{needed}`; write `{EXAMPLE}`")));
        }
    }
    Ok(quote!(__nk::NotifyOptions { email: &[#(#emails),*], on: &[#(__nk::Phase::#phases),*] }))
}
