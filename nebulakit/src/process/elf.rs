//! What a program's file says of itself: whether it needs shared libraries, and which build it is.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::process::digest::hexadecimal;

/// How long the header of a file of 64 bits is.
const HEADER: usize = 64;

/// How long the description of one of its parts is.
const PART: usize = 56;

/// The most that notes take, in bytes; linkers write some hundred.
const NOTES: u64 = 64 * 1024;

/// The part that names what loads shared libraries.
const INTERPRETER: u32 = 3;

/// The part that holds notes.
const NOTE: u32 = 4;

/// The note that holds the number of the build, by the name `GNU`.
const BUILD_ID: u32 = 3;

/// A program's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Elf {
    /// Whether it needs nothing but itself.
    pub(crate) is_static: bool,
    /// The linker's number for the build, else a digest of the file: the same for the same program, wherever it is.
    pub(crate) id: String,
}

impl Elf {
    /// Reads what is needed of it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let parts = parts(&file)?;
        let is_static = parts.as_ref().is_some_and(|parts| parts.iter().all(|(kind, ..)| *kind != INTERPRETER));
        for (_, at, length) in parts.into_iter().flatten().filter(|(kind, ..)| *kind == NOTE) {
            let mut notes = vec![0; usize::try_from(length.min(NOTES)).unwrap_or(0)];
            file.read_exact_at(&mut notes, at)?;
            if let Some(id) = build_id(&notes) {
                return Ok(Self { is_static, id: format!("build-id:{}", hexadecimal(id)) });
            }
        }
        let (mut hash, mut piece) = (Sha256::new(), vec![0; 1024 * 1024]);
        loop {
            match file.read(&mut piece)? {
                0 => break,
                length => hash.update(&piece[..length]),
            }
        }
        Ok(Self { is_static, id: format!("sha256:{}", hexadecimal(&hash.finalize())) })
    }
}

/// The kind, the place and the length of each part; [`None`] where it is another kind of file.
fn parts(file: &File) -> io::Result<Option<Vec<(u32, u64, u64)>>> {
    let mut header = [0; HEADER];
    match file.read_exact_at(&mut header, 0) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    // Sixty-four bits, the least significant byte first.
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return Ok(None);
    }
    let (at, size, count) = (number(&header[32..40]), number(&header[54..56]), number(&header[56..58]));
    if size != PART as u64 {
        return Ok(None);
    }
    let mut table = vec![0; PART * usize::try_from(count).unwrap_or(0)];
    file.read_exact_at(&mut table, at)?;
    let part = |part: &[u8]| (u32::try_from(number(&part[..4])).unwrap_or(0), number(&part[8..16]), number(&part[32..40]));
    Ok(Some(table.chunks_exact(PART).map(part).collect()))
}

fn build_id(mut notes: &[u8]) -> Option<&[u8]> {
    while notes.len() >= 12 {
        let [name, length, kind] = [0, 4, 8].map(|at| usize::try_from(number(&notes[at..at + 4])).unwrap_or(usize::MAX));
        let begin = 12_usize.checked_add(name.checked_next_multiple_of(4)?)?;
        let (found, rest) = (notes.get(12..12_usize.checked_add(name)?)?, notes.get(begin..)?);
        let value = rest.get(..length)?;
        if found == b"GNU\0" && kind == BUILD_ID as usize {
            return Some(value);
        }
        notes = rest.get(length.checked_next_multiple_of(4)?..)?;
    }
    None
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_is_known_wherever_it_is() {
        let own = Elf::read(Path::new("/proc/self/exe")).unwrap();
        assert_eq!(own.is_static, cfg!(target_feature = "crt-static"));
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy");
        std::fs::copy("/proc/self/exe", &copy).unwrap();
        assert_eq!(Elf::read(&copy).unwrap(), own);
        let other = folder.path().join("other");
        std::fs::write(&other, "#!/bin/sh\n").unwrap();
        let other = Elf::read(&other).unwrap();
        assert!(!other.is_static && other.id.starts_with("sha256:") && other.id != own.id);
    }

    #[test]
    fn notes_are_read_to_their_end() {
        let note = |name: &[u8], kind: u8, value: &[u8]| {
            let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
            let mut note = [length(name), length(value), [kind, 0, 0, 0]].concat();
            for part in [name, value] {
                note.extend_from_slice(part);
                note.resize(note.len().next_multiple_of(4), 0);
            }
            note
        };
        let notes = [note(b"stapsdt\0", 3, &[9]), note(b"GNU\0", 1, &[1, 2, 3]), note(b"GNU\0", 3, &[7; 20])].concat();
        assert_eq!(build_id(&notes), Some(&[7; 20][..]));
        assert_eq!(build_id(&notes[..notes.len() - 1]), None);
        assert_eq!(build_id(&[0xff; 64]), None);
    }
}
