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

use std::io;
use std::os::unix::net::UnixStream;

use self::child::{Child, End};
pub(crate) use self::role::Role;
pub(crate) use self::supervised::{begin, say};
use crate::process::fate::Fate;
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
        let (socket, theirs) = UnixStream::pair()?;
        let end = Child::start(theirs)?.watch(&mut signals);
        Ok((end, said(&socket)?, signals))
    });
    match watched {
        Ok((End { status, .. }, Some(said), _)) => Supervised::Left(status.code().unwrap_or(said)),
        Ok((End { status, exceeded, tail, stop }, None, signals)) => {
            let failure = failure::of(task, Fate::of(status, exceeded, &tail), &tail);
            Supervised::Unsaid(Unsaid { failure, stop, signals: Some(signals) })
        }
        Err(error) => Supervised::Unsaid(Unsaid { failure: Failure::cannot_start(&error), stop: None, signals: None }),
    }
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
