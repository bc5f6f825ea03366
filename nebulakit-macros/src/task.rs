//! `#[task]`: the function as it was, a type of the same name that stands for the task, and one entry for the registry.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Ident, LitStr, parse_quote};

use crate::derive::converted;
use crate::errors::Errors;
use crate::options::{Container, Options};
use crate::signature::{Function, Interface, Item, Parameter};

/// Expands `#[task(options)] item`.
pub(crate) fn expand(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let options = Options::parse(options, &mut errors);
    let mut function = match syn::parse2(item.clone()) {
        Ok(Item::Function(function)) => function,
        Ok(Item::Other(word, span)) => {
            let hint = match word {
                "a struct" | "an enum" => "; a type that tasks take or return has `#[derive(NebulaType)]`",
                "an impl block" | "a trait" => "; move the function out, and pass what it needs as inputs",
                _ => "",
            };
            errors.push(syn::Error::new(span, format!("`#[task]` goes on a free function with a body, and this is {word}{hint}")));
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
        Err(error) => {
            errors.push(error);
            let errors = errors.into_tokens();
            return quote!(#item #errors);
        }
    };
    if !function.has_body() && options.container.is_none() {
        let end = item.clone().into_iter().last().map_or_else(Span::call_site, |tree| tree.span());
        errors.push(syn::Error::new(
            end,
            "`#[task]` goes on a free function with a body, and this is a function without a body; move the function out of a trait, and pass what \
             it needs as inputs; a program in an image has `container(image = \"..\", command = [..])`",
        ));
        let errors = errors.into_tokens();
        return quote!(#item #errors);
    }
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
    let entry = entry(&function, &interface, &options, &rendered);
    let invocations = invocations(&function, &interface, &options);
    let marker = marker(&function, &quote!(#[#krate::__private::beside(#entry #invocations)]));
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

/// The type that stands for the task; braced, so that the name stays free for the function among values. All else is written by its
/// attribute, so that where no type can stand nothing else is tried.
fn marker(function: &Function, beside: &TokenStream) -> TokenStream {
    let name = &function.signature.ident;
    let visibility = &function.visibility;
    let conditions = function.conditions();
    let what =
        if function.has_body() { "the function of the same name stays an ordinary function" } else { "a program in an image of its own" };
    let doc = format!(" The task `{}`; {what}.", name.unraw());
    quote! {
        #(#conditions)*
        #[doc = #doc]
        #[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
        #beside
        #visibility struct #name {}
    }
}

/// The type without its task, so that a mistake in the task makes no second error where the type is used.
fn stub(function: &Function) -> TokenStream {
    let marker = marker(function, &TokenStream::new());
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
fn entry(function: &Function, interface: &Interface, options: &Options, rendered: &[String]) -> TokenStream {
    let name = &function.signature.ident;
    let import = options.krate.import();
    let (task_name, registered) = task_name(name, options.name.as_ref());
    let inputs: Vec<_> = interface.parameters.iter().filter(|parameter| !parameter.is_context).enumerate().collect();
    let statics = inputs.iter().map(|(index, parameter)| {
        // At the type, where what cannot be a file belongs.
        let of_program = options.program().is_some().then(|| quote_spanned!(parameter.ty.span()=> .as_file()));
        let as_text = rendered.contains(&parameter.input_name()).then(|| quote_spanned!(parameter.ty.span()=> .as_text()));
        input(*index, parameter, &quote!(#of_program #as_text))
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
    let gives = type_span.associated_type("Gives", quote_spanned!(type_span.first=> <#output as __nk::TaskReturn>::Outputs));
    let doc = function.doc();
    let is_async = function.signature.asyncness.is_some();
    let prepare = if has_body { prepare(function, interface) } else { quote!(__nk::without_body) };
    quote! {
        #[allow(deprecated, non_upper_case_globals, unused_qualifications)]
        const _: () = {
            #import
            #task_name
            #(#statics)*
            #options_definition
            #container
            #outputs_as_files
            static __nk_task: __nk::TaskDef = __nk::TaskDef::of::<#name>(__nk::TaskParts {
                name: #registered,
                doc: #doc,
                at: (__nk::file!(), __nk::line!()),
                params: &[#(&#input_statics),*],
                outputs: #output_names,
                options: #task_options,
                is_async: #is_async,
                prepare: #prepare,
            }) #in_container;
            impl __nk::Sealed for #name {
                #gives
                type Returned = #output;

                fn data() -> &'static __nk::TaskDef {
                    &__nk_task
                }
            }
            __nk::inventory::submit! { __nk::Registered(&__nk_task) }
        };
    }
}

/// `with` and `call`; outside of the block, so that messages call them by the task's name.
fn invocations(function: &Function, interface: &Interface, options: &Options) -> TokenStream {
    let name = &function.signature.ident;
    let krate = &options.krate;
    let nk = quote!(#krate::__private);
    let inputs: Vec<_> = interface.parameters.iter().filter(|parameter| !parameter.is_context).collect();
    let idents: Vec<_> = inputs.iter().map(|parameter| &parameter.name).collect();
    let names: Vec<_> = inputs.iter().map(|parameter| parameter.input_name()).collect();
    // At the type of each input, where the compiler points when what is given is of another.
    let value = |Parameter { ty, default, .. }: &&Parameter| match default {
        Some(_) => quote_spanned!(ty.span()=> impl #nk::IntoValue<#nk::OrDefault<#ty>>),
        None => quote_spanned!(ty.span()=> impl #nk::IntoValue<#ty>),
    };
    let values: Vec<_> = inputs.iter().map(value).collect();
    // `call` does not go through `with`, of which there are two where a second task has the name.
    let given = quote!([#((#names, #nk::IntoValue::into_value(#idents))),*]);
    let type_span = TypeSpan::of(&interface.output);
    let invocation = type_span.ty(quote!(#nk::Invocation<<Self as #nk::Task>::Outputs>));
    let called = type_span.ty(quote!(#nk::Call<<Self as #nk::Task>::Outputs>));
    let title = name.unraw();
    let with = format!(" The task `{title}` with values for its inputs, as data: to be run, launched or called.");
    let call = format!(" Runs the task `{title}` from a running task, whose context this is, when it is awaited.");
    quote! {
        #[allow(
            dead_code,
            deprecated,
            non_snake_case,
            private_bounds,
            private_interfaces,
            unused_qualifications,
            clippy::too_many_arguments
        )]
        impl #name {
            #[doc = #with]
            pub fn with(#(#idents: #values),*) -> #invocation {
                #nk::Invocation::new(<Self as #nk::Task>::def(), #given)
            }

            #[doc = #call]
            pub fn call(__nk_context: &impl #nk::Calls, #(#idents: #values),*) -> #called {
                #nk::Call::new(__nk_context, #nk::Invocation::new(<Self as #nk::Task>::def(), #given))
            }
        }
    }
}

/// Where a type of the signature stands.
///
/// The compiler tells an error once that is the same in text and place, however often it meets it. What the function returns is named in
/// several items; so all of them say that they stand where the type does, from its first token to its last.
struct TypeSpan {
    first: Span,
    last: Span,
}

impl TypeSpan {
    fn of(ty: &TokenStream) -> Self {
        let mut spans = ty.clone().into_iter().map(|tree| tree.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first, last: spans.last().unwrap_or(first) }
    }

    /// A type of the macro's own that says that it stands here.
    fn ty(&self, ty: TokenStream) -> TokenStream {
        let here = |mut tree: TokenTree| {
            // The crate that `$crate` means is in its span.
            if !matches!(&tree, TokenTree::Ident(ident) if ident == "$crate") {
                tree.set_span(self.first);
            }
            tree
        };
        self.ended(ty.into_iter().map(here).collect())
    }

    /// `type name = ty;`, of which the compiler points at the name and at the type, whose first token stands here.
    fn associated_type(&self, name: &str, ty: TokenStream) -> TokenStream {
        let (ty, name) = (self.ended(ty), Ident::new(name, self.last));
        let (start, end) = (quote_spanned!(self.first=> type), quote_spanned!(self.last=> ;));
        quote!(#start #name = #ty #end)
    }

    /// `tokens`, of which the last one says that it stands where the type ends.
    fn ended(&self, tokens: TokenStream) -> TokenStream {
        let mut trees: Vec<_> = tokens.into_iter().collect();
        if let Some(last) = trees.last_mut() {
            last.set_span(self.last);
        }
        trees.into_iter().collect()
    }
}

/// `NAME`: the option, or the path of the function with dots.
///
/// Comes with the expression for the name, so that a second task of the same name in a module is not also an ambiguous `NAME`.
fn task_name(name: &Ident, option: Option<&LitStr>) -> (TokenStream, TokenStream) {
    let (before, value) = match option {
        Some(text) => (TokenStream::new(), text.to_token_stream()),
        None => {
            let last = format!("::{}", name.unraw());
            let before = quote! {
                const __nk_path: &__nk::str = __nk::concat!(__nk::module_path!(), #last);
                const __nk_name: [__nk::u8; __nk::dotted_len(__nk_path)] = __nk::dotted(__nk_path);
            };
            (before, quote!(__nk::text(&__nk_name)))
        }
    };
    let definition = quote! {
        #before
        #[allow(dead_code)]
        impl #name {
            /// The name by which the task is run and registered.
            pub const NAME: &'static __nk::str = #value;
        }
    };
    (definition, value)
}

fn input_static(index: usize) -> Ident {
    format_ident!("__nk_input_{index}")
}

fn input(index: usize, parameter: &Parameter, checks: &TokenStream) -> TokenStream {
    let (name, ty, doc) = (input_static(index), &parameter.ty, &parameter.doc);
    let input_name = parameter.input_name();
    let default = parameter.default.as_ref().map(converted).map(|value| quote!(.default(|| #value)));
    // The type is named with its bound once, so that a type that cannot be an input is one error, at the type.
    let value = quote_spanned!(ty.span()=> __nk::Param::<#ty>::new(#input_name, #doc) #checks #default);
    quote!(static #name: __nk::Param<#ty> = #value;)
}

/// The function pointer that takes the inputs and calls the function.
fn prepare(function: &Function, interface: &Interface) -> TokenStream {
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
