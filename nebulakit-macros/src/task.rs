//! `#[task]`: the function as it was, a type of the same name that stands for the task, and one entry for the registry.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, parse_quote};

use crate::definition::{full_name, function, input, input_static, marker};
use crate::digest;
use crate::errors::Errors;
use crate::options::{Container, Options};
use crate::signature::{Function, Interface, Parameter, mentions};
use crate::type_span::TypeSpan;
use crate::verbs::{Given, Kind, Verbs};

/// Expands `#[task(options)] item`.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let options_digest = digest::of(options.clone());
    let options = Options::parse(options, &mut errors);
    let refused = |word: &str| {
        let hint = match word {
            "a struct" | "an enum" => "; a type that tasks take or return has `#[derive(NebulaType)]`",
            "an impl block" | "a trait" => "; move the function out, and pass what it needs as inputs",
            _ => "",
        };
        format!("`#[task]` goes on a free function with a body, and this is {word}{hint}")
    };
    let Some(mut function) = function(&item, refused, &mut errors) else {
        let errors = errors.into_tokens();
        return quote!(#item #errors);
    };
    if !function.has_body() && !options.is_elsewhere {
        let end = item.clone().into_iter().last().map_or_else(Span::call_site, |tree| tree.span());
        errors.push(syn::Error::new(
            end,
            "a task without a body is code elsewhere: say where with `reference(project = \"..\", domain = \"..\", name = \"..\", version = \"..\")` \
             or `container(image = \"..\", command = [..])`; move one of a trait out of it, and pass what it needs as inputs",
        ));
        // With a body, so that the compiler does not say again that it is missing; a function of a trait may have one.
        function.leave_out_body();
        let errors = errors.into_tokens();
        return quote!(#function #errors);
    }
    let digests = (digest::of(function.source()), options_digest);
    let interface = function.judge(&mut errors);
    let inputs: Vec<_> = interface.parameters.iter().filter(|parameter| !parameter.is_context).map(|parameter| &parameter.name).collect();
    let context = interface.parameters.iter().find(|parameter| parameter.is_context).map(|parameter| &parameter.name);
    options.check_inputs(&inputs, context, &mut errors);
    options.check_outputs(&function.signature.output, &mut errors);
    let rendered = options.check_program(&interface, &mut errors);
    if !function.has_body() {
        if function.is_incomplete() {
            errors.at(&function.signature, "the types of inputs and outputs stand in the signature; write them in full");
        }
        if let Some(container) = options.container.as_ref().filter(|container| !container.is_program()) {
            errors.push(syn::Error::new(
                container.span,
                "a task without a body is a program in an image; give `container(..)` an image and a command",
            ));
        }
    }
    if let Some(errors) = errors.into_tokens() {
        let marker = if function.is_method() { TokenStream::new() } else { stub(&function) };
        return quote!(#function #marker #errors);
    }
    if function.is_incomplete() {
        let marker = stub(&function);
        return quote!(#function #marker);
    }
    let krate = &options.krate;
    let entry = entry(&function, &interface, &options, &rendered, digests);
    let verbs = verbs(&function, &interface, &options);
    let marker = marker(Kind::Task, &function, &quote!(#[#krate::__private::beside(#entry #verbs)]));
    let uncallable = (!function.has_body()).then(|| uncallable(&function, &options));
    quote!(#function #uncallable #marker)
}

/// The function of a task without a body: a call of it does not compile, and says why.
fn uncallable(function: &Function, options: &Options) -> TokenStream {
    let (name, visibility, krate) = (&function.signature.ident, &function.visibility, &options.krate);
    let mut signature = function.signature.clone();
    signature.asyncness = None;
    // What has a lifetime for all is looked at where it is called, and not here.
    signature.generics.make_where_clause().predicates.push(parse_quote!(for<'__nk> #name: #krate::__private::HasBody));
    let conditions = function.conditions();
    quote! {
        #(#conditions)*
        #[doc(hidden)]
        #[allow(
            dead_code,
            deprecated,
            unreachable_pub,
            unused_variables,
            private_bounds,
            private_interfaces,
            clippy::too_many_arguments
        )]
        #visibility #signature {
            #krate::__private::unreachable!()
        }
    }
}

/// The type without its task, so that a mistake in the task makes no second error where the type is used.
fn stub(function: &Function) -> TokenStream {
    let marker = marker(Kind::Task, function, &TokenStream::new());
    let name = &function.signature.ident;
    let conditions = function.conditions();
    quote! {
        #marker
        #(#conditions)*
        #[allow(dead_code)]
        impl #name {
            #[doc(hidden)]
            pub const NAME: &'static str = "";
        }
    }
}

/// Everything else: the task's name, its interface, and the entry for the registry.
fn entry(function: &Function, interface: &Interface, options: &Options, rendered: &[String], (source, asked): (u64, u64)) -> TokenStream {
    let name = &function.signature.ident;
    let import = options.krate.import();
    let (task_name, registered) = full_name("task", name, options.name.as_ref());
    let inputs: Vec<_> = interface.parameters.iter().filter(|parameter| !parameter.is_context).enumerate().collect();
    let statics = inputs.iter().map(|(index, parameter)| {
        // At the type, where what cannot be a file belongs.
        let of_program = options.program().is_some().then(|| quote_spanned!(parameter.ty.span()=> .as_file()));
        let as_text = rendered.contains(&parameter.input_name()).then(|| quote_spanned!(parameter.ty.span()=> .as_text()));
        input(*index, parameter, &parameter.ty, &quote!(#of_program #as_text))
    });
    let input_statics = inputs.iter().map(|(index, _)| input_static(*index));
    let (output, output_names) = (&interface.output, options.output_names());
    let (options_definition, task_options) = options.definition();
    let type_span = TypeSpan::of(output);
    // At the names where there are some, else at the type: where the error belongs if the one does not go with the other.
    let span = options.outputs.as_ref().map_or(type_span.first, |(_, span)| *span);
    let output_names = quote_spanned!(span=> __nk::output_names::<#name>(#output_names));
    let container = options.program().map(Container::definition);
    let has_body = function.has_body();
    let in_container = container.as_ref().map(|_| {
        let outputs = quote_spanned!(type_span.first=> __nk::outputs_as_files::<#name>());
        (quote!(.in_container(&__nk_container, #has_body)), quote!(const _: () = #outputs;))
    });
    let (in_container, outputs_as_files) = in_container.unzip();
    let reference = options.reference.as_ref().map(|reference| reference.definition());
    let registered_as = reference.as_ref().map(|_| quote!(.registered_as(&__nk_reference, #has_body)));
    let is_dynamic = mentions(output.clone(), "Promise");
    let grown_by = is_dynamic.then(|| quote!(.grown_by(__nk::futures)));
    let returns = Ident::new(if is_dynamic { "DynamicReturn" } else { "TaskReturn" }, type_span.first);
    let gives = type_span.associated_type("Gives", quote_spanned!(type_span.first=> <#output as __nk::#returns>::Outputs));
    let returned = if is_dynamic { quote!(__nk::Dynamic<#output>) } else { output.clone() };
    let doc = function.doc();
    let is_async = function.signature.asyncness.is_some();
    let prepare = if has_body { prepare(function, interface, is_dynamic) } else { quote!(__nk::without_body) };
    quote! {
        #[allow(deprecated, non_upper_case_globals, unused_qualifications)]
        const _: () = {
            #import
            #task_name
            #(#statics)*
            #options_definition
            #container
            #reference
            #outputs_as_files
            static __nk_task: __nk::TaskDef = __nk::TaskDef::of::<#name>(__nk::TaskParts {
                name: #registered,
                doc: #doc,
                at: (__nk::file!(), __nk::line!()),
                digests: (#source, #asked),
                params: &[#(&#input_statics),*],
                outputs: #output_names,
                options: #task_options,
                is_async: #is_async,
                prepare: #prepare,
            }) #in_container #registered_as #grown_by;
            impl __nk::Sealed for #name {
                #gives
                type Returned = #returned;

                fn data() -> &'static __nk::TaskDef {
                    &__nk_task
                }
            }
            __nk::inventory::submit! { __nk::Registered(&__nk_task) }
        };
    }
}

/// What the type can do.
fn verbs(function: &Function, interface: &Interface, options: &Options) -> TokenStream {
    let inputs = interface.parameters.iter().filter(|parameter| !parameter.is_context);
    let inputs = inputs.map(|Parameter { name, ty, default, .. }| Given { ident: name, ty, has_default: default.is_some() });
    let verbs = Verbs {
        kind: Kind::Task,
        name: &function.signature.ident,
        krate: &options.krate,
        inputs: inputs.collect(),
        output: &interface.output,
        is_elsewhere: options.reference.is_some(),
    };
    verbs.expand()
}

/// The function pointer that takes the inputs and calls the function.
fn prepare(function: &Function, interface: &Interface, is_dynamic: bool) -> TokenStream {
    let name = &function.signature.ident;
    let (mut takes, mut arguments) = (Vec::new(), Vec::new());
    let mut context = format_ident!("_");
    for parameter in &interface.parameters {
        if parameter.is_context {
            context = format_ident!("__nk_context");
            // At the type, where the error belongs if it is another `Context`; a local name, so it has to be the macro's own.
            arguments.push(Ident::new("__nk_context", parameter.ty.span().resolved_at(Span::call_site())));
            continue;
        }
        let index = takes.len();
        let (value, input) = (format_ident!("__nk_{index}"), input_static(index));
        takes.push(quote!(let #value = __nk::Param::take(&#input, __nk_inputs)?;));
        arguments.push(value);
    }
    let inputs = if takes.is_empty() { format_ident!("_") } else { format_ident!("__nk_inputs") };
    let span = name.span().resolved_at(Span::call_site());
    let run = match function.signature.asyncness {
        Some(_) if is_dynamic => quote_spanned!(span=> __nk::future::<#name>(__nk::dynamic(#name(#(#arguments),*)))),
        None if is_dynamic => quote_spanned!(span=> __nk::blocking::<#name>(move || __nk::Dynamic(#name(#(#arguments),*)))),
        Some(_) => quote_spanned!(span=> __nk::future::<#name>(#name(#(#arguments),*))),
        None => quote_spanned!(span=> __nk::blocking::<#name>(move || #name(#(#arguments),*))),
    };
    quote! {
        |#inputs, #context| {
            #(#takes)*
            __nk::Ok(#run)
        }
    }
}
