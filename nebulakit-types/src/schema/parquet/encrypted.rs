//! Which columns a footer in the open says to be encrypted: fields that the decoder of footers passes over.
//!
//! The rules are those of Parquet's modular encryption: such a file is encrypted column by column, and its footer is signed.

use std::collections::BTreeMap;

use super::compact::{Compact, LIST, STRUCT};

/// The nonce and the tag that follow a footer in the open.
const SIGNATURE: usize = 28;

/// The encrypted columns by their place among the leaves of the schema, with their names where the footer has them.
pub(super) fn columns(footer: &[u8]) -> BTreeMap<usize, String> {
    // The structure ends with a zero, which in every file but a signed one is the last byte.
    let signed = footer.len().checked_sub(SIGNATURE + 1).is_some_and(|end| footer[end] == 0);
    if !signed {
        return BTreeMap::new();
    }
    let (mut found, mut declared) = (BTreeMap::new(), false);
    let walked = Compact(footer).fields(&mut |file, id, kind| match (id, kind) {
        (4, LIST) => file.items(&mut |groups, kind| {
            groups.expect(kind, STRUCT)?;
            groups.fields(&mut |group, id, kind| match (id, kind) {
                (1, LIST) => chunks(group, &mut found),
                _ => group.skip(kind),
            })
        }),
        (8, STRUCT) => {
            declared = true;
            file.skip(kind)
        }
        _ => file.skip(kind),
    });
    if walked.is_some() && declared { found } else { BTreeMap::new() }
}

/// The encrypted ones among the chunks of a row group.
fn chunks(group: &mut Compact<'_>, found: &mut BTreeMap<usize, String>) -> Option<()> {
    let mut leaf = 0;
    group.items(&mut |chunks, kind| {
        chunks.expect(kind, STRUCT)?;
        chunks.fields(&mut |chunk, id, kind| match (id, kind) {
            // How the column is encrypted: with the key of the footer, or with its own, which is named by the column's path.
            (8, STRUCT) => {
                let name = found.entry(leaf).or_default();
                chunk.fields(&mut |how, id, kind| match (id, kind) {
                    (2, STRUCT) => how.fields(&mut |key, id, kind| match (id, kind) {
                        (1, LIST) => key.path(name),
                        _ => key.skip(kind),
                    }),
                    _ => how.skip(kind),
                })
            }
            _ => chunk.skip(kind),
        })?;
        leaf += 1;
        Some(())
    })
}
