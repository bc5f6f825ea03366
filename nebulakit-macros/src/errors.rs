//! The mistakes found so far: everything is judged before anything is reported, so that one build shows them all.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// Collects mistakes; must be asked for them before it is dropped.
#[derive(Debug)]
pub(crate) struct Errors(Option<Vec<syn::Error>>);

impl Errors {
    pub(crate) fn new() -> Self {
        Self(Some(Vec::new()))
    }

    /// Adds a mistake at the tokens that the user has to change.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        if let Some(errors) = &mut self.0 {
            errors.push(error);
        }
    }

    /// Keeps the value of a success, and the error of a failure.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Everything collected, as items that make the compiler say so; [`None`] when there was nothing.
    pub(crate) fn into_tokens(mut self) -> Option<TokenStream> {
        let errors = self.0.take().unwrap_or_default();
        if errors.is_empty() {
            return None;
        }
        let errors = errors.iter().map(syn::Error::to_compile_error);
        Some(quote!(#(#errors)*))
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        // A mistake that is found and then forgotten would be accepted code.
        debug_assert!(self.0.is_none() || std::thread::panicking(), "the collected errors were never asked for");
    }
}

/// A list of names for a message: `` `a`, `b` and `c` ``.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `` unknown option `found` of a task ``, with the nearest of the valid names and the list of all.
pub(crate) fn unknown(what: Noun<'_>, found: &str, valid: &[&str]) -> String {
    let hint = nearest(found, valid).map_or_else(|| ";".to_owned(), |name| format!("; did you mean `{name}`?"));
    let list = if valid.len() == 1 { "the only valid one is" } else { "the valid ones are" };
    format!("unknown {} `{found}` of {}{hint} {list} {}", what.0, what.1, listed(valid.iter().copied()))
}

/// A word for a thing with a name, and for what it is a part of: an `option` of `a task`.
#[derive(Clone, Copy)]
pub(crate) struct Noun<'a>(pub(crate) &'a str, pub(crate) &'a str);

impl Noun<'_> {
    /// `a resource`, `an option`
    pub(crate) fn with_article(self) -> String {
        let article = if self.0.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        format!("{article} {}", self.0)
    }
}

/// The valid name that `found` was probably meant to be.
pub(crate) fn nearest<'a>(found: &str, valid: &[&'a str]) -> Option<&'a str> {
    let found = found.to_lowercase();
    valid
        .iter()
        .map(|name| (distance(&found, &name.to_lowercase()), *name))
        .filter(|(distance, name)| *distance <= name.len().max(found.len()) / 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters have to be inserted, removed, replaced or swapped with their neighbour to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, _) => j,
                (_, 0) => i,
                _ => {
                    let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                    let swapped =
                        if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] { rows[i - 2][j - 2] + 1 } else { usize::MAX };
                    replaced.min(swapped).min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1)
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let valid = ["retries", "timeout", "cache"];
        assert_eq!(nearest("retry", &valid), Some("retries"));
        assert_eq!(nearest("tiemout", &valid), Some("timeout"));
        assert_eq!(nearest("Cache", &valid), Some("cache"));
        assert_eq!(nearest("nothing", &valid), None);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_valid_ones() {
        let noun = Noun("option", "a task");
        assert_eq!(
            unknown(noun, "cahce", &["cache", "deck"]),
            "unknown option `cahce` of a task; did you mean `cache`? the valid ones are `cache` and `deck`"
        );
        assert_eq!(unknown(noun, "x", &["deck"]), "unknown option `x` of a task; the only valid one is `deck`");
    }
}
