//! What is wrong with the signature of a workflow, and with its failure handler, as far as their tokens tell.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{FnArg, ReturnType, Type};

use crate::errors::Errors;
use crate::signature::{Function, Parameter, is_context, judge_parameter, mentions, plain, promised};
use crate::verbs::Kind;

/// A type as people write it.
fn written(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "").replace(',', ", ")
}

/// Judges the signature, and strips the attributes of the parameters that only this macro knows; gives the inputs and the type that is returned.
pub(super) fn signature(kind: Kind, function: &mut Function, errors: &mut Errors) -> (Vec<Parameter>, TokenStream) {
    let what = kind.word();
    let signature = &mut function.signature;
    if let Some(word) = &signature.asyncness {
        errors.at(word, format!("a {what} is not `async`: it runs once, to build its graph, and waits for nothing; remove `async`"));
    }
    if let Some(word) = &signature.constness {
        errors.at(word, format!("a {what} is not `const`: it runs once, to build its graph; remove `const`"));
    }
    if let syn::Safety::Unsafe(word) = &signature.safety {
        errors.at(word, format!("a {what} is not `unsafe`: it builds a graph; remove `unsafe`"));
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, format!("a {what} is not called over a foreign interface; remove `extern`"));
    }
    if !signature.generics.params.is_empty() {
        errors.at(
            &signature.generics.params,
            format!("a {what} cannot be generic: its inputs and outputs have one type each; a helper function can"),
        );
    } else if let Some(clause) = &signature.generics.where_clause {
        errors.at(clause, format!("a {what} has no `where` clause: it is not generic; remove it"));
    }
    let mut inputs = Vec::new();
    for argument in &mut signature.inputs {
        let typed = match argument {
            FnArg::Typed(typed) => typed,
            FnArg::Receiver(receiver) => {
                errors.at(receiver.self_token, format!("a {what} has no `self`: make it a free function"));
                continue;
            }
        };
        if is_context(&typed.ty) {
            errors.at(&typed.ty, format!("a {what} has no context: it runs once, to build its graph; take it in the tasks"));
            continue;
        }
        if let Type::Reference(reference) = plain(&typed.ty)
            && promised(&reference.elem).is_some()
        {
            let ty = written(&reference.elem);
            errors.at(&typed.ty, format!("an input of a {what} is taken by value: write `{ty}`; only helper functions borrow promises"));
        } else if promised(&typed.ty).is_none() {
            let ty = written(&typed.ty);
            errors.at(
                &typed.ty,
                format!("an input of a {what} is a promise: write `Promise<{ty}>`; it has no value yet while the {what} is built"),
            );
        }
        inputs.extend(judge_parameter(typed, errors));
    }
    let output = match &signature.output {
        ReturnType::Default => {
            errors.push(syn::Error::new(signature.ident.span(), format!("a {what} returns promises, because what its result does not need is not part of it; for one that is there for its effects, write `-> Promise<()>` and return `.done()` or `all(..)` of its last nodes")));
            quote!(())
        }
        ReturnType::Type(_, ty) => {
            judge_output(what, ty, errors);
            ty.to_token_stream()
        }
    };
    (inputs, output)
}

fn judge_output(what: &str, ty: &Type, errors: &mut Errors) {
    let is_result = matches!(plain(ty), Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Result"));
    let hint = match plain(ty) {
        Type::Tuple(tuple) if tuple.elems.is_empty() => "`Promise<()>`, and return `.done()` or `all(..)` of its last nodes".to_owned(),
        _ if is_result => "the promise alone: building a graph does not fail, tasks do".to_owned(),
        _ if mentions(ty.to_token_stream(), "Promise") => return,
        Type::Tuple(tuple) => {
            let elements: Vec<_> = tuple.elems.iter().map(|ty| format!("Promise<{}>", written(ty))).collect();
            format!("`({})`", elements.join(", "))
        }
        ty => format!("`Promise<{}>`", written(ty)),
    };
    errors.at(ty, format!("a {what} returns promises: write {hint}"));
}

/// Refuses the name of a task where a handler, a node of that task, is expected.
pub(super) fn handler(handler: &syn::Expr, errors: &mut Errors) {
    if let syn::Expr::Path(path) = handler {
        let name = path.to_token_stream().to_string().replace(' ', "");
        errors.push(syn::Error::new(
            path.span(),
            format!("a failure handler is a node: write `{name}::node(.., Failure)`, with the workflow's inputs where the task takes them"),
        ));
    }
}
