//! Apptainer and SingularityCE.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::coordinator::strategy::containers::arguments::{alias, check, mount};
use crate::coordinator::strategy::containers::asked::User;
use crate::coordinator::strategy::containers::common::is_v2;
use crate::coordinator::strategy::containers::driver::{CommandLine, Driver, Image, Launch, Limits, Refusal, Whose};

/// Apptainer from 1.1 on, or SingularityCE from 3.10 on, by its command line.
///
/// It has no daemon: a container is a process of this user's, and ends with the one that started it. An image is a file, a folder, or a reference as `docker://ubuntu:24.04`,
/// which becomes a file in the folder of [`new`](Self::new); a name without `://` is one of docker's.
#[derive(Debug)]
pub struct Apptainer {
    program: PathBuf,
    /// What its variables begin with.
    prefix: &'static str,
    name: &'static str,
    images: PathBuf,
    pub(super) is_root: bool,
}

impl Apptainer {
    /// That of `program`, with files of images below `images`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, images: impl Into<PathBuf>) -> Self {
        let program = program.into();
        let is_singularity = program.file_name().is_some_and(|name| name == "singularity");
        let (name, prefix) = if is_singularity { ("singularity", "SINGULARITYENV_") } else { ("apptainer", "APPTAINERENV_") };
        Self { program, prefix, name, images: images.into(), is_root: rustix::process::geteuid().is_root() }
    }

    fn line(&self) -> CommandLine {
        CommandLine::new(&self.program)
    }

    /// Where an image of a registry is kept.
    fn file(&self, image: &str) -> PathBuf {
        let name: String = Sha256::digest(image).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.images.join(name + ".sif")
    }
}

/// Whether an image is a file or a folder.
fn is_path(image: &str) -> bool {
    Path::new(image).is_absolute() || image.starts_with("./") || image.starts_with("../")
}

fn digest(path: &Path) -> io::Result<Option<String>> {
    if path.is_dir() {
        return Ok(None);
    }
    let (mut file, mut hash, mut piece) = (File::open(path)?, Sha256::new(), vec![0; 1024 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => break,
            length => hash.update(&piece[..length]),
        }
    }
    Ok(Some(format!("sha256:{}", hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>())))
}

impl Driver for Apptainer {
    fn name(&self) -> &str {
        self.name
    }

    fn ask(&self) -> CommandLine {
        self.line().with(["--version"])
    }

    fn find(&self, _: &str) -> Option<CommandLine> {
        None
    }

    fn found(&self, _: &str, _: &str) -> Option<Image> {
        None
    }

    fn local_image(&self, image: &str) -> io::Result<Option<Image>> {
        let path = if is_path(image) { PathBuf::from(image) } else { self.file(image) };
        let path = match std::fs::canonicalize(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            path => path?,
        };
        let Some(id) = path.to_str() else { return Err(io::Error::other("its path is not UTF-8")) };
        Ok(Some(Image::new(image, id, digest(&path)?)))
    }

    fn limits(&self) -> Limits {
        if is_v2() { Limits::ALL } else { Limits::NONE }
    }

    fn pull(&self, image: &str) -> CommandLine {
        let reference = if image.contains("://") { image.to_owned() } else { format!("docker://{image}") };
        // A half of a file is never taken for an image.
        self.line().with(["pull", "--force", "--"]).with([self.file(image).into_os_string(), reference.into()])
    }

    fn run(&self, launch: &Launch) -> Result<CommandLine, Refusal> {
        check(launch)?;
        if launch.user != User::Caller {
            return Err(Refusal(format!("{} runs containers as the user who starts them, and another user was asked for", self.name)));
        }
        let mut line = self.line().with(["exec", "--containall", "--cleanenv", "--no-eval"]);
        if self.is_root {
            line.push("--no-privs");
        }
        if !launch.network {
            line = line.with(["--net", "--network", "none"]);
        }
        if let Some(cpus) = launch.cpus {
            line = line.with(["--cpus".to_owned(), format!("{cpus}")]);
        }
        if let Some(memory) = launch.memory {
            line = line.with(["--memory".to_owned(), memory.to_string(), "--memory-swap".to_owned(), memory.to_string()]);
        }
        if !launch.gpus.is_empty() {
            line.push("--nv");
            line.variables.insert(format!("{}CUDA_VISIBLE_DEVICES", self.prefix).into(), Some(launch.gpus.join(",").into()));
        }
        if !launch.read_only {
            line.push("--writable-tmpfs");
        }
        if let Some(folder) = &launch.folder {
            line = line.with(["--pwd".into(), folder.clone().into_os_string()]);
        }
        for (name, value) in &launch.variables {
            if name == "HOME" {
                return Err(Refusal(format!("the variable `HOME` is that of {} itself in its containers, and cannot be given", self.name)));
            }
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                || name.starts_with(|first: char| first.is_ascii_digit())
            {
                return Err(Refusal(format!("the variable `{}` has a name that {} does not take", name.escape_debug(), self.name)));
            }
            line.variables.insert(format!("{}{name}", self.prefix).into(), Some(value.clone()));
        }
        for (number, one) in launch.mounts.iter().enumerate() {
            let source = alias(&one.source, &launch.scratch, number)?;
            line = line.with(["--mount".into(), mount(one, &source, "ro")]);
        }
        line.push(&launch.image.id);
        Ok(line.with(launch.command.iter().cloned()))
    }

    fn whose(&self, _: &Launch, code: i32, said: &str) -> Whose {
        if code == 255 && said.lines().any(|line| line.starts_with("FATAL:")) { Whose::Engine } else { Whose::Program }
    }

    fn signal(&self, _: &str, _: &str) -> Option<CommandLine> {
        None
    }

    fn remove(&self) -> Option<CommandLine> {
        None
    }
}
