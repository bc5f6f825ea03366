//! `#[workflow]` and `#[launch_plan]`: the function as it was, a type of the same name with the verbs, and one entry for the registry.

mod body;
mod judge;
mod options;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{LitStr, Type};

use self::options::Options;
use crate::definition::{full_name, function, input, input_static, marker};
use crate::errors::Errors;
use crate::signature::{Function, Parameter, promised};

use crate::type_span::TypeSpan;
use crate::verbs::{Given, Kind, Verbs};

/// Expands `#[workflow(options)] item` or `#[launch_plan(options)] item`.
pub(crate) fn expand(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
    let what = kind.word();
    let mut errors = Errors::new();
    let options = Options::parse(kind, options, &mut errors);
    let refused = |word: &str| {
        let attribute = if kind == Kind::Workflow { "workflow" } else { "launch_plan" };
        format!("`#[{attribute}]` goes on a free function, and this is {word}")
    };
    let Some(mut function) = function(&item, refused, &mut errors) else {
        let errors = errors.into_tokens();
        return quote!(#item #errors);
    };
    let (inputs, output) = judge::signature(kind, &mut function, &mut errors);
    options.check_inputs(&inputs.iter().map(Parameter::input_name).collect::<Vec<_>>(), &mut errors);
    if let Some(body) = function.body() {
        body::judge_body(body, &inputs, &mut errors);
    } else if options.reference.is_none() {
        let hint = match kind {
            Kind::LaunchPlan => {
                "; for one that is registered elsewhere, say where with `reference(project = \"..\", domain = \"..\", name = \"..\", version = \"..\")`"
            }
            _ => "; what is registered elsewhere is a launch plan or a task with `reference(..)`",
        };
        errors.at(&function.signature.ident, format!("a {what} has a body, which builds its graph{hint}"));
    }
    if let Some(handler) = &options.on_failure {
        judge::handler(handler, &mut errors);
    }
    if let Some(errors) = errors.into_tokens() {
        let marker = if function.is_method() { TokenStream::new() } else { marker(kind, &function, &TokenStream::new()) };
        if function.has_body() {
            function.leave_out_body();
        }
        return quote!(#function #marker #errors);
    }
    let types: Vec<&Type> = inputs.iter().filter_map(|input| promised(&input.ty)).collect();
    let entry = entry(kind, &function, &inputs, &types, &output, &options);
    let given =
        inputs.iter().zip(&types).map(|(Parameter { name, default, .. }, ty)| Given { ident: name, ty, has_default: default.is_some() });
    let verbs = Verbs {
        kind,
        name: &function.signature.ident,
        krate: &options.krate,
        inputs: given.collect(),
        output: &output,
        is_elsewhere: options.reference.is_some(),
    };
    let (krate, verbs) = (&options.krate, verbs.expand());
    let marker = marker(kind, &function, &quote!(#[#krate::__private::beside(#entry #verbs)]));
    quote!(#function #marker)
}

/// Everything but the verbs: the name, the interface, what builds the graph, and the entry for the registry.
fn entry(kind: Kind, function: &Function, inputs: &[Parameter], types: &[&Type], output: &TokenStream, options: &Options) -> TokenStream {
    let name = &function.signature.ident;
    let import = options.krate.import();
    let (name_definition, registered) = full_name(kind.word(), name, options.name.as_ref());
    let statics = inputs.iter().zip(types).enumerate().map(|(index, (parameter, ty))| input(index, parameter, ty, &TokenStream::new()));
    let input_statics = (0..inputs.len()).map(input_static);
    let type_span = TypeSpan::of(output);
    let (span, names) = match &options.outputs {
        Some((names, span)) => (*span, names.iter().map(|name| LitStr::new(&name.unraw().to_string(), name.span())).collect()),
        None => (type_span.first, Vec::new()),
    };
    let output_names = quote_spanned!(span=> __nk::workflow_output_names::<#name>(&[#(#names),*]));
    let gives = type_span.associated_type("Gives", quote_spanned!(type_span.first=> <#output as __nk::WorkflowReturn>::Outputs));
    let doc = function.doc();
    let (keep_going, interruptible) = (&options.keep_going, &options.interruptible);
    let (launch_definition, launch) = launch(kind, options);
    let build = build(function, inputs, options);
    quote! {
        #[allow(deprecated, non_upper_case_globals, unused_qualifications)]
        const _: () = {
            #import
            #name_definition
            #(#statics)*
            #launch_definition
            static __nk_workflow: __nk::WorkflowDef = __nk::WorkflowDef::of::<#name>(__nk::WorkflowParts {
                name: #registered,
                doc: #doc,
                at: (__nk::file!(), __nk::line!()),
                params: &[#(&#input_statics),*],
                outputs: #output_names,
                keep_going: #keep_going,
                interruptible: #interruptible,
                launch: #launch,
                build: #build,
            });
            impl __nk::SealedWorkflow for #name {
                #gives
                type Returned = #output;

                fn data() -> &'static __nk::WorkflowDef {
                    &__nk_workflow
                }
            }
            __nk::inventory::submit! { __nk::RegisteredWorkflow(&__nk_workflow) }
        };
    }
}

/// The static with what makes it a launch plan, and the reference to it.
fn launch(kind: Kind, options: &Options) -> (TokenStream, TokenStream) {
    if kind != Kind::LaunchPlan {
        return (TokenStream::new(), quote!(__nk::None));
    }
    let fields = &options.fields;
    let reference = options.reference.as_ref().map(crate::options::Reference::definition);
    let referred = reference.as_ref().map(|_| quote!(reference: __nk::Some(&__nk_reference),));
    let definition = quote! {
        #reference
        #[allow(clippy::needless_update)]
        static __nk_launch: __nk::LaunchOptions = __nk::LaunchOptions { #(#fields,)* #referred ..__nk::LaunchOptions::NONE };
    };
    (definition, quote!(__nk::Some(&__nk_launch)))
}

/// The function pointer that calls the function with promises of the inputs.
fn build(function: &Function, inputs: &[Parameter], options: &Options) -> TokenStream {
    if !function.has_body() {
        return quote!(__nk::Built::nothing);
    }
    let name = &function.signature.ident;
    let promises: Vec<_> = (0_u32..).zip(inputs).map(|(index, _)| quote!(__nk::input(&__nk_workflow, #index))).collect();
    let on_failure = options.on_failure.as_ref().map_or_else(
        || quote!(__nk::None),
        |handler| {
            let names = inputs.iter().map(|input| &input.name);
            let types = inputs.iter().map(|input| &input.ty);
            quote!({
                #(#[allow(unused_variables)] let #names: #types = #promises;)*
                __nk::Some(__nk::handler(#handler))
            })
        },
    );
    // At the name, where the compiler points when the function takes something else.
    let span = name.span().resolved_at(Span::call_site());
    quote_spanned!(span=> || __nk::Built::new::<#name>(#name(#(#promises),*), #on_failure))
}
