//! The folder of a plan, as a driver writes it before anything starts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::backend::node::{PLAN_VERSION, PlanFile, PlanFolder, copy_program, create_first, flatten, publish, url};
use crate::graph::Graph;
use crate::process::{elf::Elf, program};
use crate::run::RunFolder;

/// What is written.
pub(super) struct NewPlan<'a> {
    pub(super) backend: &'a str,
    pub(super) name: &'a str,
    pub(super) id: &'a str,
    /// The run that it is of, where there is one already.
    pub(super) run: Option<&'a RunFolder>,
    /// Where its run is recorded, or will be.
    pub(super) runs: &'a Path,
    /// The files of the compiled graph.
    pub(super) files: &'a [(PathBuf, Vec<u8>)],
    /// The graph, whose nodes can be run by hand, too.
    pub(super) graph: &'a Graph,
    /// The program that runs the tasks; this one if it is left out.
    pub(super) program: Option<&'a Path>,
    /// The prefix of what tasks store, where it is not in the run's folder.
    pub(super) data: Option<&'a str>,
    /// Variables of tasks that stand in the plan.
    pub(super) variables: BTreeMap<String, String>,
}

impl NewPlan<'_> {
    /// Writes all of it into `folder`; where the copy of the program is, from there on.
    pub(super) fn write(&self, folder: &PlanFolder) -> io::Result<String> {
        folder.make()?;
        let source = match self.program {
            Some(program) => program.to_owned(),
            None => program::path()?,
        };
        let is_stored = url(folder.path()).is_some();
        // Jobs that share no folder have the program in their images.
        let (copy, build) = if is_stored {
            check_claims(folder)?;
            let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, Elf::read(&source)?.id)
        } else {
            let copy = copy_program(folder, &source)?;
            let build = Elf::read(&folder.path().join(&copy))?.id;
            (copy, build)
        };
        for (name, contents) in self.files {
            write(&folder.path().join(name), contents, 0o600)?;
        }
        flatten(self.graph).map_err(io::Error::other)?.write(folder)?;
        let plan = PlanFile {
            version: PLAN_VERSION,
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            backend: self.backend.to_owned(),
            build,
            program: copy.clone(),
            run: None,
            data: self.data.map(str::to_owned),
            variables: self.variables.clone(),
        };
        match self.run {
            Some(run) => is_of(plan, run, folder)?,
            None => plan.write(folder)?,
        }
        let program = if is_stored { source } else { folder.path().join(&copy) };
        write(&folder.path().join("run.sh"), self.script(folder, &program)?.as_bytes(), 0o700)?;
        Ok(copy)
    }

    /// Starts the plan by hand, or drives it on, with the settings that count here.
    fn script(&self, folder: &PlanFolder, program: &Path) -> io::Result<String> {
        let (here, runs) = (std::env::current_dir()?, std::path::absolute(self.runs)?);
        let plan = folder.path().to_string_lossy();
        let words = [program.to_string_lossy(), "runs".into(), "attach".into(), plan, "--dir".into(), runs.to_string_lossy()];
        let mut script = format!(
            "#!/bin/sh\n# Runs what is not over of this plan. The folder is that of the settings, nebulakit.toml.\ncd {} && exec",
            quoted(&here.to_string_lossy())
        );
        for word in words {
            let _ = write!(script, " {}", quoted(&word));
        }
        // Options, such as `--json`, are given on.
        script.push_str(" \"$@\"\n");
        Ok(script)
    }
}

/// Says which run a plan is of. There the run looks for what its tasks stored, whichever backend ran them; and it knows its plan, wherever that is.
pub(super) fn is_of(plan: PlanFile, run: &RunFolder, folder: &PlanFolder) -> io::Result<()> {
    let path = std::path::absolute(run.path())?;
    let text = |path: &Path| Some(path.to_string_lossy().into_owned());
    write(&path.join("plan"), format!("{}\n", folder.path().display()).as_bytes(), 0o600)?;
    let data = plan.data.clone().or_else(|| text(&path.join("raw")));
    PlanFile { run: text(&path), data, ..plan }.write(folder)
}

/// A word as a shell reads it.
pub(in crate::backend) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A store that overwrites what was to be created would let two jobs have one attempt.
fn check_claims(folder: &PlanFolder) -> io::Result<()> {
    let place = folder.path().join("claims");
    for (content, is_first) in [("the first", true), ("the second", false)] {
        if create_first(&place, content.as_bytes())? != is_first {
            let said = "its store overwrites an object that was to be created only where there is none (`If-None-Match: *`), so jobs cannot claim their attempts there";
            return Err(io::Error::other(said));
        }
    }
    Ok(())
}

fn write(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    use std::io::Write as _;
    if url(path).is_some() {
        return publish(path, contents);
    }
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_each_word_as_it_is() {
        let words = ["", "a b", "$HOME", "`id`", "a'b", "'", "''", "\"", "\\", "a\nb", "*", "~", "-n", "ü", "!x", "$(id)", ";", "\\'"];
        let line: String = words.iter().map(|word| format!(" {}", quoted(word))).collect();
        let output = std::process::Command::new("sh").args(["-c", &format!("printf '%s\\0'{line}")]).output().unwrap();
        let read: Vec<_> = output.stdout.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        assert_eq!(read[..words.len()], words);
    }
}
