//! Jobs as processes.

use std::fs::File;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::jobs::Job;
use super::{Faults, Inner};

/// How many run at once.
const AT_ONCE: usize = 4;

/// How often it is looked for something to do.
const PERIOD: Duration = Duration::from_millis(20);

/// How long a machine is left to a job before it is taken away.
const LEFT: Duration = Duration::from_millis(400);

/// The variables of an account, as a role gives them to a container, too.
pub(super) fn account(endpoint: &str) -> Vec<(&'static str, String)> {
    [("AWS_ENDPOINT_URL", endpoint), ("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "dummy"), ("AWS_SECRET_ACCESS_KEY", "dummy-key")]
        .map(|(name, value)| (name, value.to_owned()))
        .into()
}

/// Runs a job, from its queue to its end.
pub(super) fn start(inner: &Arc<Inner>, id: String) {
    let inner = Arc::clone(inner);
    thread::spawn(move || while !run(&inner, &id) {});
}

/// Makes one try at it; whether it is over.
fn run(inner: &Inner, id: &str) -> bool {
    let job = loop {
        {
            let stuck = inner.faults().stuck.clone();
            let mut jobs = inner.jobs();
            let may_run = stuck.is_none() && jobs.running < AT_ONCE;
            let Some(job) = jobs.get(id) else { return true };
            if job.is_over() {
                return true;
            }
            job.status = "RUNNABLE".to_owned();
            job.reason = stuck;
            if may_run {
                job.status = "STARTING".to_owned();
                let job = job.clone();
                jobs.running += 1;
                break job;
            }
        }
        thread::sleep(PERIOD);
    };
    let ended = process(inner, &job);
    let mut jobs = inner.jobs();
    jobs.running -= 1;
    let Some(job) = jobs.get(id) else { return true };
    job.process = None;
    let (reason, container) = ended;
    let is_good = container["exitCode"] == 0 && !job.is_terminated;
    let reason = if job.is_terminated { job.reason.clone().unwrap_or_default() } else { reason };
    job.attempts.push(json!({ "statusReason": reason, "container": container, "startedAt": 1, "stoppedAt": 2 }));
    if !is_good && !job.is_terminated && job.begins_again(&reason) {
        job.status = "RUNNABLE".to_owned();
        return false;
    }
    job.status = if is_good { "SUCCEEDED" } else { "FAILED" }.to_owned();
    job.reason = Some(reason);
    true
}

/// Why it ended, and what is known of its container.
fn process(inner: &Inner, job: &Job) -> (String, Value) {
    let log = inner.folder.join(format!("{}.{}.log", job.id.replace(':', "-"), job.attempts.len()));
    let file = File::create(&log).unwrap();
    let mut command = Command::new(&inner.program);
    command.args(&job.command).env_clear().envs(job.environment.iter().map(|(name, value)| (name, value)));
    command.envs(account(&inner.endpoint)).env("PATH", "/usr/bin:/bin").env("HOME", &inner.folder);
    command.env("AWS_BATCH_JOB_ID", &job.id).env("AWS_BATCH_JOB_ATTEMPT", (job.attempts.len() + 1).to_string());
    if let Some(index) = job.index {
        command.env("AWS_BATCH_JOB_ARRAY_INDEX", index.to_string());
    }
    command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).process_group(0).current_dir(&inner.folder);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return ("Task failed to start".to_owned(), json!({ "reason": format!("CannotStartContainerError: {error}") })),
    };
    let pid = child.id();
    {
        let mut jobs = inner.jobs();
        if let Some(known) = jobs.get(&job.id) {
            (known.process, known.status, known.reason) = (Some(pid), "RUNNING".to_owned(), None);
            if known.is_terminated {
                end(pid);
            }
        }
    }
    let is_of = |task: &str| !task.is_empty() && job.command.iter().any(|word| word.rsplit('.').next() == Some(task));
    let (is_taken, is_hungry) = {
        let mut faults = inner.faults();
        let (taken_from, hungry) = (faults.taken_from.clone(), faults.out_of_memory.clone());
        (is_of(&taken_from) && Faults::take(&mut faults.taken), is_of(&hungry))
    };
    if is_taken || is_hungry {
        thread::sleep(LEFT);
        kill(pid);
    }
    let status = child.wait().unwrap();
    // What it has left behind goes with its container.
    kill(pid);
    let exit = exit(status);
    match (is_taken, is_hungry) {
        (true, _) => ("Host EC2 (instance i-0123456789abcdef0) terminated.".to_owned(), json!({})),
        (_, true) => (
            "Essential container in task exited".to_owned(),
            json!({ "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage" }),
        ),
        _ => ("Essential container in task exited".to_owned(), json!({ "exitCode": exit, "logStreamName": log.display().to_string() })),
    }
}

fn exit(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}

/// Asks a job's processes to end, and ends them a while later.
pub(super) fn end(pid: u32) {
    let _ = killpg(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGTERM);
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(5));
        kill(pid);
    });
}

fn kill(pid: u32) {
    let _ = killpg(Pid::from_raw(pid.try_into().unwrap()), Signal::SIGKILL);
}
