//! Podman.

use std::path::PathBuf;

use crate::coordinator::strategy::containers::asked::User;
use crate::coordinator::strategy::containers::common::{self, is_v2};
use crate::coordinator::strategy::containers::driver::{CommandLine, Driver, Image, Launch, Limits, Refusal, Whose};

/// Podman, by its command line: as root, or as another user without any privileges.
#[derive(Debug)]
pub struct Podman {
    program: PathBuf,
    /// The user and the group that run this process.
    pub(super) caller: [u32; 2],
}

impl Podman {
    /// That of `program`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), caller: [rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw()] }
    }

    fn line(&self) -> CommandLine {
        CommandLine::new(&self.program)
    }
}

impl Driver for Podman {
    fn name(&self) -> &str {
        "podman"
    }

    fn ask(&self) -> CommandLine {
        self.line().with(["version", "--format", "{{.Client.Version}}"])
    }

    fn find(&self, image: &str) -> Option<CommandLine> {
        Some(self.line().with(["image", "inspect", "--format", common::IMAGE, "--", image]))
    }

    fn found(&self, image: &str, printed: &str) -> Option<Image> {
        common::image(image, printed)
    }

    fn limits(&self) -> Limits {
        let Self { caller: [user, _], .. } = self;
        if *user == 0 {
            return Limits::ALL;
        }
        // Without privileges, it has the cgroups that were handed to the user.
        if !is_v2() {
            return Limits::NONE;
        }
        let own = format!("/sys/fs/cgroup/user.slice/user-{user}.slice/user@{user}.service/cgroup.controllers");
        std::fs::read_to_string(own).map_or(Limits::ALL, |all| {
            let has = |controller: &str| all.split_whitespace().any(|one| one == controller);
            Limits { cpus: has("cpu"), memory: has("memory") }
        })
    }

    fn pull(&self, image: &str) -> CommandLine {
        self.line().with(["pull", "--quiet", "--", image])
    }

    fn run(&self, launch: &Launch) -> Result<CommandLine, Refusal> {
        let user = |line: &mut CommandLine, user: User| {
            line.push("--env-host=false");
            line.push("--http-proxy=false");
            line.push("--pidfile");
            line.push(launch.process_file());
            line.push("--conmon-pidfile");
            line.push(launch.monitor_file());
            let [user, group] = match user {
                User::Image => return,
                User::Caller => {
                    // Without privileges, this user is root in a container unless their number is kept.
                    if self.caller[0] != 0 {
                        line.push("--userns");
                        line.push("keep-id");
                    }
                    self.caller
                }
                User::Ids { user, group } => [user, group],
            };
            line.push("--user");
            line.push(format!("{user}:{group}"));
        };
        let gpus = |line: &mut CommandLine, ids: &[String]| {
            for id in ids {
                line.push("--device");
                line.push(format!("nvidia.com/gpu={id}"));
            }
        };
        common::run(self.line(), launch, user, gpus)
    }

    fn whose(&self, launch: &Launch, code: i32, said: &str) -> Whose {
        // It is written when the program can begin.
        let began = std::fs::read(launch.process_file()).is_ok_and(|process| !process.is_empty());
        let is_engines = code == 125 && said.lines().any(|line| line.starts_with("Error: ") || line.contains("level=error"));
        if began && !is_engines { Whose::Program } else { Whose::Engine }
    }

    fn signal(&self, name: &str, signal: &str) -> Option<CommandLine> {
        Some(self.line().with(["kill", "--signal", signal, name]))
    }

    fn remove(&self) -> Option<CommandLine> {
        Some(self.line().with(["rm", "--force", "--time", "0", "--volumes"]))
    }
}
