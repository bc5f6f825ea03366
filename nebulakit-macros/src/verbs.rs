//! What the type of a task or a workflow can do: `node`, `map`, `with`, `call`, `mock`, `graph`.
//!
//! Their names stand where the function's does and their bounds where the types of its inputs do, so that the compiler points there when what is
//! given is of another type. They are written outside of the block with all else, so that messages call them by the function's name.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Ident, Type};

use crate::crate_path::CratePath;
use crate::type_span::{TypeSpan, at};

/// What has the verbs.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Task,
    Workflow,
    LaunchPlan,
}

impl Kind {
    /// What people call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Workflow => "workflow",
            Self::LaunchPlan => "launch plan",
        }
    }
}

/// An input, as callers give it.
pub(crate) struct Given<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) has_default: bool,
}

/// Everything that the verbs are made of.
pub(crate) struct Verbs<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a Ident,
    pub(crate) krate: &'a CratePath,
    pub(crate) inputs: Vec<Given<'a>>,
    /// The type of what the function returns, as it was written.
    pub(crate) output: &'a TokenStream,
    /// Whether its code is registered elsewhere.
    pub(crate) is_elsewhere: bool,
}

impl Verbs<'_> {
    pub(crate) fn expand(&self) -> TokenStream {
        let (node, map, with) = (self.node(), self.map(), self.with());
        let (call, mock, graph) = (self.call(), self.mock(), self.graph());
        let name = self.name;
        quote! {
            #[allow(
                dead_code,
                deprecated,
                non_snake_case,
                private_bounds,
                private_interfaces,
                unused_qualifications,
                clippy::self_named_constructors,
                clippy::too_many_arguments
            )]
            impl #name {
                #node
                #map
                #with
                #call
                #mock
                #graph
            }
        }
    }

    fn nk(&self) -> TokenStream {
        let krate = self.krate;
        quote!(#krate::__private)
    }

    /// A trait or type of the library that stands at `span`.
    fn item(&self, name: &str, span: Span) -> TokenStream {
        let (nk, name) = (self.nk(), Ident::new(name, span));
        at(quote!(#nk::#name), span)
    }

    /// The trait that gives the definition.
    fn of(&self) -> TokenStream {
        let nk = self.nk();
        match self.kind {
            Kind::Task => quote!(#nk::Task),
            Kind::Workflow | Kind::LaunchPlan => quote!(#nk::Workflow),
        }
    }

    /// A verb's name, where the function's stands.
    fn verb(&self, verb: &str) -> Ident {
        Ident::new(verb, self.name.span())
    }

    fn idents(&self) -> Vec<&Ident> {
        self.inputs.iter().map(|input| input.ident).collect()
    }

    /// What each input takes: its type, which may be left out.
    fn wanted(&self) -> Vec<TokenStream> {
        let wanted = self.inputs.iter().map(|Given { ty, has_default, .. }| match has_default {
            true => {
                let or_default = self.item("OrDefault", ty.span());
                quote_spanned!(ty.span()=> #or_default<#ty>)
            }
            false => ty.to_token_stream(),
        });
        wanted.collect()
    }

    /// `name: impl Trait<T>` for each input.
    fn arguments(&self, of: &str) -> Vec<TokenStream> {
        let arguments = self.inputs.iter().zip(self.wanted()).map(|(Given { ident, ty, .. }, wanted)| {
            let bound = self.item(of, ty.span());
            let bound = quote_spanned!(ty.span()=> impl #bound<#wanted>);
            quote!(#ident: #bound)
        });
        arguments.collect()
    }

    fn node(&self) -> TokenStream {
        let (nk, of, node, title) = (self.nk(), self.of(), self.verb("node"), self.name.unraw());
        let (idents, arguments, count) = (self.idents(), self.arguments("IntoPromise"), self.inputs.len());
        let promise = TypeSpan::of(self.output).ty(quote!(#nk::Promise<<Self as #of>::Outputs>));
        let word = self.kind.word();
        let doc = format!(" A node of the {word} `{title}`, in a workflow.");
        let end = format_ident!("{}_node", if self.kind == Kind::Task { "task" } else { "workflow" });
        quote! {
            #[doc = #doc]
            #[track_caller]
            pub fn #node(#(#arguments),*) -> #promise {
                #[allow(unused_mut)]
                let mut __nk_making = #nk::Making::new(#count);
                #(#nk::Making::one(&mut __nk_making, #idents);)*
                #nk::Making::#end(__nk_making, <Self as #of>::def())
            }
        }
    }

    fn map(&self) -> Option<TokenStream> {
        // Without inputs there is nothing that could be mapped over.
        if self.inputs.is_empty() {
            return None;
        }
        let (nk, of, map, title) = (self.nk(), self.of(), self.verb("map"), self.name.unraw());
        let (idents, count) = (self.idents(), self.inputs.len());
        let letters: Vec<_> = (0..count).map(|index| format_ident!("__NK{index}")).collect();
        let (first, lists) =
            (&letters[0], Ident::new(if self.kind == Kind::Task { "TaskLists" } else { "WorkflowLists" }, Span::call_site()));
        // By a bound that names a parameter, so that outputs that do not travel are judged where they are told, and not here again.
        let (lists, each) = (quote!(Self: #nk::#lists<#first>), quote!(#nk::Promise<<Self as #nk::#lists<#first>>::Each>));
        if self.kind == Kind::LaunchPlan || self.is_elsewhere {
            let name = self.name;
            let reason = if self.kind == Kind::LaunchPlan { "MapsWorkflows" } else { "CodeIsHere" };
            let (refused, reason) = (self.item("Refused", name.span()), self.item(reason, name.span()));
            let refused = quote_spanned!(name.span()=> #refused<#first, #name>: #reason);
            return Some(quote! {
                #[doc(hidden)]
                pub fn #map<#(#letters),*>(#(#idents: #letters),*) -> #each
                where
                    #refused,
                    #lists,
                {
                    #(let _ = #idents;)*
                    #nk::unreachable!()
                }
            });
        }
        let wanted = self.wanted();
        let bounds = self
            .inputs
            .iter()
            .zip(&letters)
            .zip(&wanted)
            .map(|((Given { ty, .. }, letter), wanted)| quote_spanned!(ty.span()=> #letter: #nk::IntoEach<#wanted>));
        let mode = letters
            .iter()
            .zip(&wanted)
            .rev()
            .fold(quote!(#nk::Same), |rest, (letter, wanted)| quote!(<<#letter as #nk::IntoEach<#wanted>>::Mode as #nk::Mode>::Or<#rest>));
        let some_list = self.item("SomeList", self.name.span());
        let doc = format!(" The {} `{title}` for each element of the lists that are given, in a workflow.", self.kind.word());
        let end = format_ident!("{}_map", if self.kind == Kind::Task { "task" } else { "workflow" });
        Some(quote! {
            #[doc = #doc]
            #[track_caller]
            pub fn #map<#(#letters),*>(#(#idents: #letters),*) -> #each
            where
                #lists,
                #(#bounds,)*
                #mode: #some_list,
            {
                let mut __nk_making = #nk::Making::new(#count);
                #(#nk::Making::each(&mut __nk_making, #idents);)*
                #nk::Making::#end(__nk_making, <Self as #of>::def())
            }
        })
    }

    /// The values as the array that an invocation is made of.
    fn given(&self) -> TokenStream {
        let (nk, idents) = (self.nk(), self.idents());
        let names = self.inputs.iter().map(|input| input.ident.unraw().to_string());
        quote!([#((#names, #nk::IntoValue::into_value(#idents))),*])
    }

    fn with(&self) -> TokenStream {
        let (nk, of, title) = (self.nk(), self.of(), self.name.unraw());
        let (arguments, given) = (self.arguments("IntoValue"), self.given());
        let invocation = TypeSpan::of(self.output).ty(quote!(#nk::Invocation<<Self as #of>::Outputs>));
        let uses = if self.kind == Kind::Task { "to be run, launched or called" } else { "to be run or launched" };
        let doc = format!(" The {} `{title}` with values for its inputs, as data: {uses}.", self.kind.word());
        let with = self.verb("with");
        quote! {
            #[doc = #doc]
            pub fn #with(#(#arguments),*) -> #invocation {
                #nk::Invocation::new(<Self as #of>::def(), #given)
            }
        }
    }

    fn call(&self) -> TokenStream {
        let (nk, of, title) = (self.nk(), self.of(), self.name.unraw());
        let call = self.verb("call");
        let called = TypeSpan::of(self.output).ty(quote!(#nk::Call<<Self as #of>::Outputs>));
        if self.kind != Kind::Task || self.is_elsewhere {
            let (name, idents) = (self.name, self.idents());
            let letters: Vec<_> = (0..idents.len()).map(|index| format_ident!("__NK{index}")).collect();
            let reason = if self.kind == Kind::Task { "CalledHere" } else { "WorkflowsAreNodes" };
            let (refused, reason) = (self.item("Refused", name.span()), self.item(reason, name.span()));
            let refused = quote_spanned!(name.span()=> #refused<__NK, #name>: #reason);
            return quote! {
                #[doc(hidden)]
                pub fn #call<__NK, #(#letters),*>(__nk_context: &__NK, #(#idents: #letters),*) -> #called
                where
                    #refused,
                {
                    let _ = __nk_context;
                    #(let _ = #idents;)*
                    #nk::unreachable!()
                }
            };
        }
        let (arguments, given) = (self.arguments("IntoValue"), self.given());
        let doc = format!(" Runs the task `{title}` from a running task, whose context this is, when it is awaited.");
        // It does not go through `with`, of which there are two where a second task has the name.
        quote! {
            #[doc = #doc]
            pub fn #call(__nk_context: &impl #nk::Calls, #(#arguments),*) -> #called {
                #nk::Call::new(__nk_context, #nk::Invocation::new(<Self as #of>::def(), #given))
            }
        }
    }

    fn mock(&self) -> Option<TokenStream> {
        if self.kind != Kind::Task {
            return None;
        }
        let (nk, mock, title) = (self.nk(), self.verb("mock"), self.name.unraw());
        let (types, idents) = (self.inputs.iter().map(|input| input.ty).collect::<Vec<_>>(), self.idents());
        let indices = 0..types.len();
        let inputs = if types.is_empty() { format_ident!("_") } else { format_ident!("__nk_inputs") };
        let doc = format!(" A closure that stands in for the task `{title}` in a run of a test.");
        Some(quote! {
            #[doc = #doc]
            pub fn #mock<__NK, __NKGives>(__nk_closure: impl #nk::Fn(#(#types),*) -> __NKGives + #nk::Send + #nk::Sync + 'static) -> #nk::Mock
            where
                Self: #nk::Mocked<__NKGives, __NK>,
            {
                <Self as #nk::Mocked<__NKGives, __NK>>::mock(
                    |#inputs| #nk::Ok((#(#nk::taken::<Self, #types>(#inputs, #indices)?,)*)),
                    move |(#(#idents,)*)| __nk_closure(#(#idents),*),
                )
            }
        })
    }

    fn graph(&self) -> Option<TokenStream> {
        let (nk, of, title) = (self.nk(), self.of(), self.name.unraw());
        let doc = format!(" The graph of the {} `{title}`, or everything that is wrong with it.", self.kind.word());
        (self.kind != Kind::Task).then(|| {
            quote! {
                #[doc = #doc]
                pub fn graph() -> #nk::FullResult<#nk::Graph, #nk::Problems> {
                    #nk::WorkflowDef::graph(<Self as #of>::def())
                }
            }
        })
    }
}
