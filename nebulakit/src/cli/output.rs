//! Standard output: what commands answer.

use std::io::{self, IsTerminal as _};

use nebulakit_types::visible;
#[cfg(feature = "run")]
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::complaint::{Complaint, complain};
use crate::process::exit::Exit;
use crate::process::{request, terminal};

/// What `--version` says behind the name.
pub(super) const VERSION: &str = concat!("(nebulakit ", env!("CARGO_PKG_VERSION"), ")");

/// Shows what containers are started with.
pub(super) fn container_help(binary: &str) -> Exit {
    say(&format!("{}\n", request::usage(binary))).unwrap_or_else(|complaint| complain(&complaint))
}

/// Standard output as the process got it, where it has been kept for what [`say`] says.
#[cfg(feature = "run")]
static KEPT: std::sync::OnceLock<std::fs::File> = std::sync::OnceLock::new();

/// Keeps standard output for what [`say`] says: whatever else is printed from now on goes to standard error.
#[cfg(feature = "run")]
pub(super) fn keep_stdout() {
    use std::os::fd::AsFd as _;
    let kept = io::stdout().as_fd().try_clone_to_owned();
    let kept = kept.and_then(|kept| rustix::stdio::dup2_stdout(io::stderr()).map(|()| kept).map_err(io::Error::from));
    match kept {
        Ok(kept) => drop(KEPT.set(kept.into())),
        Err(error) => tracing::warn!("what the task prints goes to standard output too: {error}"),
    }
}

/// Writes to standard output: to programs as it is, on a terminal with control characters escaped, but for line breaks and tabs. A reader that
/// has seen enough and went away does not make it fail.
pub(super) fn say(text: &str) -> Result<Exit, Complaint> {
    if is_terminal() { say_dressed(&visible::lines(text)) } else { say_dressed(text) }
}

/// The same, of text with colours of ours, in which all else is fit for a terminal.
pub(super) fn say_dressed(text: &str) -> Result<Exit, Complaint> {
    terminal::clear();
    let to = |out: &mut dyn io::Write| out.write_all(text.as_bytes()).and_then(|()| out.flush());
    #[cfg(feature = "run")]
    let written = match KEPT.get() {
        Some(mut kept) => to(&mut kept),
        None => to(&mut io::stdout().lock()),
    };
    #[cfg(not(feature = "run"))]
    let written = to(&mut io::stdout().lock());
    match written {
        Ok(()) => Ok(Exit::Stored),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Stored),
        Err(error) => Err(Complaint::failed(format!("cannot write to standard output: {error}"))),
    }
}

/// Whether anybody still reads standard output, as far as that is known.
#[cfg(feature = "run")]
pub(super) fn is_read() -> bool {
    let stdout = io::stdout();
    let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
    let is_known = poll(&mut polled, Some(&Timespec::default())).is_ok();
    !is_known || !polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Whether a person sees what [`say`] says.
pub(super) fn is_terminal() -> bool {
    #[cfg(feature = "run")]
    if let Some(kept) = KEPT.get() {
        return kept.is_terminal();
    }
    io::stdout().is_terminal()
}
