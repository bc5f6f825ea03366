//! Each example's README is a transcript that is replayed: its commands run as they stand there, and say what stands there.
//!
//! Times, sizes, names of runs and random folder names may differ, and so may the order of lines, since nodes run side by side. `NEBULAKIT_RENEW=1`
//! rewrites a transcript that differs in anything else.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test reads the environment, and fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// Where a reader of the README is.
const HOME: &str = "/home/ada/nebulakit";

/// Runs the binary that `cargo run` names, which cargo has built.
const CARGO: &str = r#"cargo() { while [ "$1" != -- ]; do [ "$1" = --bin ] && bin=$2; shift; done; shift; "$BINARIES/$bin" "$@"; }"#;

/// A folder that looks like this repository, in which commands are typed.
struct Shell {
    folder: TempDir,
    /// The command that was put into the background, and what it says.
    background: Option<(Child, BufReader<ChildStdout>)>,
}

impl Shell {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["docs", "examples", "LICENSE"] {
            std::os::unix::fs::symlink(root().join(name), folder.path().join(name)).unwrap();
        }
        Self { folder, background: None }
    }

    /// What is said when `line` is typed. A command in the background is listened to until it waits for somebody, and `fg` hears the rest.
    fn typed(&mut self, line: &str) -> String {
        let mut said = String::new();
        if line == "fg" {
            let (mut child, mut output) = self.background.take().unwrap();
            output.read_to_string(&mut said).unwrap();
            assert!(child.wait().unwrap().success(), "{said}");
        } else if let Some(line) = line.strip_suffix(" &") {
            let mut child = self.shell(line).spawn().unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            while !said.contains("answer it with") {
                assert_ne!(output.read_line(&mut said).unwrap(), 0, "{line}: {said}");
            }
            self.background = Some((child, output));
        } else {
            said = String::from_utf8(self.shell(line).output().unwrap().stdout).unwrap();
        }
        said.replace(self.folder.path().to_str().unwrap(), HOME)
    }

    fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("exec 2>&1\n{CARGO}\n{line}")]).current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::piped());
        shell.env("BINARIES", Path::new(env!("CARGO_BIN_EXE_word_count")).parent().unwrap());
        for name in ["CARGO_MANIFEST_DIR", "NEBULAKIT_DIR", "NEBULAKIT_LOG", "RUST_BACKTRACE"] {
            shell.env_remove(name);
        }
        shell
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Replays the README of an example.
fn is_replayed(example: &str) {
    let path = root().join("examples").join(example).join("README.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut shell = Shell::new();
    let mut replayed = String::new();
    let mut lines = page.lines().peekable();
    let mut is_console = false;
    while let Some(line) = lines.next() {
        replayed.push_str(&format!("{line}\n"));
        is_console = line == "```console" || (is_console && line != "```");
        let Some(typed) = line.strip_prefix("$ ").filter(|_| is_console) else { continue };
        let mut before = String::new();
        while let Some(line) = lines.next_if(|line| *line != "```" && !line.starts_with("$ ")) {
            before.push_str(&format!("{line}\n"));
        }
        let said = shell.typed(typed);
        replayed.push_str(if alike(&said) == alike(&before) { &before } else { &said });
    }
    if std::env::var_os("NEBULAKIT_RENEW").is_some() {
        std::fs::write(&path, &replayed).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), replayed, "{example}/README.md; renew it with NEBULAKIT_RENEW=1");
}

/// The lines of `text` without what is different each time, in the order of the alphabet.
fn alike(text: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '.' || c == '-' || c == ':';
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split(|c| !is_word(c)).collect();
            let mut masked = line.to_owned();
            for (place, word) in words.iter().enumerate() {
                let unit = words.get(place + 1).map(|unit| unit.trim_end_matches(':')).unwrap_or_default();
                if ["ms", "s", "min", "h", "B", "KiB", "MiB"].contains(&unit) && word.parse::<f64>().is_ok() {
                    masked = masked.replacen(&format!("{word} {unit}"), "MEASURED", 1);
                } else if is_chance(word) {
                    masked = masked.replace(word, "CHANCE");
                }
            }
            masked.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    lines.sort();
    lines
}

/// Whether a word names a run, a moment, or a folder named by chance.
fn is_chance(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let is_hex = word.len() == 32 && word.chars().all(|c| c.is_ascii_hexdigit());
    let is_run = word.len() == 20 && word.split('-').map(str::len).eq([8, 6, 4]);
    let is_moment = digits >= 6 && (word.split(':').count() == 3 || word.split('-').map(str::len).eq([4, 2, 2]));
    is_hex || is_run || is_moment
}

#[test]
fn word_count() {
    is_replayed("word_count");
}

#[test]
fn training_sweep() {
    is_replayed("training_sweep");
}

#[cfg(feature = "engines")]
#[test]
fn samples() {
    is_replayed("samples");
}

#[cfg(feature = "tables")]
#[test]
fn table_pipeline() {
    is_replayed("table_pipeline");
}

#[cfg(feature = "pictures")]
#[test]
fn thumbnails() {
    is_replayed("thumbnails");
}
