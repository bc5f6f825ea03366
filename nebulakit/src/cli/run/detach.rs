//! `run --detach`: this program again, which drives the run by itself; the id of the run is printed as soon as there is one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use clap::builder::ValueParser;
use clap::{Arg, ArgMatches};
use uuid::Uuid;

use super::backends::DETACH;
use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::output::say;
use crate::cli::setting::Setting;
use crate::process::exit::Exit;
use crate::process::{program, terminal};
use crate::run::RunId;

/// The option by which the other process is told where to say the id.
const TELL: &str = "detached-tell";

/// How often it is looked whether it was said.
const LOOK: Duration = Duration::from_millis(10);

/// The option itself, which is not for people.
pub(super) fn argument() -> Arg {
    Arg::new(TELL).long(TELL).value_name("FILE").value_parser(ValueParser::path_buf()).hide(true)
}

/// Starts the other process with the same words, and prints the id of the run.
pub(super) fn detach(name: &str, words: &[OsString], folder: &Folder, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let failed = |what: &str, error: std::io::Error| Complaint::failed(format!("cannot leave the run to another process: {what}: {error}"));
    let runs = folder.made()?;
    let own = std::path::absolute(runs.path())
        .map_err(|error| failed("its folder", error))?
        .join("detached")
        .join(Uuid::new_v4().simple().to_string());
    fs::create_dir_all(&own).map_err(|error| failed("its folder", error))?;
    let (tell, log) = (own.join("run"), own.join("log"));
    let output = File::create(&log).map_err(|error| failed("its log", error))?;
    let errors = output.try_clone().map_err(|error| failed("its log", error))?;
    let mut command = Command::new(program::path().map_err(|error| failed("this program", error))?);
    command.args(["run", name]).arg(format!("--{TELL}")).arg(&tell);
    command.args(words.iter().filter(|word| word.to_str() != Some(&format!("--{DETACH}"))));
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    let mut child = command.spawn().map_err(|error| failed("it cannot be started", error))?;
    loop {
        if let Ok(id) = fs::read_to_string(&tell) {
            let hint = format!("`{} runs attach {id}` follows it, `{} runs cancel {id}` stops it", setting.binary, setting.binary);
            terminal::write(&format!("process {} drives the run; {hint}\n", child.id()));
            return say(&format!("{id}\n"));
        }
        if let Some(status) = child.try_wait().map_err(|error| failed("it cannot be waited for", error))? {
            // It may have said so in the meantime.
            if tell.exists() {
                continue;
            }
            let said = fs::read_to_string(&log).unwrap_or_default();
            let _ = fs::remove_dir_all(&own);
            terminal::write(&said);
            return Err(Complaint::failed(format!("the run did not begin ({status})")));
        }
        thread::sleep(LOOK);
    }
}

/// Where this process, which was started so, says the id of its run. It belongs to no terminal any more.
pub(super) fn asked(matches: &ArgMatches) -> Option<PathBuf> {
    let tell = matches.get_one::<PathBuf>(TELL)?.clone();
    // Where it leads a session already, that is as good.
    let _ = rustix::process::setsid();
    Some(tell)
}

/// Says the id.
pub(super) fn tell(file: &Path, run: &RunId) {
    let new = file.with_extension("new");
    let told = fs::write(&new, run.to_string()).and_then(|()| fs::rename(&new, file));
    if let Err(error) = told {
        tracing::warn!(%error, "cannot say which run it is");
    }
}
