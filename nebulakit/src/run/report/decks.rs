//! The pages of the nodes' decks, each in a frame without any rights.

use std::fs;

use super::facts::Facts;
use super::html::{Html, cut};
use crate::run::artifact::Artifact;
use crate::run::error::{At as _, RecordError};

/// Maximum decks.
const MOST_DECKS: usize = 50;

/// Maximum bytes of all decks together.
const MOST_BYTES: u64 = 8 << 20;

/// Maximum characters of a node's path.
const LONGEST_NAME: usize = 300;

pub(super) fn write(page: &mut Html, facts: &Facts<'_>) {
    let decks = facts.run.decks();
    if decks.as_ref().is_ok_and(Vec::is_empty) {
        return;
    }
    page.markup("<section aria-labelledby=\"decks\">\n<h2 id=\"decks\">Decks</h2>\n");
    match decks {
        Ok(decks) => frames(page, &decks, facts),
        Err(error) => drop(page.left_out(format_args!("They cannot be read: {error}"))),
    }
    page.markup("</section>\n");
}

fn frames(page: &mut Html, decks: &[Artifact], facts: &Facts<'_>) {
    let (mut shown, mut bytes) = (0, 0);
    for deck in decks {
        if shown < MOST_DECKS && bytes + deck.size <= MOST_BYTES {
            shown += 1;
            bytes += deck.size;
            frame(page, deck);
        }
    }
    let left_out = decks.len() - shown;
    if left_out > 0 {
        let folder = facts.run.folder().all_decks();
        page.left_out(format_args!("{left_out} more decks are too many or too large to be shown here. They are in {}.", folder.display()));
    }
}

fn frame(page: &mut Html, deck: &Artifact) {
    let name = deck.node.as_ref().map(|node| cut(node, LONGEST_NAME)).unwrap_or_default();
    page.element("<h3>", &name, "</h3>\n");
    match read(deck) {
        Ok(document) => {
            page.markup("<iframe sandbox=\"\" title=\"The deck of ").text(&name).markup("\" srcdoc=\"");
            page.document(&document).markup("\"></iframe>\n");
        }
        Err(error) => drop(page.left_out(format_args!("It cannot be read: {error}"))),
    }
}

fn read(deck: &Artifact) -> Result<String, RecordError> {
    let bytes = fs::read(&deck.path).at("read", &deck.path)?;
    // Another attempt may have put a larger one there.
    let whole = &bytes[..bytes.len().min(usize::try_from(deck.size).unwrap_or(usize::MAX))];
    Ok(String::from_utf8_lossy(whole).into_owned())
}
