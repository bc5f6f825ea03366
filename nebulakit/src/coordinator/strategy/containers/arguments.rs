//! Names and values that come from outside, as arguments of engines: nothing in them is interpreted.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use crate::coordinator::strategy::containers::asked::Mount;
use crate::coordinator::strategy::containers::driver::{Launch, Refusal, shown};

/// What a client reads of its own environment, so that a container's variable of the same name cannot be handed over there. None of them holds a secret.
const READ_BY_CLIENTS: [&str; 10] = ["PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "TERM", "SHELL", "LANG", "PWD", "TZ"];

/// The same, by how names begin.
const BEGINNINGS: [&str; 9] = ["LD_", "DOCKER_", "CONTAINER", "XDG_", "GO", "SSL_CERT_", "REGISTRY_", "DBUS_", "LC_"];

/// Whether a variable of that name would change what the engine's own program does.
pub(super) fn is_read_by_clients(name: &str) -> bool {
    READ_BY_CLIENTS.contains(&name)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || [
            "STORAGE_DRIVER",
            "STORAGE_OPTS",
            "_CONTAINERS_USERNS_CONFIGURED",
            "BUILDAH_ISOLATION",
            "NOTIFY_SOCKET",
            "LISTEN_FDS",
            "LISTEN_PID",
        ]
        .contains(&name)
}

/// What `--mount` takes: fields with commas between them, each in quotes where it has to be. Engines read it as a line of CSV.
pub(super) fn mount(mount: &Mount, alias: &Path, read_only: &str) -> OsString {
    let mut argument = OsString::from("type=bind,");
    argument.push(field("source=", alias));
    argument.push(",");
    argument.push(field("target=", &mount.target));
    if !mount.is_writable {
        argument.push(",");
        argument.push(read_only);
    }
    argument
}

fn field(key: &str, path: &Path) -> OsString {
    let bytes = path.as_os_str().as_bytes();
    if bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(byte)) {
        return [OsStr::new(key), path.as_os_str()].into_iter().collect();
    }
    let mut quoted = vec![b'"'];
    quoted.extend_from_slice(key.as_bytes());
    for byte in bytes {
        quoted.push(*byte);
        if *byte == b'"' {
            quoted.push(b'"');
        }
    }
    quoted.push(b'"');
    OsString::from_vec(quoted)
}

/// Whether engines, which take text and read lines, lose nothing of it.
fn is_kept(path: &Path) -> bool {
    path.to_str().is_some_and(|text| !text.contains('\r'))
}

/// A name for the source of the mount of that number which every engine keeps: its own, or that of a link in `scratch` to it.
///
/// # Errors
/// When the link cannot be made.
pub(super) fn alias(source: &Path, scratch: &Path, number: usize) -> Result<PathBuf, Refusal> {
    if is_kept(source) {
        return Ok(source.to_owned());
    }
    let alias = scratch.join(format!("mount-{number}"));
    match symlink(source, &alias) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(Refusal(format!("`{}` cannot be mounted: no link to it can be made: {error}", shown(source))))
        }
        _ => Ok(alias),
    }
}

/// What no engine can carry is refused, by its name.
///
/// # Errors
/// When there is such a thing.
pub(super) fn check(launch: &Launch) -> Result<(), Refusal> {
    let Some(program) = launch.command.first() else {
        let said = "a container has no command\nhint: name the program and its arguments by `.command([..])`; the image's own entrypoint is not used";
        return Err(Refusal(said.to_owned()));
    };
    if program.is_empty() {
        return Err(Refusal("the program of a container has an empty name".to_owned()));
    }
    if let Some((at, part)) = launch.command.iter().enumerate().find(|(_, part)| part.to_str().is_none()) {
        return Err(Refusal(format!("argument {at} of the command, `{}`, is not UTF-8: engines take text alone", shown(part))));
    }
    for (name, value) in &launch.variables {
        if name.is_empty() || name.contains(['=', '*', '\0', '\n', '\r']) {
            return Err(Refusal(format!("the variable `{}` has a name that engines do not take", name.escape_debug())));
        }
        if value.to_str().is_none_or(|value| value.contains('\0')) {
            return Err(Refusal(format!("the value of the variable `{name}` is not UTF-8, or holds a NUL: engines take text alone")));
        }
    }
    launch.mounts.iter().try_for_each(check_mount)?;
    if let Some(folder) = &launch.folder
        && !(folder.is_absolute() && is_kept(folder))
    {
        return Err(Refusal(format!(
            "`{}` cannot be the folder that a container begins in: expected an absolute path in UTF-8",
            shown(folder)
        )));
    }
    Ok(())
}

fn check_mount(mount: &Mount) -> Result<(), Refusal> {
    let Mount { source, target, .. } = mount;
    let said = |what: &str| Err(Refusal(format!("`{}` cannot be mounted at `{}`: {what}", shown(source), shown(target))));
    if !source.is_absolute() || !target.is_absolute() {
        return said("expected absolute paths");
    }
    if target.components().any(|part| part == Component::ParentDir) || target.components().count() < 2 {
        return said("expected a path below `/`, without `..`, in the container");
    }
    if !is_kept(target) {
        return said(
            "engines take text alone, without carriage returns, as a path in the container\nhint: give it another name there by `Mount::at`",
        );
    }
    match std::fs::metadata(source) {
        Ok(_) => Ok(()),
        Err(error) => said(&format!("it cannot be read here: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_csv() {
        let of = |source: &str, target: &str| {
            let own = Mount::read_only(source).at(target);
            mount(&own, Path::new(source), "readonly").into_string().unwrap()
        };
        assert_eq!(of("/a/b.txt", "/in"), "type=bind,source=/a/b.txt,target=/in,readonly");
        assert_eq!(of("/a,b", "/q\"x"), "type=bind,\"source=/a,b\",\"target=/q\"\"x\",readonly");
        assert_eq!(of("/a:b $(c)", "/n\nl"), "type=bind,\"source=/a:b $(c)\",\"target=/n\nl\",readonly");
        let own = Mount::read_write("/a");
        assert_eq!(mount(&own, Path::new("/a"), "readonly"), "type=bind,source=/a,target=/a");
    }

    #[test]
    fn what_engines_would_change_has_an_alias() {
        let folder = tempfile::tempdir().unwrap();
        let hostile = folder.path().join(OsStr::from_bytes(b"x\xffy"));
        std::fs::write(&hostile, "ours").unwrap();
        let alias = alias(&hostile, folder.path(), 3).unwrap();
        assert_eq!(alias, folder.path().join("mount-3"));
        assert_eq!(std::fs::read_to_string(alias).unwrap(), "ours");
        assert_eq!(super::alias(Path::new("/a:b"), folder.path(), 4).unwrap(), Path::new("/a:b"));
    }
}
