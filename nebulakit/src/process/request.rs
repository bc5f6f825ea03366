//! One request to run a task, validated: after this step nothing is text that might mean something.

use std::ffi::OsString;
use std::fmt;

use nebulakit_types::storage::shown;
use nebulakit_types::visible;

use crate::services::env::{self, Environment};
use crate::task::prepare::Element;

/// A request to run one task of this binary in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContainerRequest {
    /// The task's name, as it was given; with `--task-module`, the module in front.
    pub(crate) task: String,
    /// Where `inputs.pb` is.
    pub(crate) inputs: String,
    /// Where outputs or the error go.
    pub(crate) output_prefix: String,
    /// Where files, directories and tables go.
    pub(crate) raw_output_prefix: Option<String>,
    /// Where this attempt's checkpoint goes.
    pub(crate) checkpoint: Option<String>,
    /// Where the former attempt's checkpoint is.
    pub(crate) previous_checkpoint: Option<String>,
    /// Where the task's own `TaskTemplate` is, for what a dynamic task makes of it.
    pub(crate) task_template: Option<String>,
    /// For one element of a map task: which one.
    pub(crate) map: Option<Element>,
    /// `--supervise`: the task runs in a process of its own, and this one watches it.
    pub(crate) is_supervised: bool,
    /// `--test`: everything is parsed, nothing is run, read or written.
    pub(crate) is_test: bool,
}

/// A wrong command line. It names the word that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible::line(&self.0))
    }
}

impl std::error::Error for UsageError {}

/// What a container of the file `binary` is started with, for people who get it wrong.
pub(crate) fn usage(binary: &str) -> String {
    format!(
        "\
usage: {binary} execute --task-name NAME --inputs URL --output-prefix URL
           [--task-module MODULE] [--raw-output-data-prefix URL] [--checkpoint-path URL] [--prev-checkpoint URL]
           [--task-template URL] [--supervise]
       {binary} map-execute (the same) --bound NAME[,NAME..]"
    )
}

/// Every option that means something, but for the short ones.
const OPTIONS: [&str; 14] = [
    "--task-name",
    "--task-module",
    "--inputs",
    "--output-prefix",
    "--outputs-path",
    "--raw-output-data-prefix",
    "--raw-data-path",
    "--checkpoint-path",
    "--prev-checkpoint",
    "--task-template",
    "--bound",
    "--supervise",
    "--test",
    "--help",
];

/// Known to the platforms' own SDKs; they say nothing that the environment does not say, or mean nothing to a compiled binary.
const PASSED_OVER: [&str; 13] = [
    "--version",
    "--run-name",
    "--name",
    "--run-start-time",
    "--run-base-dir",
    "--project",
    "--domain",
    "--org",
    "--image-cache",
    "--resolver",
    "--dynamic-addl-distro",
    "--dynamic-dest-dir",
    "--max-concurrency",
];

#[derive(Debug, Default)]
struct Words {
    task_name: Option<String>,
    task_module: Option<String>,
    inputs: Option<String>,
    output_prefix: Option<String>,
    raw_output_prefix: Option<String>,
    checkpoint: Option<String>,
    previous_checkpoint: Option<String>,
    task_template: Option<String>,
    bound: Option<String>,
    is_supervised: bool,
    is_test: bool,
    asks_for_help: bool,
}

impl ContainerRequest {
    /// Whether `word`, the first of the command line, asks for a task to be run in a container.
    pub(crate) fn is_verb(word: &str) -> bool {
        matches!(word, "execute" | "map-execute" | "a0")
    }

    /// Reads the words that follow `verb`; [`None`] when they ask for help.
    ///
    /// # Errors
    /// For an unknown, repeated or missing option, with its name.
    pub(crate) fn parse(verb: &str, arguments: &[OsString], environment: &Environment) -> Result<Option<Self>, UsageError> {
        let words = Words::parse(verb, arguments)?;
        if words.asks_for_help {
            return Ok(None);
        }
        let required = |value: Option<String>, option: &str| {
            value.ok_or_else(|| UsageError(format!("`{verb}` needs `{option}` with a value that is not an unrendered template")))
        };
        let name = required(words.task_name, "--task-name")?;
        let task = match words.task_module {
            Some(module) => format!("{module}.{name}"),
            None => name,
        };
        let map = (verb == "map-execute").then(|| Element {
            index: map_index(environment),
            bound: words.bound.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        });
        Ok(Some(Self {
            task,
            inputs: required(words.inputs, "--inputs")?,
            output_prefix: required(words.output_prefix, if verb == "a0" { "--outputs-path" } else { "--output-prefix" })?,
            raw_output_prefix: words.raw_output_prefix,
            checkpoint: words.checkpoint,
            previous_checkpoint: words.previous_checkpoint,
            task_template: words.task_template,
            map,
            is_supervised: words.is_supervised,
            is_test: words.is_test,
        }))
    }
}

impl ContainerRequest {
    /// Words behind the verb that say this request, each option once and in its first spelling.
    pub(crate) fn words(&self) -> Vec<String> {
        let values = [
            ("--task-name", Some(&self.task)),
            ("--inputs", Some(&self.inputs)),
            ("--output-prefix", Some(&self.output_prefix)),
            ("--raw-output-data-prefix", self.raw_output_prefix.as_ref()),
            ("--checkpoint-path", self.checkpoint.as_ref()),
            ("--prev-checkpoint", self.previous_checkpoint.as_ref()),
            ("--task-template", self.task_template.as_ref()),
        ];
        let mut words: Vec<_> = values.iter().filter_map(|(option, value)| value.map(|value| format!("{option}={value}"))).collect();
        words.extend(self.map.as_ref().map(|map| format!("--bound={}", map.bound.join(","))));
        words.extend(self.is_supervised.then(|| "--supervise".to_owned()));
        words.extend(self.is_test.then(|| "--test".to_owned()));
        words
    }
}

impl Words {
    fn parse(verb: &str, arguments: &[OsString]) -> Result<Self, UsageError> {
        let mut words = Self::default();
        let mut seen: Vec<String> = Vec::new();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let argument = utf8(argument)?;
            if argument == "--" {
                words.loader(&mut arguments)?;
                break;
            }
            let (option, inline) = match argument.split_once('=') {
                Some((option, value)) if option.starts_with("--") => (option, Some(value)),
                _ => (argument, None),
            };
            let mut value = || match inline {
                Some(value) => Ok(value.to_owned()),
                // A value that was forgotten must not take the next option for itself.
                None => match arguments.next() {
                    Some(value) if !is_option(value) => utf8(value).map(str::to_owned),
                    _ => Err(UsageError(format!("`{option}` needs a value"))),
                },
            };
            let slot = match (option, verb) {
                ("--test", _) if inline.is_none() => {
                    words.is_test = true;
                    continue;
                }
                ("--supervise", _) if inline.is_none() => {
                    words.is_supervised = true;
                    continue;
                }
                ("--help" | "-h", _) if inline.is_none() => {
                    words.asks_for_help = true;
                    break;
                }
                ("--test" | "--supervise" | "--help", _) => return Err(UsageError(format!("`{option}` takes no value"))),
                ("--task-name", _) => &mut words.task_name,
                ("--task-module", _) => &mut words.task_module,
                ("--inputs", _) | ("-i", "a0") => &mut words.inputs,
                ("--output-prefix", "execute" | "map-execute") | ("--outputs-path", _) | ("-o", "a0") => &mut words.output_prefix,
                ("--raw-output-data-prefix", "execute" | "map-execute") | ("--raw-data-path", _) | ("-r", "a0") => {
                    &mut words.raw_output_prefix
                }
                ("--checkpoint-path", _) | ("-c", "a0") => &mut words.checkpoint,
                ("--prev-checkpoint", _) | ("-p", "a0") => &mut words.previous_checkpoint,
                ("--task-template", _) => &mut words.task_template,
                ("--bound", "map-execute") => &mut words.bound,
                _ if PASSED_OVER.contains(&option) || (option, verb) == ("-v", "a0") => {
                    value()?;
                    continue;
                }
                ("--output-prefix" | "--raw-output-data-prefix", _) => {
                    return Err(UsageError(format!("`{option}` contradicts `{verb}`, which takes `--outputs-path` and `--raw-data-path`")));
                }
                ("--bound", _) => return Err(UsageError(format!("`--bound` belongs to `map-execute`, not to `{verb}`"))),
                _ if option.starts_with('-') => return Err(UsageError(format!("`{verb}` has no option `{option}`"))),
                _ => return Err(UsageError(format!("`{verb}` takes no word `{}`", shown(option)))),
            };
            let kind = kind_of(option);
            if seen.iter().any(|known| known == kind) {
                return Err(UsageError(format!("`{option}` is given twice, or in two spellings")));
            }
            seen.push(kind.to_owned());
            *slot = rendered(value()?);
        }
        Ok(words)
    }

    /// The words after `--`, as flytekit's default resolver takes them: `task-module M task-name T`.
    fn loader<'a>(&mut self, arguments: &mut impl Iterator<Item = &'a OsString>) -> Result<(), UsageError> {
        while let Some(word) = arguments.next() {
            let word = utf8(word)?;
            let slot = match word {
                "task-module" => &mut self.task_module,
                "task-name" | "task" => &mut self.task_name,
                _ => return Err(UsageError(format!("after `--` the words are `task-module M task-name T`, not `{}`", shown(word)))),
            };
            if slot.is_some() {
                return Err(UsageError(format!("`{word}` is given twice")));
            }
            let value = arguments.next().ok_or_else(|| UsageError(format!("`{word}` needs a value")))?;
            *slot = rendered(utf8(value)?.to_owned());
        }
        Ok(())
    }
}

/// The one name of options with several spellings.
fn kind_of(option: &str) -> &str {
    match option {
        "--outputs-path" | "-o" => "--output-prefix",
        "--raw-data-path" | "-r" => "--raw-output-data-prefix",
        "-i" => "--inputs",
        "-c" => "--checkpoint-path",
        "-p" => "--prev-checkpoint",
        other => other,
    }
}

/// Whether a word is a long option, with or without its value, or the `--` behind the last one.
fn is_option(word: &OsString) -> bool {
    let option = word.to_str().and_then(|word| word.split('=').next()).unwrap_or_default();
    option == "--" || OPTIONS.contains(&option) || PASSED_OVER.contains(&option)
}

/// A value that a platform did not render is none, and so are the two quotes that stand for "none" in argument lists.
fn rendered(value: String) -> Option<String> {
    let template = value.trim_start().starts_with("{{");
    (!template && !value.is_empty() && value != "\"\"").then_some(value)
}

fn utf8(word: &OsString) -> Result<&str, UsageError> {
    word.to_str().ok_or_else(|| UsageError(format!("the word {word:?} is not UTF-8")))
}

/// The index of this element: what the variable named by `BATCH_JOB_ARRAY_INDEX_VAR_NAME` holds, plus `BATCH_JOB_ARRAY_INDEX_OFFSET`.
fn map_index(environment: &Environment) -> Result<usize, String> {
    let number = |name: &str| match environment.get(name) {
        None => Err(format!("the map index is to be found in the variable `{name}`, which is not set")),
        Some(text) => {
            text.trim().parse::<usize>().map_err(|_| format!("the variable `{name}` holds {text:?}, expected a map index from 0"))
        }
    };
    let offset = environment.non_empty(env::MAP_INDEX_OFFSET).map_or(Ok(0), |_| number(env::MAP_INDEX_OFFSET))?;
    let index = environment.non_empty(env::MAP_INDEX_VARIABLE).map_or(Ok(0), number)?;
    index.checked_add(offset).ok_or_else(|| format!("the map index {index} and its offset {offset} are too large together"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<ContainerRequest, UsageError> {
        parse_in(words, &Environment::empty())
    }

    fn parse_in(words: &str, environment: &Environment) -> Result<ContainerRequest, UsageError> {
        answer(words, environment).map(|request| request.expect("no test of requests asks for help"))
    }

    fn answer(words: &str, environment: &Environment) -> Result<Option<ContainerRequest>, UsageError> {
        let mut words = words.split(' ').map(OsString::from);
        let verb = words.next().unwrap().into_string().unwrap();
        ContainerRequest::parse(&verb, &words.collect::<Vec<_>>(), environment)
    }

    fn refused(words: &str) -> String {
        parse(words).unwrap_err().to_string()
    }

    #[test]
    fn the_registered_vector_is_read() {
        let request = parse(
            "execute --task-name t --inputs s3://b/i/inputs.pb --output-prefix s3://b/o --raw-output-data-prefix s3://b/r \
             --checkpoint-path s3://b/r/_flytecheckpoints --prev-checkpoint \"\"",
        );
        let request = request.unwrap();
        assert_eq!((request.task.as_str(), request.raw_output_prefix.as_deref()), ("t", Some("s3://b/r")));
        assert_eq!(request.previous_checkpoint, None);
    }

    #[test]
    fn the_template_of_a_dynamic_task_is_named_for_the_process_that_supervises_it_too() {
        let request = parse("execute --task-name t --inputs i --output-prefix o --task-template s3://b/task.pb --supervise").unwrap();
        assert_eq!(request.task_template.as_deref(), Some("s3://b/task.pb"));
        assert!(request.words().contains(&"--task-template=s3://b/task.pb".to_owned()));
        assert_eq!(
            parse("execute --task-name t --inputs i --output-prefix o --task-template {{.taskTemplatePath}}").unwrap().task_template,
            None
        );
    }

    #[test]
    fn both_platforms_words_are_one_vector() {
        let plain = parse("execute --task-name=t --inputs i --output-prefix o --raw-output-data-prefix r").unwrap();
        let other =
            parse("execute --task-name t --inputs i --outputs-path o --raw-data-path r --run-name {{.runName}} --version v1").unwrap();
        let short = parse("a0 --task-name t -i i -o o -r r -v v1 --run-start-time 2026-01-01T00:00:00Z").unwrap();
        assert_eq!(plain, other);
        assert_eq!(plain, short);
    }

    #[test]
    fn flytekits_loader_words_name_the_task() {
        let request = parse("execute --inputs i --output-prefix o --resolver r -- task-module app.math task-name t").unwrap();
        assert_eq!(request.task, "app.math.t");
    }

    #[test]
    fn unrendered_templates_are_absent() {
        let vector = "execute --task-name t --inputs i --output-prefix o --raw-output-data-prefix {{.rawOutputDataPrefix}} --checkpoint-path {{.checkpointOutputPrefix}}";
        let request = parse(vector).unwrap();
        assert_eq!((request.raw_output_prefix, request.checkpoint), (None, None));
        assert_eq!(
            refused("execute --task-name t --inputs {{.input}} --output-prefix o"),
            "`execute` needs `--inputs` with a value that is not an unrendered template"
        );
    }

    #[test]
    fn wrong_words_are_named() {
        assert_eq!(refused("execute --task-name t --inptus i"), "`execute` has no option `--inptus`");
        assert_eq!(refused("execute t"), "`execute` takes no word `t`");
        assert_eq!(refused("execute --inputs"), "`--inputs` needs a value");
        assert_eq!(refused("execute --output-prefix o --outputs-path p"), "`--outputs-path` is given twice, or in two spellings");
        assert_eq!(refused("execute --bound a"), "`--bound` belongs to `map-execute`, not to `execute`");
        assert_eq!(
            refused("a0 --output-prefix o"),
            "`--output-prefix` contradicts `a0`, which takes `--outputs-path` and `--raw-data-path`"
        );
    }

    #[test]
    fn an_option_is_no_value_of_the_one_before() {
        assert_eq!(refused("execute --task-name t --inputs --output-prefix o"), "`--inputs` needs a value");
        assert_eq!(refused("execute --task-name --inputs=i --output-prefix o"), "`--task-name` needs a value");
        assert_eq!(refused("execute --inputs i --resolver -- task-name t"), "`--resolver` needs a value");
        let odd = parse("execute --task-name=--inputs --inputs --odd --output-prefix o").unwrap();
        assert_eq!((odd.task.as_str(), odd.inputs.as_str()), ("--inputs", "--odd"), "values may begin with dashes");
    }

    #[test]
    fn every_option_is_known_to_some_verb() {
        for option in OPTIONS.into_iter().chain(PASSED_OVER).filter(|option| !["--supervise", "--test", "--help"].contains(option)) {
            let verb = if option == "--bound" { "map-execute" } else { "execute" };
            assert_eq!(refused(&format!("{verb} {option}")), format!("`{option}` needs a value"));
        }
    }

    #[test]
    fn every_verb_may_be_supervised() {
        for verb in ["execute", "map-execute", "a0"] {
            let words = format!("{verb} --task-name t --inputs i --outputs-path o");
            assert!(!parse(&words).unwrap().is_supervised);
            assert!(parse(&format!("{words} --supervise")).unwrap().is_supervised);
        }
        assert_eq!(refused("execute --supervise=yes"), "`--supervise` takes no value");
        assert_eq!(refused("execute --inputs --supervise"), "`--inputs` needs a value");
    }

    #[test]
    fn help_is_no_invocation() {
        for words in ["execute --help", "execute -h", "map-execute --inputs i -h", "a0 --help --unknown"] {
            assert_eq!(answer(words, &Environment::empty()), Ok(None), "{words}");
        }
        assert_eq!(refused("execute --help=yes"), "`--help` takes no value");
        assert_eq!(refused("execute --unknown --help"), "`execute` has no option `--unknown`");
    }

    #[test]
    fn a_map_index_is_the_named_variable_plus_the_offset() {
        let environment = Environment::empty()
            .with("BATCH_JOB_ARRAY_INDEX_VAR_NAME", "FLYTE_K8S_ARRAY_INDEX")
            .with("FLYTE_K8S_ARRAY_INDEX", "2")
            .with("BATCH_JOB_ARRAY_INDEX_OFFSET", "3");
        let vector = "map-execute --task-name t --inputs i --output-prefix o --bound a,b";
        let map = parse_in(vector, &environment).unwrap().map.unwrap();
        assert_eq!((map.index, map.bound), (Ok(5), vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(parse(vector).unwrap().map.unwrap().index, Ok(0));
        let dangling = Environment::empty().with("BATCH_JOB_ARRAY_INDEX_VAR_NAME", "GONE");
        let index = parse_in(vector, &dangling).unwrap().map.unwrap().index;
        assert_eq!(index, Err("the map index is to be found in the variable `GONE`, which is not set".to_owned()));
    }
}
