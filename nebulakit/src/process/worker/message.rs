//! What a worker process and the one that started it say to each other, and how it is framed.
//!
//! A frame is the length of its message, four bytes with the least significant first, and the message, in the encoding of protobuf. Both sides are
//! the same program, or programs with the same version of this library: [`PROTOCOL`] and [`VERSION`] are compared before anything else is said.

use std::collections::HashMap;
use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use prost::Message;

/// The version of these messages.
pub(crate) const PROTOCOL: u32 = 1;

/// The version of this library.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The largest message, in bytes. What is larger is damage, or belongs into a file.
pub(crate) const LARGEST: usize = 512 * 1024 * 1024;

/// How long the length before a message is.
const HEAD: usize = 4;

/// What a worker is told.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ToWorker {
    #[prost(oneof = "Order", tags = "1, 2, 3, 4")]
    pub(crate) order: Option<Order>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Order {
    /// The first.
    #[prost(message, tag = "1")]
    Hello(Hello),
    /// A task to run, where none runs.
    #[prost(message, boxed, tag = "2")]
    Job(Box<Job>),
    /// The task that runs should stop.
    #[prost(message, tag = "3")]
    Stop(Stop),
    /// What came of a task that the running one has called.
    #[prost(message, tag = "4")]
    Answer(Answer),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Hello {
    #[prost(uint32, tag = "1")]
    pub(crate) protocol: u32,
    #[prost(string, tag = "2")]
    pub(crate) version: String,
    /// Which file the other side runs; empty where that does not matter.
    #[prost(string, tag = "3")]
    pub(crate) build: String,
    /// The most memory that the worker may take, in bytes, where it sees to that itself.
    #[prost(uint64, optional, tag = "4")]
    pub(crate) memory: Option<u64>,
    /// Whether the worker is to say what its program is, whatever file it is in.
    #[prost(bool, tag = "5")]
    pub(crate) asks_id: bool,
}

/// A task, its inputs, and what its context is made of.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Job {
    #[prost(string, tag = "1")]
    pub(crate) task: String,
    /// The bytes of an `inputs.pb`.
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) inputs: Bytes,
    #[prost(message, required, tag = "3")]
    pub(crate) identity: Identity,
    #[prost(string, tag = "4")]
    pub(crate) output_prefix: String,
    #[prost(string, tag = "5")]
    pub(crate) raw_output_prefix: String,
    #[prost(map = "string, string", tag = "6")]
    pub(crate) custom: HashMap<String, String>,
    #[prost(message, repeated, tag = "7")]
    pub(crate) secrets: Vec<Secret>,
    /// How long the task may still take, and how long that was in all, in nanoseconds.
    #[prost(uint64, optional, tag = "8")]
    pub(crate) remaining: Option<u64>,
    #[prost(uint64, tag = "9")]
    pub(crate) limit: u64,
    /// The job, and its run.
    #[prost(string, tag = "11")]
    pub(crate) job: String,
    #[prost(string, tag = "12")]
    pub(crate) run: String,
    /// How much CPU time it may take, in seconds.
    #[prost(uint64, optional, tag = "10")]
    pub(crate) cpu: Option<u64>,
}

/// Who runs.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Identity {
    /// Project, domain and name of the execution.
    #[prost(string, repeated, tag = "1")]
    pub(crate) execution: Vec<String>,
    /// Project, domain, name and version of the task.
    #[prost(string, repeated, tag = "2")]
    pub(crate) task: Vec<String>,
    #[prost(string, tag = "3")]
    pub(crate) workflow: String,
    #[prost(string, tag = "4")]
    pub(crate) launch_plan: String,
    #[prost(uint32, tag = "5")]
    pub(crate) attempt: u32,
    #[prost(string, optional, tag = "6")]
    pub(crate) execution_url: Option<String>,
    #[prost(bool, tag = "7")]
    pub(crate) is_local: bool,
}

/// A secret that the task asks for. It is not written anywhere: `Debug` leaves the value out.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub(crate) struct Secret {
    #[prost(string, tag = "1")]
    pub(crate) group: String,
    #[prost(string, tag = "2")]
    pub(crate) version: String,
    #[prost(string, tag = "3")]
    pub(crate) key: String,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) value: Vec<u8>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("group", &self.group).field("key", &self.key).finish_non_exhaustive()
    }
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Stop {}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Answer {
    /// The number of the call.
    #[prost(uint64, tag = "1")]
    pub(crate) call: u64,
    #[prost(message, required, tag = "2")]
    pub(crate) ended: Ended,
}

/// How a task ended: outputs, or a failure.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Ended {
    /// The bytes of an `outputs.pb`.
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) outputs: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(crate) failure: Option<Failed>,
}

/// Why a task failed.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Failed {
    #[prost(string, optional, tag = "1")]
    pub(crate) code: Option<String>,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(bool, optional, tag = "3")]
    pub(crate) recoverable: Option<bool>,
    /// It asked to end without outputs.
    #[prost(bool, tag = "4")]
    pub(crate) is_ignored: bool,
    /// It ends its whole run.
    #[prost(bool, tag = "5")]
    pub(crate) is_fatal: bool,
}

/// What a worker says.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct FromWorker {
    #[prost(oneof = "Report", tags = "1, 2, 3, 4, 5, 6")]
    pub(crate) report: Option<Report>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum Report {
    /// The answer to [`Order::Hello`].
    #[prost(message, tag = "1")]
    Ready(Ready),
    /// The task is over.
    #[prost(message, tag = "2")]
    Over(Over),
    #[prost(message, tag = "3")]
    Log(Log),
    #[prost(message, tag = "4")]
    Progress(Progress),
    /// The task calls another one.
    #[prost(message, tag = "5")]
    Call(Call),
    /// The task waits for the call of this number no more.
    #[prost(uint64, tag = "6")]
    GivenUp(u64),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Ready {
    #[prost(uint32, tag = "1")]
    pub(crate) protocol: u32,
    #[prost(string, tag = "2")]
    pub(crate) version: String,
    #[prost(string, tag = "3")]
    pub(crate) build: String,
    /// Why the worker cannot limit its memory, where it was told to and cannot.
    #[prost(string, tag = "4")]
    pub(crate) without_memory_limit: String,
    /// What the worker's program is, where that was asked.
    #[prost(string, tag = "5")]
    pub(crate) id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Over {
    #[prost(message, required, tag = "1")]
    pub(crate) ended: Ended,
    /// Whether the worker should run nothing more: the task has left something behind that cannot be cleared away.
    #[prost(bool, tag = "2")]
    pub(crate) is_last: bool,
    /// What it took, where that is known.
    #[prost(message, optional, tag = "3")]
    pub(crate) used: Option<Used>,
    /// The page of the task's decks; empty where it made none.
    #[prost(string, tag = "4")]
    pub(crate) deck: String,
}

/// What a task took of the machine, as far as it is known.
#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Used {
    /// CPU time in all, in microseconds.
    #[prost(uint64, optional, tag = "1")]
    pub(crate) cpu: Option<u64>,
    /// How much of it was in the kernel.
    #[prost(uint64, optional, tag = "2")]
    pub(crate) system: Option<u64>,
    /// The most memory, in bytes.
    #[prost(uint64, optional, tag = "3")]
    pub(crate) memory: Option<u64>,
    /// What it read from stores and wrote to them, in bytes.
    #[prost(uint64, tag = "4")]
    pub(crate) moved: u64,
}

impl Used {
    /// This, and what is not known of it by `other`.
    #[cfg(feature = "container")]
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.or(other.cpu),
            system: self.system.or(other.system),
            memory: self.memory.or(other.memory),
            moved: self.moved + other.moved,
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Log {
    #[prost(string, tag = "1")]
    pub(crate) level: String,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(crate) struct Progress {
    #[prost(uint64, tag = "1")]
    pub(crate) done: u64,
    #[prost(uint64, optional, tag = "2")]
    pub(crate) total: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Call {
    #[prost(uint64, tag = "1")]
    pub(crate) call: u64,
    #[prost(string, tag = "2")]
    pub(crate) task: String,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) inputs: Vec<u8>,
    #[prost(uint32, optional, tag = "4")]
    pub(crate) retries: Option<u32>,
    #[prost(string, optional, tag = "5")]
    pub(crate) group: Option<String>,
}

/// `message` as a frame.
///
/// # Errors
/// When it is larger than [`LARGEST`].
pub(crate) fn framed(message: &impl Message) -> io::Result<Vec<u8>> {
    let length = message.encoded_len();
    if length > LARGEST {
        let said = format!(
            "a message of {length} bytes is more than the {LARGEST} bytes that go between processes; hand large values over as files"
        );
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, said));
    }
    let mut frame = Vec::with_capacity(HEAD + length);
    frame.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    message.encode_raw(&mut frame);
    Ok(frame)
}

/// Takes the first message out of what was `read`; [`None`] where it is not all there yet.
///
/// # Errors
/// When it is too large, or is not a message.
pub(crate) fn take<M: Message + Default>(read: &mut BytesMut) -> io::Result<Option<M>> {
    let Some(head) = read.first_chunk::<HEAD>() else { return Ok(None) };
    let length = u32::from_le_bytes(*head) as usize;
    if length > LARGEST {
        return Err(damaged(format!("a message of {length} bytes, where {LARGEST} are the most")));
    }
    if read.len() < HEAD + length {
        return Ok(None);
    }
    read.advance(HEAD);
    let message = read.split_to(length).freeze();
    M::decode(message).map(Some).map_err(|error| damaged(error.to_string()))
}

fn damaged(detail: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("what came over the pipe between the processes is damaged: {detail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop() -> ToWorker {
        ToWorker { order: Some(Order::Stop(Stop {})) }
    }

    #[test]
    fn a_frame_is_taken_when_it_is_whole() {
        let frame = framed(&stop()).unwrap();
        let mut read = BytesMut::new();
        for byte in &frame {
            assert_eq!(take::<ToWorker>(&mut read).unwrap(), None);
            read.extend_from_slice(&[*byte]);
        }
        read.extend_from_slice(&frame);
        assert_eq!(take::<ToWorker>(&mut read).unwrap(), Some(stop()));
        assert_eq!(take::<ToWorker>(&mut read).unwrap(), Some(stop()));
        assert!(read.is_empty());
    }

    #[test]
    fn damage_is_told_before_anything_is_kept_for_it() {
        let mut read = BytesMut::from(&u32::MAX.to_le_bytes()[..]);
        let error = take::<ToWorker>(&mut read).unwrap_err();
        assert!(error.to_string().contains("is damaged: a message of 4294967295 bytes"), "{error}");
        let mut read = BytesMut::from(&[2, 0, 0, 0, 0xff, 0xff][..]);
        assert_eq!(take::<ToWorker>(&mut read).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret = Secret { value: b"hunter2".to_vec(), ..Secret::default() };
        let job = Job { secrets: vec![secret], ..Job::default() };
        assert!(!format!("{job:?}").contains("hunter2") && !format!("{job:?}").contains("104, 117"), "{job:?}");
    }
}
