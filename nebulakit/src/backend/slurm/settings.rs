//! What Slurm alone knows of a job: it stands in the project's settings, never in code.

use nebulakit_types::visible;
use toml::Value;

use crate::backend::engine::{EngineJob, Keys, Mistakes, Scope, sorted};

/// The settings of jobs on Slurm: `[task.NAME.slurm]`, `[workflow.NAME.slurm]` or `[defaults.slurm]` in `nebulakit.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// `--partition`.
    pub(super) partition: Option<String>,
    /// `--account`.
    pub(super) account: Option<String>,
    /// `--qos`.
    pub(super) qos: Option<String>,
    /// `--constraint`: the features that a node must have.
    pub(super) constraint: Option<String>,
    /// `--gres`, in place of `--gpus`, where a cluster names its GPUs.
    pub(super) gres: Option<String>,
    /// `--licenses`.
    pub(super) licenses: Option<Licenses>,
    /// Lines of shell that run before a job's program.
    pub(super) prologue: Option<Vec<String>>,
    /// Further flags of `sbatch`, each as one word: `--name` or `--name=value`.
    pub(super) flags: Option<Vec<String>>,
}

/// Which licences jobs ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Licenses {
    /// These, whatever the task.
    These(String),
    /// One for each token that the task takes of a name, by these names.
    OfTokens(Vec<(String, String)>),
}

/// The settings of all jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    tasks: Vec<(String, Settings)>,
    workflows: Vec<(String, Settings)>,
    defaults: Settings,
}

/// The flags of `sbatch` that are set here, and what to write instead of a flag of one's own, where there is something.
const OURS: [(&str, &str); 37] = [
    ("account", "the setting `account`"),
    ("array", ""),
    ("batch", "the setting `constraint`"),
    ("clusters", "`cluster` in `[backends.slurm]`"),
    ("constraint", "the setting `constraint`"),
    ("cpus-per-task", "`requests(cpu = ..)` of the task"),
    ("dependency", ""),
    ("error", ""),
    ("export", ""),
    ("export-file", ""),
    ("get-user-env", ""),
    ("gid", ""),
    ("gpus", "`requests(gpu = ..)` of the task"),
    ("gres", "the setting `gres`"),
    ("help", ""),
    ("input", ""),
    ("job-name", ""),
    ("licenses", "the setting `licenses`"),
    ("mem", "`requests(memory = ..)` of the task"),
    ("mem-per-cpu", "`requests(memory = ..)` of the task"),
    ("no-requeue", "`retries` of the task"),
    ("nodes", ""),
    ("ntasks", ""),
    ("open-mode", ""),
    ("output", ""),
    ("parsable", ""),
    ("partition", "the setting `partition`"),
    ("qos", "the setting `qos`"),
    ("quiet", ""),
    ("requeue", "`retries` of the task"),
    ("signal", ""),
    ("test-only", ""),
    ("time", "`timeout` of the task"),
    ("uid", ""),
    ("version", ""),
    ("wait", ""),
    ("wrap", ""),
];

impl Rules {
    /// Reads them.
    pub(super) fn read(found: Vec<(Scope, Keys<'_>)>, mistakes: &mut Mistakes) -> Self {
        let mut rules = Self::default();
        for (scope, keys) in found {
            let settings = Settings::read(keys, mistakes);
            match scope {
                Scope::Task(name) => rules.tasks.push((name, settings)),
                Scope::Workflow(name) => rules.workflows.push((name, settings)),
                Scope::All => rules.defaults = settings,
            }
        }
        rules
    }

    /// The same for all.
    #[cfg(test)]
    pub(super) fn all(defaults: Settings) -> Self {
        Self { defaults, ..Self::default() }
    }

    /// The tokens that some licence stands for.
    pub(super) fn tokens(&self) -> Vec<String> {
        let all = self.tasks.iter().chain(&self.workflows).map(|(_, settings)| settings).chain([&self.defaults]);
        let names = all.filter_map(|settings| match &settings.licenses {
            Some(Licenses::OfTokens(names)) => Some(names.iter().map(|(token, _)| token.clone())),
            _ => None,
        });
        names.flatten().collect()
    }

    /// Those of a job that is of no task but of a whole workflow.
    pub(super) fn of_workflow(&self, workflow: &str) -> Settings {
        let mut settings = Settings::default();
        for found in sorted(&self.workflows, workflow).into_iter().chain([&self.defaults]) {
            settings.fill(found);
        }
        settings
    }

    /// Those of a job: what is said of its task counts most, then what is said of the workflow, then the defaults.
    pub(super) fn of(&self, job: &EngineJob) -> Settings {
        let mut settings = Settings::default();
        for found in sorted(&self.tasks, job.task).into_iter().chain(sorted(&self.workflows, &job.workflow)).chain([&self.defaults]) {
            settings.fill(found);
        }
        settings
    }
}

impl Licenses {
    fn read(keys: &mut Keys<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        const KEY: &str = "licenses";
        match keys.value(KEY)? {
            Value::String(these) => Some(Self::These(these.clone())),
            Value::Table(table) => {
                let names: Option<Vec<_>> =
                    table.iter().map(|(token, license)| Some((token.clone(), license.as_str()?.to_owned()))).collect();
                let names = names.filter(|names| names.iter().all(|(_, license)| is_license(license)));
                if names.is_none() {
                    mistakes.push(keys.mistake(KEY, "expected the name of a licence for each token, as in `{ db = \"seat\" }`"));
                }
                names.map(Self::OfTokens)
            }
            _ => {
                mistakes.push(keys.mistake(KEY, "expected a text such as `seat:1`, or the names of licences by those of tokens"));
                None
            }
        }
    }

    /// What `--licenses` says for a job that takes these tokens; [`None`] if it needs no licence.
    pub(super) fn of(&self, tokens: &[(String, u32)]) -> Option<String> {
        match self {
            Self::These(these) => Some(these.clone()),
            Self::OfTokens(names) => {
                let taken = tokens.iter().filter_map(|(token, number)| {
                    let (_, license) = names.iter().find(|(name, _)| name == token)?;
                    Some(format!("{license}:{number}"))
                });
                let taken: Vec<_> = taken.collect();
                (!taken.is_empty()).then(|| taken.join(","))
            }
        }
    }
}

/// Whether it is the name of a licence, and no list or number of them.
fn is_license(name: &str) -> bool {
    !name.is_empty() && !name.contains([',', ':', '=', ';', '|', '\n', '\0'])
}

impl Settings {
    fn read(mut keys: Keys<'_>, mistakes: &mut Mistakes) -> Self {
        let settings = Self {
            partition: keys.text("partition", mistakes),
            account: keys.text("account", mistakes),
            qos: keys.text("qos", mistakes),
            constraint: keys.text("constraint", mistakes),
            gres: keys.text("gres", mistakes),
            licenses: Licenses::read(&mut keys, mistakes),
            prologue: keys.texts("prologue", mistakes),
            flags: keys.texts("flags", mistakes),
        };
        let flags = settings.flags.iter().flatten().filter_map(|flag| Some(("flags", wrong_flag(flag)?)));
        let lines = settings.prologue.iter().flatten().filter_map(|line| Some(("prologue", wrong_line(line)?)));
        mistakes.extend(flags.chain(lines).map(|(key, said)| keys.mistake(key, &said)));
        keys.done(mistakes);
        settings
    }

    /// Takes what `other` says of what this leaves open.
    fn fill(&mut self, other: &Self) {
        fn fill<T: Clone>(own: &mut Option<T>, other: &Option<T>) {
            *own = own.take().or_else(|| other.clone());
        }
        fill(&mut self.partition, &other.partition);
        fill(&mut self.account, &other.account);
        fill(&mut self.qos, &other.qos);
        fill(&mut self.constraint, &other.constraint);
        fill(&mut self.gres, &other.gres);
        fill(&mut self.licenses, &other.licenses);
        fill(&mut self.prologue, &other.prologue);
        fill(&mut self.flags, &other.flags);
    }
}

fn wrong_flag(flag: &str) -> Option<String> {
    let shown = visible::line(flag);
    let Some(rest) = flag.strip_prefix("--").filter(|rest| !rest.is_empty() && !rest.starts_with('=')) else {
        return Some(format!("`{shown}` has to be one word, with the flag in its long form: `--name` or `--name=value`"));
    };
    let name = rest.split_once('=').map_or(rest, |(name, _)| name);
    // A program takes the beginning of a flag for the flag.
    let (ours, instead) = OURS.iter().find(|(ours, _)| ours.starts_with(name))?;
    let hint = if instead.is_empty() { String::new() } else { format!("; {instead} says it") };
    Some(format!("`{shown}` is refused, because `--{ours}` is set for each job{hint}"))
}

fn wrong_line(line: &str) -> Option<String> {
    let shown = visible::line(line);
    if line.trim_start().starts_with("#SBATCH") {
        return Some(format!("`{shown}` is refused, because flags stand in `flags`"));
    }
    line.contains(['\n', '\r', '\0']).then(|| format!("`{shown}` has to be one line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_only_a_user_sets_pass() {
        for flag in ["--exclusive", "--nice=100", "--reservation=lab", "--mem-bind=local", "--nodelist=n1"] {
            assert_eq!(wrong_flag(flag), None);
        }
        assert_eq!(wrong_line("module load x"), None);
        assert_eq!(wrong_line("# a word"), None);
    }

    #[test]
    fn flags_that_are_set_here_are_refused_whole_or_cut() {
        for flag in ["--array=1-2", "--arr=1", "--partition=x", "--part=x", "--time=1", "--export=ALL", "--no-r", "--requeue", "--me=1"] {
            assert!(wrong_flag(flag).unwrap().contains("is set for each job"), "{flag}");
        }
        assert_eq!(
            wrong_flag("--partition=x").unwrap(),
            "`--partition=x` is refused, because `--partition` is set for each job; the setting `partition` says it"
        );
    }

    #[test]
    fn words_that_are_no_flags_are_refused() {
        for flag in ["-p", "-pmain", "script.sh", "--", "", "--=x"] {
            assert!(wrong_flag(flag).unwrap().contains("long form"), "{flag}");
        }
    }

    #[test]
    fn licences_stand_for_tokens() {
        let licenses = Licenses::OfTokens(vec![("db".to_owned(), "seat".to_owned()), ("x".to_owned(), "matlab@server".to_owned())]);
        let tokens = |names: &[(&str, u32)]| names.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect::<Vec<_>>();
        assert_eq!(licenses.of(&tokens(&[("db", 2), ("y", 1), ("x", 1)])).as_deref(), Some("seat:2,matlab@server:1"));
        assert_eq!(licenses.of(&tokens(&[("y", 1)])), None);
        assert_eq!(Licenses::These("seat:1".to_owned()).of(&[]).as_deref(), Some("seat:1"));
        assert!(!is_license("seat:2") && !is_license("a,b") && is_license("seat"));
    }

    #[test]
    fn flags_do_not_hide_in_the_prologue() {
        assert!(wrong_line("#SBATCH --mem=1").unwrap().contains("`flags`"));
        assert!(wrong_line("a\nb").unwrap().contains("one line"));
    }
}
