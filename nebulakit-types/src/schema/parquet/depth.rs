//! How deep the columns of a footer are nested, found without recursion: the decoder of footers follows them on the stack.
//!
//! The schema elements stand in depth-first order, each with its number of children.

use super::super::fault::broken;
use super::compact::{Compact, I32, LIST, STRUCT};
use crate::Result;

/// Columns of more levels are refused. A list takes two of them, a map too.
const LEVELS: usize = 100;

/// Checks how deep the columns in the footer of the file at `url` are nested.
///
/// # Errors
/// When the decoder could not follow them.
pub(super) fn check(url: &str, footer: &[u8]) -> Result<()> {
    let mut tree = Tree::default();
    // Bytes that are something else are the decoder's to tell.
    let _ = Compact(footer).fields(&mut |file, id, kind| match (id, kind) {
        (2, LIST) => file.items(&mut |elements, kind| {
            elements.expect(kind, STRUCT)?;
            let mut children = 0;
            elements.fields(&mut |element, id, kind| match (id, kind) {
                (5, I32) => element.integer().map(|count| children = count),
                _ => element.skip(kind),
            })?;
            tree.node(children)
        }),
        _ => file.skip(kind),
    });
    if tree.is_too_deep { Err(broken(url, format!("its columns are nested in more than {LEVELS} levels").into())) } else { Ok(()) }
}

#[derive(Default)]
struct Tree {
    /// How many nodes are still to come on each level.
    levels: Vec<u64>,
    is_too_deep: bool,
}

impl Tree {
    /// Takes the next node; [`None`] when the tree is too deep.
    fn node(&mut self, children: i64) -> Option<()> {
        if self.levels.len() > LEVELS {
            self.is_too_deep = true;
            return None;
        }
        if let Some(left) = self.levels.last_mut() {
            *left -= 1;
        }
        // A negative number is none.
        if let Some(children) = u64::try_from(children).ok().filter(|children| *children > 0) {
            self.levels.push(children);
        }
        while self.levels.last() == Some(&0) {
            self.levels.pop();
        }
        Some(())
    }
}
