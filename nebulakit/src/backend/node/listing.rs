//! Which node an element of an engine's array is: the index goes through a list in the plan, so that any nodes can be submitted together.

use std::path::Path;

use nebulakit_types::visible;

use super::files;
use super::refusal::Refusal;
use crate::services::env::Environment;

/// The node, and the attempt where the line names one, of the line whose number, from 0, is what `variable` holds.
pub(super) fn listed(environment: &Environment, variable: &str, list: &Path) -> Result<(String, Option<u32>), Refusal> {
    let shown = visible::line(variable);
    let text = environment
        .non_empty(variable)
        .ok_or_else(|| Refusal::unfit(format!("the variable `{shown}` is to say which line of the list it is, and is not set")))?;
    let number: usize = text.trim().parse().map_err(|_| {
        Refusal::unfit(format!("the variable `{shown}` holds `{}`, expected the number of a line, from 0", visible::line(text)))
    })?;
    let unreadable = |error: std::io::Error| Refusal::unfit(format!("cannot read the list {}: {error}", list.display()));
    let text = files::read_text(list).map_err(unreadable)?;
    match text.lines().nth(number).map(split) {
        Some((node, attempt)) if !node.is_empty() => Ok((node.to_owned(), attempt)),
        _ => Err(Refusal::unfit(format!("the list {} has no line {number}, which the variable `{shown}` asks for", list.display()))),
    }
}

/// A line is the path of a node, or that and the number of an attempt behind a blank. No path has a blank.
pub(super) fn split(line: &str) -> (&str, Option<u32>) {
    match line.rsplit_once(' ') {
        Some((node, attempt)) => attempt.parse().map_or((line, None), |attempt| (node, Some(attempt))),
        None => (line, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("list");
        std::fs::write(&list, "n0\nn3[5] 2\n\nn1 x").unwrap();
        let of = |index: &str| listed(&Environment::empty().with("I", index), "I", &list);
        assert_eq!(of("0"), Ok(("n0".to_owned(), None)));
        assert_eq!(of(" 1 "), Ok(("n3[5]".to_owned(), Some(2))));
        assert_eq!(of("3"), Ok(("n1 x".to_owned(), None)));
        let refused = |message: String| Err(Refusal::unfit(message));
        for number in ["2", "4"] {
            assert_eq!(of(number), refused(format!("the list {} has no line {number}, which the variable `I` asks for", list.display())));
        }
        assert_eq!(of("x"), refused("the variable `I` holds `x`, expected the number of a line, from 0".to_owned()));
        assert_eq!(of(""), refused("the variable `I` is to say which line of the list it is, and is not set".to_owned()));
    }
}
