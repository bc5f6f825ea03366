//! The checked-in expansions under `tests/expand/`, so that what the macros write is read in review.
//!
//! `NEBULAKIT_REGENERATE=1 cargo test -p nebulakit-macros` regenerates them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test reads its files and its switch, and fails by panicking")]

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Item, Meta};

/// Every input: `x.rs`, whose expansion is `x.expanded.rs`.
fn inputs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| !path.to_str().unwrap().ends_with(".expanded.rs"));
    files.sort();
    files
}

/// The expansion of everything in a file of ours, as formatted source.
fn expanded(source: &str) -> String {
    let mut tokens = TokenStream::new();
    for item in syn::parse_file(source).unwrap().items {
        tokens.extend(expanded_item(item));
    }
    let mut file: syn::File = syn::parse2(tokens).unwrap();
    file.items = file.items.into_iter().flat_map(beside).collect();
    prettyplease::unparse(&file)
}

/// An item, and what its attribute `beside` writes.
fn beside(mut item: Item) -> Vec<Item> {
    let Item::Struct(ty) = &mut item else { return vec![item] };
    let place = ty.attrs.iter().position(|attribute| attribute.path().segments.last().unwrap().ident == "beside");
    let Some(place) = place else { return vec![item] };
    let beside: syn::File = ty.attrs.remove(place).parse_args().unwrap();
    [vec![item], beside.items].concat()
}

fn expanded_item(mut item: Item) -> TokenStream {
    // A function without a body.
    if let Item::Verbatim(tokens) = item {
        return without_body.parse2(tokens).unwrap();
    }
    let attributes: &mut Vec<Attribute> = match &mut item {
        Item::Fn(item) => &mut item.attrs,
        Item::Struct(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        other => return other.to_token_stream(),
    };
    let macros = ["task", "workflow", "launch_plan", "derive"];
    let place = attributes.iter().position(|attribute| macros.iter().any(|name| attribute.path().is_ident(name))).unwrap();
    let attribute = attributes.remove(place);
    let options = match &attribute.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    if attribute.path().is_ident("task") {
        return crate::task::expand(options, item.to_token_stream());
    }
    for (name, kind) in [("workflow", crate::verbs::Kind::Workflow), ("launch_plan", crate::verbs::Kind::LaunchPlan)] {
        if attribute.path().is_ident(name) {
            return crate::workflow::expand(kind, options, item.to_token_stream());
        }
    }
    match options.to_string().as_str() {
        "NebulaType" => crate::derive::expand_nebula_type(item.to_token_stream()),
        "Row" => crate::derive::expand_row(item.to_token_stream()),
        "TaskFailure" => crate::derive::expand_task_failure(item.to_token_stream()),
        "TaskOutputs" => crate::derive::expand_task_outputs(item.to_token_stream()),
        other => panic!("no such derive: {other}"),
    }
}

fn without_body(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    let place = attributes.iter().position(|attribute| attribute.path().is_ident("task")).unwrap();
    let options = attributes.remove(place).meta.require_list()?.tokens.clone();
    let function: TokenStream = input.parse()?;
    Ok(crate::task::expand(options, quote!(#(#attributes)* #function)))
}

#[test]
fn expansions_are_as_checked_in() {
    let regenerate = std::env::var_os("NEBULAKIT_REGENERATE").is_some();
    let mut different = Vec::new();
    for input in inputs() {
        let source = std::fs::read_to_string(&input).unwrap();
        let path = input.with_extension("expanded.rs");
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        let found = format!("//! Expansion of the file of the same name; written by the test `expansions`.\n\n{}", expanded(&source));
        if regenerate {
            std::fs::write(&path, found).unwrap();
        } else if expected != found {
            different.push(format!("{}:\n{found}", path.display()));
        }
    }
    assert!(different.is_empty(), "run with NEBULAKIT_REGENERATE=1 and read the difference\n{}", different.join("\n"));
}

#[test]
fn expansions_name_the_library_by_the_given_path_alone() {
    let task = crate::task::expand(
        quote!(crate = renamed::library, retries = 3, cache(version = "1", ignore(a)), secrets((group = "g", key = "k"))),
        quote! {
            async fn divide(context: Context, #[default("x")] a: String) -> Result<Pair, Oops> {}
        },
    );
    let types = [
        quote!(
            #[nebula(crate = renamed::library)]
            struct Point {
                x: f64,
                #[nebula(default)]
                y: f64,
            }
        ),
        quote!(
            #[nebula(crate = renamed::library)]
            enum Color {
                Red,
            }
        ),
        quote!(
            #[nebula(crate = renamed::library)]
            enum Either {
                Left(i64),
                Right(String),
            }
        ),
        quote!(
            #[nebula(crate = renamed::library)]
            struct Mistaken(f64);
        ),
    ];
    for tokens in types.map(crate::derive::expand_nebula_type).into_iter().chain([task]) {
        let text = tokens.to_string();
        assert!(!text.contains("nebulakit"), "{text}");
        assert!(text.contains("use renamed :: library :: __private as __nk"), "{text}");
    }
}
