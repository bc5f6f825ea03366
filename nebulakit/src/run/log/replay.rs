//! What an earlier driver of a run has logged of a node, so that the next one, which reads the same output from its beginning, logs only what is new.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::run::error::RecordError;
use crate::run::folder::RunFolder;
use crate::run::log::lines::Lines;
use crate::run::log::node_logs::GOES_ON;
use crate::run::path::NodePath;

/// The logs of a run's nodes, as another driver left them.
#[derive(Debug)]
pub(crate) struct Replays {
    folder: RunFolder,
    nodes: HashMap<NodePath, HashMap<String, Replay>>,
}

impl Replays {
    /// Those of the run in that folder. Nothing is read before a node logs something.
    pub(crate) fn new(folder: RunFolder) -> Self {
        Self { folder, nodes: HashMap::new() }
    }

    /// What of `text` is not in the log of the node yet, or is behind something that is not.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub(crate) fn rest(&mut self, node: &NodePath, source: &str, text: &[u8]) -> Result<Vec<u8>, RecordError> {
        if !self.nodes.contains_key(node) {
            self.nodes.insert(node.clone(), logged(&self.folder, node)?);
        }
        let sources = self.nodes.get_mut(node);
        let replay = sources.and_then(|sources| sources.get_mut(source));
        Ok(replay.map_or_else(|| text.to_vec(), |replay| replay.rest(text)))
    }

    /// What was kept of the node because it may be in its log: nothing more comes of it.
    pub(crate) fn end(&mut self, node: &NodePath) -> Vec<(String, Vec<u8>)> {
        let sources = self.nodes.get_mut(node).map(std::mem::take).unwrap_or_default();
        sources.into_iter().map(|(source, replay)| (source, replay.held)).filter(|(_, held)| !held.is_empty()).collect()
    }
}

/// What is in the log from one source, and is expected again.
#[derive(Debug, Default)]
struct Replay {
    /// The digests of whole lines.
    lines: VecDeque<u64>,
    /// The beginning of another one.
    part: Vec<u8>,
    /// What has come and may be in the log.
    held: Vec<u8>,
}

impl Replay {
    fn rest(&mut self, text: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(text);
        let mut at = 0;
        while let Some(expected) = self.lines.front() {
            let Some(end) = self.held[at..].iter().position(|byte| *byte == b'\n') else {
                self.held.drain(..at);
                return Vec::new();
            };
            if digest(&self.held[at..at + end]) != *expected {
                return self.all_from(at);
            }
            at += end + 1;
            self.lines.pop_front();
        }
        let rest = &self.held[at..];
        if rest.len() < self.part.len() && self.part.starts_with(rest) {
            self.held.drain(..at);
            return Vec::new();
        }
        let part = if rest.starts_with(&self.part) { self.part.len() } else { 0 };
        self.all_from(at + part)
    }

    /// Gives what has come from there on. What comes behind it is new, too.
    fn all_from(&mut self, at: usize) -> Vec<u8> {
        let held = std::mem::take(self).held;
        held[at..].to_vec()
    }
}

fn digest(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    // As the log has it.
    line.strip_suffix(b"\r").unwrap_or(line).hash(&mut hasher);
    hasher.finish()
}

fn logged(folder: &RunFolder, node: &NodePath) -> Result<HashMap<String, Replay>, RecordError> {
    let mut sources = HashMap::<String, Replay>::new();
    let Some(mut lines) = Lines::open(&folder.log(Some(node)))? else { return Ok(sources) };
    while let Some(line) = lines.next()? {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        // A line that a loss of power has damaged is nobody's.
        let (Some(_), Some(source), Some(text)) = (words.next(), words.next(), words.next()) else { continue };
        let Ok(source) = std::str::from_utf8(source) else { continue };
        let (source, goes_on) = source.strip_suffix(GOES_ON).map_or((source, false), |source| (source, true));
        let replay = sources.entry(source.to_owned()).or_default();
        replay.part.extend_from_slice(text);
        if !goes_on {
            replay.lines.push_back(digest(&replay.part));
            replay.part.clear();
        }
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::run::{Durability, Recorder, RunsFolder};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Wherever the first driver stopped, and in whatever pieces either of them got it: the log has it once.
        #[test]
        fn what_two_drivers_log_is_there_once(
            lines in prop::collection::vec(prop_oneof![Just("a\n"), Just("b b\n"), Just("\n"), Just("wi\r\n"), Just("ä"), Just(" x")], 0..10),
            stop in 0..40_usize, first in 1..9_usize, second in 1..9_usize,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let runs = RunsFolder::open(folder.path()).unwrap();
            let text = lines.concat().into_bytes();
            let node = NodePath::from("n0");
            let recorder = Recorder::create(&runs, Durability::Kernel).unwrap();
            for piece in text[..stop.min(text.len())].chunks(first) {
                recorder.log(Some(&node), "stdout", piece).unwrap();
                recorder.log(Some(&node), "INFO", b"beside\n").unwrap();
            }
            let id = recorder.folder().id().clone();
            recorder.release();
            drop(recorder);
            let recorder = Recorder::resume(&runs, &id, Durability::Kernel).unwrap();
            let mut replays = Replays::new(recorder.folder().clone());
            for piece in text.chunks(second) {
                let rest = replays.rest(&node, "stdout", piece).unwrap();
                recorder.log(Some(&node), "stdout", &rest).unwrap();
            }
            for (source, held) in replays.end(&node) {
                recorder.log(Some(&node), &source, &held).unwrap();
            }
            recorder.release();
            let mut sources = logged(recorder.folder(), &node).unwrap();
            let mut again = sources.remove("stdout").unwrap_or_default();
            // A carriage return is not kept, and one that ends a piece is.
            if !text.contains(&b'\r') {
                prop_assert_eq!(again.rest(&text), Vec::<u8>::new());
                prop_assert!(again.lines.is_empty() && again.held.len() <= again.part.len());
            }
        }
    }

    #[test]
    fn what_differs_is_new_from_there_on() {
        let of = |lines: &[&str], part: &str| Replay {
            lines: lines.iter().map(|line| digest(line.as_bytes())).collect(),
            part: part.as_bytes().to_vec(),
            held: Vec::new(),
        };
        assert_eq!(of(&["a", "b"], "").rest(b"a\nc\nb\n"), b"c\nb\n");
        assert_eq!(of(&["a"], "par").rest(b"a\npartly\n"), b"tly\n");
        assert_eq!(of(&["a"], "par").rest(b"a\npa"), b"");
        assert_eq!(of(&["a"], "par").rest(b"a\nother"), b"other");
    }
}
