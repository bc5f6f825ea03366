//! Python's pickles, as far as they are `bytes`: what the Python SDK of Flyte 2 makes of them.
//!
//! Nothing is run. The opcodes (Python's `pickletools` lists them) are walked to the end, and the few that make up a `bytes` object are
//! followed: one opcode since protocol 3, a call of `codecs.encode` before.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

/// What a pickle holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pickle<'a> {
    /// Exactly one `bytes` object.
    Bytes(Cow<'a, [u8]>),
    /// Something else, with the last class or function that it names.
    Other(Option<String>),
}

/// Reads a pickle; [`None`] for bytes that are not one.
///
/// Since protocol 2 a pickle says that it is one. Those before could be any text, and are known only if they hold `bytes`.
pub(crate) fn read(bytes: &[u8]) -> Option<Pickle<'_>> {
    match bytes {
        [0x80, 2..=5, .., b'.'] => walk(bytes),
        [b'c', .., b'.'] => walk(bytes).filter(|pickle| matches!(pickle, Pickle::Bytes(_))),
        _ => None,
    }
}

/// The pickle of a `bytes` object.
pub(crate) fn write(bytes: &[u8]) -> Vec<u8> {
    let mut pickle = vec![0x80, 4];
    match (u8::try_from(bytes.len()), u32::try_from(bytes.len())) {
        (Ok(length), _) => pickle.extend([b'C', length]),
        (_, Ok(length)) => {
            pickle.push(b'B');
            pickle.extend(length.to_le_bytes());
        }
        _ => {
            pickle.push(0x8e);
            pickle.extend((bytes.len() as u64).to_le_bytes());
        }
    }
    pickle.extend_from_slice(bytes);
    pickle.push(b'.');
    pickle
}

/// A value on the stack of the machine that a pickle is a program for. Texts are shared: a pickle may speak of one as often as it likes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item<'a> {
    Mark,
    Text(Rc<str>),
    Bytes(Cow<'a, [u8]>),
    Global(Rc<str>, Rc<str>),
    /// Of texts alone: no `bytes` object is made of others.
    Tuple(Vec<Rc<str>>),
    Other,
}

/// The tuple of some items; [`None`] where one is not a text.
fn tuple<'a>(items: impl Iterator<Item = Item<'a>>) -> Option<Item<'a>> {
    items.map(|item| if let Item::Text(text) = item { Some(text) } else { None }).collect::<Option<_>>().map(Item::Tuple)
}

/// What follows an opcode.
enum Argument {
    /// This many bytes.
    Fixed(usize),
    /// A length of this many bytes, and then as many bytes as it says.
    Counted(usize),
    /// This many lines.
    Lines(usize),
}

fn argument(opcode: u8) -> Option<Argument> {
    Some(match opcode {
        b'('
        | b'.'
        | b'0'
        | b'1'
        | b'2'
        | b'N'
        | b'Q'
        | b'R'
        | b'a'
        | b'b'
        | b'd'
        | b'}'
        | b'e'
        | b'l'
        | b']'
        | b'o'
        | b's'
        | b't'
        | b')'
        | b'u'
        | 0x81
        | 0x85..=0x89
        | 0x8f..=0x94
        | 0x97
        | 0x98 => Argument::Fixed(0),
        b'K' | b'h' | b'q' | 0x80 | 0x82 => Argument::Fixed(1),
        b'M' | 0x83 => Argument::Fixed(2),
        b'J' | b'j' | b'r' | 0x84 => Argument::Fixed(4),
        b'G' | 0x95 => Argument::Fixed(8),
        b'U' | b'C' | 0x8a | 0x8c => Argument::Counted(1),
        b'T' | b'X' | b'B' | 0x8b => Argument::Counted(4),
        0x8d | 0x8e | 0x96 => Argument::Counted(8),
        b'F' | b'I' | b'L' | b'P' | b'S' | b'V' | b'g' | b'p' => Argument::Lines(1),
        b'c' | b'i' => Argument::Lines(2),
        _ => return None,
    })
}

/// Takes an argument off the front of `rest`.
fn take<'a>(rest: &mut &'a [u8], argument: &Argument) -> Option<&'a [u8]> {
    let (skipped, length) = match *argument {
        Argument::Fixed(length) => (0, length),
        Argument::Counted(width) => {
            let mut length = [0; 8];
            length[..width].copy_from_slice(rest.get(..width)?);
            (width, usize::try_from(u64::from_le_bytes(length)).ok()?)
        }
        Argument::Lines(lines) => {
            let ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
            (0, { ends }.nth(lines - 1)?)
        }
    };
    let (taken, behind) = rest.get(skipped..)?.split_at_checked(length)?;
    *rest = behind;
    Some(taken)
}

fn walk(bytes: &[u8]) -> Option<Pickle<'_>> {
    let mut machine = Machine::default();
    let mut rest = bytes;
    loop {
        let (&opcode, behind) = rest.split_first()?;
        rest = behind;
        let argument = take(&mut rest, &argument(opcode)?)?;
        if opcode == b'.' {
            return rest.is_empty().then(|| machine.end());
        }
        if machine.is_followed && machine.step(opcode, argument).is_none() {
            machine.is_followed = false;
        }
        machine.notice(opcode, argument);
    }
}

/// Follows the opcodes that make up `bytes`, and no others.
struct Machine<'a> {
    stack: Vec<Item<'a>>,
    memo: HashMap<u64, Item<'a>>,
    is_followed: bool,
    has_called: bool,
    /// The last texts, of which a later opcode makes the name of a class.
    texts: [String; 2],
    class: Option<String>,
}

impl Default for Machine<'_> {
    fn default() -> Self {
        Self { stack: Vec::new(), memo: HashMap::new(), is_followed: true, has_called: false, texts: Default::default(), class: None }
    }
}

impl<'a> Machine<'a> {
    fn end(mut self) -> Pickle<'a> {
        match (self.is_followed, self.stack.pop(), self.stack.is_empty()) {
            (true, Some(Item::Bytes(bytes)), true) => Pickle::Bytes(bytes),
            _ => Pickle::Other(self.class),
        }
    }

    /// [`None`] for what no `bytes` object is made of.
    fn step(&mut self, opcode: u8, argument: &'a [u8]) -> Option<()> {
        let item = match opcode {
            0x80 => return (argument[0] <= 5).then_some(()),
            0x95 => return Some(()),
            b'C' | b'B' | 0x8e => Item::Bytes(Cow::Borrowed(argument)),
            b'X' | 0x8c | 0x8d => Item::Text(std::str::from_utf8(argument).ok()?.into()),
            b'V' => Item::Text(raw_unicode(argument.strip_suffix(b"\n")?)?.into()),
            b'c' => {
                let (module, name) = global(argument)?;
                Item::Global(module.into(), name.into())
            }
            0x93 => match (self.stack.pop()?, self.stack.pop()?) {
                (Item::Text(name), Item::Text(module)) => Item::Global(module, name),
                _ => return None,
            },
            b'(' => Item::Mark,
            b')' => Item::Tuple(Vec::new()),
            b't' => {
                let mark = self.stack.iter().rposition(|item| *item == Item::Mark)?;
                let elements = tuple(self.stack.drain(mark + 1..))?;
                self.stack.pop();
                elements
            }
            0x85..=0x87 => {
                let first = self.stack.len().checked_sub(usize::from(opcode - 0x84))?;
                tuple(self.stack.drain(first..))?
            }
            // One `bytes` object takes one call.
            b'R' if std::mem::replace(&mut self.has_called, true) => return None,
            b'R' => match (self.stack.pop()?, self.stack.pop()?) {
                (Item::Tuple(arguments), Item::Global(module, name)) => Item::Bytes(Cow::Owned(called(&module, &name, &arguments)?)),
                _ => return None,
            },
            b'p' | b'q' | b'r' | 0x94 => {
                let place = if opcode == 0x94 { self.memo.len() as u64 } else { place(opcode, argument)? };
                // What is large is never used again where one `bytes` object is all.
                let item = match self.stack.last()? {
                    item @ (Item::Text(_) | Item::Global(..)) => item.clone(),
                    _ => Item::Other,
                };
                self.memo.insert(place, item);
                return Some(());
            }
            b'g' | b'h' | b'j' => self.memo.get(&place(opcode, argument)?)?.clone(),
            _ => return None,
        };
        self.stack.push(item);
        Some(())
    }

    /// Keeps what names classes.
    fn notice(&mut self, opcode: u8, argument: &[u8]) {
        match opcode {
            0x8c => {
                self.texts.swap(0, 1);
                self.texts[1] = String::from_utf8_lossy(argument).into_owned();
            }
            0x93 => self.class = Some(self.texts.join(".")),
            b'c' => self.class = global(argument).map(|(module, name)| format!("{module}.{name}")),
            _ => {}
        }
    }
}

fn global(argument: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(argument).ok()?.strip_suffix('\n')?.split_once('\n')
}

/// The place in the memo that an opcode speaks of.
fn place(opcode: u8, argument: &[u8]) -> Option<u64> {
    if matches!(opcode, b'p' | b'g') {
        return std::str::from_utf8(argument).ok()?.trim_end().parse().ok();
    }
    let mut bytes = [0; 8];
    bytes.get_mut(..argument.len())?.copy_from_slice(argument);
    Some(u64::from_le_bytes(bytes))
}

/// The `bytes` that a call makes.
fn called(module: &str, name: &str, arguments: &[Rc<str>]) -> Option<Vec<u8>> {
    match (module, name, arguments) {
        ("_codecs" | "codecs", "encode", [text, encoding]) if matches!(&**encoding, "latin1" | "latin-1") => {
            text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
        }
        ("__builtin__" | "builtins", "bytes", []) => Some(Vec::new()),
        _ => None,
    }
}

/// Text of Python's `raw-unicode-escape`: Latin-1, with `\uHHHH` and `\UHHHHHHHH` for everything else.
fn raw_unicode(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = match (byte, behind.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                text.push(char::from(byte));
                rest = behind;
                continue;
            }
        };
        let code = std::str::from_utf8(behind.get(1..=digits)?).ok()?;
        text.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
        rest = &behind[1 + digits..];
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(pickle: &[u8]) -> Option<Vec<u8>> {
        match read(pickle) {
            Some(Pickle::Bytes(bytes)) => Some(bytes.into_owned()),
            _ => None,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 255, 256, 70_000] {
            let content = vec![b'.'; length];
            assert_eq!(bytes(&write(&content)), Some(content));
        }
    }

    /// A text that is kept ten thousand times, one that is encoded as often, and tuples in tuples.
    #[test]
    fn a_pickle_takes_no_more_than_its_size() {
        let text = "x".repeat(1 << 20);
        let length = u32::try_from(text.len()).unwrap().to_le_bytes();
        let begin =
            [b"\x80\x02c_codecs\nencode\nq\x00X\x06\x00\x00\x00latin1q\x01X".as_slice(), &length, text.as_bytes(), b"q\x02"].concat();
        let kept: Vec<u8> = (0..1_000_000_u32).flat_map(|place| [&b"r"[..], &place.to_le_bytes()].concat()).collect();
        let called = b"h\x00h\x02h\x01\x86R".repeat(10_000);
        for more in [kept, b"h\x02".repeat(1_000_000), called, [b")".to_vec(), vec![0x85; 1_000_000]].concat(), b"(t".repeat(1_000_000)] {
            assert!(matches!(read(&[&begin, &more[..], b"."].concat()), Some(Pickle::Other(_))));
        }
    }

    #[test]
    fn every_beginning_of_a_pickle_is_none() {
        let pickle = b"\x80\x02c_codecs\nencode\nq\x00X\x03\x00\x00\x00abcq\x01X\x06\x00\x00\x00latin1q\x02\x86q\x03Rq\x04.";
        assert_eq!(bytes(pickle).as_deref(), Some(&b"abc"[..]));
        for end in 0..pickle.len() {
            assert_eq!(read(&pickle[..end]), None, "{end}");
        }
        assert_eq!(read(&[&pickle[..], b"."].concat()), None);
    }
}
