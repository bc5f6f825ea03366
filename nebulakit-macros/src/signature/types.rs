//! The types of inputs and outputs, as far as their tokens tell what they are.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Type;

use syn::{GenericArgument, PathArguments};

use crate::errors::Errors;

/// Whether a parameter is the task's context.
pub(crate) fn is_context(ty: &Type) -> bool {
    let Type::Path(path) = plain(ty) else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "Context" && last.arguments.is_none())
}

/// `T` of `Promise<T>`.
pub(crate) fn promised(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = plain(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Promise")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// Whether a word is among the tokens, at any depth.
pub(crate) fn mentions(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => mentions(group.stream(), word),
        _ => false,
    })
}

/// The type without the invisible group that a `macro_rules` macro puts around it, and without parentheses.
pub(crate) fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        Type::Paren(paren) => plain(&paren.elem),
        ty => ty,
    }
}

/// Where a type stands.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Side {
    Parameter,
    Output,
}

/// Refuses types that no task can take or give; says whether it was because of a borrow.
pub(super) fn judge_type(ty: &Type, side: Side, errors: &mut Errors) -> bool {
    let ty = plain(ty);
    if let Type::Never(never) = ty {
        errors.at(never, "a task ends; return `()`, or a `Result` if it can fail");
        return false;
    }
    if let Some(found) = find(ty.to_token_stream(), &|tree| matches!(tree, TokenTree::Ident(word) if word == "impl")) {
        let message = match side {
            Side::Parameter => "an input has one concrete type, not `impl Trait`; write the type",
            Side::Output => {
                "an output has one concrete type, not `impl Trait`; write the type, and make an asynchronous task with `async fn`"
            }
        };
        errors.at(if matches!(ty, Type::ImplTrait(_)) { ty.to_token_stream() } else { found }, message);
        return false;
    }
    let is_borrow = |tree: &TokenTree| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == '&');
    if let Some(found) = find(ty.to_token_stream(), &is_borrow) {
        let message = borrow_message(found.clone(), side);
        errors.at(if matches!(ty, Type::Reference(_)) { ty.to_token_stream() } else { found }, message);
        return true;
    }
    if let Some(found) = find_lifetime(ty.to_token_stream()) {
        errors.at(found, "inputs and outputs are owned values without lifetimes; use an owned type");
        return true;
    }
    judge_parts(ty, side, errors);
    false
}

/// Refuses types that never travel and have a plain way to say it: tuples, `char` and integers of 128 bits. Others are the compiler's to
/// refuse, which knows what a name stands for. At the top of an output a tuple is several outputs.
fn judge_parts(ty: &Type, side: Side, errors: &mut Errors) {
    let ty = plain(ty);
    match ty {
        Type::Tuple(tuple) if side == Side::Output => tuple.elems.iter().for_each(|ty| judge_foreign(ty, errors)),
        Type::Path(path) if side == Side::Output && path.path.segments.last().is_some_and(|last| last.ident == "Result") => {
            if let Some(ok) = arguments(path).next() {
                judge_parts(ok, side, errors);
            }
        }
        ty => judge_foreign(ty, errors),
    }
}

/// The same for a type that is one value.
pub(crate) fn judge_foreign(ty: &Type, errors: &mut Errors) {
    /// What holds values that travel by themselves. Others may mean anything by their parameters.
    const HOLDERS: [&str; 8] = ["Vec", "Option", "HashMap", "BTreeMap", "Box", "Arc", "Hashed", "Raw"];
    match plain(ty) {
        Type::Tuple(tuple) if !tuple.elems.is_empty() => {
            let written = ty.to_token_stream().to_string().replace(" ,", ",").replace("( ", "(").replace(" )", ")");
            errors.at(
                ty,
                format!(
                    "a tuple has no Flyte form: fields travel by name; write a struct with `#[derive(NebulaType)]`, or `nebulakit::Json<{written}>`"
                ),
            );
        }
        Type::Reference(reference) if reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static") => {
            errors.at(ty, "what travels is owned by the one who reads it; write the owned type, as `String` for `&str`");
        }
        Type::Path(path) if path.path.is_ident("char") => {
            errors.at(ty, "a `char` has no Flyte form; write `String`, or `nebulakit::Json<char>`");
        }
        Type::Path(path) if path.path.is_ident("u128") || path.path.is_ident("i128") => {
            let name = path.to_token_stream();
            errors.at(ty, format!("Flyte's integers have 64 bits; write `i64`, or `nebulakit::Json<{name}>`, which is a text beyond them"));
        }
        Type::Path(path) if path.path.segments.last().is_some_and(|last| HOLDERS.iter().any(|name| last.ident == name)) => {
            arguments(path).for_each(|ty| judge_foreign(ty, errors));
        }
        Type::Array(array) => judge_foreign(&array.elem, errors),
        _ => {}
    }
}

/// The types between the angle brackets.
fn arguments(path: &syn::TypePath) -> impl Iterator<Item = &Type> {
    let arguments = path.path.segments.last().into_iter().filter_map(|last| match &last.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    });
    arguments.flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// What to write instead of a borrowed type; `tokens` begin with its `&`.
fn borrow_message(tokens: TokenStream, side: Side) -> String {
    let mut target: Vec<_> = tokens.into_iter().skip(1).collect();
    while let [TokenTree::Punct(mark), TokenTree::Ident(_), ..] = target.as_slice()
        && mark.as_char() == '\''
    {
        target.drain(..2);
    }
    if matches!(target.first(), Some(TokenTree::Ident(word)) if word == "mut") {
        target.remove(0);
    }
    let owned = match target.first() {
        Some(TokenTree::Ident(word)) if word == "str" => Some("String".to_owned()),
        Some(TokenTree::Ident(word)) if word == "Path" => Some("File` or `Directory".to_owned()),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            let element: TokenStream = group.stream().into_iter().take_while(|tree| !is_mark(tree, ';')).collect();
            Some(format!("Vec<{element}>"))
        }
        _ => target.last().filter(|_| target.len() == 1).map(ToString::to_string),
    };
    let owned = owned.map_or_else(|| "an owned type".to_owned(), |owned| format!("`{owned}`"));
    match side {
        Side::Parameter if owned == "`Context`" => "the context is taken by value; write `Context`, which is cheap to clone".to_owned(),
        Side::Parameter => format!("an input is owned: it comes from another machine, and there is nothing to borrow from; take {owned}"),
        Side::Output => format!("an output is owned: it outlives the task; return {owned}"),
    }
}

fn is_mark(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// The first token that is wanted and the rest of the tokens on its level, up to a comma or a closing angle bracket.
pub(super) fn find(tokens: TokenStream, wanted: &dyn Fn(&TokenTree) -> bool) -> Option<TokenStream> {
    let mut trees = tokens.into_iter();
    while let Some(tree) = trees.next() {
        if wanted(&tree) {
            let mut depth = 0;
            let rest = trees.take_while(|tree| {
                depth += i32::from(is_mark(tree, '<')) - i32::from(is_mark(tree, '>'));
                depth >= 0 && !(depth == 0 && is_mark(tree, ','))
            });
            return Some(std::iter::once(tree).chain(rest).collect());
        }
        if let TokenTree::Group(group) = tree
            && group.delimiter() != Delimiter::Brace
            && let Some(found) = find(group.stream(), wanted)
        {
            return Some(found);
        }
    }
    None
}

/// The first lifetime but `'static`.
fn find_lifetime(tokens: TokenStream) -> Option<TokenStream> {
    let trees: Vec<_> = tokens.into_iter().collect();
    trees.iter().enumerate().find_map(|(index, tree)| match tree {
        TokenTree::Punct(mark) if mark.as_char() == '\'' => match trees.get(index + 1) {
            Some(TokenTree::Ident(name)) if name != "static" => Some(quote!(#tree #name)),
            _ => None,
        },
        TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => find_lifetime(group.stream()),
        _ => None,
    })
}
