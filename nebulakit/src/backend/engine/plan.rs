//! The folder of a plan, as a driver writes it before anything starts.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::backend::node::{PLAN_VERSION, PlanFile, PlanFolder, copy_program, flatten};
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
}

impl NewPlan<'_> {
    /// Writes all of it into `folder`; where the copy of the program is, from there on.
    pub(super) fn write(&self, folder: &PlanFolder) -> io::Result<String> {
        folder.make()?;
        let source = match self.program {
            Some(program) => program.to_owned(),
            None => program::path()?,
        };
        let copy = copy_program(folder, &source)?;
        for (name, contents) in self.files {
            write(&folder.path().join(name), contents, 0o600)?;
        }
        flatten(self.graph).map_err(io::Error::other)?.write(folder)?;
        let plan = PlanFile {
            version: PLAN_VERSION,
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            backend: self.backend.to_owned(),
            build: Elf::read(&folder.path().join(&copy))?.id,
            program: copy.clone(),
            run: None,
            data: None,
        };
        match self.run {
            Some(run) => is_of(plan, run, folder)?,
            None => plan.write(folder)?,
        }
        write(&folder.path().join("run.sh"), self.script(folder, &copy)?.as_bytes(), 0o700)?;
        Ok(copy)
    }

    /// Starts the plan by hand, or drives it on, with the settings that count here.
    fn script(&self, folder: &PlanFolder, program: &str) -> io::Result<String> {
        let (here, runs) = (std::env::current_dir()?, std::path::absolute(self.runs)?);
        let (program, plan) = (folder.path().join(program), folder.path().to_string_lossy());
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
    PlanFile { run: text(&path), data: text(&path.join("raw")), ..plan }.write(folder)
}

/// A word as a shell reads it.
pub(in crate::backend) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn write(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    use std::io::Write as _;
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
