//! What engines say when something is wrong, told apart.

/// What is wrong, by what an engine says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trouble {
    /// It is not installed.
    NotInstalled,
    /// This user may not use it.
    NoPermission,
    /// It does not answer, or ended while the container ran.
    Gone,
    /// It does not have the image, and cannot get it.
    NoImage,
    /// The image does not have the program, or it cannot be run.
    NoCommand,
    /// There is no space left.
    NoSpace,
    /// Anything else.
    Other,
}

/// What engines say, in lower case, and what it means; the first that is found counts.
const WORDS: [(&str, Trouble); 32] = [
    ("no space left on device", Trouble::NoSpace),
    ("disk quota exceeded", Trouble::NoSpace),
    ("not enough free space", Trouble::NoSpace),
    ("permission denied while trying to connect", Trouble::NoPermission),
    ("connect: permission denied", Trouble::NoPermission),
    ("cannot connect to the docker daemon", Trouble::Gone),
    ("is the docker daemon running", Trouble::Gone),
    ("failed to connect to the docker api", Trouble::Gone),
    ("cannot connect to podman", Trouble::Gone),
    ("connection refused", Trouble::Gone),
    ("connection reset by peer", Trouble::Gone),
    ("error during connect", Trouble::Gone),
    ("error waiting for container: unexpected eof", Trouble::Gone),
    ("unexpected eof", Trouble::Gone),
    ("no such image", Trouble::NoImage),
    ("image not known", Trouble::NoImage),
    ("unable to find image", Trouble::NoImage),
    ("unable to copy from source", Trouble::NoImage),
    ("initializing source", Trouble::NoImage),
    ("pull access denied", Trouble::NoImage),
    ("manifest unknown", Trouble::NoImage),
    ("repository does not exist", Trouble::NoImage),
    ("name unknown", Trouble::NoImage),
    ("did not resolve to an alias", Trouble::NoImage),
    ("invalid reference format", Trouble::NoImage),
    ("could not open image", Trouble::NoImage),
    ("failed to resolve reference", Trouble::NoImage),
    ("executable file not found", Trouble::NoCommand),
    ("exec: ", Trouble::NoCommand),
    ("fatal:   stat ", Trouble::NoCommand),
    ("exec format error", Trouble::NoCommand),
    ("attempted to invoke a command that was not found", Trouble::NoCommand),
];

/// What is wrong.
pub(super) fn trouble(said: &str) -> Trouble {
    let said = said.to_lowercase();
    WORDS.iter().find(|(words, _)| said.contains(words)).map_or(Trouble::Other, |(_, trouble)| *trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As docker 20.10, podman 4.3 and apptainer 1.4 say it.
    #[test]
    fn engines_are_understood() {
        for (said, meant) in [
            ("docker: Error response from daemon: No such image: nope:1.\nSee 'docker run --help'.", Trouble::NoImage),
            ("Error: nope:1: image not known", Trouble::NoImage),
            (
                "docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container \
                 process: exec: \"/nope\": stat /nope: no such file or directory: unknown.",
                Trouble::NoCommand,
            ),
            (
                "Error: runc: runc create failed: unable to start container process: exec: \"/nope\": stat /nope: no such file or directory: OCI runtime \
                 attempted to invoke a command that was not found",
                Trouble::NoCommand,
            ),
            ("docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?.", Trouble::Gone),
            (
                "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: connect: permission denied",
                Trouble::NoPermission,
            ),
            ("Error: write /var/lib/x: no space left on device", Trouble::NoSpace),
            ("FATAL:   stat /nope: no such file or directory", Trouble::NoCommand),
            (
                "FATAL:   While checking container encryption: could not open image /nope: lstat /nope: no such file or directory",
                Trouble::NoImage,
            ),
            ("Error: something else", Trouble::Other),
        ] {
            assert_eq!(trouble(said), meant, "{said}");
        }
    }
}
