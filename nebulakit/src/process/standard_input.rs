//! Standard input as the way by which a process that this program has started speaks with the one that started it.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::fs::{FileType, fstat};
use rustix::io::fcntl_dupfd_cloexec;

/// Descriptors below this one are the standard streams.
const BEYOND_STANDARD: i32 = 3;

/// Whether it is a socket.
pub(super) fn is_socket() -> bool {
    fstat(io::stdin()).is_ok_and(|status| FileType::from_raw_mode(status.st_mode) == FileType::Socket)
}

/// Whether it is a socket that the process of that number made.
pub(super) fn is_from(process: u32) -> bool {
    #[cfg(target_os = "linux")]
    return rustix::net::sockopt::socket_peercred(io::stdin()).is_ok_and(|peer| i64::from(peer.pid.as_raw_pid()) == i64::from(process));
    #[cfg(not(target_os = "linux"))]
    {
        let _ = process;
        false
    }
}

/// Takes the socket away from standard input, which is empty from now on. What this process starts does not have it.
///
/// # Errors
/// When the operating system refuses it.
pub(super) fn take_socket() -> io::Result<UnixStream> {
    let socket = fcntl_dupfd_cloexec(io::stdin(), BEYOND_STANDARD)?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    Ok(UnixStream::from(socket))
}
