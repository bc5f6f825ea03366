//! The child's side.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

use rustix::net::{SendFlags, send};

use crate::process::exit::Exit;
use crate::process::standard_input;

/// The way to the supervisor, where there is one.
static SUPERVISOR: OnceLock<UnixStream> = OnceLock::new();

/// By how much a supervised process is likelier to be ended for want of memory than its supervisor, in thousandths of what there is. It is small, so that
/// a container is hardly likelier to be the one that suffers where its whole machine has none left.
#[cfg(target_os = "linux")]
const LIKELIER: i32 = 50;

/// Makes this process the supervised one. It ends with its supervisor from now on, by `leave` where the system does not see to that.
///
/// # Errors
/// When the supervisor cannot be reached.
pub(crate) fn begin(leave: fn(Exit) -> !) -> io::Result<()> {
    if !standard_input::is_socket() {
        let said =
            "what stands before `nebulakit::main!` or `nebulakit::cli::run` has taken standard input, by which the supervisor is told";
        return Err(io::Error::other(said));
    }
    let socket = standard_input::take_socket()?;
    end_with_supervisor(&socket, leave)?;
    be_the_one_that_is_ended();
    // There is one supervisor, and this is called once.
    let _ = SUPERVISOR.set(socket);
    Ok(())
}

/// Says that the result is stored, or told where it cannot be, and that this process leaves.
pub(crate) fn say(exit: Exit) {
    if let Some(supervisor) = SUPERVISOR.get() {
        // Where nobody hears it, this process ends with the supervisor anyway.
        let _ = send(supervisor, &[exit as u8], SendFlags::empty());
    }
}

#[cfg(target_os = "linux")]
fn end_with_supervisor(_socket: &UnixStream, _leave: fn(Exit) -> !) -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};

    use super::role::parent;
    let before = parent();
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if parent() == before { Ok(()) } else { Err(io::Error::other("the process that supervises this one is gone")) }
}

/// The supervisor says nothing: what can be read is its end.
#[cfg(not(target_os = "linux"))]
fn end_with_supervisor(socket: &UnixStream, leave: fn(Exit) -> !) -> io::Result<()> {
    let mut socket = socket.try_clone()?;
    let wait = move || {
        while let Err(error) = io::Read::read(&mut socket, &mut [0]) {
            if error.kind() != io::ErrorKind::Interrupted {
                break;
            }
        }
        leave(Exit::Failed)
    };
    std::thread::Builder::new().name("nebulakit-supervisor".to_owned()).spawn(wait).map(drop)
}

/// Where memory is short, it is this process that goes, and the supervisor that tells.
fn be_the_one_that_is_ended() {
    #[cfg(target_os = "linux")]
    {
        const FILE: &str = "/proc/self/oom_score_adj";
        let own = std::fs::read_to_string(FILE).ok().and_then(|text| text.trim().parse::<i32>().ok()).unwrap_or(0);
        // Where it is refused, the size of both is what decides.
        let _ = std::fs::write(FILE, own.saturating_add(LIKELIER).min(1000).to_string());
    }
}
