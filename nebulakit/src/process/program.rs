//! The file that this process runs.

use std::io;
use std::path::{Path, PathBuf};

use crate::process::elf::Elf;

/// Which file this process runs, by its length and its time: what is compared where the file may have been replaced meanwhile.
pub(crate) fn build() -> io::Result<String> {
    build_of(&path()?)
}

/// The same of another file.
pub(crate) fn build_of(path: &Path) -> io::Result<String> {
    let file = std::fs::metadata(path)?;
    let modified = file.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{}-{}", file.len(), modified.as_nanos()))
}

/// The file that this process runs. On Linux it is this very file, also where it was replaced or deleted since.
pub(crate) fn path() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// What this program is, wherever its file is: see [`Elf::id`].
pub(crate) fn id() -> io::Result<String> {
    Elf::read(&path()?).map(|elf| elf.id)
}
