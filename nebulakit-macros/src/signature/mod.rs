//! The function under `#[task]`: its signature is parsed and judged, its body stays tokens.

mod types;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Expr, FnArg, Ident, Pat, PatType, Path, ReturnType, Safety, Token, Type, Visibility};

use self::types::{Side, find, judge_type};
pub(crate) use self::types::{is_context, judge_foreign, mentions, plain, promised};
use crate::arguments::default_value;
use crate::doc::doc;
use crate::errors::{Errors, nearest};

/// A function as it was written, without the attributes of its parameters that only this macro knows.
pub(crate) struct Function {
    attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: syn::Signature,
    /// [`None`] where a `;` stands in its place.
    body: Option<TokenStream>,
}

/// What stands in the place of a function.
pub(crate) enum Item {
    Function(Box<Function>),
    /// Anything else, with the word for it and the place of that word.
    Other(&'static str, Span),
}

/// What a function asks for and gives, as the expansion needs it.
pub(crate) struct Interface {
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) output: TokenStream,
}

/// One parameter.
pub(crate) struct Parameter {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) doc: TokenStream,
    pub(crate) default: Option<Expr>,
    /// Whether it is the task's context, which is not an input.
    pub(crate) is_context: bool,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        if let Some((word, span)) = other_item(input) {
            drop(input.parse::<TokenStream>());
            return Ok(Self::Other(word, span));
        }
        let signature: syn::Signature = input.parse()?;
        let body = if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
            None
        } else {
            Some(input.parse()?)
        };
        Ok(Self::Function(Box::new(Function { attributes, visibility, signature, body })))
    }
}

fn other_item(input: ParseStream<'_>) -> Option<(&'static str, Span)> {
    let word = if input.peek(Token![struct]) {
        "a struct"
    } else if input.peek(Token![enum]) {
        "an enum"
    } else if input.peek(Token![trait]) || input.peek(Token![unsafe]) && input.peek2(Token![trait]) {
        "a trait"
    } else if input.peek(Token![impl]) || input.peek(Token![unsafe]) && input.peek2(Token![impl]) {
        "an impl block"
    } else if input.peek(Token![mod]) {
        "a module"
    } else if input.peek(Token![static]) {
        "a static"
    } else if input.peek(Token![type]) {
        "a type alias"
    } else if input.peek(Token![use]) {
        "an import"
    } else if input.peek(Token![const]) && !input.peek2(Token![fn]) && !input.peek2(Token![async]) && !input.peek2(Token![unsafe]) {
        "a constant"
    } else {
        return None;
    };
    Some((word, input.span()))
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        // Without a body there is no function, and the type alone stands for the task.
        let Self { attributes, visibility, signature, body: Some(body) } = self else { return };
        quote!(#(#attributes)* #visibility #signature #body).to_tokens(tokens);
    }
}

impl Function {
    /// The doc comment of the function.
    pub(crate) fn doc(&self) -> TokenStream {
        doc(&self.attributes)
    }

    /// The conditions under which the function exists at all; what belongs to it must exist under the same.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
    }

    /// The body, if it has one.
    pub(crate) fn body(&self) -> Option<&TokenStream> {
        self.body.as_ref()
    }

    /// What it is written as: its signature and its body.
    pub(crate) fn source(&self) -> TokenStream {
        let Self { signature, body, .. } = self;
        quote!(#signature #body)
    }

    /// Leaves the body out, and the words before `fn`, so that a mistake in the signature makes no second error there.
    pub(crate) fn leave_out_body(&mut self) {
        self.body = Some(quote!({ ::core::unreachable!() }));
        self.signature.asyncness = None;
        self.signature.constness = None;
        for argument in &mut self.signature.inputs {
            if let FnArg::Typed(typed) = argument {
                typed.attrs.push(syn::parse_quote!(#[allow(unused_variables)]));
            }
        }
    }

    /// Whether it can be called.
    pub(crate) fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// Judges the signature, and strips the attributes of the parameters that only this macro knows.
    pub(crate) fn judge(&mut self, errors: &mut Errors) -> Interface {
        if let Some(again) = self.attributes.iter().find(|attribute| is_task(attribute.path())) {
            errors.at(again, "`#[task]` is given twice; write all options in one");
        }
        self.attributes.retain(|attribute| !is_task(attribute.path()));
        self.judge_runners(errors);
        let signature = &mut self.signature;
        judge_qualifiers(signature, errors);
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut borrows = false;
        for argument in &mut signature.inputs {
            let typed = match argument {
                FnArg::Typed(typed) => typed,
                FnArg::Receiver(receiver) => {
                    errors.at(
                        receiver.self_token,
                        "a task has no `self`: make it a free function, and pass what it needs of the value as inputs",
                    );
                    continue;
                }
            };
            borrows |= judge_type(&typed.ty, Side::Parameter, errors);
            if let Some(ty) = promised(&typed.ty) {
                let ty = ty.to_token_stream().to_string().replace(' ', "");
                errors.at(&typed.ty, format!("a task takes values: write `{ty}`; what takes promises is a `#[workflow]`"));
            }
            if let Some(parameter) = judge_parameter(typed, errors) {
                if parameter.is_context && parameters.iter().any(|other| other.is_context) {
                    errors.at(&typed.ty, "a task has one context; remove the second");
                }
                parameters.push(parameter);
            }
        }
        let output = match &signature.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, ty) => {
                borrows |= judge_type(ty, Side::Output, errors);
                ty.to_token_stream()
            }
        };
        judge_generics(&signature.generics, borrows, errors);
        Interface { parameters, output }
    }

    /// Refuses attributes that make a function the start of a program or a test, such as `#[tokio::main]`.
    fn judge_runners(&mut self, errors: &mut Errors) {
        let name = self.signature.ident.unraw().to_string();
        for attribute in self.attributes.iter().filter(|attribute| runs(attribute.path()).is_some()) {
            let path = path_text(attribute.path());
            errors.at(attribute, match runs(attribute.path()) {
                Some(Runner::Test) => format!("a task is not a test: remove `#[{path}]`, and call `{name}(..)` from a test of its own"),
                _ if name == "main" => format!(
                    "a task is not the start of the program: remove `#[{path}]`, give the task another name, and write `nebulakit::main!();` \
                     for `fn main`"
                ),
                _ => format!("a task needs no runtime of its own, async ones run on Nebulakit's: remove `#[{path}]`"),
            });
        }
        // An async `main` that nothing else runs would be a second mistake.
        self.attributes.retain(|attribute| name == "main" || runs(attribute.path()).is_none());
    }

    /// Whether the function stands in an `impl` block, where no other items may stand.
    pub(crate) fn is_method(&self) -> bool {
        self.signature.receiver().is_some()
    }

    /// Whether the signature holds a type that is left to the compiler, which it refuses by itself.
    pub(crate) fn is_incomplete(&self) -> bool {
        let outputs = match &self.signature.output {
            ReturnType::Default => TokenStream::new(),
            ReturnType::Type(_, ty) => ty.to_token_stream(),
        };
        let inputs = self.signature.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(typed) => Some(typed.ty.to_token_stream()),
            FnArg::Receiver(_) => None,
        });
        inputs.chain([outputs]).any(|tokens| find(tokens, &|tree| matches!(tree, TokenTree::Ident(name) if name == "_")).is_some())
    }
}

fn judge_qualifiers(signature: &syn::Signature, errors: &mut Errors) {
    if let Some(word) = &signature.constness {
        errors.at(word, "a task is not `const`: it runs when the platform starts it; remove `const`");
    }
    if let Safety::Unsafe(word) = &signature.safety {
        errors.at(word, "a task is not `unsafe`: nobody checks what its inputs must be; remove `unsafe` and check them in the body");
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, "a task is called by the runtime, not over a foreign interface; remove `extern`");
    }
    if let Some(variadic) = &signature.variadic {
        errors.at(variadic.dots, "a task has a fixed number of inputs; take a `Vec` instead");
    }
}

fn judge_generics(generics: &syn::Generics, borrows: bool, errors: &mut Errors) {
    // A lifetime that is there for the sake of a borrowed parameter goes away with it.
    if borrows && generics.params.iter().all(|parameter| matches!(parameter, syn::GenericParam::Lifetime(_))) {
        return;
    }
    if !generics.params.is_empty() {
        let reason = if generics.type_params().next().is_some() || generics.const_params().next().is_some() {
            "a task cannot be generic: Flyte needs one concrete type for each input and output; write the type, or one task for each type"
        } else {
            "a task has no lifetimes: its inputs are owned; remove them"
        };
        errors.at(&generics.params, reason);
    } else if let Some(clause) = &generics.where_clause {
        errors.at(clause, "a task has no `where` clause: it is not generic; remove it");
    }
}

/// Judges the attributes and the name of a parameter, and strips those that only the macro knows.
pub(crate) fn judge_parameter(typed: &mut PatType, errors: &mut Errors) -> Option<Parameter> {
    let is_context = is_context(&typed.ty);
    let mut default = None;
    let doc = doc(&typed.attrs);
    typed.attrs.retain(|attribute| {
        let path = attribute.path();
        if path.is_ident("doc") {
            return false;
        }
        if path.is_ident("default") {
            if default.is_some() {
                errors.at(attribute, "`default` is given twice; remove one");
            } else if is_context {
                errors.at(attribute, "the context has no default: the runtime makes it; remove the attribute");
            }
            default = errors.keep(default_value(attribute)).or(default.take());
            return false;
        }
        if ["allow", "expect", "warn", "deny", "forbid"].iter().any(|lint| path.is_ident(lint)) {
            return true;
        }
        errors.at(attribute, wrong_attribute(path));
        false
    });
    let name = match &*typed.pat {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => pattern.ident.clone(),
        Pat::Wild(wild) if is_context => Ident::new("_context", wild.underscore_token.span),
        Pat::Wild(wild) => {
            errors.at(wild, "an input needs a name, by which callers give it; write one that begins with `_` if it is not used");
            return None;
        }
        pattern => {
            errors.at(pattern, "an input needs one plain name; name the whole, and take it apart in the body with `let`");
            return None;
        }
    };
    Some(Parameter { name, ty: (*typed.ty).clone(), doc, default, is_context })
}

fn wrong_attribute(path: &Path) -> String {
    let name = path.get_ident().map(ToString::to_string).unwrap_or_default();
    match name.as_str() {
        "cfg" | "cfg_attr" => {
            "an input cannot depend on a condition: the interface is the same everywhere; put it on the function".to_owned()
        }
        "nebula" => "the default of an input is written `#[default(8)]`; an input takes no `#[nebula(...)]`".to_owned(),
        name if nearest(name, &["default"]).is_some() => format!("unknown attribute `{name}`; did you mean `default`?"),
        _ => "an input takes doc comments and `#[default(...)]`, no other attributes; remove it".to_owned(),
    }
}

/// What an attribute makes of a function that it runs by itself.
enum Runner {
    Main,
    Test,
}

/// `tokio::main`, `async_std::test`, `test` and their like.
fn runs(path: &Path) -> Option<Runner> {
    let last = path.segments.last()?;
    match last.ident.to_string().as_str() {
        "main" => Some(Runner::Main),
        "test" => Some(Runner::Test),
        _ => None,
    }
}

fn path_text(path: &Path) -> String {
    let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    segments.join("::")
}

/// Whether an attribute is another `#[task]`, as it is usually written.
fn is_task(path: &Path) -> bool {
    let mut segments = path.segments.iter().rev();
    segments.next().is_some_and(|last| last.ident == "task") && segments.next().is_none_or(|before| before.ident == "nebulakit")
}

impl Parameter {
    /// The name by which callers give the input.
    pub(crate) fn input_name(&self) -> String {
        self.name.unraw().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_be_anything() {
        let item: Item = syn::parse_quote!(
            fn half_typed(a: i64) {
                let = ;
            }
        );
        assert!(matches!(item, Item::Function(_)));
    }
}
