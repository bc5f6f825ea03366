//! The lines of a file that grows.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

/// The lines of a file, each once.
pub(super) struct Tail {
    path: PathBuf,
    offset: u64,
    /// The beginning of a line that is not whole yet.
    left: Vec<u8>,
}

impl Tail {
    pub(super) fn from_the_start(path: PathBuf) -> Self {
        Self { path, offset: 0, left: Vec::new() }
    }

    /// Only what comes from now on.
    pub(super) fn from_now(path: PathBuf) -> Self {
        let offset = std::fs::metadata(&path).map_or(0, |about| about.len());
        Self { path, offset, left: Vec::new() }
    }

    /// The lines that are new. A file that is not there yet has none.
    pub(super) fn lines(&mut self) -> Vec<Vec<u8>> {
        let Ok(mut file) = File::open(&self.path) else { return Vec::new() };
        let mut new = Vec::new();
        if file.seek(SeekFrom::Start(self.offset)).and_then(|_| file.read_to_end(&mut new)).is_err() {
            return Vec::new();
        }
        self.offset += new.len() as u64;
        self.left.extend(new);
        let Some(end) = self.left.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let rest = self.left.split_off(end + 1);
        let whole = std::mem::replace(&mut self.left, rest);
        whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_line_comes_once_and_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let mut tail = Tail::from_the_start(path.clone());
        assert!(tail.lines().is_empty());
        fs::write(&path, "one\ntw").unwrap();
        assert_eq!(tail.lines(), [b"one".to_vec()]);
        assert!(tail.lines().is_empty());
        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        assert_eq!(tail.lines(), [b"two".to_vec(), b"three".to_vec()]);
        assert!(Tail::from_now(path).lines().is_empty());
    }
}
