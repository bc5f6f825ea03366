//! The command line of `node-execute`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use nebulakit_types::visible;

/// The word that asks for it.
pub(crate) const VERB: &str = "node-execute";

/// Which node of which plan is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeRequest {
    /// The plan's folder.
    pub(super) plan: PathBuf,
    /// Where the node's id is found.
    pub(super) which: Which,
    /// Which attempt, from 0; the first that nobody has claimed, where it is left out.
    pub(super) attempt: Option<u32>,
    /// The task that it runs, where the plan does not say.
    pub(super) task: Option<String>,
    /// How often the engine has begun this job, from 1, since the plan was started: where another attempt would not help, or there have been
    /// as many as the task allows, none is made.
    pub(super) tries: Option<u32>,
    /// How long the task may take.
    pub(super) time_limit: Option<Duration>,
}

/// Where the node's id is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    /// Here.
    Node(String),
    /// In a line of a file, whose number from 0 a variable holds.
    Listed {
        /// The name of the variable.
        variable: String,
        /// The file.
        list: PathBuf,
    },
    /// In each line of a file, with the number of the attempt: they are run one after the other.
    Each(PathBuf),
}

/// What it is called with, for people who get it wrong.
pub(super) fn usage(binary: &str) -> String {
    format!(
        "\
usage: {binary} {VERB} --plan FOLDER --node ID [--attempt NUMBER | --try NUMBER] [--task NAME] [--time-limit SECONDS]
       {binary} {VERB} --plan FOLDER --index-from VARIABLE --list FILE [--attempt NUMBER | --try NUMBER] [--task NAME] [--time-limit SECONDS]
       {binary} {VERB} --plan FOLDER --each FILE [--task NAME] [--time-limit SECONDS]"
    )
}

/// The words, as they were given.
#[derive(Default)]
struct Words {
    values: Vec<(&'static str, OsString)>,
}

const OPTIONS: [&str; 9] = ["--plan", "--node", "--attempt", "--try", "--task", "--time-limit", "--index-from", "--list", "--each"];

impl NodeRequest {
    /// Reads the words behind the verb; [`None`] when they ask for help.
    ///
    /// # Errors
    /// With the word that is wrong.
    pub(super) fn parse(arguments: &[OsString]) -> Result<Option<Self>, String> {
        let Some(words) = Words::read(arguments)? else { return Ok(None) };
        let plan = words.value("--plan").ok_or_else(|| format!("`{VERB}` needs `--plan` with the folder of a plan"))?.into();
        let others = ["--node", "--index-from", "--list", "--attempt", "--try"];
        let which = match (words.text("--node")?, words.text("--index-from")?, words.value("--list"), words.value("--each")) {
            (.., Some(_)) if others.iter().any(|other| words.value(other).is_some()) => {
                return Err("`--each` says which nodes and attempts they are, and nothing else does".to_owned());
            }
            (.., Some(list)) => Which::Each(list.into()),
            (Some(node), None, None, _) => Which::Node(node.to_owned()),
            (None, Some(variable), Some(list), _) => Which::Listed { variable: variable.to_owned(), list: list.into() },
            (Some(_), ..) => return Err("`--node` says which node it is, and so do `--index-from` and `--list`".to_owned()),
            (None, None, None, _) => return Err(format!("`{VERB}` needs `--node` with the id of a node")),
            (None, ..) => return Err("`--index-from` and `--list` belong together".to_owned()),
        };
        let attempt = words.text("--attempt")?.map(|text| text.parse().map_err(|_| wrong("--attempt", text, "a whole number from 0")));
        let time_limit = words.text("--time-limit")?.map(|text| match text.parse::<u32>() {
            Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds.into())),
            _ => Err(wrong("--time-limit", text, "a whole number of seconds from 1")),
        });
        let tries = words.text("--try")?.map(|text| match text.parse() {
            Ok(tries @ 1..) => Ok(tries),
            _ => Err(wrong("--try", text, "a whole number from 1")),
        });
        if attempt.is_some() && tries.is_some() {
            return Err("`--attempt` says which attempt it is, and so does `--try`".to_owned());
        }
        let task = words.text("--task")?.map(str::to_owned);
        Ok(Some(Self { plan, which, attempt: attempt.transpose()?, task, tries: tries.transpose()?, time_limit: time_limit.transpose()? }))
    }
}

impl Words {
    fn read(arguments: &[OsString]) -> Result<Option<Self>, String> {
        let mut words = Self::default();
        let mut arguments = arguments.iter();
        while let Some(word) = arguments.next() {
            if word == "--help" || word == "-h" {
                return Ok(None);
            }
            let shown = || visible::line(&word.to_string_lossy()).into_owned();
            let (name, inline) = split(word);
            let option =
                OPTIONS.into_iter().find(|option| name == *option).ok_or_else(|| format!("`{VERB}` has no option `{}`", shown()))?;
            // A value that was forgotten must not take the next option for itself.
            let next = || arguments.next().filter(|value| !OPTIONS.contains(&&*split(value).0)).cloned();
            let value = inline.or_else(next).filter(|value| !value.is_empty()).ok_or_else(|| format!("`{option}` needs a value"))?;
            if words.value(option).is_some() {
                return Err(format!("`{option}` is given twice"));
            }
            words.values.push((option, value));
        }
        Ok(Some(words))
    }

    fn value(&self, option: &str) -> Option<&OsString> {
        self.values.iter().find(|(known, _)| *known == option).map(|(_, value)| value)
    }

    fn text(&self, option: &str) -> Result<Option<&str>, String> {
        let value =
            self.value(option).map(|value| value.to_str().ok_or_else(|| format!("the value of `{option}` is not UTF-8: {value:?}")));
        value.transpose()
    }
}

/// An option's name, and the value behind its `=`.
fn split(word: &OsString) -> (String, Option<OsString>) {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = word.as_bytes();
    let (name, value) = match bytes.iter().position(|byte| *byte == b'=') {
        Some(end) => (&bytes[..end], Some(std::ffi::OsStr::from_bytes(&bytes[end + 1..]).to_owned())),
        None => (bytes, None),
    };
    (String::from_utf8_lossy(name).into_owned(), value)
}

fn wrong(option: &str, text: &str, expected: &str) -> String {
    format!("`{option}` takes {expected}, not `{}`", visible::line(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Option<NodeRequest>, String> {
        NodeRequest::parse(&words.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn a_node_is_named_or_listed() {
        let request = parse("--plan=/p --node n3[5] --attempt 2 --time-limit 60 --task app.count").unwrap().unwrap();
        let expected = NodeRequest {
            plan: "/p".into(),
            which: Which::Node("n3[5]".to_owned()),
            attempt: Some(2),
            task: Some("app.count".to_owned()),
            tries: None,
            time_limit: Some(Duration::from_secs(60)),
        };
        assert_eq!(request, expected);
        let request = parse("--plan /p --index-from SLURM_ARRAY_TASK_ID --list=/p/a=b").unwrap().unwrap();
        assert_eq!(request.which, Which::Listed { variable: "SLURM_ARRAY_TASK_ID".to_owned(), list: "/p/a=b".into() });
        assert_eq!((request.attempt, request.time_limit, request.task), (None, None, None));
        assert_eq!(parse("--plan /p --each l").unwrap().unwrap().which, Which::Each("l".into()));
        assert_eq!(parse("--plan /p --help"), Ok(None));
    }

    #[test]
    fn the_wrong_word_is_named() {
        let rows = [
            ("", "`node-execute` needs `--plan` with the folder of a plan"),
            ("--plan", "`--plan` needs a value"),
            ("--plan --node n0", "`--plan` needs a value"),
            ("--plan=", "`--plan` needs a value"),
            ("--plan /p", "`node-execute` needs `--node` with the id of a node"),
            ("--plan /p --node n0 --node n1", "`--node` is given twice"),
            ("--plan /p --node n0 --list l", "`--node` says which node it is, and so do `--index-from` and `--list`"),
            ("--plan /p --list l", "`--index-from` and `--list` belong together"),
            ("--plan /p --node n0 --attempt -1", "`--attempt` takes a whole number from 0, not `-1`"),
            ("--plan /p --node n0 --try 0", "`--try` takes a whole number from 1, not `0`"),
            ("--plan /p --node n0 --try 1 --attempt 0", "`--attempt` says which attempt it is, and so does `--try`"),
            ("--plan /p --each l --attempt 1", "`--each` says which nodes and attempts they are, and nothing else does"),
            ("--plan /p --node n0 --time-limit 0", "`--time-limit` takes a whole number of seconds from 1, not `0`"),
            ("--plan /p n0", "`node-execute` has no option `n0`"),
            ("--plan /p --\u{1b}[31m", "`node-execute` has no option `--\\u001b[31m`"),
        ];
        for (words, expected) in rows {
            assert_eq!(parse(words), Err(expected.to_owned()), "{words}");
        }
    }
}
