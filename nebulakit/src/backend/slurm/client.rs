//! Slurm's client programs: started without a shell, without what an outer job left in the environment, and not waited for without end.

use std::ffi::{OsStr, OsString};
use std::process::Stdio;
use std::time::Duration;

use nebulakit_types::visible;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::services::env::{self, Environment};

/// How long a program may take: they wait for a controller that does not answer, some of them for minutes.
const LIMIT: Duration = Duration::from_secs(90);

/// How much of what a program says is shown of it, in bytes.
const SHOWN: usize = 1000;

/// What Slurm's programs read besides their words: each is the setting of somebody else, but for the one that says where the cluster's settings are.
const PREFIXES: [&str; 9] = ["SLURM_", "SLURMD_", "SBATCH_", "SQUEUE_", "SACCT_", "SCANCEL_", "SCONTROL_", "SINFO_", "SALLOC_"];

/// What of this process's environment `sbatch` gets: it hands all of its own on to the job.
const OF_SUBMIT: [&str; 4] = ["SLURM_CONF", "USER", "LOGNAME", "HOME"];

/// The programs, and their environment.
#[derive(Clone, Debug)]
pub(super) struct Client {
    variables: Vec<(OsString, OsString)>,
    /// Where programs are looked for.
    path: Option<OsString>,
}

/// What a program gave.
#[derive(Clone, Debug)]
pub(super) struct Said {
    /// Its exit code; `None` after a signal.
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Why there is nothing that a program gave.
#[derive(Clone, Debug)]
pub(super) enum NotRun {
    /// It did not start.
    NotStarted(String),
    /// It was ended, and what it has done until then is not known.
    Cut(String),
}

impl Client {
    /// With the environment of this process.
    pub(super) fn new(own: &Environment) -> Self {
        let is_kept = |name: &OsString| {
            let name = name.to_string_lossy();
            name == "SLURM_CONF" || !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        };
        let variables = own.variables().filter(|(name, _)| is_kept(name)).collect();
        Self { variables, path: own.raw(env::PATH).map(OsStr::to_owned) }
    }

    /// Asks a program, or has it do something.
    ///
    /// # Errors
    /// When it does not start, or does not end.
    pub(super) async fn ask(&self, program: &str, words: &[String]) -> Result<Said, NotRun> {
        let mut command = self.command(program, words)?;
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        run(command, program, "").await
    }

    /// Submits a script, whose job gets these variables and nothing else of this process.
    ///
    /// # Errors
    /// As for [`ask`](Self::ask).
    pub(super) async fn submit(&self, words: &[String], variables: &[(String, String)], script: &str) -> Result<Said, NotRun> {
        let mut command = self.command("sbatch", words)?;
        command.envs(self.variables.iter().filter(|(name, _)| OF_SUBMIT.iter().any(|own| name == own)).map(|(name, value)| (name, value)));
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        run(command, "sbatch", script).await
    }

    fn command(&self, program: &str, words: &[String]) -> Result<Command, NotRun> {
        let mut folders = self.path.iter().flat_map(std::env::split_paths).map(|folder| folder.join(program));
        // Without a `PATH` in the environment that is made for it, the system would look where nobody said.
        let found = match &self.path {
            Some(_) => folders.find(|path| path.is_file()).ok_or_else(|| not_started(program, &"it is not on `PATH`"))?,
            None => program.into(),
        };
        let mut command = Command::new(found);
        command.args(words).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Ok(command)
    }
}

fn not_started(program: &str, why: &dyn std::fmt::Display) -> NotRun {
    NotRun::NotStarted(format!("`{program}` cannot be started: {why}\n\nhint: Slurm's programs have to be on `PATH` where `run` is typed"))
}

async fn run(mut command: Command, program: &str, input: &str) -> Result<Said, NotRun> {
    let mut child = command.spawn().map_err(|error| not_started(program, &error))?;
    let mut stdin = child.stdin.take();
    let both = async {
        // One that wants no input may be gone before it is all written: what it says tells why.
        if let Some(stdin) = &mut stdin {
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        drop(stdin.take());
        child.wait_with_output().await
    };
    match tokio::time::timeout(LIMIT, both).await {
        Ok(Ok(output)) => Ok(Said {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
        Ok(Err(error)) => Err(NotRun::Cut(format!("what `{program}` says cannot be read: {error}"))),
        Err(_) => Err(NotRun::Cut(format!("`{program}` did not end within {LIMIT:?}"))),
    }
}

impl Said {
    /// What it said, fit to be shown: of what is wrong, if it said so, or all.
    pub(super) fn shown(&self) -> String {
        let said = [&self.stderr, &self.stdout].into_iter().map(|text| text.trim()).find(|text| !text.is_empty());
        said.map_or_else(|| "nothing".to_owned(), shown)
    }
}

impl std::fmt::Display for NotRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::NotStarted(why) | Self::Cut(why)) = self;
        f.write_str(why)
    }
}

/// `text` as it may be shown, cut.
pub(super) fn shown(text: &str) -> String {
    let end = (0..=SHOWN.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
    visible::lines(&text[..end]).into_owned()
}
