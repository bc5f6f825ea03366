//! What the command lines of docker and podman have in common.

use std::ffi::OsString;

use crate::coordinator::strategy::containers::arguments::{alias, check, is_read_by_clients, mount};
use crate::coordinator::strategy::containers::asked::User;
use crate::coordinator::strategy::containers::driver::{CommandLine, Image, Launch, Refusal};

/// Whether SELinux is at work here. It keeps containers off what is mounted unless they are told apart no more; relabelling would change the user's files.
fn has_selinux() -> bool {
    std::path::Path::new("/sys/fs/selinux/enforce").exists()
}

/// Whether the cgroups of this machine are of version 2 alone.
pub(super) fn is_v2() -> bool {
    std::path::Path::new("/sys/fs/cgroup/cgroup.controllers").exists()
}

/// What `image inspect` is to print.
pub(super) const IMAGE: &str = "{{.Id}} {{json .RepoDigests}}";

/// Reads it.
pub(super) fn image(name: &str, printed: &str) -> Option<Image> {
    let (id, digests) = printed.trim().split_once(' ')?;
    let digests: Vec<String> = serde_json::from_str(digests).unwrap_or_default();
    // An image may be known by several names.
    let repository = repository(name);
    let own = digests
        .iter()
        .find(|digest| digest.split_once('@').is_some_and(|(of, _)| of == repository || of.ends_with(&format!("/{repository}"))));
    let digest = own.or(digests.first()).cloned();
    (!id.is_empty()).then(|| Image::new(name, id, digest))
}

/// The name without its tag and its digest.
fn repository(name: &str) -> &str {
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    match name.rsplit_once(':') {
        // A port, not a tag.
        Some((_, tag)) if tag.contains('/') => name,
        Some((name, _)) => name,
        None => name,
    }
}

/// The arguments of `run`, up to the image and its command.
///
/// # Errors
/// When the engine cannot do what is asked.
pub(super) fn run(
    mut line: CommandLine,
    launch: &Launch,
    user: impl FnOnce(&mut CommandLine, User),
    gpu: impl Fn(&mut CommandLine, &[String]),
) -> Result<CommandLine, Refusal> {
    check(launch)?;
    line = line.with(["run", "--rm", "--pull", "never", "--name"]).with([&launch.name]);
    line = line.with(["--entrypoint", ""]).with(["--cidfile".into(), launch.id_file().into_os_string()]);
    if !launch.network {
        line = line.with(["--network", "none"]);
    }
    user(&mut line, launch.user);
    if let Some(cpus) = launch.cpus {
        line = line.with(["--cpus".to_owned(), format!("{cpus}")]);
    }
    if let Some(memory) = launch.memory {
        line = line.with(["--memory".to_owned(), format!("{memory}b"), "--memory-swap".to_owned(), format!("{memory}b")]);
    }
    gpu(&mut line, &launch.gpus);
    if launch.read_only {
        line.push("--read-only");
    }
    if launch.init {
        line.push("--init");
    }
    if has_selinux() {
        line = line.with(["--security-opt", "label=disable"]);
    }
    if let Some(folder) = &launch.folder {
        line = line.with(["--workdir".into(), folder.clone().into_os_string()]);
    }
    for (name, value) in &launch.labels {
        line = line.with(["--label".to_owned(), format!("{name}={value}")]);
    }
    for (name, value) in &launch.variables {
        if is_read_by_clients(name) {
            let mut own = OsString::from(format!("{name}="));
            own.push(value);
            line = line.with(["--env".into(), own]);
        } else {
            // By its name alone: others see the arguments of a process, and not its environment.
            line = line.with(["--env", name]);
            line.variables.insert(name.into(), Some(value.clone()));
        }
    }
    for (number, one) in launch.mounts.iter().enumerate() {
        let source = alias(&one.source, &launch.scratch, number)?;
        line = line.with(["--mount".into(), mount(one, &source, "readonly")]);
    }
    line.push(&launch.image.id);
    Ok(line.with(launch.command.iter().cloned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_of_the_name() {
        let read = |name: &str, printed: &str| image(name, printed).map(|image| (image.id, image.digest));
        assert_eq!(read("t:1", "sha256:ab []\n"), Some(("sha256:ab".to_owned(), None)));
        let two = r#"sha256:ab ["other@sha256:1","ghcr.io/me/t@sha256:2"]"#;
        assert_eq!(read("ghcr.io/me/t:1", two).unwrap().1.unwrap(), "ghcr.io/me/t@sha256:2");
        assert_eq!(read("t", two).unwrap().1.unwrap(), "ghcr.io/me/t@sha256:2");
        assert_eq!(read("localhost:5000/x", two).unwrap().1.unwrap(), "other@sha256:1");
        assert_eq!(read("t", "nothing"), None);
    }

    #[test]
    fn a_repository_has_no_tag() {
        let of = ["a:1", "a", "localhost:5000/a", "localhost:5000/a:2", "a@sha256:00", "r/a:1@sha256:00"].map(repository);
        assert_eq!(of, ["a", "a", "localhost:5000/a", "localhost:5000/a", "a", "r/a"]);
    }
}
