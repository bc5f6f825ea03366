//! One attempt and the worker that runs it: what they say to each other until the task is over, or the worker is.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use futures_util::StreamExt as _;
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::FuturesUnordered;
use rustix::net::{SendFlags, send};
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::coordinator::context::JobContext;
use crate::coordinator::strategy::workers::output::Output;
use crate::coordinator::strategy::workers::pipes::Pipes;
use crate::coordinator::strategy::workers::process::Process;
use crate::process::worker::message::{Answer, Call, Ended, FromWorker, Log, Order, Over, Progress, Report, Stop, ToWorker, framed, take};
use crate::task::error::TaskError;
use crate::task::invocation::Child;
use crate::task::registry::registry;

/// That a worker is gone is an error here, and no signal to this process, whatever the program makes of that signal.
#[cfg(not(target_vendor = "apple"))]
const QUIETLY: SendFlags = SendFlags::NOSIGNAL;
/// There is no such flag: the program has to ignore the signal, as programs in Rust do.
#[cfg(target_vendor = "apple")]
const QUIETLY: SendFlags = SendFlags::empty();

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// How much of what a worker says is taken before it is looked at: one that talks faster than it is heard does not fill this process's memory.
const SAID_AT_ONCE: usize = 1024 * 1024;

/// For how long an answer is looked for before the runtime is asked to tell of it: it takes longer than that to wake a thread whose core has gone to sleep. A
/// future may keep its thread so long.
const LOOKING: Duration = Duration::from_micros(40);

/// How long nothing may come of a message that has begun. A worker says each in one go: what stops in the middle is something else that was written into its
/// socket, and would be waited for without end.
const REST: Duration = Duration::from_secs(10);

/// The socket, and what came over it and was not taken yet.
#[derive(Debug)]
pub(in crate::coordinator::strategy) struct Talk {
    socket: UnixStream,
    read: BytesMut,
    /// When anything came last.
    heard: Instant,
}

impl Talk {
    pub(in crate::coordinator::strategy) fn new(socket: UnixStream) -> Self {
        Self { socket, read: BytesMut::new(), heard: Instant::now() }
    }

    /// Takes the socket from its runtime.
    ///
    /// # Errors
    /// When that is gone.
    pub(in crate::coordinator::strategy) fn into_socket(self) -> io::Result<std::os::unix::net::UnixStream> {
        self.socket.into_std()
    }

    /// Takes what `read` gives now, at most some more than [`SAID_AT_ONCE`]; it says whether more may come.
    fn take(&mut self, mut read: impl FnMut(&UnixStream, &mut [u8]) -> io::Result<usize>) -> io::Result<bool> {
        let mut piece = [0; PIECE];
        let mut taken = 0;
        while taken < SAID_AT_ONCE {
            match read(&self.socket, &mut piece) {
                Ok(0) => return Ok(false),
                Ok(length) => {
                    taken += length;
                    self.read.extend_from_slice(&piece[..length]);
                    self.heard = Instant::now();
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock => return Ok(true),
                    io::ErrorKind::ConnectionReset => return Ok(false),
                    _ => return Err(error),
                },
            }
        }
        Ok(true)
    }

    fn next(&mut self) -> io::Result<Option<Report>> {
        loop {
            match take::<FromWorker>(&mut self.read)? {
                None => return Ok(None),
                Some(FromWorker { report: Some(report) }) => return Ok(Some(report)),
                // Of a later version.
                Some(FromWorker { report: None }) => {}
            }
        }
    }

    /// Sends what can be sent at once, whatever the runtime knows of it.
    fn write(&self, outgoing: &mut BytesMut) -> io::Result<()> {
        while !outgoing.is_empty() {
            match send(&self.socket, outgoing, QUIETLY) {
                Ok(length) => drop(outgoing.split_to(length)),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until something can be read, or more of `outgoing` written, and does it. It says whether more may come to be read.
    ///
    /// # Errors
    /// When nothing comes any more of a message that has begun, or the socket cannot be read.
    async fn go_on(&mut self, outgoing: &mut BytesMut) -> io::Result<bool> {
        let interest = if outgoing.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
        let ready = self.socket.ready(interest);
        let ready = if self.read.is_empty() {
            ready.await?
        } else {
            match timeout(REST.saturating_sub(self.heard.elapsed()), ready).await {
                Ok(ready) => ready?,
                Err(_) => return self.take_late(),
            }
        };
        if ready.is_writable() && !outgoing.is_empty() {
            match self.socket.try_write(outgoing) {
                Ok(length) => drop(outgoing.split_to(length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // That the other side is gone shows itself where it is read from, after what it has said.
                Err(_) => outgoing.clear(),
            }
        }
        if ready.is_readable() { self.take(UnixStream::try_read) } else { Ok(true) }
    }

    /// Takes what the runtime may not have told of yet, of a message whose rest is overdue. It says whether more may come.
    fn take_late(&mut self) -> io::Result<bool> {
        let before = self.read.len();
        let is_open = self.take(|socket, piece| Ok(rustix::io::read(socket, piece)?))?;
        if is_open && self.read.len() == before {
            let said = format!("the worker said one half of a message, and nothing more for {REST:?}");
            return Err(io::Error::new(io::ErrorKind::TimedOut, said));
        }
        Ok(is_open)
    }

    /// Says one thing, and waits for the answer.
    ///
    /// # Errors
    /// When the worker ends before it, or what it says cannot be understood.
    pub(in crate::coordinator::strategy) async fn ask(&mut self, order: Order) -> io::Result<Report> {
        let mut outgoing = BytesMut::from(&*framed(&ToWorker { order: Some(order) })?);
        // That the other side is gone shows itself where it is read from.
        let _ = self.write(&mut outgoing);
        loop {
            if let Some(report) = self.next()? {
                return Ok(report);
            }
            if !self.go_on(&mut outgoing).await? {
                // One half of an answer is none.
                return self.next()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// How the talk ended.
#[derive(Debug)]
pub(in crate::coordinator::strategy) enum Talked {
    /// The task is over.
    Over(Over),
    /// The worker says nothing more, and whether it was told anything at all.
    Silent { heard_the_job: bool },
}

/// The tasks that the task calls, and what they come to.
type Calls = FuturesUnordered<Abortable<std::pin::Pin<Box<dyn Future<Output = (u64, Result<Vec<u8>, TaskError>)> + Send>>>>;

/// Has the worker do `order`, and does what its task asks for until it is over. Where it `looks`, it waits for an answer that comes at once without giving its
/// thread away.
///
/// # Errors
/// When what the worker says cannot be understood, or the order is too large.
pub(in crate::coordinator::strategy) async fn talk(
    talk: &mut Talk,
    pipes: &mut Pipes,
    process: &Process,
    order: Order,
    job: &JobContext,
    output: &mut Output<'_>,
    looks: bool,
) -> io::Result<Talked> {
    let mut outgoing = BytesMut::from(&*framed(&ToWorker { order: Some(order) })?);
    let mut calls = Calls::new();
    let mut handles: HashMap<u64, AbortHandle> = HashMap::new();
    let mut is_told = false;
    let mut is_open = true;
    // One that was ended while it had nothing to do shows itself here.
    if talk.write(&mut outgoing).is_err() {
        return Ok(Talked::Silent { heard_the_job: false });
    }
    if looks {
        let begin = Instant::now();
        while talk.read.is_empty() && begin.elapsed() < LOOKING {
            talk.take(|socket, piece| Ok(rustix::io::read(socket, piece)?))?;
        }
    }
    loop {
        while let Some(report) = talk.next()? {
            match report {
                Report::Over(mut over) => {
                    output.drain(pipes);
                    // A worker that has read one half of a message, or said one half, cannot be told of the next task.
                    over.is_last |= !outgoing.is_empty() || !talk.read.is_empty();
                    // A large message leaves its room behind.
                    talk.read = BytesMut::new();
                    if !over.deck.is_empty() {
                        job.keep_deck(|| std::mem::take(&mut over.deck));
                    }
                    return Ok(Talked::Over(over));
                }
                Report::Log(Log { level, message }) => job.log(level.parse().unwrap_or(tracing::Level::INFO), message),
                Report::Progress(Progress { done, total }) => job.progress(done, total),
                Report::Call(call) => {
                    let (handle, registration) = AbortHandle::new_pair();
                    handles.insert(call.call, handle);
                    calls.push(Abortable::new(Box::pin(called(call, job.clone())), registration));
                }
                Report::GivenUp(call) => {
                    if let Some(handle) = handles.remove(&call) {
                        handle.abort();
                    }
                }
                Report::Ready(_) => return Err(io::Error::other("the worker greets where it should work")),
            }
        }
        if !is_open {
            output.drain(pipes);
            return Ok(Talked::Silent { heard_the_job: true });
        }
        let publisher = &job.home.core().publisher;
        if publisher.is_holding() && !is_told {
            // What it says becomes events, for which there has to be room.
            tokio::select! {
                biased;
                () = publisher.room() => {}
                _ = process.gone() => {}
                () = job.cancelled() => {
                    is_told = true;
                    say(&mut outgoing, Order::Stop(Stop {}), 0);
                }
            }
        }
        tokio::select! {
            biased;
            open = talk.go_on(&mut outgoing) => is_open = open?,
            () = job.cancelled(), if !is_told => {
                is_told = true;
                say(&mut outgoing, Order::Stop(Stop {}), 0);
            }
            Some(ended) = calls.next() => {
                // A call that was given up is not answered.
                if let Ok((call, ended)) = ended {
                    handles.remove(&call);
                    say(&mut outgoing, Order::Answer(Answer { call, ended: Ended::new(ended) }), call);
                }
            }
            _ = process.gone() => {
                // What it said last may still be here, and is no more than the socket holds.
                talk.take(|socket, piece| Ok(rustix::io::read(socket, piece)?))?;
                is_open = false;
            }
            () = pipes.read(|stream, piece| output.add(stream, piece)) => {}
        }
        // Where that fails, it shows itself where the socket is read.
        let _ = talk.write(&mut outgoing);
    }
}

/// Adds an order to what goes out. An answer that is too large is an error for the one who called.
fn say(outgoing: &mut BytesMut, order: Order, call: u64) {
    let frame = framed(&ToWorker { order: Some(order) }).or_else(|error| {
        let ended = Ended::new(Err(TaskError::permanent(error)));
        framed(&ToWorker { order: Some(Order::Answer(Answer { call, ended })) })
    });
    outgoing.extend_from_slice(&frame.unwrap_or_default());
}

/// Runs a task that the worker's task has called, as a child of its job.
async fn called(call: Call, job: JobContext) -> (u64, Result<Vec<u8>, TaskError>) {
    let Call { call, task, inputs, retries, group } = call;
    let ended = match registry().find(&task) {
        Ok(definition) => job.home.caller(&job).call(Child::new(definition, inputs, retries, group)).await,
        Err(error) => Err(TaskError::permanent(anyhow::Error::msg(error.to_string()))),
    };
    (call, ended)
}
