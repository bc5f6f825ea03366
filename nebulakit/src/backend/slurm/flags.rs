//! The words of `sbatch` for a job, or for the equal jobs of an array.

use std::time::Duration;

use super::client::shown;
use super::settings::Settings;
use crate::backend::engine::EngineJob;

/// How long before its end by Slurm's clock a job is told that it ends, in seconds: enough to save a checkpoint and leave a record.
const NOTICE: u64 = 60;

/// Slurm may give that notice so much earlier, in seconds.
const EARLIER: u64 = 60;

const MIB: u64 = 1024 * 1024;

/// Where a job's output goes, as `sbatch` writes names of files.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// The words for jobs like `job`, called `name`; `elements` is how many there are of an array.
///
/// # Errors
/// When something of it cannot be said to `sbatch`.
pub(super) fn words(
    job: &EngineJob,
    name: &str,
    settings: &Settings,
    output: &Output,
    elements: Option<usize>,
) -> Result<Vec<String>, String> {
    let mut words: Vec<_> = ["--parsable", "--no-requeue", "--nodes=1", "--ntasks=1", "--open-mode=append"].map(str::to_owned).into();
    let mut flag = |name: &str, value: &str| words.push(format!("--{name}={value}"));
    flag("job-name", name);
    flag("output", &output.stdout);
    flag("error", &output.stderr);
    // What `sbatch` finds in its own environment is the job's alone. Anything else has Slurm start a login shell before each job.
    check(&job.variables)?;
    flag("export", "ALL");
    flag("cpus-per-task", &cores(job.cores).to_string());
    if let Some(memory) = job.memory {
        flag("mem", &format!("{}M", memory.div_ceil(MIB).max(1)));
    }
    match (&settings.gres, job.gpus) {
        (Some(gres), _) => flag("gres", gres),
        (None, 0) => {}
        (None, gpus) => flag("gpus", &gpus.to_string()),
    }
    if let Some(time) = job.time {
        flag("time", &minutes(time).to_string());
    }
    flag("signal", &format!("B:TERM@{NOTICE}"));
    if let Some(elements) = elements {
        flag("array", &format!("0-{}", elements.saturating_sub(1)));
    }
    let licenses = settings.licenses.as_ref().and_then(|licenses| licenses.of(&job.tokens));
    let own = [
        ("partition", &settings.partition),
        ("account", &settings.account),
        ("qos", &settings.qos),
        ("constraint", &settings.constraint),
        ("licenses", &licenses),
    ];
    for (name, value) in own {
        if let Some(value) = value {
            flag(name, value);
        }
    }
    words.extend(settings.flags.iter().flatten().cloned());
    Ok(words)
}

/// Whole cores, at least one: Slurm hands out no parts.
fn cores(cores: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a conversion of a float keeps to the bounds of the integer"
    )]
    let whole = cores.ceil() as u64;
    whole.max(1)
}

/// The limit that Slurm keeps, in minutes, its unit. The job keeps its own to the second, and Slurm's notice must not come before that.
fn minutes(time: Duration) -> u64 {
    (time.as_secs() + NOTICE + EARLIER).div_ceil(60) + 1
}

/// That no variable is one which Slurm reads or sets.
fn check(variables: &[(String, String)]) -> Result<(), String> {
    let is_name = |name: &str| {
        !name.is_empty() && !name.contains(['=', '\0']) && !["SLURM_", "SBATCH_"].iter().any(|prefix| name.starts_with(prefix))
    };
    match variables.iter().find(|(name, value)| !is_name(name) || value.contains('\0')) {
        Some((name, _)) => Err(format!("the variable `{}` cannot be given to a job of Slurm", shown(name))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_rounded_up_to_what_slurm_hands_out() {
        assert_eq!([0.0, 0.5, 1.0, 1.5, f64::NAN].map(cores), [1, 1, 1, 2, 1]);
        // However early the notice comes, the time is over before.
        for seconds in [1, 58, 60, 61, 3600] {
            assert!(minutes(Duration::from_secs(seconds)) * 60 - NOTICE - EARLIER >= seconds, "{seconds}");
        }
        assert_eq!(minutes(Duration::from_secs(60)), 4);
    }

    #[test]
    fn variables_of_slurm_are_not_set() {
        let of = |name: &str| check(&[(name.to_owned(), "secret".to_owned())]);
        assert_eq!(of("MY_FLAG"), Ok(()));
        for name in ["A=B", "", "SBATCH_PARTITION", "SLURM_JOB_ID", "A\0"] {
            assert!(of(name).is_err_and(|why| !why.contains("secret")), "{name}");
        }
    }
}
