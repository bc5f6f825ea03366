//! What `#[nebula(...)]` says of a type, a field or a variant, and what serde's attributes say where it says nothing.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, DeriveInput, Expr, Field, Ident, Lit, LitStr, Meta, Token, Variant};

use crate::arguments::{checked, default_value, each, equals};
use crate::crate_path::CratePath;
use crate::errors::{Errors, Noun, nearest};

/// What the attributes of a type say.
#[derive(Default)]
pub(crate) struct Container {
    pub(crate) krate: CratePath,
    /// The title of the schema, unless it is the type's identifier.
    pub(crate) title: Option<LitStr>,
    pub(crate) rename_all: Option<Case>,
    /// The same for the fields of variants.
    rename_all_fields: Option<Case>,
    /// Where it says that absent fields are as in the type's own default.
    pub(crate) default: Option<Span>,
    /// Whether the struct meets pydantic's models.
    pub(crate) pydantic: bool,
    ignore_serde: bool,
    /// The options that `#[nebula(...)]` itself gives.
    given: Vec<Ident>,
}

/// What the attributes of a field say.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) rename: Option<LitStr>,
    /// Other names under which it is read.
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) skip: bool,
    pub(crate) required: bool,
}

/// What stands for an absent field.
pub(crate) enum DefaultValue {
    /// The type's own default.
    OfType(Span),
    /// A value.
    Value(Expr),
    /// What a function returns.
    Call(syn::ExprPath),
}

impl DefaultValue {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::OfType(span) => *span,
            Self::Value(value) => value.span(),
            Self::Call(path) => path.span(),
        }
    }

    /// An expression of type `fn() -> T`.
    pub(crate) fn function(&self, ty: &syn::Type) -> TokenStream {
        match self {
            Self::OfType(span) => quote_spanned!(*span=> <#ty as __nk::Default>::default),
            Self::Value(value) => {
                let value = converted(value);
                quote!(|| #value)
            }
            Self::Call(path) => path.to_token_stream(),
        }
    }
}

/// A default as it is put into code: texts turn into what a field of a type such as `String` wants.
pub(crate) fn converted(value: &Expr) -> TokenStream {
    match value {
        Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => quote_spanned!(value.span()=> __nk::Into::into(#value)),
        value => value.to_token_stream(),
    }
}

/// What the attributes of a variant of a unit enum say.
#[derive(Default)]
pub(crate) struct VariantAttributes {
    pub(crate) value: Option<LitStr>,
    pub(crate) name: Option<LitStr>,
}

/// How names are made of identifiers, by serde's words for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

/// serde's words for the cases.
const CASES: [(&str, Case); 8] = [
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
];

impl Case {
    fn parse(text: &str) -> Result<Self, String> {
        CASES.into_iter().find(|(word, _)| *word == text).map(|(_, case)| case).ok_or_else(|| {
            let words = CASES.map(|(word, _)| word);
            let hint = nearest(text, &words).map_or_else(|| ";".to_owned(), |word| format!("; did you mean `{word}`?"));
            format!("unknown case `{text}`{hint} the cases are {}", crate::errors::listed(words))
        })
    }

    /// The name of a field (`snake_case`) or of a variant (`PascalCase`) in this case.
    pub(crate) fn apply(self, identifier: &str) -> String {
        let words = words(identifier);
        let capital = |word: &String| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
        };
        match self {
            Self::Lower => words.concat(),
            Self::Upper => words.concat().to_uppercase(),
            Self::Pascal => words.iter().map(capital).collect(),
            Self::Camel => words.iter().take(1).cloned().chain(words.iter().skip(1).map(capital)).collect(),
            Self::Snake => words.join("_"),
            Self::ScreamingSnake => words.join("_").to_uppercase(),
            Self::Kebab => words.join("-"),
            Self::ScreamingKebab => words.join("-").to_uppercase(),
        }
    }
}

/// The words of an identifier, in small letters.
fn words(identifier: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in identifier.chars() {
        if letter == '_' || letter.is_uppercase() {
            words.push(String::new());
        }
        if letter != '_'
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Reads every `#[nebula(...)]`.
fn nebula(
    attributes: &[Attribute],
    what: &str,
    valid: &[&str],
    errors: &mut Errors,
    mut option: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("nebula")) {
        if !matches!(&attribute.meta, Meta::List(list) if !list.tokens.is_empty()) {
            errors.at(attribute, "the attribute says nothing; write its options in parentheses, or remove it");
            continue;
        }
        let parsed = attribute.parse_args_with(|input: ParseStream<'_>| {
            each(input, Noun("option", what), valid, errors, |key, input, _| option(key, input));
            Ok(())
        });
        errors.keep(parsed);
    }
}

/// Reads every `#[serde(...)]`; what cannot be read is serde's own to complain about.
fn serde(attributes: &[Attribute], mut option: impl FnMut(&Meta)) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        if let Ok(options) = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) {
            options.iter().for_each(&mut option);
        }
    }
}

/// What of serde changes the form so that no Flyte type says it.
fn judge_serde(meta: &Meta, errors: &mut Errors) {
    const REFUSED: &[&str] = &[
        "flatten",
        "tag",
        "content",
        "untagged",
        "with",
        "serialize_with",
        "deserialize_with",
        "transparent",
        "from",
        "try_from",
        "into",
        "remote",
        "other",
        "skip_serializing",
        "skip_deserializing",
    ];
    if let Some(name) = REFUSED.iter().find(|name| meta.path().is_ident(name)) {
        errors.at(
            meta,
            format!(
                "serde's `{name}` has no Flyte form: each field is written by its own type under its own name; change it, \
                 or write `#[nebula(ignore_serde)]` on the type if it is meant for serde alone"
            ),
        );
    }
}

/// The text of `name = "text"`, or of `name(serialize = "text", deserialize = "text")` where both are the same.
fn serde_text(meta: &Meta, errors: &mut Errors) -> Option<LitStr> {
    let text = |value: &Expr| match value {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    };
    match meta {
        Meta::NameValue(pair) => text(&pair.value),
        Meta::List(list) => {
            let pairs = list.parse_args_with(Punctuated::<syn::MetaNameValue, Token![,]>::parse_terminated).ok()?;
            let texts: Vec<_> = pairs.iter().filter_map(|pair| text(&pair.value)).collect();
            if texts.len() != 2 || texts[0].value() != texts[1].value() {
                errors.at(meta, "a Flyte type has one name for writing and reading; give one, also with `#[nebula(rename = \"...\")]`");
            }
            texts.into_iter().next()
        }
        Meta::Path(_) => None,
    }
}

impl Container {
    pub(crate) fn parse(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut container = Self::default();
        let valid = &["rename", "rename_all", "default", "pydantic", "ignore_serde", "crate"];
        nebula(&input.attrs, "a type", valid, errors, |key, input| {
            container.given.push(key.clone());
            match key.unraw().to_string().as_str() {
                "rename" => container.title = Some(checked(key, input, r#""Point""#, not_empty)?),
                "rename_all" => {
                    let text = checked(key, input, r#""camelCase""#, Case::parse)?;
                    container.rename_all = Case::parse(&text.value()).ok();
                }
                "default" => container.default = Some(key.span()),
                "pydantic" => container.pydantic = true,
                "ignore_serde" => container.ignore_serde = true,
                _ => {
                    equals(key, input, "path")?;
                    container.krate = input.parse()?;
                }
            }
            Ok(())
        });
        if container.ignore_serde {
            return container;
        }
        serde(&input.attrs, |meta| {
            judge_serde(meta, errors);
            let path = meta.path();
            if path.is_ident("rename") && container.title.is_none() {
                container.title = serde_text(meta, errors);
            } else if path.is_ident("rename_all") && container.rename_all.is_none() {
                container.rename_all = serde_text(meta, errors).and_then(|text| Case::parse(&text.value()).ok());
            } else if path.is_ident("rename_all_fields") {
                container.rename_all_fields = serde_text(meta, errors).and_then(|text| Case::parse(&text.value()).ok());
            } else if path.is_ident("default") && container.default.is_none() {
                container.default = Some(meta.span());
            }
        });
        container
    }

    /// Refuses options that would change nothing: `refused` has each with the reason. serde's own attributes may have another purpose.
    pub(crate) fn refuse(&self, refused: &[(&str, &str)], errors: &mut Errors) {
        for key in &self.given {
            if let Some((name, reason)) = refused.iter().find(|(name, _)| key == name) {
                errors.at(key, format!("`{name}` {reason}; remove it"));
            }
        }
    }

    pub(crate) fn field(&self, field: &Field, errors: &mut Errors) -> FieldAttributes {
        let mut attributes = FieldAttributes::default();
        nebula(&field.attrs, "a field", &["rename", "default", "required", "skip"], errors, |key, input| {
            match key.to_string().as_str() {
                "rename" => attributes.rename = Some(checked(key, input, r#""x""#, not_empty)?),
                "default" if input.peek(Token![=]) => {
                    input.parse::<Token![=]>()?;
                    attributes.default = Some(DefaultValue::Value(input.parse()?));
                }
                "default" => attributes.default = Some(DefaultValue::OfType(key.span())),
                "required" => attributes.required = true,
                _ => attributes.skip = true,
            }
            Ok(())
        });
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("default")) {
            if let Some(value) = errors.keep(default_value(attribute)) {
                if attributes.default.is_some() {
                    errors.at(attribute, "`default` is given twice; remove one");
                }
                attributes.default = Some(DefaultValue::Value(value));
            }
        }
        if !self.ignore_serde {
            serde(&field.attrs, |meta| attributes.read_serde(meta, errors));
        }
        attributes
    }

    /// What holds for the fields of a variant: its name is the title of a struct.
    pub(crate) fn of_variant(&self, variant: &Variant, errors: &mut Errors) -> Self {
        let mut of_variant = Self { pydantic: self.pydantic, ignore_serde: self.ignore_serde, ..Self::default() };
        nebula(&variant.attrs, "a variant with fields", &["rename", "rename_all"], errors, |key, input| {
            if key == "rename" {
                of_variant.title = Some(checked(key, input, r#""Point""#, not_empty)?);
            } else {
                let text = checked(key, input, r#""camelCase""#, Case::parse)?;
                of_variant.rename_all = Case::parse(&text.value()).ok();
            }
            Ok(())
        });
        if !self.ignore_serde {
            serde(&variant.attrs, |meta| {
                judge_serde(meta, errors);
                if meta.path().is_ident("rename") && of_variant.title.is_none() {
                    of_variant.title = serde_text(meta, errors);
                } else if meta.path().is_ident("rename_all") && of_variant.rename_all.is_none() {
                    of_variant.rename_all = serde_text(meta, errors).and_then(|text| Case::parse(&text.value()).ok());
                }
            });
        }
        of_variant.rename_all = of_variant.rename_all.or(self.rename_all_fields);
        of_variant.title = of_variant.title.or_else(|| Some(LitStr::new(&variant.ident.unraw().to_string(), Span::call_site())));
        of_variant
    }

    /// The name that serde's `rename` gives to a variant.
    pub(super) fn serde_name(&self, variant: &Variant) -> Option<LitStr> {
        let mut name = None;
        serde(&variant.attrs, |meta| match meta {
            Meta::NameValue(syn::MetaNameValue { path, value: Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }), .. })
                if path.is_ident("rename") =>
            {
                name = Some(text.clone());
            }
            _ => {}
        });
        name.filter(|_| !self.ignore_serde)
    }

    pub(crate) fn variant(&self, variant: &Variant, errors: &mut Errors) -> VariantAttributes {
        let mut attributes = VariantAttributes::default();
        nebula(&variant.attrs, "a variant", &["value", "name", "rename"], errors, |key, input| {
            if key == "name" {
                attributes.name = Some(checked(key, input, r#""RED""#, not_empty)?);
            } else if attributes.value.is_some() {
                return Err(syn::Error::new(key.span(), "`value` and `rename` are the same; remove one"));
            } else {
                attributes.value = Some(checked(key, input, r#""red""#, not_empty)?);
            }
            Ok(())
        });
        if !self.ignore_serde {
            serde(&variant.attrs, |meta| {
                judge_serde(meta, errors);
                if meta.path().is_ident("rename") && attributes.value.is_none() {
                    attributes.value = serde_text(meta, errors);
                }
            });
        }
        attributes
    }
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.is_empty() { Err("a name is never empty".to_owned()) } else { Ok(()) }
}

impl FieldAttributes {
    /// What a field of this type is made of, if it does not travel.
    pub(crate) fn left_out(&self, ty: &syn::Type) -> Option<TokenStream> {
        self.skip.then(|| match &self.default {
            Some(default) => {
                let function = default.function(ty);
                quote!((#function)())
            }
            None => quote!(<#ty as __nk::Default>::default()),
        })
    }

    fn read_serde(&mut self, meta: &Meta, errors: &mut Errors) {
        judge_serde(meta, errors);
        let path = meta.path();
        if path.is_ident("rename") && self.rename.is_none() {
            self.rename = serde_text(meta, errors);
        } else if path.is_ident("alias") {
            self.aliases.extend(serde_text(meta, errors));
        } else if path.is_ident("skip") {
            self.skip = true;
        } else if path.is_ident("default") && self.default.is_none() {
            self.default = match meta {
                Meta::NameValue(_) => serde_text(meta, errors).and_then(|text| text.parse().ok()).map(DefaultValue::Call),
                _ => Some(DefaultValue::OfType(meta.span())),
            };
        }
    }
}

/// The attributes of a type whose parts have no names on the wire: any that names them is a mistake.
pub(crate) fn refuse_names(variant: &Variant, errors: &mut Errors) {
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("nebula")) {
        errors.at(attribute, "the variants of a union have no names on the wire, only types; remove the attribute");
    }
}

/// The name of a field or a variant on the wire.
pub(crate) fn wire_name(identifier: &Ident, rename: Option<&LitStr>, case: Option<Case>) -> LitStr {
    let identifier_text = identifier.unraw().to_string();
    rename.cloned().unwrap_or_else(|| {
        LitStr::new(&case.map_or_else(|| identifier_text.clone(), |case| case.apply(&identifier_text)), identifier.span())
    })
}

/// `.default(..)` of a field that takes its value from the default of the whole.
pub(crate) fn default_of_whole(span: Span, whole: &Ident, arguments: &TokenStream, field: &Ident) -> TokenStream {
    let turbofish = if arguments.is_empty() { TokenStream::new() } else { quote!(::#arguments) };
    quote_spanned!(span=> || <#whole #turbofish as __nk::Default>::default().#field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_those_of_serde() {
        let both = |case: Case| (case.apply("first_name"), case.apply("FirstName"));
        let same = |text: &str| (text.to_owned(), text.to_owned());
        assert_eq!(both(Case::Lower), same("firstname"));
        assert_eq!(both(Case::Upper), same("FIRSTNAME"));
        assert_eq!(both(Case::Pascal), same("FirstName"));
        assert_eq!(both(Case::Camel), same("firstName"));
        assert_eq!(both(Case::Snake), same("first_name"));
        assert_eq!(both(Case::ScreamingSnake), same("FIRST_NAME"));
        assert_eq!(both(Case::Kebab), same("first-name"));
        assert_eq!(both(Case::ScreamingKebab), same("FIRST-NAME"));
    }
}
