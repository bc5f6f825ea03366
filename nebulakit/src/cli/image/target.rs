//! Which machine an image is for, and what builds for that.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use super::path::on_path;
use crate::cli::complaint::Complaint;
use crate::process::elf::Elf;
use crate::services::env::Environment;

/// A machine that images are made for.
#[derive(Debug)]
pub(super) struct Target {
    /// As builders of images name it.
    pub(super) platform: &'static str,
    pub(super) arch: &'static str,
    /// As compilers name it.
    pub(super) triple: &'static str,
    /// As the header of a program names it.
    machine: u16,
    /// C compilers for it on any machine, apart from clang.
    compilers: &'static [&'static str],
    /// How one is installed on another machine.
    hint: &'static str,
}

static TARGETS: [Target; 2] = [
    Target {
        platform: "linux/amd64",
        arch: "x86_64",
        triple: "x86_64-unknown-linux-musl",
        machine: 62,
        compilers: &["x86_64-linux-musl-gcc"],
        hint: "install clang, or `x86_64-linux-musl-gcc`",
    },
    Target {
        platform: "linux/arm64",
        arch: "aarch64",
        triple: "aarch64-unknown-linux-musl",
        machine: 183,
        compilers: &["aarch64-linux-musl-gcc", "aarch64-linux-gnu-gcc"],
        hint: "install clang, or `gcc-aarch64-linux-gnu`",
    },
];

/// The platform of this machine.
pub(super) const HOST: &str = if cfg!(target_arch = "aarch64") { "linux/arm64" } else { "linux/amd64" };

/// All platforms.
pub(super) fn platforms() -> [&'static str; 2] {
    [TARGETS[0].platform, TARGETS[1].platform]
}

/// Where the machine and the class stand in the header of a program.
const CLASS: usize = 4;
const MACHINE: usize = 18;

impl Target {
    pub(super) fn of(platform: &str) -> Result<&'static Self, Complaint> {
        let unknown = || Complaint::usage(format!("no images are made for `{platform}`"));
        TARGETS.iter().find(|target| target.platform == platform).ok_or_else(unknown)
    }

    /// Whether this machine's own tools build for it. Those of other systems do not, whatever the processor.
    fn is_this_machine(&self) -> bool {
        cfg!(target_os = "linux") && self.platform == HOST
    }

    /// What cargo is told besides: the linker that comes with Rust links for other machines too.
    pub(super) fn environment(&self, environment: &Environment) -> Vec<(String, String)> {
        let triple = self.triple.replace('-', "_");
        let mut set = Vec::new();
        let linker = format!("CARGO_TARGET_{}_LINKER", triple.to_uppercase());
        if !self.is_this_machine() && environment.non_empty(&linker).is_none() {
            set.push((linker, "rust-lld".to_owned()));
        }
        let compiler = format!("CC_{triple}");
        if environment.non_empty(&compiler).is_none()
            && let Some(found) = self.compiler(environment)
        {
            set.push((compiler, found.to_owned()));
        }
        set
    }

    /// A C compiler for it.
    fn compiler(&self, environment: &Environment) -> Option<&'static str> {
        self.compilers_on(self.is_this_machine()).find(|name| on_path(name, environment))
    }

    /// The C compilers for it, best first. `musl-gcc` and `gcc` compile for the machine that they are on.
    fn compilers_on(&self, is_this_machine: bool) -> impl Iterator<Item = &'static str> + use<> {
        let (musl, own) = if is_this_machine { (Some("musl-gcc"), Some("gcc")) } else { (None, None) };
        self.compilers.iter().copied().chain(musl).chain(["clang"]).chain(own)
    }

    pub(super) fn has_compiler(&self, environment: &Environment) -> bool {
        environment.non_empty(&format!("CC_{}", self.triple.replace('-', "_"))).is_some() || self.compiler(environment).is_some()
    }

    /// How one is installed.
    pub(super) fn hint(&self) -> &'static str {
        if self.is_this_machine() { "install `musl-tools`, or clang" } else { self.hint }
    }

    /// Whether Rust's own libraries for it are there.
    pub(super) fn installed(&self) -> Result<(), Complaint> {
        let output = Command::new("rustc").args(["--print", "target-libdir", "--target", self.triple]).output();
        let folder = output.ok().filter(|output| output.status.success()).and_then(|output| String::from_utf8(output.stdout).ok());
        // Without `rustc` it is left to cargo to say what is wrong.
        match folder {
            Some(folder) if !Path::new(folder.trim()).exists() => {
                Err(Complaint::failed(format!("Rust's libraries for {} are not installed", self.triple))
                    .hint(format!("hint: `rustup target add {}`", self.triple)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a program runs there with nothing besides.
    pub(super) fn check(&self, binary: &Path) -> Result<(), Complaint> {
        let unreadable = |error: std::io::Error| Complaint::failed(format!("`{}` cannot be read: {error}", binary.display()));
        let mut header = [0; MACHINE + 2];
        File::open(binary).and_then(|mut file| file.read_exact(&mut header)).map_err(unreadable)?;
        let is_program = header.starts_with(b"\x7fELF") && header[CLASS] == 2;
        let machine = u16::from_le_bytes([header[MACHINE], header[MACHINE + 1]]);
        if !is_program || machine != self.machine {
            let message = format!(
                "`{}` is not a program for {}: its machine is {machine}, and not {}",
                binary.display(),
                self.platform,
                self.machine
            );
            return Err(Complaint::failed(message));
        }
        if !Elf::read(binary).map_err(unreadable)?.is_static {
            return Err(Complaint::failed(format!("`{}` needs shared libraries, which an empty image does not have", binary.display())));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_of_this_machine_do_not_compile_for_another() {
        for target in &TARGETS {
            let elsewhere: Vec<_> = target.compilers_on(false).collect();
            assert!(!elsewhere.contains(&"musl-gcc") && !elsewhere.contains(&"gcc"), "{elsewhere:?}");
            assert!(target.compilers_on(true).any(|name| name == "musl-gcc"));
        }
    }
}
