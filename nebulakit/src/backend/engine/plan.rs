//! The folder of a plan, as a driver writes it before anything starts.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::backend::node::{PLAN_VERSION, PlanFile, PlanFolder, copy_program};
use crate::process::{elf::Elf, program};
use crate::run::RunFolder;

/// What is written.
pub(super) struct NewPlan<'a> {
    pub(super) backend: &'a str,
    pub(super) name: &'a str,
    pub(super) id: &'a str,
    /// The run that it is of, where there is one already.
    pub(super) run: Option<&'a RunFolder>,
    /// The files of the compiled graph.
    pub(super) files: &'a [(PathBuf, Vec<u8>)],
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
        let copy = self.copy(folder, &source)?;
        for (name, contents) in self.files {
            write(&folder.path().join(name), contents, 0o600)?;
        }
        let run = self.run.map(|run| std::path::absolute(run.path())).transpose()?;
        let plan = PlanFile {
            version: PLAN_VERSION,
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            backend: self.backend.to_owned(),
            build: Elf::read(&folder.path().join(&copy))?.id,
            program: copy.clone(),
            run: run.as_ref().map(|run| run.to_string_lossy().into_owned()),
            // There the run looks for what its tasks stored, whichever backend ran them.
            data: run.as_ref().map(|run| run.join("raw").to_string_lossy().into_owned()),
        };
        plan.write(folder)?;
        if let Some(run) = self.run {
            write(&folder.path().join("run.sh"), script(folder, &copy, run).as_bytes(), 0o700)?;
            // The run knows its plan, wherever that is.
            write(&run.path().join("plan"), format!("{}\n", folder.path().display()).as_bytes(), 0o600)?;
        }
        Ok(copy)
    }
}

impl NewPlan<'_> {
    /// The plan's copy of the program. A large one is copied and read once for all plans that are side by side: they share the copy, which nobody else writes to.
    fn copy(&self, folder: &PlanFolder, source: &Path) -> io::Result<String> {
        let Some(plans) = folder.path().parent().filter(|plans| plans.ends_with("plans")) else { return copy_program(folder, source) };
        // By the length and the time of the file.
        let known = plans.join(format!(".program-{}", program::build_of(source)?));
        if let Ok(digest) = fs::read_to_string(known.join("digest")) {
            let bin = folder.path().join("bin");
            fs::DirBuilder::new().mode(0o700).recursive(true).create(&bin)?;
            if is_digest(&digest) && fs::hard_link(known.join(&digest), bin.join(&digest)).is_ok() {
                return Ok(format!("bin/{digest}"));
            }
        }
        let copy = copy_program(folder, source)?;
        // Where it cannot be kept, the next plan copies it again.
        let kept = (|| {
            let digest = copy.trim_start_matches("bin/");
            fs::DirBuilder::new().mode(0o700).recursive(true).create(&known)?;
            match fs::hard_link(folder.path().join(&copy), known.join(digest)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            write(&known.join("digest.new"), digest.as_bytes(), 0o600)?;
            fs::rename(known.join("digest.new"), known.join("digest"))
        })();
        if let Err(error) = kept {
            tracing::debug!(%error, "the copy of the program is not kept");
        }
        Ok(copy)
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Drives the plan again, by hand.
fn script(folder: &PlanFolder, program: &str, run: &RunFolder) -> String {
    let runs = run.path().parent().and_then(Path::parent).unwrap_or(run.path());
    let program = folder.path().join(program);
    let words =
        [program.to_string_lossy(), "runs".into(), "attach".into(), run.id().to_string().into(), "--dir".into(), runs.to_string_lossy()];
    let mut script = "#!/bin/sh\n# Drives what is not over of this plan.\nexec".to_owned();
    for word in words {
        let _ = write!(script, " {}", quoted(&word));
    }
    script.push('\n');
    script
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
