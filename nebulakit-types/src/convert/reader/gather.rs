//! Which offloaded literals are fetched, and what all of them may come to.
//!
//! Who sends a literal decides what it refers to, and what stands there may refer to more. So everything is bounded: the bytes that are
//! fetched, while they come; how many objects; how deep they refer to each other; and the bytes that decoding walks over, where an object
//! counts as often as it is referred to. [`Gathering`] does no I/O itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::bounds::Bounds;
use super::outside::{Seen, visit};
use super::references::{References, refers_at_the_top};
use super::wanted::{Wanted, longer};
use super::{Entries, MAX_DEPTH, PYTHON_PICKLE, corrupt, only_a_reference};
use crate::storage::shown;
use crate::{Error, ErrorKind, Result};

/// Collects what literals refer to outside of their bytes, in rounds: what the literals refer to, then what that refers to, and so on.
///
/// ```
/// # use nebulakit_types::convert::reader::{Bounds, Gathering};
/// # fn fetch(uri: &str) -> bytes::Bytes { bytes::Bytes::new() }
/// # let literal = [];
/// let mut gathering = Gathering::new(Bounds::default());
/// gathering.literal("input", &literal, false)?;
/// while let Some(round) = gathering.next_round()? {
///     for mut wanted in round {
///         let content = fetch(wanted.uri());
///         wanted.receive(&content)?;
///         gathering.add(wanted)?;
///     }
/// }
/// let references = gathering.finish()?;
/// # Ok::<(), nebulakit_types::Error>(())
/// ```
#[derive(Debug)]
pub struct Gathering {
    bounds: Bounds,
    room: Arc<AtomicU64>,
    roots: Vec<Root>,
    objects: Vec<Object>,
    by_uri: HashMap<String, usize>,
    /// What the next round fetches.
    next: Vec<usize>,
    rounds: usize,
    are_pickles_next: bool,
}

/// A literal that is here already.
#[derive(Debug)]
struct Root {
    name: Arc<str>,
    takes_pickles: bool,
    holds: Holds,
}

/// An object that something refers to.
#[derive(Debug)]
struct Object {
    uri: String,
    /// The root that it was first found through.
    root: usize,
    /// The smallest size in bytes that a reference declares.
    declared: Option<u64>,
    is_literal: bool,
    content: Option<Bytes>,
    holds: Holds,
}

/// What a literal holds: what it refers to, by number, and how many levels it has.
#[derive(Debug, Default)]
struct Holds {
    literals: HashMap<usize, Uses>,
    pickles: HashMap<usize, Uses>,
    levels: usize,
}

/// How often something is referred to, and on which level at the deepest.
#[derive(Debug, Clone, Copy, Default)]
struct Uses {
    times: u64,
    level: usize,
}

impl Gathering {
    /// Begins, with nothing.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            room: Arc::new(AtomicU64::new(bounds.bytes)),
            roots: Vec::new(),
            objects: Vec::new(),
            by_uri: HashMap::new(),
            next: Vec::new(),
            rounds: 0,
            are_pickles_next: false,
        }
    }

    /// Looks through the literals of an `inputs.pb` with these bytes; pickles are fetched for those of which `takes_pickles` says so.
    ///
    /// # Errors
    /// As [`Gathering::literal`].
    pub fn inputs(&mut self, inputs: &[u8], takes_pickles: impl Fn(&str) -> bool) -> Result<()> {
        let mut entries = Entries::of_map(inputs, References::none());
        while let Some((name, literal)) = entries.next()? {
            self.literal(name, literal.bytes(), takes_pickles(name))?;
        }
        Ok(())
    }

    /// Looks through the literal called `name` with these bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a literal, [`ErrorKind::TooDeep`] beyond [`MAX_DEPTH`], [`ErrorKind::OutOfRange`] beyond
    /// the bounds; each names the literal.
    pub fn literal(&mut self, name: &str, literal: &[u8], takes_pickles: bool) -> Result<()> {
        let number = self.roots.len();
        self.roots.push(Root { name: name.into(), takes_pickles, holds: Holds::default() });
        let holds = self.holds(literal, number);
        self.roots[number].holds = holds.map_err(|error| if error.path().is_empty() { error.at_field(name) } else { error })?;
        Ok(())
    }

    /// What is to be fetched next; [`None`] when everything is here.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] when that would be one round too many.
    pub fn next_round(&mut self) -> Result<Option<Vec<Wanted>>> {
        if self.next.is_empty() && !self.are_pickles_next {
            self.are_pickles_next = true;
            self.next = self.pickles();
        }
        let next = std::mem::take(&mut self.next);
        let Some(first) = next.first() else { return Ok(None) };
        self.rounds += usize::from(!self.are_pickles_next);
        if self.rounds > self.bounds.rounds {
            let object = &self.objects[*first];
            let text =
                format!("offloaded literals refer to each other more than {} levels deep, to `{}`", self.bounds.rounds, shown(&object.uri));
            return Err(Error::new(ErrorKind::OutOfRange, text).at_field(&self.roots[object.root].name));
        }
        let wanted = |number: usize| {
            let object = &self.objects[number];
            Wanted {
                number,
                uri: object.uri.clone(),
                root: self.roots[object.root].name.clone(),
                declared: object.declared,
                bounds: self.bounds,
                room: self.room.clone(),
                ahead: 0,
                pieces: Vec::new(),
            }
        };
        Ok(Some(next.into_iter().map(wanted).collect()))
    }

    /// Keeps an object, all of whose bytes have come, and looks through it.
    ///
    /// # Errors
    /// As [`Gathering::literal`].
    pub fn add(&mut self, wanted: Wanted) -> Result<()> {
        let Wanted { number, mut pieces, .. } = wanted;
        // The store may have promised more than it sent.
        pieces.shrink_to_fit();
        let content = Bytes::from(pieces);
        let Object { root, is_literal, .. } = self.objects[number];
        if is_literal {
            let holds = match refers_at_the_top(&content) {
                Ok(true) => Err(only_a_reference(&self.objects[number].uri).at_field(&self.roots[root].name)),
                Ok(false) => self.holds(&content, root),
                Err(error) => Err(error),
            };
            self.objects[number].holds = holds.map_err(|error| match error.path() {
                "" => {
                    let text = format!("in the offloaded literal `{}`: {}", shown(&self.objects[number].uri), error.message());
                    Error::new(error.kind(), text).at_field(&self.roots[root].name)
                }
                _ => error,
            })?;
        }
        self.objects[number].content = Some(content);
        Ok(())
    }

    /// What was collected.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] when decoding would walk over more bytes than the bounds allow, [`ErrorKind::TooDeep`] where values would be
    /// nested more than [`MAX_DEPTH`] levels deep, [`ErrorKind::Corrupt`] where an object holds itself; each names the literal.
    pub fn finish(self) -> Result<References> {
        let fetched = self.bounds.bytes - self.room.load(Ordering::Relaxed);
        let limit = self.bounds.expanded(fetched);
        let mut weights = Weights::new(&self.objects);
        let mut sum = 0_u64;
        for root in &self.roots {
            let weight = weights.of(&root.holds, 0).map_err(|error| error.at_field(&root.name))?;
            sum = sum.saturating_add(weight.bytes);
            if sum > limit {
                let most = root.holds.all().max_by_key(|(number, uses)| weights.of_object(**number).saturating_mul(uses.times));
                let most = most.map_or_else(String::new, |(number, uses)| {
                    format!(", most of them by `{}`, which is referred to {} times", shown(&self.objects[*number].uri), uses.times)
                });
                let error = self.bounds.exceeded(format!(
                    "the offloaded literals come to {} bytes, each counted as often as it is referred to, and {limit} are the limit{most}",
                    if sum == u64::MAX { "more than 2^64".to_owned() } else { sum.to_string() }
                ));
                return Err(error.at_field(&root.name));
            }
        }
        let contents = self.objects.into_iter().filter_map(|object| Some((object.uri, object.content?)));
        Ok(References::of(contents.collect(), HashMap::new()))
    }

    /// Notes what a literal refers to.
    fn holds(&mut self, literal: &[u8], root: usize) -> Result<Holds> {
        let mut holds = Holds::default();
        let levels = visit(literal, &mut |seen, level| {
            let (uri, size, is_literal) = match seen {
                Seen::Offloaded { uri, size } => (uri, size, true),
                Seen::Blob(blob) if blob.format == PYTHON_PICKLE => (blob.uri, None, false),
                Seen::Blob(_) | Seen::Scalar(..) => return Ok(()),
            };
            let number = self.number(uri, size, is_literal, root)?;
            let uses = if is_literal { &mut holds.literals } else { &mut holds.pickles };
            let uses = uses.entry(number).or_default();
            uses.times += 1;
            uses.level = uses.level.max(level);
            Ok(())
        });
        holds.levels = levels?;
        Ok(holds)
    }

    /// The number of what is referred to, which is new or known.
    fn number(&mut self, uri: &str, size: Option<u64>, is_literal: bool, root: usize) -> Result<usize> {
        let Some(&number) = self.by_uri.get(uri) else {
            if self.objects.len() == self.bounds.objects {
                let text = format!("more than {} offloaded literals are referred to, which is the limit", self.bounds.objects);
                return Err(Error::new(ErrorKind::OutOfRange, text));
            }
            let number = self.objects.len();
            self.by_uri.insert(uri.to_owned(), number);
            let holds = Holds::default();
            self.objects.push(Object { uri: uri.to_owned(), root, declared: size, is_literal, content: None, holds });
            if is_literal {
                self.next.push(number);
            }
            return Ok(number);
        };
        let object = &mut self.objects[number];
        if is_literal && !object.is_literal {
            object.is_literal = true;
            self.next.push(number);
        }
        if let Some(size) = size {
            let declared = *object.declared.insert(object.declared.map_or(size, |known| known.min(size)));
            if let Some(content) = object.content.as_ref().filter(|content| content.len() as u64 > declared) {
                return Err(longer(uri, &self.roots[root].name, content.len() as u64, declared, "has"));
            }
        }
        Ok(number)
    }

    /// The pickles that literals refer to which take them, and which are not here.
    fn pickles(&self) -> Vec<usize> {
        let mut pickles = Vec::new();
        let mut seen = vec![false; self.objects.len()];
        let mut open: Vec<_> = self.roots.iter().filter(|root| root.takes_pickles).map(|root| &root.holds).collect();
        while let Some(holds) = open.pop() {
            for (number, is_literal) in holds.literals.keys().map(|number| (*number, true)).chain(holds.pickles.keys().map(|n| (*n, false)))
            {
                if !std::mem::replace(&mut seen[number], true) {
                    let object = &self.objects[number];
                    match object.content {
                        Some(_) => open.push(&object.holds),
                        None if !is_literal => pickles.push(number),
                        None => {}
                    }
                }
            }
        }
        pickles.sort_unstable();
        pickles
    }
}

impl Holds {
    fn all(&self) -> impl Iterator<Item = (&usize, &Uses)> {
        self.literals.iter().chain(&self.pickles)
    }
}

/// What a literal comes to with all that it refers to.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    bytes: u64,
    levels: usize,
}

/// The weights of objects, each computed once.
struct Weights<'a> {
    objects: &'a [Object],
    known: Vec<Known>,
}

#[derive(Clone, Copy)]
enum Known {
    Nothing,
    /// It is being weighed.
    Open,
    Weight(Weight),
}

impl<'a> Weights<'a> {
    fn new(objects: &'a [Object]) -> Self {
        Self { objects, known: vec![Known::Nothing; objects.len()] }
    }

    /// The bytes of an object that has been weighed.
    fn of_object(&self, number: usize) -> u64 {
        match self.known[number] {
            Known::Weight(weight) => weight.bytes,
            _ => self.objects[number].content.as_ref().map_or(0, |content| content.len() as u64),
        }
    }

    /// What is referred to weighs, and how deep everything is then. `above` is how many objects lie on the way: each has a level at least,
    /// so that the recursion has an end.
    fn of(&mut self, holds: &Holds, above: usize) -> Result<Weight> {
        let mut weight = Weight { bytes: 0, levels: holds.levels };
        for (&number, uses) in &holds.literals {
            let content = self.object(number, above + 1)?;
            weight.bytes = weight.bytes.saturating_add(content.bytes.saturating_mul(uses.times));
            weight.levels = weight.levels.max((uses.level - 1).saturating_add(content.levels));
        }
        for (&number, uses) in &holds.pickles {
            weight.bytes = weight.bytes.saturating_add(self.of_object(number).saturating_mul(uses.times));
        }
        if weight.levels > MAX_DEPTH || above > MAX_DEPTH {
            let text = format!("values are nested more than {MAX_DEPTH} levels deep, with those in files of their own");
            return Err(Error::new(ErrorKind::TooDeep, text));
        }
        Ok(weight)
    }

    fn object(&mut self, number: usize, above: usize) -> Result<Weight> {
        let object = &self.objects[number];
        match self.known[number] {
            Known::Weight(weight) => return Ok(weight),
            Known::Open => return Err(corrupt(format!("the offloaded literal `{}` holds itself", shown(&object.uri)))),
            Known::Nothing => {}
        }
        if above > MAX_DEPTH {
            // No deeper: `of` says why, once it is this far.
            return Ok(Weight { bytes: 0, levels: MAX_DEPTH + 1 });
        }
        self.known[number] = Known::Open;
        let length = object.content.as_ref().map_or(0, |content| content.len() as u64);
        let weighed = self.of(&object.holds, above).map(|inner| Weight { bytes: inner.bytes.saturating_add(length), ..inner });
        self.known[number] = weighed.as_ref().map_or(Known::Nothing, |weight| Known::Weight(*weight));
        weighed
    }
}

impl FromIterator<(String, Bytes)> for References {
    fn from_iter<I: IntoIterator<Item = (String, Bytes)>>(contents: I) -> Self {
        let contents = contents.into_iter().collect();
        let refused = refused(&contents, Bounds::default());
        Self::of(contents, refused)
    }
}

/// Which of these contents are not to be read, and why.
fn refused(contents: &BTreeMap<String, Bytes>, bounds: Bounds) -> HashMap<String, (ErrorKind, String)> {
    let mut refused = HashMap::new();
    let mut gathering = Gathering::new(Bounds { bytes: u64::MAX, objects: usize::MAX, rounds: usize::MAX, ..bounds });
    gathering.roots.push(Root { name: "".into(), takes_pickles: false, holds: Holds::default() });
    // Reading reports what is not a literal, or refers to what is not here.
    for (uri, content) in contents {
        let Ok(number) = gathering.number(uri, None, true, 0) else { continue };
        if let Ok(holds) = gathering.holds(content, 0) {
            gathering.objects[number].holds = holds;
        }
        gathering.objects[number].content = Some(content.clone());
    }
    let limit = bounds.expanded(contents.values().map(|content| content.len() as u64).sum());
    let mut weights = Weights::new(&gathering.objects);
    for (number, object) in gathering.objects.iter().enumerate() {
        let fault = match weights.object(number, 1) {
            Ok(weight) if weight.bytes > limit => bounds.exceeded(format!(
                "the offloaded literal `{}` comes to more than the {limit} bytes that are the limit, with all that it refers to",
                shown(&object.uri)
            )),
            Ok(_) => continue,
            Err(error) => error,
        };
        // An offloaded literal that is itself only a reference is told so.
        if !object.content.as_ref().is_some_and(|content| refers_at_the_top(content).unwrap_or_default()) {
            refused.insert(object.uri.clone(), (fault.kind(), fault.message().to_owned()));
        }
    }
    refused
}
