//! What tasks print in this process: on its way to standard error, so that it does not come between lines that are drawn there, and to the log of their run.

use std::io::{self, PipeReader, Read as _, Write as _};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use super::output::keep_stdout;
use crate::process::terminal;
use crate::run::Recorder;

/// How long the last of it may take, where a process that a task left still holds standard output.
const PATIENCE: Duration = Duration::from_millis(200);

/// How much of a line is kept until its end comes, in bytes.
const LONGEST: usize = 64 << 10;

/// The run whose log takes it, once there is one.
pub(super) type Log = Arc<OnceLock<Arc<Recorder>>>;

/// What is printed from now on.
#[derive(Debug)]
pub(super) struct Prints {
    /// Told when all has come.
    over: mpsc::Receiver<()>,
}

impl Prints {
    /// Keeps standard output for what the command answers, and takes what else is printed there.
    ///
    /// # Errors
    /// When there is no pipe or no thread for it; it goes to standard error then, as it comes.
    pub(super) fn take(log: Log) -> io::Result<Self> {
        keep_stdout();
        let (printed, stdout) = io::pipe()?;
        let (all, over) = mpsc::channel();
        std::thread::Builder::new().name("nebulakit-prints".to_owned()).spawn(move || {
            pass_on(printed, &log);
            // Nobody may wait for it any more.
            let _ = all.send(());
        })?;
        rustix::stdio::dup2_stdout(stdout)?;
        Ok(Self { over })
    }

    /// Waits until what was printed has come, and takes no more.
    pub(super) fn end(self) {
        let _ = io::stdout().flush();
        if rustix::stdio::dup2_stdout(io::stderr()).is_ok() {
            let _ = self.over.recv_timeout(PATIENCE);
        }
    }
}

/// Passes on whole lines, as the task printed them; of one that is very long each part.
fn pass_on(mut printed: PipeReader, log: &Log) {
    let (mut open, mut piece) = (Vec::new(), vec![0; LONGEST]);
    loop {
        match printed.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => open.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        let lines = open.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let whole = if open.len() - lines < LONGEST { lines } else { open.len() };
        if whole > 0 {
            tell(&open[..whole], log);
            open.drain(..whole);
        }
    }
    if !open.is_empty() {
        open.push(b'\n');
        tell(&open, log);
    }
}

fn tell(printed: &[u8], log: &Log) {
    terminal::write_raw(printed);
    if let Some(recorder) = log.get() {
        // What cannot be written here cannot be there either where the run hears of it.
        let _ = recorder.log(None, "stdout", printed);
    }
}
