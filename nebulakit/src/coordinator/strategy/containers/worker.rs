//! A worker in a container: this program there, which speaks with this process over a socket in a folder that both see.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};

use crate::coordinator::error::JobError;
use crate::coordinator::strategy::containers::ends::refused;
use crate::coordinator::strategy::containers::running::Running;
use crate::coordinator::strategy::workers::output::Output;
use crate::coordinator::strategy::workers::talk::Talk;
use crate::process::elf::Elf;
use crate::process::program;
use crate::process::worker::HINT;
use crate::process::worker::message::{Hello, Order, PROTOCOL, Report, VERSION};

/// Where a container sees the folder that it shares with this process.
pub(super) const SHARED: &str = "/.nebulakit";

/// How long a container may take from its start until its program says that it is a worker: many may start at once.
const STARTING: Duration = Duration::from_secs(600);

/// This program, as containers have it.
#[derive(Debug)]
pub(super) struct Binary {
    /// The file that is mounted; [`None`] where images have to hold it.
    pub(super) mounted: Option<PathBuf>,
    /// Where it is in a container.
    pub(super) path: PathBuf,
    /// What has to be the same: the file itself, or what is in it.
    build: String,
    id: String,
}

impl Binary {
    /// That of this process, or `program`; images have it at `path` where it cannot be mounted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn find(program: Option<&Path>, path: Option<&Path>) -> Result<Self, String> {
        let own = || {
            let running = program::path()?;
            // The file's own path, which engines need. Where it was replaced, the worker shows it.
            Ok::<_, io::Error>((std::env::current_exe()?, running))
        };
        let found = match program {
            Some(program) => std::path::absolute(program).map(|program| (program.clone(), program)),
            None => own(),
        };
        let cannot = |error: io::Error| format!("this program's file cannot be read: {error}");
        let (file, running) = found.map_err(cannot)?;
        let Elf { is_static, id } = Elf::read(&running).map_err(cannot)?;
        let build = program::build_of(&running).map_err(cannot)?;
        let mounted = (is_static && path.is_none()).then(|| file.clone());
        let at = match (&mounted, path) {
            (Some(_), _) => Path::new(SHARED).join("program"),
            (None, Some(path)) => path.to_owned(),
            (None, None) => file,
        };
        Ok(Self { mounted, path: at, build, id })
    }

    /// What to do about an image that does not have it.
    pub(super) fn hint(&self) -> String {
        format!(
            "this program needs shared libraries, so that it is not mounted: the image has to hold the same build at `{}`, or where \
             `ContainerStrategy::binary` says; a static build (`-C target-feature=+crt-static`, or a musl target) is mounted",
            self.path.display()
        )
    }
}

/// The socket that a worker in a container finds in the folder that it shares with this process.
#[derive(Debug)]
pub(super) struct Door {
    listener: UnixListener,
    path: PathBuf,
}

impl Door {
    /// Makes it in `shared`, for another user too where it `is_open`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn make(shared: &Path, is_open: bool) -> io::Result<Self> {
        let path = shared.join("socket");
        let listener = if cfg!(target_os = "linux") {
            // Its path may be longer than a socket's may be.
            let folder = File::open(shared)?;
            std::os::unix::net::UnixListener::bind(format!("/proc/self/fd/{}/socket", folder.as_raw_fd()))?
        } else {
            std::os::unix::net::UnixListener::bind(&path)?
        };
        listener.set_nonblocking(true)?;
        if is_open {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666))?;
        }
        Ok(Self { listener: UnixListener::from_std(listener)?, path })
    }

    /// The worker that comes. Nobody else finds it from then on.
    async fn opened(&self) -> io::Result<UnixStream> {
        let (socket, _) = self.listener.accept().await?;
        std::fs::remove_file(&self.path)?;
        Ok(socket)
    }
}

/// What came of the wait for a worker.
pub(super) enum Came {
    /// It is there, and is the right one.
    Worker(Talk),
    /// Its container ended before.
    Ended,
}

impl Running<'_> {
    /// Waits for the worker in it, and looks whether it is the same program.
    ///
    /// # Errors
    /// When it is not.
    pub(super) async fn worker(&mut self, door: &Door, binary: &Binary, output: &mut Output<'_>) -> Result<Came, JobError> {
        let image = self.launch.image.name.clone();
        let not_one = |said: &str| refused(&format!("the program in a container of `{image}` is not a worker: {said}"));
        let socket = tokio::select! {
            biased;
            socket = door.opened() => socket,
            () = self.printing(output) => return Ok(Came::Ended),
            () = tokio::time::sleep(STARTING) => return Err(not_one(&format!("it did not say within {STARTING:?} that it is: {HINT}"))),
        };
        let mut talk = Talk::new(socket.map_err(|error| not_one(&error.to_string()))?);
        let build = if binary.mounted.is_some() { binary.build.clone() } else { String::new() };
        let hello = Hello { protocol: PROTOCOL, version: VERSION.to_owned(), build, memory: None, asks_id: binary.mounted.is_none() };
        let ready = tokio::select! {
            biased;
            answer = talk.ask(Order::Hello(hello)) => match answer {
                Ok(Report::Ready(ready)) => ready,
                Ok(_) => return Err(not_one("it works before it was asked to")),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Came::Ended),
                Err(error) => return Err(not_one(&error.to_string())),
            },
            () = tokio::time::sleep(STARTING) => return Err(not_one("it does not answer")),
        };
        let path = binary.path.display();
        if ready.protocol != PROTOCOL || ready.version != VERSION {
            return Err(refused(&format!(
                "the program at `{path}` in `{image}` was built with version {} (protocol {}) of nebulakit, and this one with {VERSION} (protocol {PROTOCOL})",
                ready.version, ready.protocol
            )));
        }
        if binary.mounted.is_some() && ready.build != binary.build {
            return Err(refused("this program's file was replaced while it ran: its workers would be another program; start it again"));
        }
        if binary.mounted.is_none() && ready.id != binary.id {
            return Err(refused(&format!(
                "the program at `{path}` in `{image}` is another build than this one: `{}` there, `{}` here\nhint: build the image again from this build",
                ready.id, binary.id
            )));
        }
        Ok(Came::Worker(talk))
    }
}
