//! Text in the syntaxes of Snakemake: Python's strings, and YAML's, which are JSON's as well.

use std::fmt::Write as _;

/// A string literal of Python, on one line, in ASCII.
pub(super) fn python(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for letter in text.chars() {
        match letter {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            ' '..='~' => literal.push(letter),
            other => {
                let _ = write!(literal, "\\U{:08x}", u32::from(other));
            }
        }
    }
    literal.push('"');
    literal
}

/// A string literal of Python in which Snakemake looks for wildcards: braces stand for themselves.
pub(super) fn python_path(text: &str) -> String {
    python(&text.replace('{', "{{").replace('}', "}}"))
}

/// Text behind the `#` of a comment.
pub(super) fn comment(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A name of a rule, for the node and the part: letters, digits and underscores.
pub(super) fn rule(id: &str, part: &str) -> String {
    let mut name = String::new();
    for letter in id.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' => name.push(letter),
            '/' => name.push_str("__"),
            '-' => name.push('_'),
            other => {
                let _ = write!(name, "_{:x}_", u32::from(other));
            }
        }
    }
    match part {
        "run" | "wait" if name.starts_with(|first: char| first.is_ascii_alphabetic()) => name,
        _ => format!("{part}_{name}").trim_end_matches('_').to_owned(),
    }
}

/// A word of a shell.
pub(super) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_literal() {
        assert_eq!(python("a\"b\\c\nd\u{e9}"), "\"a\\\"b\\\\c\\U0000000ad\\U000000e9\"");
        assert_eq!(python_path("n{x}"), "\"n{{x}}\"");
        assert_eq!(shell("it's $(x)"), "'it'\\''s $(x)'");
        assert_eq!(comment("a\nrule x:"), "a rule x:");
    }

    #[test]
    fn names_of_rules_are_names() {
        assert_eq!(rule("n2/n0", "run"), "n2__n0");
        assert_eq!(rule("n3", "gather"), "gather_n3");
        assert_eq!(rule("", "finish"), "finish");
        assert_eq!(rule("0\u{e9}", "run"), "run_0_e9");
    }
}
