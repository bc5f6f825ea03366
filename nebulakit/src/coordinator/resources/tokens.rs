//! Limits of tokens, as a command line gives them.

use std::sync::Arc;

use crate::coordinator::resources::limits::{Limits, Refused};
use crate::task::options::TaskOptions;

/// Reads `licences=3`; several are joined by commas.
///
/// # Errors
/// When it is not of that form.
pub(crate) fn limits(text: &str) -> Result<Vec<(Arc<str>, u32)>, String> {
    text.split(',').map(one).collect()
}

fn one(text: &str) -> Result<(Arc<str>, u32), String> {
    let wrong = || format!("`{text}` is not a limit of tokens; write a name and a number, as in `licences=3`");
    let (name, number) = text.split_once('=').ok_or_else(wrong)?;
    let name = name.trim();
    let number = number.trim().parse().map_err(|_| wrong())?;
    if name.is_empty() { Err(wrong()) } else { Ok((name.into(), number)) }
}

/// Whether a task may run alone where tokens have these limits. Where there are none at all, it may.
///
/// # Errors
/// When it asks for more than there are, or for some without a limit.
pub(crate) fn check(options: &TaskOptions, limits: Vec<(Arc<str>, u32)>) -> Result<(), Refused> {
    if limits.is_empty() {
        return Ok(());
    }
    let limits = Limits { tokens: limits, ..Limits::default() };
    limits.demand_of_tokens(options.tokens.iter().map(|(name, number)| (*name, *number))).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        assert_eq!(limits("licences=3"), Ok(vec![("licences".into(), 3)]));
        assert_eq!(limits("a=1, b = 20"), Ok(vec![("a".into(), 1), ("b".into(), 20)]));
        for wrong in ["licences", "licences=", "=3", "licences=-1", "licences=1.5", "a=1,"] {
            let said = limits(wrong).unwrap_err();
            assert!(said.ends_with("is not a limit of tokens; write a name and a number, as in `licences=3`"), "{said}");
        }
    }
}
