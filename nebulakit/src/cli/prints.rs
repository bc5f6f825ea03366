//! What tasks print in this process while lines are drawn: on its way to standard error, so that it does not come between them.

use std::io::{self, BufRead as _, BufReader, PipeReader, Write as _};
use std::sync::mpsc;
use std::time::Duration;

use super::output::keep_stdout;
use crate::process::terminal;

/// How long the last of it may take, where a process that a task left still holds standard output.
const PATIENCE: Duration = Duration::from_millis(200);

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
    pub(super) fn take() -> io::Result<Self> {
        keep_stdout();
        let (printed, stdout) = io::pipe()?;
        let (all, over) = mpsc::channel();
        std::thread::Builder::new().name("nebulakit-prints".to_owned()).spawn(move || {
            pass_on(printed);
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

/// Passes on whole lines. They are as the task printed them.
fn pass_on(printed: PipeReader) {
    let mut printed = BufReader::new(printed);
    let mut line = Vec::new();
    while printed.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        terminal::write_raw(&line);
        line.clear();
    }
}
