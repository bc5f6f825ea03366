//! What a job printed, from the files that its engine writes: `stdout` and `stderr` in the folder of the attempt.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use crate::backend::node::{AttemptFolder, names, read, url};
use crate::coordinator::{JobContext, OutputStream};

/// The most that is read at once, in bytes.
const MOST: u64 = 1 << 20;

/// The two files, and how far each was read.
pub(in crate::backend) struct Prints {
    files: [(OutputStream, PathBuf, u64); 2],
}

impl Prints {
    pub(in crate::backend) fn new(folder: &AttemptFolder) -> Self {
        Self { files: [(OutputStream::Stdout, folder.file("stdout"), 0), (OutputStream::Stderr, folder.file("stderr"), 0)] }
    }

    /// Passes on what is new. What cannot be read is left out: the files are the engine's, which may write them elsewhere.
    pub(in crate::backend) async fn pass(&mut self, context: &JobContext) {
        let asked = self.files.clone();
        let Ok(read) = spawn_blocking(move || asked.map(|(_, path, from)| since(&path, from).unwrap_or_default())).await else { return };
        for ((stream, _, from), new) in self.files.iter_mut().zip(read) {
            if !new.is_empty() {
                *from += new.len() as u64;
                context.output(*stream, &new);
            }
        }
    }
}

fn since(path: &Path, from: u64) -> io::Result<Vec<u8>> {
    if url(path).is_some() {
        // There it is in pieces, each named by where it begins.
        return read(&path.join(from.to_string())).map(Into::into);
    }
    let mut file = File::open(path)?;
    if file.metadata()?.len() <= from {
        return Ok(Vec::new());
    }
    file.seek(SeekFrom::Start(from))?;
    let mut new = Vec::new();
    file.take(MOST).read_to_end(&mut new)?;
    Ok(new)
}

/// The end of a file, as text.
///
/// # Errors
/// When it cannot be read.
pub(in crate::backend) fn tail(path: &Path, most: usize) -> io::Result<String> {
    if let Some(pieces) = names(path)? {
        let last = pieces.iter().filter_map(|name| name.parse::<u64>().ok()).max();
        let piece = last.map(|last| read(&path.join(last.to_string()))).transpose()?.unwrap_or_default();
        return Ok(String::from_utf8_lossy(&piece[piece.len().saturating_sub(most)..]).into_owned());
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most as u64)))?;
    let mut end = Vec::new();
    file.take(most as u64).read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).into_owned())
}
