//! The nodes of a chunk: one job of an engine that makes an attempt at each of them, one after the other.
//!
//! Each is a `node-execute` of its own, so that its record, its claim and what it takes are those of any other attempt, and none of them takes another with it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nebulakit_types::visible;
use rustix::process::{Pid, Signal, kill_process};

use super::folder::{AttemptFolder, CANCELLED, PlanFolder};
use super::listing::split;
use super::refusal::Refusal;
use super::request::{NodeRequest, VERB};
use crate::process::exit::Exit;
use crate::process::program;
use crate::process::signal::{Heard, StopSignals};

/// How often it is looked whether somebody has cancelled the attempt that runs.
const PERIOD: Duration = Duration::from_secs(1);

/// Makes the attempts that the file `list` names.
///
/// # Errors
/// When there is no such list, or no process can be started.
pub(super) fn run(folder: &PlanFolder, request: &NodeRequest, list: &Path) -> Result<Exit, Refusal> {
    let unreadable = |error: io::Error| Refusal::unfit(format!("cannot read the list {}: {error}", list.display()));
    let text = fs::read_to_string(list).map_err(unreadable)?;
    let program = program::path().map_err(|error| Refusal::unfit(format!("this program cannot be found: {error}")))?;
    let mut signals = StopSignals::listen_with_children().map_err(|error| Refusal::unfit(format!("cannot listen to signals: {error}")))?;
    let mut exit = Exit::Stored;
    for line in text.lines() {
        let (node, Some(number)) = split(line) else {
            return Err(Refusal::unfit(format!(
                "the list {} has the line `{}`, expected a node and an attempt",
                list.display(),
                visible::line(line)
            )));
        };
        let attempt = folder.node(node).attempt(number);
        // Another process has it, or nobody wants it any more.
        if attempt.file("claim").exists() || attempt.file(CANCELLED).exists() {
            continue;
        }
        let words = words(request, node, number);
        let begun = attempt.make().and_then(|()| begin(&program, &words, &attempt));
        let cannot = |error: io::Error| Refusal::unrecorded(format!("cannot run the node `{}`: {error}", visible::line(node)));
        let ended = Running(begun.map_err(cannot)?).wait(&attempt, &mut signals).map_err(cannot)?;
        match ended {
            Ended::Over(status) => exit = worse(exit, status),
            Ended::Stopped => return Ok(Exit::Terminated),
        }
    }
    Ok(exit)
}

/// What the process of one node is called with.
fn words(request: &NodeRequest, node: &str, number: u32) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![VERB.into(), "--plan".into(), request.plan.clone().into()];
    words.extend(["--node", node, "--attempt", &number.to_string()].map(OsString::from));
    words.extend(request.task.iter().flat_map(|task| ["--task".into(), task.into()]));
    words.extend(request.time_limit.iter().flat_map(|limit| ["--time-limit".into(), limit.as_secs().to_string().into()]));
    words
}

fn begin(program: &Path, words: &[OsString], attempt: &AttemptFolder) -> io::Result<Child> {
    let mut command = Command::new(program);
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    // A request to stop comes to it once: from here.
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(opened(&attempt.file("stdout"))?)
        .stderr(opened(&attempt.file("stderr"))?)
        .process_group(0)
        .spawn()
}

/// What another process of the attempt printed stays.
fn opened(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// A failure that left a record is no failure of the chunk; what kept a node from being run at all is.
fn worse(exit: Exit, status: ExitStatus) -> Exit {
    match (exit, status.code()) {
        (Exit::Stored, Some(code)) if code == Exit::Usage as i32 => Exit::Usage,
        (Exit::Stored, Some(code)) if code == Exit::Unfit as i32 => Exit::Unfit,
        (Exit::Stored, Some(code)) if code == Exit::Unrecorded as i32 => Exit::Unrecorded,
        (exit, _) => exit,
    }
}

/// How the process of a node ended.
enum Ended {
    Over(ExitStatus),
    /// The whole chunk was told to stop.
    Stopped,
}

struct Running(Child);

impl Running {
    fn wait(mut self, attempt: &AttemptFolder, signals: &mut StopSignals) -> io::Result<Ended> {
        let (mut is_stopped, mut is_cancelled) = (false, false);
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(if is_stopped { Ended::Stopped } else { Ended::Over(status) });
            }
            match signals.next_of_all(Some(PERIOD)) {
                Some(Heard::Stop(_)) => {
                    is_stopped = true;
                    self.tell(Signal::TERM);
                }
                Some(Heard::Asked) => self.tell(Signal::USR1),
                Some(Heard::Child) => {}
                None if !is_cancelled && attempt.file(CANCELLED).exists() => {
                    is_cancelled = true;
                    self.tell(Signal::TERM);
                }
                None => {}
            }
        }
    }

    /// It has not been waited for, so its number is its own.
    fn tell(&self, signal: Signal) {
        if let Some(process) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(process, signal);
        }
    }
}
