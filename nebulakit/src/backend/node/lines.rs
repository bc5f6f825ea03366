//! `nodes.jsonl`: the lines of a plan, sorted by their ids, so that one is found in a few reads however many there are.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Deserialize;

use super::line::Line;
use super::{files, stored};

/// How much is read at once: most lines are shorter.
const PIECE: usize = 4096;

/// The lines of a plan.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    bytes: Source,
    length: u64,
}

/// Where the bytes are.
#[derive(Debug)]
enum Source {
    File(File),
    /// From an object store, where it takes longer to ask than to read.
    Whole(Bytes),
}

impl Source {
    fn read_at(&self, piece: &mut [u8], at: u64) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read_at(piece, at),
            Self::Whole(bytes) => {
                let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                let length = rest.len().min(piece.len());
                piece[..length].copy_from_slice(&rest[..length]);
                Ok(length)
            }
        }
    }
}

/// The id of a line, alone.
#[derive(Deserialize)]
struct Id {
    id: String,
}

impl Lines {
    /// Opens the file; [`None`] where there is none.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(path: PathBuf) -> io::Result<Option<Self>> {
        if stored::url(&path).is_some() {
            return match files::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                bytes => bytes.map(|bytes| Some(Self { path, length: bytes.len() as u64, bytes: Source::Whole(bytes) })),
            };
        }
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        Ok(Some(Self { path, length: file.metadata()?.len(), bytes: Source::File(file) }))
    }

    /// The line of that id.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is none.
    pub(super) fn find(&self, id: &str) -> io::Result<Option<Line>> {
        // What is looked for begins at `low` or behind it, and before `high`.
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let middle = low + (high - low) / 2;
            // Bytes before a line's first may be any of the line before.
            let begin = if middle == low { low } else { self.end_of_line(middle - 1)?.0 };
            if begin >= high {
                high = middle;
                continue;
            }
            let (end, line) = self.end_of_line(begin)?;
            let Id { id: found } = self.read(&line, begin)?;
            match found.as_str().cmp(id) {
                std::cmp::Ordering::Less => low = end,
                std::cmp::Ordering::Equal => return self.read(&line, begin).map(Some),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(None)
    }

    fn read<'l, T: Deserialize<'l>>(&self, line: &'l [u8], at: u64) -> io::Result<T> {
        serde_json::from_slice(line)
            .map_err(|error| io::Error::other(format!("{} holds no line at byte {at}: {error}", self.path.display())))
    }

    /// Where the line that holds byte `at` ends, behind its line break, and what of it is from there on.
    fn end_of_line(&self, at: u64) -> io::Result<(u64, Vec<u8>)> {
        let (mut line, mut piece) = (Vec::new(), [0; PIECE]);
        loop {
            let place = at + line.len() as u64;
            let length = match self.bytes.read_at(&mut piece, place) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                length => length?,
            };
            if length == 0 {
                return Ok((place, line));
            }
            if let Some(end) = piece[..length].iter().position(|byte| *byte == b'\n') {
                line.extend_from_slice(&piece[..end]);
                return Ok((place + end as u64 + 1, line));
            }
            line.extend_from_slice(&piece[..length]);
        }
    }
}

/// The text of the file with these lines.
#[cfg(feature = "run")]
pub(super) fn written<'l>(lines: impl Iterator<Item = &'l Line>) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Where the lines of the plan in that folder are.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("nodes.jsonl")
}

#[cfg(test)]
#[cfg(feature = "run")]
mod tests {
    use super::*;
    use crate::backend::node::line::Work;

    fn line(id: &str) -> Line {
        let task = "t".repeat(id.len() % 7 * 1500);
        Line { id: id.to_owned(), run: Work::Task(task), inputs: vec![], needs: vec![], when: vec![], retries: 0, is_handler: false }
    }

    fn lines(dir: &tempfile::TempDir, ids: &[String]) -> Lines {
        let mut ids = ids.to_vec();
        ids.sort();
        std::fs::write(dir.path().join("l"), written(ids.iter().map(|id| line(id)).collect::<Vec<_>>().iter()).unwrap()).unwrap();
        Lines::open(dir.path().join("l")).unwrap().unwrap()
    }

    #[test]
    fn every_line_is_found_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        for count in [0, 1, 2, 3, 10, 257] {
            let ids: Vec<_> = (0..count).map(|number| format!("n{number}/{}", "x".repeat(number % 11))).collect();
            let lines = lines(&dir, &ids);
            for id in &ids {
                assert_eq!(lines.find(id).unwrap(), Some(line(id)), "{count}");
            }
            for other in ["", "n", "n0", "n99999", "zz", "end-node", "\n"] {
                assert_eq!(lines.find(other).unwrap(), None, "{other:?} of {count}");
            }
        }
        assert!(Lines::open(dir.path().join("none")).unwrap().is_none());
    }

    #[test]
    fn hostile_ids_are_ids_like_any_other() {
        let dir = tempfile::tempdir().unwrap();
        let ids = ["\"", "a\nb", "../..", "{\"id\":\"x\"}", "\u{1b}[31m", "ü", "\\", " "].map(str::to_owned);
        let lines = lines(&dir, &ids);
        ids.iter().for_each(|id| assert_eq!(lines.find(id).unwrap(), Some(line(id))));
        assert_eq!(lines.find("x").unwrap(), None);
    }

    #[test]
    fn a_torn_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        drop(lines(&dir, &["n0".to_owned(), "n1".to_owned()]));
        let path = dir.path().join("l");
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 5]).unwrap();
        let lines = Lines::open(path).unwrap().unwrap();
        let said = lines.find("n1").unwrap_err().to_string();
        assert!(said.contains("/l holds no line at byte "), "{said}");
    }

    proptest::proptest! {
        #[test]
        fn any_ids_are_found(ids: std::collections::BTreeSet<String>, other: String) {
            let dir = tempfile::tempdir().unwrap();
            let all: Vec<_> = ids.iter().cloned().collect();
            let lines = lines(&dir, &all);
            for id in &ids {
                proptest::prop_assert_eq!(lines.find(id).unwrap().map(|line| line.id), Some(id.clone()));
            }
            proptest::prop_assert_eq!(lines.find(&other).unwrap().is_some(), ids.contains(&other));
        }
    }
}
