//! `execute --supervise`: the task runs in a process of its own, which is this program again, and another one watches it.
//!
//! The child does all that `execute` does, with the container's whole environment, and says at its end that the result is stored and with which
//! exit code it leaves. Where it ends without a word, by an abort, a stack overflow, `process::exit`, a signal or for want of memory, the
//! supervisor stores an error document that tells how.
//!
//! They speak over a socket that the child finds as its standard input, and puts elsewhere at once. A variable tells the child what it is, with
//! the number of the process that started it, so that programs which a task starts in turn are not taken for it.

mod child;
mod failure;
mod pump;
mod role;
mod supervised;

use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixStream;
use std::process::ExitStatus;
use std::time::Duration;

use self::child::{Child, End, Start};
pub(crate) use self::role::Role;
pub(crate) use self::supervised::{begin, say};
use crate::process::fate::Fate;
use crate::process::request::ContainerRequest;
use crate::process::signal::StopSignals;
use crate::process::stop::Told;
use crate::task::failure::Failure;

/// How a supervised run ended.
#[derive(Debug)]
pub(crate) enum Supervised {
    /// The child did it all, and leaves with this exit code.
    Left(i32),
    /// It did not, and its failure is to be reported.
    Unsaid(Unsaid),
}

/// What a child comes to that did not say it itself.
#[derive(Debug)]
pub(crate) struct Unsaid {
    pub(crate) failure: Failure,
    /// The request to stop that had come before.
    pub(crate) stop: Option<Told>,
    /// By which further ones come.
    pub(crate) signals: Option<StopSignals>,
}

/// Has a child do all that this process was started for, which is to run `task`, and watches it until it ends.
pub(crate) fn supervise(task: &str) -> Supervised {
    let watched = StopSignals::listen_with_children().and_then(|mut signals| {
        let start = Start { words: std::env::args_os().skip(1).collect(), variables: &[], limit: None, is_node: false };
        Ok((watched(start, &mut signals)?, signals))
    });
    match watched {
        Ok(((End { status, .. }, Some(said)), _)) => Supervised::Left(status.code().unwrap_or(said)),
        Ok(((End { status, exceeded, tail, stop, .. }, None), signals)) => {
            let failure = failure::of(task, Fate::of(status, exceeded, &tail), &tail);
            Supervised::Unsaid(Unsaid { failure, stop, signals: Some(signals) })
        }
        Err(error) => Supervised::Unsaid(Unsaid { failure: Failure::cannot_start(&error), stop: None, signals: None }),
    }
}

/// What another process of this program is to do for a node of a plan, which is watched.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    /// Which task it runs.
    pub(crate) request: &'a ContainerRequest,
    /// Variables that it has besides this process's own.
    pub(crate) variables: &'a [(&'a str, String)],
    /// How long it may take. It is told to stop then.
    pub(crate) limit: Option<Duration>,
}

/// How a process ended that had an [`Order`].
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The failure that its end is, where it did not say that the result is stored.
    pub(crate) unsaid: Option<Failure>,
    /// The last lines that it wrote to standard error.
    pub(crate) tail: String,
    /// Whether it was told to stop, by somebody or because its time was up.
    pub(crate) is_stopped: bool,
    /// Whether its time was up.
    pub(crate) is_overdue: bool,
}

/// Has a child run one task, and watches it until it ends; `signals` are those of a process with children.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn have_run(order: &Order<'_>, signals: &mut StopSignals) -> io::Result<Ended> {
    let request = ContainerRequest { is_supervised: true, ..order.request.clone() };
    let verb = if request.map.is_some() { "map-execute" } else { "execute" };
    let words = std::iter::once(verb.to_owned()).chain(request.words()).map(OsString::from).collect();
    let (end, said) = watched(Start { words, variables: order.variables, limit: order.limit, is_node: true }, signals)?;
    let End { status, exceeded, tail, stop, is_overdue } = end;
    let unsaid = said.is_none().then(|| failure::of(&request.task, Fate::of(status, exceeded, &tail), &tail));
    Ok(Ended { status, unsaid, tail, is_stopped: stop.is_some(), is_overdue })
}

/// Starts a child and watches it; what it said of its exit code.
fn watched(start: Start<'_>, signals: &mut StopSignals) -> io::Result<(End, Option<i32>)> {
    let (socket, theirs) = UnixStream::pair()?;
    let end = Child::start(theirs, start)?.watch(signals);
    Ok((end, said(&socket)?))
}

/// The exit code with which the child said that it leaves, if it did.
fn said(socket: &UnixStream) -> io::Result<Option<i32>> {
    socket.set_nonblocking(true)?;
    let mut code = [0];
    Ok(match io::Read::read(&mut &*socket, &mut code) {
        Ok(1) => Some(code[0].into()),
        _ => None,
    })
}
