//! Where the data of one task goes, and what it says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::coordinator::witness::Witness;
use crate::task::surroundings::Places;

/// Where the data of one task goes, instead of where the coordinator's context says; and what it says.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// Where its files go.
    pub(crate) files: String,
    /// The folder of its attempts' checkpoints; [`None`] where it has none, since nothing tells whether they are of the same inputs.
    pub(crate) checkpoints: Option<String>,
    /// What an earlier run of it left as its checkpoint.
    pub(crate) former: Option<String>,
    /// The file of its page of decks.
    pub(crate) deck: PathBuf,
    /// Who hears all that it says and takes.
    pub(crate) witness: Arc<dyn Witness>,
}

impl Stored {
    /// Where an attempt's checkpoint goes, and where the last one is that was left before.
    pub(super) fn checkpoint(&self, attempt: u32) -> Places {
        let Some(checkpoints) = &self.checkpoints else { return Places::default() };
        let of = |attempt: u32| format!("{checkpoints}/{attempt}");
        let before = (0..attempt).rev().map(of).find(|folder| Path::new(folder).exists());
        Places { destination: Some(of(attempt)), previous: before.or_else(|| self.former.clone()), resumes_own: false }
    }

    /// Keeps a page of decks in the place of that of the attempt before. Nobody finds half of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn keep_deck(&self, page: &str) -> io::Result<()> {
        let unfinished = self.deck.with_extension("part");
        if let Some(folder) = self.deck.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&unfinished, page)?;
        fs::rename(&unfinished, &self.deck)
    }
}
