//! What is wrong with a workflow, as far as its tokens tell.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{FnArg, Ident, ReturnType, Type};

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

/// Finds `if input > 3`, `if flag`, `match input`, `while input`, and `.await`: the compiler's own errors for them cannot be given a hint.
pub(super) fn body(body: &TokenStream, inputs: &[Parameter], errors: &mut Errors) {
    let mut names = Names { promises: inputs.iter().map(|input| input.name.clone()).collect(), others: Vec::new() };
    names.gather(body);
    names.promises.retain(|name| !names.others.contains(name));
    judge(body, &names.promises, errors);
}

/// The names of a body.
struct Names {
    /// Inputs, and what `let` gives to what `path::node(..)` or `path::map(..)` returns.
    promises: Vec<Ident>,
    /// What anything else binds, be it `let`, `for`, a closure or an arm: no hint is better than a wrong one.
    others: Vec<Ident>,
}

impl Names {
    fn gather(&mut self, body: &TokenStream) {
        let trees: Vec<TokenTree> = body.clone().into_iter().collect();
        for (index, tree) in trees.iter().enumerate() {
            let rest = &trees[index + 1..];
            match tree {
                TokenTree::Group(group) => self.gather(&group.stream()),
                TokenTree::Ident(word) if word == "let" => self.bound_by_let(rest),
                TokenTree::Ident(word) if word == "for" => {
                    let end = rest.iter().position(|tree| matches!(tree, TokenTree::Ident(word) if word == "in"));
                    idents(&rest[..end.unwrap_or(0)], &mut self.others);
                }
                tree if is(Some(tree), '|') => {
                    let end = rest.iter().position(|tree| is(Some(tree), '|'));
                    idents(&rest[..end.unwrap_or(0)], &mut self.others);
                }
                tree if is(Some(tree), '=') && is(rest.first(), '>') => {
                    let ends = |tree: &TokenTree| {
                        is(Some(tree), ',') || matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
                    };
                    let start = trees[..index].iter().rposition(ends).map_or(0, |at| at + 1);
                    idents(&trees[start..index], &mut self.others);
                }
                _ => {}
            }
        }
    }

    fn bound_by_let(&mut self, rest: &[TokenTree]) {
        let end = rest.iter().position(|tree| is(Some(tree), '=')).unwrap_or(rest.len());
        let is_mut = |tree: &&TokenTree| matches!(tree, TokenTree::Ident(word) if word == "mut");
        let pattern: Vec<_> = rest[..end].iter().filter(|tree| !is_mut(tree)).cloned().collect();
        let value: Vec<_> = rest.get(end + 1..).unwrap_or_default().iter().take_while(|tree| !is(Some(tree), ';')).collect();
        let path = value.iter().take_while(|tree| matches!(tree, TokenTree::Ident(_)) || is(Some(tree), ':')).count();
        let makes =
            path >= 4 && value.len() == path + 1 && matches!(value[path - 1], TokenTree::Ident(last) if last == "node" || last == "map");
        match pattern.as_slice() {
            [TokenTree::Ident(name)] if makes => self.promises.push(name.clone()),
            pattern => idents(pattern, &mut self.others),
        }
    }
}

fn idents(trees: &[TokenTree], into: &mut Vec<Ident>) {
    for tree in trees {
        match tree {
            TokenTree::Ident(ident) => into.push(ident.clone()),
            TokenTree::Group(group) => idents(&group.stream().into_iter().collect::<Vec<_>>(), into),
            _ => {}
        }
    }
}

fn is(tree: Option<&TokenTree>, mark: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn joins(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(mark) if "<>=!&|".contains(mark.as_char()))
}

fn judge(body: &TokenStream, promises: &[Ident], errors: &mut Errors) {
    let trees: Vec<TokenTree> = body.clone().into_iter().collect();
    for (index, tree) in trees.iter().enumerate() {
        if let TokenTree::Group(group) = tree {
            judge(&group.stream(), promises, errors);
        }
        let TokenTree::Ident(word) = tree else { continue };
        if word == "await" && index > 0 && is(trees.get(index - 1), '.') {
            errors.at(word, "a workflow waits for nothing: it runs once, to build its graph; await inside the tasks");
        }
        if word != "if" && word != "while" && word != "match" {
            continue;
        }
        let is_block = |tree: &&TokenTree| matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        let head: Vec<_> = trees[index + 1..].iter().take_while(|tree| !is_block(tree)).collect();
        if matches!(head.first(), Some(TokenTree::Ident(word)) if word == "let") {
            continue;
        }
        let operand = head.iter().enumerate().find_map(|(at, tree)| {
            let TokenTree::Ident(name) = tree else { return None };
            let begins = at.checked_sub(1).is_none_or(|before| joins(head[before]));
            let ends = head.get(at + 1).is_none_or(|next| joins(next));
            (promises.contains(name) && begins && ends).then_some((at, name))
        });
        if let Some((at, name)) = operand {
            let hint = match word.to_string().as_str() {
                "while" => {
                    "a loop whose length is known only at run time goes into a task that builds a graph (`fn .. -> Promise<T>`)".to_owned()
                }
                _ => format!("write `when(condition, then).otherwise(..)`, with conditions such as {}", condition(&head, at, name)),
            };
            errors.at(name, format!("`{name}` is a promise: it has no value while the workflow is built; {hint}"));
        }
    }
}

/// The condition that was meant, as it is written, where it is `promise > constant`; else an example.
fn condition(head: &[&TokenTree], at: usize, name: &Ident) -> String {
    let mut rest = head.get(at + 1..).unwrap_or_default().iter();
    let signs: String = rest.by_ref().take_while(|tree| joins(tree)).map(ToString::to_string).collect();
    let verb = match signs.as_str() {
        ">" => "gt",
        ">=" => "ge",
        "<" => "lt",
        "<=" => "le",
        "==" => "eq",
        "!=" => "ne",
        _ => return "`x.gt(3)`".to_owned(),
    };
    match head.get(at + 1 + signs.len()..) {
        Some([TokenTree::Literal(value)]) => format!("`{name}.{verb}({value})`"),
        _ => "`x.gt(3)`".to_owned(),
    }
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
