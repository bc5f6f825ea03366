//! Text from outside stays text: in terminals, in logs, in what stores answer, and in decks.
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod decks;
mod logs;
mod names;
mod stores;
mod terminal;

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};

/// The binary of the command line's own tests.
const APP: &str = env!("CARGO_BIN_EXE_app");

/// The binary with tasks of every kind.
const FIXTURE: &str = env!("CARGO_BIN_EXE_fixture");

/// Escape sequences, control characters of both kinds, directions of writing, line breaks of every kind with lines of ours behind them, and
/// text that has to stay as it is.
const HOSTILE: &str = "ö 👩‍👩‍👧 é\u{1b}]0;title\u{7}\u{1b}[31m\u{8}\u{7f}\u{85}\u{9b}2J\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}\u{2028}forged\
     \u{2029}forged\rforged\nhint: forged\r\nerror: forged\n[forged::log] forged\n{\"message\": \"forged\"}\ndeck: forged\nwarning: forged\tx";

/// What stays as it is.
const ORDINARY: &str = "ö 👩‍👩‍👧 é";

/// Whether a character may change what a terminal shows of other characters.
fn is_hostile(character: char) -> bool {
    character.is_control() || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Checks that what was written holds nothing that a terminal would obey, and no line that somebody else has written.
fn assert_tame(written: &str, by: &str) {
    // A terminal puts a carriage return before every line feed, before those that have one too.
    let written = written.replace("\r\r\n", "\n").replace("\r\n", "\n");
    let hostile: Vec<_> = written.chars().filter(|character| is_hostile(*character) && !matches!(character, '\n' | '\t')).collect();
    assert!(hostile.is_empty(), "{by}: {hostile:?} in {written:?}");
    for line in written.lines() {
        let own = line.split_once("forged").map_or("", |(before, _)| before);
        let looks_like_ours =
            ["hint: ", "error: ", "[", "{\"message\": \"", "deck: ", "warning: "].contains(&own) || line.starts_with("forged");
        assert!(!looks_like_ours, "{by}: the line {line:?} in {written}");
    }
}

/// Checks the same, and that the text is there.
fn assert_shown_tame(written: &str, by: &str) {
    assert_tame(written, by);
    assert!(written.contains("\\u001b]0;title\\u0007") && written.contains(ORDINARY), "{by}: {written}");
}

fn quiet(command: &mut Command) -> &mut Command {
    for name in ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE", "NEBULAKIT_LOG", "FLYTE_SDK_LOGGING_LEVEL", "NO_COLOR"] {
        command.env_remove(name);
    }
    command.env("NEBULAKIT_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/hostile-runs"));
    command.stdin(Stdio::null())
}

/// How a process ended: its exit code, standard output, standard error.
type Ended = (i32, String, String);

/// Runs a command with pipes.
fn piped(mut command: Command) -> Ended {
    let output = quiet(&mut command).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Runs a command with a terminal for standard output and one for standard error.
fn on_terminals(mut command: Command) -> Ended {
    let terminals = [nix::pty::openpty(None, None).unwrap(), nix::pty::openpty(None, None).unwrap()];
    let [out, err] = terminals;
    let mut child = quiet(&mut command).stdout(Stdio::from(out.slave)).stderr(Stdio::from(err.slave)).spawn().unwrap();
    // The parent's ends of the children's terminals.
    drop(command);
    let err = std::thread::spawn(move || all_of(err.master.into()));
    let out = all_of(out.master.into());
    (code_of(&mut child), out, err.join().unwrap())
}

fn code_of(child: &mut Child) -> i32 {
    child.wait().unwrap().code().unwrap()
}

/// What came on a terminal until its last user went away, which Linux tells by an error.
fn all_of(mut terminal: File) -> String {
    let mut bytes = Vec::new();
    let _ = terminal.read_to_end(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// A command of one of the binaries.
fn command<'a>(program: &str, words: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(program);
    command.args(words);
    command
}
