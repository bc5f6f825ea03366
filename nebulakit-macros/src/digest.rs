//! Digests of what a task is written as: by them another build of a program tells which of its tasks were changed.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// FNV-1a's own numbers, for 64 bits.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// The digest of tokens. Comments, and how the text is laid out, do not count; every compiler gives the same.
pub(crate) fn of(tokens: TokenStream) -> u64 {
    add(BASIS, tokens)
}

fn add(digest: u64, tokens: TokenStream) -> u64 {
    tokens.into_iter().fold(digest, |digest, token| match token {
        TokenTree::Group(group) => {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{", "}"),
                Delimiter::Bracket => ("[", "]"),
                // Nobody wrote it.
                Delimiter::None => return add(digest, group.stream()),
            };
            text(add(text(digest, open), group.stream()), close)
        }
        token => text(digest, &token.to_string()),
    })
}

/// A token, and an end that no token has in it.
fn text(digest: u64, text: &str) -> u64 {
    text.bytes().chain([0]).fold(digest, |digest, byte| (digest ^ u64::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(source: &str) -> u64 {
        of(source.parse().expect("a test writes tokens"))
    }

    #[test]
    fn what_is_written_counts_and_how_it_is_laid_out_does_not() {
        let one = digest("fn a(x: i64) -> i64 { x + 1 }");
        assert_eq!(one, digest("fn a(x: i64) -> i64 {\n    // A comment.\n    x+1\n}"));
        for other in ["fn a(x: i64) -> i64 { x + 2 }", "fn a(x: i64) -> i64 { (x + 1) }", "fn a(x: i64) -> i64 { x1 + 1 }"] {
            assert_ne!(one, digest(other), "{other}");
        }
    }
}
