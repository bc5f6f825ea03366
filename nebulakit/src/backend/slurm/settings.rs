//! What Slurm alone knows of a job: it stands in the project's settings, never in code.

use serde::Deserialize;
use nebulakit_types::visible;

/// The settings of jobs on Slurm, as `nebulakit.toml` has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub(in crate::backend) struct Settings {
    /// `--partition`.
    pub(in crate::backend) partition: Option<String>,
    /// `--account`.
    pub(in crate::backend) account: Option<String>,
    /// `--qos`.
    pub(in crate::backend) qos: Option<String>,
    /// `--constraint`: the features that a node must have.
    pub(in crate::backend) constraint: Option<String>,
    /// `--gres`, in place of `--gpus`, where a cluster names its GPUs.
    pub(in crate::backend) gres: Option<String>,
    /// `--licenses`.
    pub(in crate::backend) licenses: Option<String>,
    /// `--clusters`: another cluster than the one of this machine.
    pub(in crate::backend) cluster: Option<String>,
    /// Lines of shell that run before a job's program.
    pub(in crate::backend) prologue: Vec<String>,
    /// Further flags of `sbatch`, each as one word: `--name` or `--name=value`.
    pub(in crate::backend) flags: Vec<String>,
}

/// The flags of `sbatch` that are set here, and what to write instead of a flag of one's own, where there is something.
const OURS: [(&str, &str); 37] = [
    ("account", "the setting `account`"),
    ("array", ""),
    ("batch", "the setting `constraint`"),
    ("clusters", "the setting `cluster`"),
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

impl Settings {
    /// Everything that is wrong with them.
    pub(in crate::backend) fn problems(&self) -> Vec<String> {
        let flags = self.flags.iter().filter_map(|flag| wrong_flag(flag));
        let lines = self.prologue.iter().filter_map(|line| wrong_line(line));
        flags.chain(lines).collect()
    }
}

fn wrong_flag(flag: &str) -> Option<String> {
    let shown = visible::line(flag);
    let Some(rest) = flag.strip_prefix("--").filter(|rest| !rest.is_empty() && !rest.starts_with('=')) else {
        return Some(format!("the flag `{shown}` of `slurm.flags` has to be one word, in its long form: `--name` or `--name=value`"));
    };
    let name = rest.split_once('=').map_or(rest, |(name, _)| name);
    // A program takes the beginning of a flag for the flag.
    let (ours, instead) = OURS.iter().find(|(ours, _)| ours.starts_with(name))?;
    let hint = if instead.is_empty() { String::new() } else { format!("\n\nhint: {instead} says it") };
    Some(format!("the flag `{shown}` of `slurm.flags` is refused: `--{ours}` is set for each job{hint}"))
}

fn wrong_line(line: &str) -> Option<String> {
    let shown = visible::line(line);
    if line.trim_start().starts_with("#SBATCH") {
        return Some(format!("the line `{shown}` of `slurm.prologue` is refused: flags stand in `slurm.flags`"));
    }
    line.contains(['\n', '\r', '\0']).then(|| format!("the line `{shown}` of `slurm.prologue` has to be one line"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(flags: &[&str], prologue: &[&str]) -> Vec<String> {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Settings { flags: owned(flags), prologue: owned(prologue), ..Settings::default() }.problems()
    }

    #[test]
    fn flags_that_only_a_user_sets_pass() {
        assert_eq!(problems(&["--exclusive", "--nice=100", "--reservation=lab", "--mem-bind=local", "--nodelist=n1"], &["module load x", "# a word"]), [""; 0]);
    }

    #[test]
    fn flags_that_are_set_here_are_refused_whole_or_cut() {
        for flag in ["--array=1-2", "--arr=1", "--partition=x", "--part=x", "--time=1", "--export=ALL", "--no-r", "--requeue", "--me=1"] {
            let [problem] = &problems(&[flag], &[])[..] else { panic!("{flag}") };
            assert!(problem.contains("is set for each job"), "{problem}");
        }
        assert_eq!(
            problems(&["--partition=x"], &[]),
            ["the flag `--partition=x` of `slurm.flags` is refused: `--partition` is set for each job\n\nhint: the setting `partition` says it"]
        );
    }

    #[test]
    fn words_that_are_no_flags_are_refused() {
        for flag in ["-p", "-pmain", "script.sh", "--", "", "--=x"] {
            assert!(problems(&[flag], &[])[0].contains("long form"), "{flag}");
        }
    }

    #[test]
    fn flags_do_not_hide_in_the_prologue() {
        assert!(problems(&[], &["#SBATCH --mem=1"])[0].contains("slurm.flags"));
        assert!(problems(&[], &["a\nb"])[0].contains("one line"));
    }
}
