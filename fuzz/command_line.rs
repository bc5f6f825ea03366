//! What holds for any words at all on the command line: the fuzz target `command_line` tries it, and `tests/fuzz_regressions.rs` tries it
//! on what that found. Nothing is read and nothing runs: names of files are not followed.
#![allow(dead_code, unreachable_pub, reason = "each user has it as a module and uses its own part")]
#![allow(clippy::too_many_arguments, reason = "a task for each type would be many tasks")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::time::{Duration, SystemTime};

use nebulakit::__private::rehearsal;
use nebulakit::env::Environment;
use nebulakit::{Bytes, Directory, File, FlyteError, NebulaType, Untyped, task};
use nebulakit_types::LiteralType;
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{Entries, LiteralRef, References};

/// The line behind which stands what every document says.
const DOCUMENT: &str = "%%";

#[derive(Debug, NebulaType)]
enum Color {
    #[nebula(value = "red")]
    Red,
    #[nebula(value = "green")]
    Green,
}

#[derive(Debug, NebulaType)]
struct Inner {
    x: i64,
    y: Option<String>,
    #[nebula(default)]
    z: Vec<f32>,
}

#[derive(Debug, NebulaType)]
struct Circle {
    radius: f64,
}

#[derive(Debug, NebulaType)]
enum Shape {
    Circle(Circle),
    Inner(Inner),
}

#[derive(Debug, NebulaType)]
enum Choice {
    Time(SystemTime),
    Whole(i32),
    Float(f64),
    Text(String),
    Bytes(Bytes),
    File(File),
    Map(BTreeMap<String, bool>),
    List(Vec<Option<f64>>),
    Inner(Inner),
    Flag(bool),
    Nothing(()),
}

#[derive(Debug, NebulaType)]
enum Outcome {
    Pass,
    Moved { to: String, tries: Option<i64> },
    Score(f64),
}

#[derive(Debug, NebulaType)]
struct Held {
    file: Option<File>,
    folder: Option<Directory>,
    pause: Option<Duration>,
    at: Option<SystemTime>,
    color: Option<Color>,
    bytes: Option<Bytes>,
    shape: Option<Shape>,
    outcome: Option<Outcome>,
    numbered: Option<BTreeMap<i16, Inner>>,
    untyped: Option<Untyped>,
}

/// Takes values of one type each.
#[task]
fn plain(
    integer: i64,
    #[default(0)] byte: u8,
    #[default(0.0)] float: f64,
    #[default(0.0)] narrow: f32,
    #[default(String::new())] text: String,
    #[default(false)] flag: bool,
    #[default(())] nothing: (),
    #[default(Vec::new())] integers: Vec<i64>,
    #[default(Vec::new())] lists: Vec<Vec<Option<String>>>,
    #[default(BTreeMap::new())] map: BTreeMap<String, Vec<f64>>,
    #[default(Color::Red)] json: Color,
    #[default(Duration::ZERO)] pause: Duration,
    #[default(SystemTime::UNIX_EPOCH)] at: SystemTime,
    bytes: Option<Bytes>,
    file: Option<File>,
    files: Option<Vec<File>>,
    folder: Option<Directory>,
) {
    let _ = (integer, byte, float, narrow, text, flag, nothing, integers, lists, map, json, pause, at, bytes, file, files, folder);
}

/// Takes structs, unions and what is alike.
#[task]
fn shaped(
    held: Option<Held>,
    inner: Option<Inner>,
    inners: Option<Vec<Inner>>,
    #[default(Choice::Nothing(()))] choice: Choice,
    choices: Option<Vec<Choice>>,
    shape: Option<Shape>,
    outcome: Option<Outcome>,
    outcomes: Option<BTreeMap<String, Outcome>>,
    numbered: Option<BTreeMap<i16, bool>>,
    untyped: Option<Untyped>,
    value: Option<serde_json::Value>,
    error: Option<FlyteError>,
    help: Option<bool>,
    input_help: Option<bool>,
    inputs_file: Option<bool>,
    no_inputs_file: Option<bool>,
) {
    let _ = (held, inner, inners, choice, choices, shape, outcome, outcomes, numbered, untyped, value, error);
    let _ = (help, input_help, inputs_file, no_inputs_file);
}

/// Takes tables.
#[cfg(feature = "schema")]
mod tables {
    use nebulakit::schema::Schema;
    use nebulakit::{NebulaType, task};

    #[derive(Debug, NebulaType)]
    struct Kept {
        table: Schema,
    }

    #[derive(Debug, NebulaType)]
    enum Either {
        Table(Schema),
        Text(String),
    }

    /// Takes tables.
    #[task]
    fn tabled(table: Option<Schema>, tables: Option<Vec<Schema>>, kept: Option<Kept>, either: Option<Either>) {
        let _ = (table, tables, kept, either);
    }
}

/// Any bytes as a command line: words on lines or between zero bytes, after variables of the environment (`NAME=value`), and behind
/// `%%` what every document says.
///
/// # Errors
/// Why they are neither an invocation nor inputs.
pub fn command_line(bytes: &[u8]) -> Result<(), String> {
    let mut environment = Environment::empty();
    let mut words = Vec::new();
    let mut rest = bytes;
    let mut document = String::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | 0)).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        if word == DOCUMENT.as_bytes() {
            document = String::from_utf8_lossy(rest).into_owned();
            break;
        }
        match std::str::from_utf8(word).ok().and_then(|word| word.split_once('=')) {
            Some((name, value)) if words.is_empty() && !name.starts_with('-') => environment = environment.with(name, value),
            _ => words.push(OsStr::from_bytes(word).to_owned()),
        }
    }
    let is_one = container(&words, &environment)? || run(&words, &environment, &document)?;
    is_one.then_some(()).ok_or_else(|| "it is another command".to_owned())
}

/// The words of a container are an invocation, whose own words are the same invocation, or one error.
fn container(words: &[OsString], environment: &Environment) -> Result<bool, String> {
    let answer = rehearsal::container(words, environment);
    assert_eq!(rehearsal::container(words, environment), answer, "the same words say something else");
    let Some((own, invocation)) = answer? else { return Ok(false) };
    let again: Vec<_> = own.iter().map(OsString::from).collect();
    let again = rehearsal::container(&again, environment);
    assert_eq!(again, Ok(Some((own, invocation))), "an invocation's own words are another");
    Ok(true)
}

/// The words behind `run` are literals of the declared types, which are printed as what is the same again, or one error.
fn run(words: &[OsString], environment: &Environment, document: &str) -> Result<bool, String> {
    let answer = rehearsal::run(words, environment, document);
    // Most words are wrong, and each try takes a while.
    if answer.is_ok() || words.len().is_multiple_of(4) {
        assert_eq!(rehearsal::run(words, environment, document), answer, "the same words say something else");
    }
    let Some(inputs) = answer? else { return Ok(false) };
    let literals = literals(&inputs).expect("what is written is a map of literals");
    let task = words.iter().skip(1).find(|word| *word != "--").expect("a task is named");
    for (name, literal) in &literals {
        let fits = declared(task, name).iter().any(|declared| fits(*literal, declared));
        assert!(fits, "`{name}` is not of its type: {:?}", rehearsal::literal_as_json(literal.bytes()));
    }
    let printed = printed(&literals);
    let again = ["run".into(), task.clone(), "--inputs-file".into(), "-".into()];
    match rehearsal::run(&again, environment, &printed) {
        Ok(again) => {
            let again = again.expect("it runs");
            let again = literals_printed(&again);
            assert_eq!(again, printed, "what is printed is read as something else");
        }
        // Keys that are the same text, as 1 and "1" are, are one key in JSON.
        Err(message) => assert!(message.contains("occurs twice"), "what is printed is not read: {message}\n{printed}"),
    }
    Ok(true)
}

fn literals(inputs: &[u8]) -> nebulakit_types::Result<Vec<(&str, LiteralRef<'_>)>> {
    let mut entries = Entries::of_map(inputs, References::none());
    let mut literals = Vec::new();
    while let Some(entry) = entries.next()? {
        literals.push(entry);
    }
    Ok(literals)
}

fn printed(literals: &[(&str, LiteralRef<'_>)]) -> String {
    let entry = |(name, literal): &(&str, LiteralRef<'_>)| {
        format!("{name:?}:{}", rehearsal::literal_as_json(literal.bytes()).expect("what is written has a text"))
    };
    format!("{{{}}}", literals.iter().map(entry).collect::<Vec<_>>().join(","))
}

fn literals_printed(inputs: &[u8]) -> String {
    printed(&literals(inputs).expect("what is written is a map of literals"))
}

/// The types of the inputs of this name, in the tasks that are called so; on either platform, whose enums differ.
fn declared(task: &OsStr, name: &str) -> Vec<LiteralType> {
    let is_called = |full: &str| task.to_str().is_some_and(|task| full.ends_with(task.trim().replace("::", ".").as_str()));
    rehearsal::declared(is_called, name)
}

/// Whether a literal is of its type, or one of the two that the task's own type takes or refuses: an integer where only a 64-bit float
/// holds it, and a variant by its name.
fn fits(literal: LiteralRef<'_>, declared: &LiteralType) -> bool {
    match check(literal, declared) {
        Ok(()) => true,
        Err(error) => {
            let message = error.message();
            message == "expected `float`, found an integer" || (message.contains(" | ") && message.ends_with("found a msgpack value"))
        }
    }
}
