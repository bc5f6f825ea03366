//! Runs on a terminal: lines that are drawn over each other, and questions.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use nix::pty::Winsize;

use crate::Place;

/// A child with a terminal for standard input and standard error, and the other end of the terminal.
struct Terminal {
    child: Child,
    other: File,
    seen: String,
}

impl Terminal {
    fn start(place: &Place, words: &[&str]) -> Self {
        Self::of_size(None, &mut place.command(words))
    }

    fn of_size(size: Option<&Winsize>, command: &mut Command) -> Self {
        let terminal = nix::pty::openpty(size, None).unwrap();
        let slave = terminal.slave.try_clone().unwrap();
        let child = command.stdin(Stdio::from(slave)).stdout(Stdio::piped()).stderr(Stdio::from(terminal.slave)).spawn().unwrap();
        Self { child, other: terminal.master.into(), seen: String::new() }
    }

    /// Reads until `text` has come since the last time.
    fn sees(&mut self, text: &str) {
        let from = self.seen.len();
        while !self.seen[from..].contains(text) {
            assert!(self.read(), "it ended without `{text}`: {:?}", self.seen);
        }
    }

    /// Reads what is there; `false` once its last user went away, which Linux tells by an error.
    fn read(&mut self) -> bool {
        let mut some = [0; 1024];
        let count = self.other.read(&mut some).unwrap_or(0);
        self.seen.push_str(&String::from_utf8_lossy(&some[..count]));
        count > 0
    }

    /// Writes a line, as somebody types it.
    fn types(&mut self, line: &str) {
        self.other.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Standard output, and the exit code.
    fn ended(&mut self) -> (String, i32) {
        while self.read() {}
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        (out, self.child.wait().unwrap().code().unwrap())
    }
}

#[test]
fn what_runs_is_drawn_and_nothing_but_a_summary_stays() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &["run", "endless"]);
    terminal.sees("flows.endless: 0 of 1 done, 1 running, ");
    terminal.sees("  n0 waits: ");
    place.said(&["runs", "cancel", "last"]);
    assert_eq!(terminal.ended(), (String::new(), 1));
    let stays = terminal.seen.rsplit("\x1b[2K").next().unwrap();
    assert!(stays.starts_with("run ") && stays.contains(" cancelled after ") && stays.contains(": 1 stopped\r\nerror: "), "{stays:?}");
}

#[test]
fn what_tasks_print_stands_on_lines_of_its_own() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &["run", "printing"]);
    assert_eq!(terminal.ended(), (String::new(), 0));
    let line = terminal.seen.lines().find(|line| line.contains("printed by")).unwrap();
    assert_eq!(line.rsplit("\x1b[2K").next(), Some("printed by the program"), "{:?}", terminal.seen);
}

#[test]
fn a_question_that_another_process_answers_is_open_no_more() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &["run", "gated"]);
    terminal.sees("`number` (int): ");
    place.said(&["runs", "signal", "last", "number", "2"]);
    terminal.sees("approve `go/no-go`? [y/n] ");
    terminal.types("n");
    assert_eq!(terminal.ended(), (String::new(), 1), "{}", terminal.seen);
}

#[test]
fn gates_are_asked_for_on_a_terminal() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &["run", "gated"]);
    terminal.sees("`number` (int): ");
    terminal.types("seven");
    terminal.sees("expected an integer, found `seven`");
    terminal.types("7");
    terminal.sees("approve `go/no-go`? [y/n] ");
    terminal.types("maybe");
    terminal.sees("approve `go/no-go`? [y/n] ");
    terminal.types("y");
    assert_eq!(terminal.ended(), ("14\n".to_owned(), 0), "{}", terminal.seen);
}

#[test]
fn what_was_typed_before_a_question_answers_none() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &["run", "staged"]);
    terminal.sees("`name` (str): ");
    terminal.types("x\ny");
    terminal.sees("approve `stage`? [y/n] ");
    terminal.types("y\ny");
    terminal.sees("approve `production`? [y/n] ");
    terminal.types("n");
    assert_eq!(terminal.ended(), (String::new(), 1), "{}", terminal.seen);
}

#[test]
fn an_empty_line_is_not_a_value() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &["run", "staged"]);
    terminal.sees("`name` (str): ");
    terminal.types("");
    terminal.sees("`name` (str): ");
    terminal.types("x");
    for gate in ["stage", "production"] {
        terminal.sees(&format!("approve `{gate}`? [y/n] "));
        terminal.types("y");
    }
    assert_eq!(terminal.ended(), ("x\n".to_owned(), 0), "{}", terminal.seen);
}

#[test]
fn standard_input_is_no_file_where_answers_come_from_it() {
    let place = Place::new();
    std::fs::write(place.path().join("file"), "text").unwrap();
    let mut terminal = Terminal::start(&place, &["run", "handed"]);
    for gate in ["first", "second"] {
        terminal.sees(&format!("`{gate}` ("));
        terminal.types("-");
        terminal.sees(&format!("standard input is what this answer comes from; name a file\r\n`{gate}` ("));
        terminal.types("file");
    }
    assert_eq!(terminal.ended(), ("texttext\n".to_owned(), 0), "{}", terminal.seen);
}

#[test]
fn quiet_runs_ask_for_their_gates() {
    let place = Place::new();
    let mut terminal = Terminal::start(&place, &["run", "gated", "-q"]);
    terminal.sees("`number` (int): ");
    terminal.types("7");
    terminal.sees("approve `go/no-go`? [y/n] ");
    terminal.types("y");
    assert_eq!(terminal.ended(), ("14\n".to_owned(), 0), "{}", terminal.seen);
}

#[test]
fn no_more_is_drawn_than_the_terminal_shows() {
    let place = Place::new();
    let size = Winsize { ws_row: 3, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let mut terminal = Terminal::of_size(Some(&size), &mut place.command(&["run", "crowded"]));
    terminal.sees("  and 3 more");
    place.said(&["runs", "cancel", "last"]);
    assert_eq!(terminal.ended().1, 1);
    assert!(!terminal.seen.contains(&"\x1b[1A\x1b[2K".repeat(3)), "{:?}", terminal.seen);
}

#[test]
fn a_terminal_that_obeys_nothing_is_told_lines() {
    let place = Place::new();
    let mut terminal = Terminal::of_size(None, place.command(&["run", "endless"]).env("TERM", "dumb"));
    terminal.sees("n0 waits: started");
    place.said(&["runs", "cancel", "last"]);
    assert_eq!(terminal.ended().1, 1);
    assert!(!terminal.seen.contains('\x1b'), "{:?}", terminal.seen);
}
