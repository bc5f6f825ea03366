//! Docker.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::coordinator::strategy::containers::asked::User;
use crate::coordinator::strategy::containers::common;
use crate::coordinator::strategy::containers::driver::{CommandLine, Driver, Image, Launch, Record, Refusal, Whose};

/// What the client puts into a container's environment from its settings, unless it is told not to.
const PROXIES: [&str; 10] =
    ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"];

/// Docker, by its command line.
#[derive(Debug)]
pub struct Docker {
    program: PathBuf,
    /// The user and the group that run this process.
    pub(super) caller: [u32; 2],
    /// Whether its daemon runs as the user, who is root in its containers then.
    is_rootless: AtomicBool,
}

impl Docker {
    /// That of `program`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let caller = [rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw()];
        Self { program: program.into(), caller, is_rootless: AtomicBool::new(false) }
    }

    fn line(&self) -> CommandLine {
        CommandLine::new(&self.program)
    }
}

impl Driver for Docker {
    fn name(&self) -> &str {
        "docker"
    }

    fn ask(&self) -> CommandLine {
        self.line().with(["info", "--format", "{{json .}}"])
    }

    fn answered(&self, printed: &str) -> Result<(), String> {
        let Ok(info) = serde_json::from_str::<serde_json::Value>(printed) else { return Err(printed.trim().to_owned()) };
        let texts = |field: &str| info[field].as_array().into_iter().flatten().filter_map(|text| text.as_str()).collect::<Vec<_>>();
        // The client is there without its daemon too.
        let errors = texts("ServerErrors");
        if !errors.is_empty() {
            return Err(errors.join("\n"));
        }
        self.is_rootless.store(texts("SecurityOptions").iter().any(|option| option.contains("name=rootless")), Ordering::Relaxed);
        Ok(())
    }

    fn find(&self, image: &str) -> Option<CommandLine> {
        Some(self.line().with(["image", "inspect", "--format", common::IMAGE, "--", image]))
    }

    fn found(&self, image: &str, printed: &str) -> Option<Image> {
        common::image(image, printed)
    }

    fn pull(&self, image: &str) -> CommandLine {
        self.line().with(["pull", "--quiet", "--", image])
    }

    fn run(&self, launch: &Launch) -> Result<CommandLine, Refusal> {
        let user = |line: &mut CommandLine, user: User| {
            for name in PROXIES.into_iter().filter(|name| !launch.variables.contains_key(*name)) {
                line.push("--env");
                line.push(name);
                line.variables.insert(name.into(), None);
            }
            let [user, group] = match user {
                User::Image => return,
                User::Caller if self.is_rootless.load(Ordering::Relaxed) => [0, 0],
                User::Caller => self.caller,
                User::Ids { user, group } => [user, group],
            };
            line.push("--user");
            line.push(format!("{user}:{group}"));
        };
        let gpus = |line: &mut CommandLine, ids: &[String]| {
            if !ids.is_empty() {
                line.push("--gpus");
                // A line of CSV, in which a field with commas stands in quotes.
                line.push(format!("\"device={}\"", ids.join(",")));
            }
        };
        common::run(self.line(), launch, user, gpus)
    }

    fn signal(&self, name: &str, signal: &str) -> Option<CommandLine> {
        Some(self.line().with(["kill", "--signal", signal, name]))
    }

    fn remove(&self) -> Option<CommandLine> {
        Some(self.line().with(["rm", "--force", "--volumes"]))
    }

    fn groups(&self, id: &str) -> Vec<String> {
        vec![format!("docker/{id}"), format!("system.slice/docker-{id}.scope")]
    }

    fn process(&self, name: &str) -> Option<CommandLine> {
        Some(self.line().with(["container", "inspect", "--format", "{{.State.Pid}}", name]))
    }

    fn whose(&self, launch: &Launch, code: i32, _: &str) -> Whose {
        // It is written before the container begins.
        if std::fs::read(launch.id_file()).map_or(true, |id| id.is_empty()) {
            return Whose::Engine;
        }
        // The client has three codes of its own, and the kernel's end for want of memory is written down.
        if matches!(code, 125..=127 | 137) || launch.memory.is_some() { Whose::Unknown } else { Whose::Program }
    }

    fn record(&self, name: &str, since: SystemTime) -> Option<CommandLine> {
        let seconds = |at: SystemTime| {
            let at = at.duration_since(UNIX_EPOCH).unwrap_or_default();
            format!("{}.{:09}", at.as_secs(), at.subsec_nanos())
        };
        let (since, until) = (seconds(since), seconds(SystemTime::now()));
        // The daemon remembers its last events, of containers that are gone too.
        let line = self.line().with(["events", "--since", &since, "--until", &until, "--filter"]);
        let format = "{{.Action}} {{index .Actor.Attributes \"exitCode\"}}";
        Some(line.with([format!("container={name}"), "--format".to_owned(), format.to_owned()]))
    }

    fn recorded(&self, printed: &str) -> Record {
        let mut record = Record { is_there: !printed.trim().is_empty(), ..Record::default() };
        for line in printed.lines() {
            let (action, code) = line.split_once(' ').unwrap_or((line, ""));
            match action {
                "start" => record.began = true,
                "oom" => record.out_of_memory = true,
                "die" => record.code = code.trim().parse().ok(),
                _ => {}
            }
        }
        record
    }
}
