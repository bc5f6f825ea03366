//! The gates of a run: what they take, how they are answered from elsewhere, and questions on a terminal.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, IsTerminal as _};

use nebulakit_types::{LiteralType, visible};
use rustix::termios::{QueueSelector, tcflush};
use tokio::sync::mpsc;

use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::setting::Setting;
use crate::process::terminal;
use crate::run::{Event, EventKind, GateTakes, NodePath, RecordError, RecordErrorKind, RunHandle};

/// Gives a literal to a gate.
pub(in crate::cli) type Give<'a> = &'a dyn Fn(Vec<u8>) -> Result<(), RecordError>;

/// Reads what somebody wrote as a literal of a type, and has it given to a gate; what came of that.
pub(in crate::cli) type Read<'a> = &'a dyn Fn(&str, &LiteralType, Give<'_>) -> Result<Result<(), RecordError>, Complaint>;

/// How a gate is answered by another command.
pub(super) fn answers(run: &RunHandle, signal: &str, takes: &GateTakes, folder: &Folder, setting: &Setting<'_>) -> String {
    let id = run.id().to_string();
    let mut words = vec![id.as_str(), signal];
    if signal.starts_with('-') {
        words.insert(0, "--");
    }
    match takes {
        GateTakes::Value(literal_type) => {
            words.push("VALUE");
            format!("answer it with `{}` ({literal_type})", folder.command("signal", &words, setting))
        }
        GateTakes::Approval => {
            format!("answer it with `{}`, or `reject` in place of `approve`", folder.command("approve", &words, setting))
        }
    }
}

/// Asks people on the terminal what gates wait for, one after the other.
pub(super) struct Questions<'a> {
    run: &'a RunHandle,
    read: Read<'a>,
    waiting: VecDeque<Gate>,
    lines: Option<mpsc::UnboundedReceiver<String>>,
}

/// A gate that waits.
struct Gate {
    node: NodePath,
    signal: String,
    takes: GateTakes,
}

impl<'a> Questions<'a> {
    /// [`None`] where nobody can be asked.
    pub(super) fn new(run: &'a RunHandle, read: Read<'a>) -> Option<Self> {
        let is_there = io::stdin().is_terminal() && io::stderr().is_terminal();
        is_there.then(|| Self { run, read, waiting: VecDeque::new(), lines: None })
    }

    /// Whether a question is open: nothing else is drawn then.
    pub(super) fn is_open(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes an event: a gate waits, or one that waited does so no more.
    pub(super) fn hear(&mut self, event: &Event) {
        let Some(node) = &event.node else { return };
        if let EventKind::Waiting { signal, takes } = &event.kind {
            self.waiting.push_back(Gate { node: node.clone(), signal: signal.to_string(), takes: takes.clone() });
            if self.waiting.len() == 1 {
                self.ask_next();
            }
        } else if let Some(place) = self.waiting.iter().position(|gate| gate.node == *node) {
            // Somebody else was faster, or the run stops.
            self.waiting.remove(place);
            if place == 0 {
                terminal::write("\n");
                self.ask_next();
            }
        }
    }

    /// The next line that somebody wrote. It never comes where no question is open.
    pub(super) async fn line(&mut self) -> String {
        if !self.is_open() {
            std::future::pending::<()>().await;
        }
        match self.lines.get_or_insert_with(reading).recv().await {
            Some(line) => line,
            // Standard input is at its end.
            None => std::future::pending().await,
        }
    }

    /// Takes a line as the answer to the question that is open.
    pub(super) fn answer(&mut self, line: &str) {
        let Some(gate) = self.waiting.front() else { return };
        match self.heard(gate, line.trim()) {
            Ok(true) => {
                self.waiting.pop_front();
                self.ask_next();
            }
            Ok(false) => self.ask(),
            Err(complaint) => {
                terminal::write(&format!("{}\n", terminal::continued(&complaint.message)));
                self.ask();
            }
        }
    }

    /// Whether the line was an answer.
    fn heard(&self, Gate { signal, takes, .. }: &Gate, line: &str) -> Result<bool, Complaint> {
        let given = match (takes, line.to_ascii_lowercase().as_str()) {
            (GateTakes::Value(_), "") => return Ok(false),
            (GateTakes::Value(literal_type), _) => (self.read)(line, literal_type, &|literal| self.run.signal(signal, &literal))?,
            (_, "y" | "yes") => self.run.approve(signal),
            (_, "n" | "no") => self.run.reject(signal),
            _ => return Ok(false),
        };
        // Somebody else may have been faster.
        match given {
            Err(error) if error.kind() != RecordErrorKind::Over => Err(error.into()),
            _ => Ok(true),
        }
    }

    /// Asks the next question. Lines that were written before it do not answer it.
    fn ask_next(&mut self) {
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        while self.lines.as_mut().is_some_and(|lines| lines.try_recv().is_ok()) {}
        self.ask();
    }

    fn ask(&self) {
        let Some(Gate { signal, takes, .. }) = self.waiting.front() else { return };
        let shown = visible::line(signal);
        terminal::write(&match takes {
            GateTakes::Value(literal_type) => format!("`{shown}` ({literal_type}): "),
            GateTakes::Approval => format!("approve `{shown}`? [y/n] "),
        });
    }
}

/// The lines of standard input, read by a thread that ends with the process.
fn reading() -> mpsc::UnboundedReceiver<String> {
    // People write few lines.
    let (sender, lines) = mpsc::unbounded_channel();
    let read = move || io::stdin().lock().lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
    // Where there is no thread nobody is heard here, but by the other commands.
    let _ = std::thread::Builder::new().name("nebulakit-answers".to_owned()).spawn(move || drop(read()));
    lines
}
