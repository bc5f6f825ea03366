//! What a keeper and the process that started it say to each other, in the frames of workers.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use prost::Message;

/// What a keeper is told.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ToKeeper {
    #[prost(oneof = "Word", tags = "1, 2, 3, 4, 5")]
    pub(crate) word: Option<Word>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Word {
    /// Something is about to begin.
    #[prost(message, tag = "1")]
    Watch(Watch),
    /// The process that began for it.
    #[prost(message, tag = "2")]
    Began(Began),
    /// It is over, and nothing of it is left.
    #[prost(uint64, tag = "3")]
    Forget(u64),
    /// It is to be ended.
    #[prost(uint64, tag = "4")]
    End(u64),
    /// A command to run.
    #[prost(message, tag = "5")]
    Run(Argv),
}

/// A container, or the program that fetches an image.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Watch {
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
    /// What removes containers: their names are its last arguments. [`None`] where the end of the process is all that it takes.
    #[prost(message, optional, tag = "2")]
    pub(crate) remove: Option<Argv>,
    /// The container's name.
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    /// A folder that is removed with it; empty for none.
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) folder: Vec<u8>,
}

/// The process of something that is watched leads a group of its own.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Began {
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
    #[prost(int32, tag = "2")]
    pub(crate) process: i32,
}

/// A program and its arguments.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Message)]
pub(crate) struct Argv {
    #[prost(bytes = "vec", repeated, tag = "1")]
    parts: Vec<Vec<u8>>,
}

impl Argv {
    pub(crate) fn new(parts: impl IntoIterator<Item = OsString>) -> Self {
        Self { parts: parts.into_iter().map(OsString::into_vec).collect() }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &OsStr> {
        self.parts.iter().map(|part| OsStr::from_bytes(part))
    }
}

/// What a keeper says: what was to be ended is.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Ended {
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_kept_to_the_byte() {
        let hostile = [OsString::from("a b"), OsString::from_vec(vec![b'-', 0xff, b'\n'])];
        let argv = Argv::new(hostile.clone());
        let read = Argv::decode(argv.encode_to_vec().as_slice()).unwrap();
        assert_eq!(read.parts().collect::<Vec<_>>(), hostile);
    }
}
