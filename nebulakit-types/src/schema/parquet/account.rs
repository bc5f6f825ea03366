//! How much memory the columns of a row group take while they are decoded, held against the limit page by page.
//!
//! Each column holds its dictionary, its current page, and the values of the current batch that are copied out of pages.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::limit::Limit;

/// Bytes, and of how many that are stored they are made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub(super) expanded: u64,
    pub(super) stored: u64,
}

/// What one column holds.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    dictionary: Size,
    page: Size,
    batch: Size,
    /// What the current page can add to each batch.
    adds: Size,
}

impl Held {
    fn all(&self) -> Size {
        [self.dictionary, self.page, self.batch].into_iter().fold(Size::default(), |sum, size| Size {
            expanded: sum.expanded.saturating_add(size.expanded),
            stored: sum.stored.saturating_add(size.stored),
        })
    }
}

/// The account of a row group.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) limit: Limit,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    columns: HashMap<usize, Held>,
    total: Size,
    /// The column that was over the limit first, and how.
    refused: Option<(usize, String)>,
}

impl Account {
    pub(super) fn new(limit: Limit) -> Self {
        Self { limit, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which column was over the limit, and how.
    pub(super) fn refused(&self) -> Option<(usize, String)> {
        self.state().refused.clone()
    }

    /// Notes that a column is over the limit; gives the clause that says so.
    pub(super) fn refuse(&self, leaf: usize, what: String) -> String {
        self.state().refused.get_or_insert((leaf, what)).1.clone()
    }

    /// Takes a page, a dictionary or one of values, that is about to be decompressed.
    ///
    /// # Errors
    /// What is over the limit, as a clause.
    pub(super) fn page(&self, leaf: usize, at: u64, is_dictionary: bool, size: Size) -> Result<(), String> {
        let total = self.change(leaf, |held| if is_dictionary { held.dictionary = size } else { held.page = size });
        if self.limit.allows(total.expanded, total.stored) {
            return Ok(());
        }
        let others = total.expanded.saturating_sub(size.expanded);
        let beside = if others > 0 { format!(", beside {others} of its row group") } else { String::new() };
        let what = format!("the page at byte {at} makes {} bytes of {}{beside}", size.expanded, size.stored);
        Err(self.refuse(leaf, self.limit.clause(what)))
    }

    /// Takes the values of the current page, which add `bytes` to each batch that they are in.
    ///
    /// # Errors
    /// As [`Account::page`].
    pub(super) fn values(&self, leaf: usize, bytes: u64) -> Result<(), String> {
        let total = self.change(leaf, |held| {
            held.adds = Size { expanded: bytes, stored: held.page.stored };
            held.batch.expanded = held.batch.expanded.saturating_add(bytes);
            held.batch.stored = held.batch.stored.saturating_add(held.page.stored);
        });
        if self.limit.allows(total.expanded, total.stored) {
            return Ok(());
        }
        let what = self.limit.clause(format!("the values of a batch become {} bytes or more", total.expanded));
        Err(self.refuse(leaf, format!("{what}, and a smaller `batch_size` keeps below it")))
    }

    /// Begins the next batch of these columns.
    pub(super) fn begin(&self, leaves: &[usize]) {
        for leaf in leaves {
            self.change(*leaf, |held| held.batch = held.adds);
        }
    }

    fn change(&self, leaf: usize, change: impl FnOnce(&mut Held)) -> Size {
        let mut state = self.state();
        let held = state.columns.entry(leaf).or_default();
        let before = held.all();
        change(held);
        let after = held.all();
        let moved = |total: u64, before: u64, after: u64| total.saturating_sub(before).saturating_add(after);
        state.total.expanded = moved(state.total.expanded, before.expanded, after.expanded);
        state.total.stored = moved(state.total.stored, before.stored, after.stored);
        state.total
    }
}
