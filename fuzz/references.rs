//! Literals that refer to files: a script of bytes makes some files and a literal over them, and what is read through the references is what
//! would be read if everything stood in one piece.
#![allow(dead_code, unreachable_pub, reason = "each target has it as a module and uses its own half")]

use std::collections::BTreeMap;
use std::fmt::Debug;

use nebulakit::NebulaType;
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{Bounds, Gathering, LiteralRef, References};
use nebulakit_types::{Dialect, Error, Untyped};

/// Small, so that inputs of some hundred bytes meet each of them.
const BOUNDS: Bounds = Bounds { bytes: 8 << 10, objects: 24, rounds: 8, setting: "" };

/// Decoding may walk over 16 times what was fetched.
const EXPANDED: usize = 16 * (8 << 10);

/// How many files a script makes at most.
const FILES: usize = 40;

/// How much a script makes at most, repetitions included.
const MADE: usize = 16 << 10;

/// A literal, and the files that it and they refer to by number.
struct Made {
    root: Node,
    files: Vec<Node>,
}

/// A literal as the script has it.
#[derive(Clone)]
enum Node {
    Bytes(Vec<u8>),
    List(Vec<Node>),
    Map(Vec<Node>),
    Union(Box<Node>),
    /// A file, and the size that is declared of it.
    Reference(usize, u64),
}

/// Reads a script; at its end everything is 0.
struct Script<'a> {
    bytes: &'a [u8],
    made: usize,
}

impl Script<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    fn node(&mut self, depth: usize) -> Node {
        let kind = if depth == 0 { 7 } else { self.next() };
        self.made += 8;
        match kind % 8 {
            0..=2 => {
                let size = match self.next() {
                    255 => u64::MAX,
                    size => u64::from(size & 0x3f),
                };
                Node::Reference(usize::from(self.next()) % FILES, size)
            }
            3 | 4 => Node::List(self.nodes(depth)),
            5 => Node::Map(self.nodes(depth)),
            6 => Node::Union(Box::new(self.node(depth - 1))),
            _ => {
                let length = usize::from(self.next()).min(self.bytes.len());
                let (bytes, rest) = self.bytes.split_at(length);
                self.bytes = rest;
                self.made += length;
                Node::Bytes(bytes.to_vec())
            }
        }
    }

    fn nodes(&mut self, depth: usize) -> Vec<Node> {
        let (count, times) = (self.next() % 5, self.next());
        let once: Vec<_> = (0..count).map(|_| self.node(depth - 1)).collect();
        let weight: usize = once.iter().map(|node| node.literal(&|_| None).len() + 8).sum();
        // Many times over, as far as there is room.
        let times = usize::from(times).min(MADE.saturating_sub(self.made) / weight.max(1)).max(1);
        self.made += times * weight;
        std::iter::repeat_n(once, times).flatten().collect()
    }
}

fn made(script: &[u8]) -> Made {
    let mut script = Script { bytes: script, made: 0 };
    let count = usize::from(script.next()) % FILES;
    let root = script.node(6);
    let files = (0..count).map(|_| script.node(6)).collect();
    Made { root, files }
}

fn field(number: u8, inner: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = inner.len();
    while length >= 0x80 {
        field.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend_from_slice(inner);
    field
}

fn number(number: u8, value: u64) -> Vec<u8> {
    let mut field = vec![number << 3];
    let mut value = value;
    while value >= 0x80 {
        field.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    field.push(value as u8);
    field
}

fn name(file: usize) -> String {
    format!("memory://{file}")
}

impl Node {
    /// The bytes of the literal; `inline` gives what stands in the place of a file.
    fn literal(&self, inline: &dyn Fn(usize) -> Option<Vec<u8>>) -> Vec<u8> {
        let all = |nodes: &[Self]| -> Vec<Vec<u8>> { nodes.iter().map(|node| node.literal(inline)).collect() };
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::List(nodes) => field(2, &all(nodes).iter().flat_map(|literal| field(1, literal)).collect::<Vec<_>>()),
            Self::Map(nodes) => {
                let entry =
                    |(index, literal): (usize, &Vec<u8>)| field(1, &[field(1, format!("k{index}").as_bytes()), field(2, literal)].concat());
                field(3, &all(nodes).iter().enumerate().flat_map(entry).collect::<Vec<_>>())
            }
            Self::Union(node) => field(1, &field(9, &field(1, &node.literal(inline)))),
            Self::Reference(file, size) => {
                inline(*file).unwrap_or_else(|| field(8, &[field(1, name(*file).as_bytes()), number(2, *size)].concat()))
            }
        }
    }
}

impl Made {
    fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.iter().enumerate().map(|(file, node)| (name(file), node.literal(&|_| None))).collect()
    }

    /// The literal in one piece; only for what is within its bounds.
    fn in_one_piece(&self, node: &Node) -> Vec<u8> {
        node.literal(&|file| self.files.get(file).map(|node| self.in_one_piece(node)))
    }
}

/// Fetches what `literal` refers to, as far as it is there; what is not is left out.
fn gathered(literal: &[u8], contents: &BTreeMap<String, Vec<u8>>) -> Result<References, Error> {
    let mut gathering = Gathering::new(BOUNDS);
    gathering.literal("v", literal, false)?;
    let mut fetched = 0;
    while let Some(round) = gathering.next_round()? {
        for mut wanted in round {
            let Some(content) = contents.get(wanted.uri()) else { continue };
            wanted.announce(content.len() as u64)?;
            for piece in content.chunks(100) {
                wanted.receive(piece)?;
            }
            fetched += content.len();
            assert!(fetched <= BOUNDS.bytes as usize, "more is fetched than is allowed");
            gathering.add(wanted)?;
        }
    }
    gathering.finish()
}

/// Any bytes as a script: what is gathered is within its bounds, and reads as what stands in one piece does. Says whether anything was within.
pub fn references(script: &[u8]) -> bool {
    let made = made(script);
    let (literal, contents) = (made.root.literal(&|_| None), made.contents());
    // Contents that are collected by hand have bounds of their own.
    let by_hand: References = contents.iter().map(|(name, content)| (name.clone(), content.clone().into())).collect();
    let gathered = gathered(&literal, &contents);
    let _ = check(LiteralRef::new(&literal, gathered.as_ref().unwrap_or(&by_hand)), &Untyped::literal_type(&Dialect::FLYTE_1));
    let Ok(references) = gathered else { return false };
    let whole = made.in_one_piece(&made.root);
    assert!(whole.len() <= literal.len() + 2 * EXPANDED, "{} bytes are read of {} that were fetched", whole.len(), literal.len());
    same::<Untyped>(&literal, &references, &whole);
    same::<Vec<Option<i64>>>(&literal, &references, &whole);
    same::<Option<Vec<Vec<String>>>>(&literal, &references, &whole);
    same::<BTreeMap<String, Vec<BTreeMap<String, Option<i64>>>>>(&literal, &references, &whole);
    true
}

fn same<T: NebulaType + Debug>(literal: &[u8], references: &References, whole: &[u8]) {
    let parts = T::decode(LiteralRef::new(literal, references));
    let one = T::decode(LiteralRef::new(whole, references));
    assert_eq!(parts.is_ok(), one.is_ok(), "{parts:?} but {one:?}");
    if let (Ok(parts), Ok(one)) = (parts, one) {
        assert_eq!(format!("{parts:?}"), format!("{one:?}"));
    }
}
