//! What names jobs and runs.

use std::fmt;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What names a job within its coordinator: text of the submitter's choice, else `job-1`, `job-2` and so on.
///
/// # Examples
/// ```
/// use nebulakit::coordinator::RequestId;
///
/// let id = RequestId::from("nightly/eu");
/// assert_eq!(id.to_string(), "nightly/eu");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(Text);

/// A million numbered ids need no million strings.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Text {
    Numbered(u64),
    Chosen(Arc<str>),
}

const PREFIX: &str = "job-";

impl RequestId {
    pub(crate) fn numbered(number: u64) -> Self {
        Self(Text::Numbered(number))
    }

    /// The text that its submitter chose.
    #[cfg(feature = "run")]
    pub(crate) fn chosen(&self) -> Option<&str> {
        match &self.0 {
            Text::Numbered(_) => None,
            Text::Chosen(text) => Some(text),
        }
    }

    pub(crate) fn number(&self) -> Option<u64> {
        match self.0 {
            Text::Numbered(number) => Some(number),
            Text::Chosen(_) => None,
        }
    }
}

impl Hash for RequestId {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        match &self.0 {
            Text::Numbered(number) => hasher.write_u64(*number),
            Text::Chosen(text) => text.hash(hasher),
        }
    }
}

/// How ids are hashed where each job's is looked up: a number by one multiplication, text as every hash map does it. Both by keys of the map's own,
/// since submitters may choose numbers too. Numbers that follow each other lie beside each other, as many as [`TOGETHER`] says: so do the jobs
/// that are looked up.
#[derive(Debug, Clone)]
pub(super) struct IdState {
    state: RandomState,
    key: u64,
}

impl Default for IdState {
    fn default() -> Self {
        let state = RandomState::new();
        Self { key: state.hash_one(PREFIX), state }
    }
}

impl BuildHasher for IdState {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher { state: self.clone(), text: None, number: 0 }
    }
}

/// The hasher of one id.
pub(super) struct IdHasher {
    state: IdState,
    text: Option<DefaultHasher>,
    number: u64,
}

/// How many numbers lie beside each other in a map: as many as it looks at together.
const TOGETHER: u64 = 16;

/// An odd number whose bits look random: the golden ratio's.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.text.get_or_insert_with(|| self.state.state.build_hasher()).write(bytes);
    }

    fn write_u64(&mut self, number: u64) {
        let within = number % TOGETHER;
        let product = u128::from((number / TOGETHER) ^ self.state.key) * u128::from(SPREAD);
        // Both halves: each bit of the number reaches every bit of one of them.
        let spread = (product >> 64) as u64 ^ product as u64;
        // The lowest bits are the place in the map, the highest ones tell those apart that are near.
        self.number = (spread - spread % TOGETHER + within) ^ within.rotate_right(TOGETHER.ilog2());
    }

    fn finish(&self) -> u64 {
        self.text.as_ref().map_or(self.number, Hasher::finish)
    }
}

impl From<&str> for RequestId {
    fn from(text: &str) -> Self {
        // Ids are equal when their texts are, chosen or numbered.
        let number = text.strip_prefix(PREFIX).and_then(|number| number.parse().ok());
        match number.map(Self::numbered) {
            Some(id) if id.to_string() == text => id,
            _ => Self(Text::Chosen(text.into())),
        }
    }
}

impl From<String> for RequestId {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Text::Numbered(number) => write!(f, "{PREFIX}{number}"),
            Text::Chosen(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for RequestId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// What names a run: the jobs that were submitted under one name, and their descendants. A job that is submitted without one is a run of its
/// own, named as the job is.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(RequestId);

impl RunId {
    /// The run of a job that was submitted without one.
    pub(crate) fn of(job: &RequestId) -> Self {
        Self(job.clone())
    }
}

impl<T: Into<RequestId>> From<T> for RunId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_equal_when_their_texts_are() {
        assert_eq!(RequestId::from("job-7"), RequestId::numbered(7));
        for text in ["job-07", "job-+7", "job-", "job-99999999999999999999", ""] {
            assert_eq!(RequestId::from(text).to_string(), text);
        }
    }

    #[test]
    fn an_id_takes_two_words() {
        assert_eq!(size_of::<RequestId>(), 16);
    }

    #[test]
    fn numbers_lie_together_and_apart() {
        let state = IdState::default();
        let hashes: Vec<_> = (0..160).map(|number| state.hash_one(RequestId::numbered(number))).collect();
        for (number, hash) in hashes.iter().enumerate() {
            assert_eq!(hash % TOGETHER, number as u64 % TOGETHER);
            assert_eq!(hashes.iter().filter(|one| *one == hash).count(), 1);
        }
        // Ten groups are not all in one place.
        let places: std::collections::HashSet<_> = hashes.iter().map(|hash| (hash / TOGETHER) % 1024).collect();
        assert!(places.len() > 5, "{places:?}");
    }
}
