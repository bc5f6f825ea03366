//! What builds images.

use std::path::Path;
use std::process::Command;

use super::path::on_path;
use super::target::Target;
use crate::cli::complaint::Complaint;
use crate::cli::folder::typed;
use crate::services::env::Environment;

/// The programs that build images, the one that is taken first where several are installed first.
pub(super) const BUILDERS: [&str; 3] = ["docker", "podman", "buildah"];

/// A program that builds images.
#[derive(Debug, Clone, Copy)]
pub(super) struct Builder(&'static str);

impl Builder {
    /// The one that is `wanted`, else the first that is installed.
    pub(super) fn find(wanted: Option<&str>, environment: &Environment) -> Result<Self, Complaint> {
        let mut known = BUILDERS.into_iter().filter(|name| wanted.is_none_or(|wanted| wanted == *name));
        known.find(|name| on_path(name, environment)).map(Self).ok_or_else(|| match wanted {
            Some(wanted) => Complaint::failed(format!("`{wanted}` is not installed")),
            None => Complaint::failed("nothing that builds images is installed")
                .hint(format!("hint: install one of {}; or use the Dockerfile that `image` shows", BUILDERS.join(", "))),
        })
    }

    /// What builds `folder` as the image `tag`.
    pub(super) fn command(self, folder: &Path, tag: &str, target: &Target) -> Command {
        let mut command = Command::new(self.0);
        command.args(["build", "--platform", target.platform, "--tag", tag, "--file"]).arg(folder.join("Dockerfile")).arg(folder);
        command
    }

    /// What pushes the image `tag`, as people type it: another builder does not know the image.
    pub(super) fn push(self, tag: &str) -> String {
        format!("{} push {}", self.0, typed(tag))
    }
}
