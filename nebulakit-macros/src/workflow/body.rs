//! What is wrong with the body of a workflow, as far as its tokens tell.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Expr, Token};

use crate::errors::Errors;
use crate::signature::Parameter;

/// Finds `if input > 3`, `if flag`, `match input`, `while input`, `.await`, and the [`slip`]s: the compiler's own errors for them cannot be
/// given a hint.
pub(super) fn judge_body(body: &TokenStream, inputs: &[Parameter], errors: &mut Errors) {
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
        let (pattern, makes) = binding(rest);
        match pattern.as_slice() {
            [TokenTree::Ident(name)] if makes => self.promises.push(name.clone()),
            pattern => idents(pattern, &mut self.others),
        }
    }
}

/// What stands behind `let`: the pattern without `mut`, and whether the value is what `path::node(..)` or `path::map(..)` gives.
fn binding(rest: &[TokenTree]) -> (Vec<TokenTree>, bool) {
    let end = rest.iter().position(|tree| is(Some(tree), '=')).unwrap_or(rest.len());
    let is_mut = |tree: &&TokenTree| matches!(tree, TokenTree::Ident(word) if word == "mut");
    let pattern = rest[..end].iter().filter(|tree| !is_mut(tree)).cloned().collect();
    let value: Vec<_> = rest.get(end + 1..).unwrap_or_default().iter().take_while(|tree| !is(Some(tree), ';')).collect();
    let path = value.iter().take_while(|tree| matches!(tree, TokenTree::Ident(_)) || is(Some(tree), ':')).count();
    (pattern, path >= 4 && value.len() == path + 1 && is_verb(value.get(path - 1).copied()))
}

/// Whether the path ends here that makes a promise.
fn is_verb(tree: Option<&TokenTree>) -> bool {
    matches!(tree, Some(TokenTree::Ident(word)) if word == "node" || word == "map")
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
        slip(&trees[..index], tree, &trees[index + 1..], promises, errors);
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

/// Finds what is written as with values, and where rustc's help leads astray: `x::node(..)?`, `let (a, b) = x::node(..)`, `[&x, 7]`, `xs[0]`,
/// `.after(&a, &b)`.
fn slip(before: &[TokenTree], tree: &TokenTree, rest: &[TokenTree], promises: &[Ident], errors: &mut Errors) {
    let last = before.last();
    match tree {
        TokenTree::Punct(mark) if mark.as_char() == '?' => {
            let [.., colon, verb, TokenTree::Group(_)] = before else { return };
            if is(Some(colon), ':') && is_verb(Some(verb)) {
                errors.at(mark, "building a graph does not fail, tasks do: remove the `?`");
            }
        }
        TokenTree::Ident(word) if word == "let" => {
            if let (pattern, true) = binding(rest)
                && let [TokenTree::Group(names)] = pattern.as_slice()
            {
                errors.at(names, format!("a node gives one promise, of all its outputs: write `let {names} = ..::node(..).split()`"));
            }
        }
        TokenTree::Ident(word) if word == "after" && is(last, '.') => {
            if let Some(TokenTree::Group(nodes)) = rest.first()
                && elements(nodes).len() > 1
            {
                errors.at(nodes, format!("several nodes are given to `.after(..)` as a tuple: write `.after({nodes})`"));
            }
        }
        TokenTree::Ident(list) if promises.contains(list) && !is(last, '.') => {
            if let Some(TokenTree::Group(index)) = rest.first()
                && index.delimiter() == Delimiter::Bracket
            {
                errors.at(list, format!("`{list}` is a promise: write `{list}.at({})` for an element of it", index.stream()));
            }
        }
        TokenTree::Group(array) if array.delimiter() == Delimiter::Bracket && last.is_none_or(begins_a_value) => {
            let elements = elements(array);
            let constant = elements.iter().find(|element| matches!(element, Expr::Lit(_)));
            if let Some(constant) = constant
                && elements.iter().any(|element| matches!(element, Expr::Reference(_)))
            {
                errors.at(constant, format!("an array has elements of one type: write `list!{array}` for promises and constants"));
            }
        }
        _ => {}
    }
}

/// Whether a bracket behind this begins an array, and neither indexes something nor belongs to a macro or an attribute.
fn begins_a_value(before: &TokenTree) -> bool {
    matches!(before, TokenTree::Punct(mark) if !"!#".contains(mark.as_char()))
}

/// What stands between the commas of a group; nothing where that is not expressions.
fn elements(group: &Group) -> Punctuated<Expr, Token![,]> {
    Punctuated::parse_terminated.parse2(group.stream()).unwrap_or_default()
}
