//! Engines that fail: killed while a container runs, without space, not to be used by this user.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nebulakit::coordinator::{Container, ContainerError, ContainerStrategy, EventKind, Trouble};
use rustix::process::{Pid, Signal, kill_process};

use crate::engines::{engines, import, name};
use crate::{PROGRAM, event, listening, run, soon, submitted, with};

/// An engine of this test's own, with a folder for all that it keeps.
struct Own {
    /// A program as the engine's own, which speaks with it.
    program: String,
    daemon: Option<Child>,
    folder: PathBuf,
    temporary: tempfile::TempDir,
}

impl Own {
    /// Starts one, with `space` in bytes where that is limited.
    fn start(engine: &str, space: Option<u64>) -> Self {
        // The path of a socket has a hundred letters at most.
        let temporary = tempfile::Builder::new().prefix("nk").tempdir_in("/tmp").unwrap();
        let folder = temporary.path().join("engine");
        std::fs::create_dir(&folder).unwrap();
        if let Some(space) = space {
            let status =
                Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={space}"), "tmpfs"]).arg(&folder).status().unwrap();
            assert!(status.success());
        }
        let (client, socket) = (temporary.path().join(name(engine)), temporary.path().join("socket"));
        let shown = folder.display();
        let (script, daemon) = if name(engine) == "docker" {
            let config = serde_json::json!({
                "data-root": folder.join("data"), "exec-root": temporary.path().join("exec"), "pidfile": temporary.path().join("pid"),
                "hosts": [format!("unix://{}", socket.display())], "iptables": false, "ip6tables": false, "ip-masq": false, "bridge": "none",
                "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 1024, "Soft": 1024}},
            });
            let file = temporary.path().join("daemon.json");
            std::fs::write(&file, config.to_string()).unwrap();
            let log = std::fs::File::create(temporary.path().join("log")).unwrap();
            let mut daemon = Command::new("dockerd");
            daemon.arg("--config-file").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
            (format!("exec {engine} --host unix://{} \"$@\"", socket.display()), Some(daemon.spawn().unwrap()))
        } else {
            (format!("exec {engine} --root '{shown}/root' --runroot '{shown}/run' \"$@\""), None)
        };
        std::fs::write(&client, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&client, PermissionsExt::from_mode(0o755)).unwrap();
        let program = client.to_str().unwrap().to_owned();
        let begin = Instant::now();
        while !Command::new(&program).arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success() {
            assert!(begin.elapsed() < Duration::from_secs(60), "{}", std::fs::read_to_string(temporary.path().join("log")).unwrap());
        }
        Self { program, daemon, folder, temporary }
    }

    fn containers(&self) -> ContainerStrategy {
        ContainerStrategy::with_slots(2).engine(&*self.program).program(PROGRAM).offline()
    }

    fn image(&self) -> String {
        import(&self.program, "localhost/nebulakit-tests:own")
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.daemon.as_ref().unwrap().id()).unwrap()).unwrap()
    }
}

/// The processes whose arguments name something below `folder`.
fn naming(folder: &Path) -> Vec<Pid> {
    let folder = folder.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let naming = processes.filter_map(|process| {
        let pid = Pid::from_raw(process.file_name().to_str()?.parse().ok()?)?;
        String::from_utf8_lossy(&std::fs::read(process.path().join("cmdline")).ok()?).contains(folder).then_some(pid)
    });
    naming.collect()
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            // Where it was killed, it is gone.
            let _ = kill_process(Pid::from_raw(i32::try_from(daemon.id()).unwrap()).unwrap(), Signal::TERM);
            let _ = daemon.wait();
            let file = self.temporary.path().join("exec/containerd/containerd.pid");
            if let Some(pid) = std::fs::read_to_string(file).ok().and_then(|text| Pid::from_raw(text.trim().parse().ok()?)) {
                let _ = kill_process(pid, Signal::KILL);
            }
            // What looked after the containers of a daemon that was killed.
            for pid in naming(self.temporary.path()) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        for mounted in mounts_below(self.temporary.path()).iter().rev() {
            let _ = Command::new("umount").arg("--lazy").arg(mounted).status();
        }
    }
}

fn mounts_below(folder: &Path) -> Vec<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    let all = mounts.lines().filter_map(|line| line.split_whitespace().nth(1)).map(PathBuf::from);
    all.filter(|mount| mount.starts_with(folder)).collect()
}

fn shell(image: &str, script: &str) -> Container {
    Container::new(image).command(["/bin/sh", "-c", script])
}

#[tokio::test]
async fn an_engine_that_is_killed_in_mid_run_is_told() {
    for engine in engines() {
        let own = Own::start(&engine, None);
        let coordinator = with(own.containers());
        let mut events = listening(&coordinator);
        let job = submitted(&coordinator, shell(&own.image(), "echo runs; sleep 1000")).await;
        let told = event(&mut events, |kind| matches!(kind, EventKind::Container { .. })).await;
        let EventKind::Container { name: container, .. } = told.kind else { panic!("{told}") };
        event(&mut events, |kind| matches!(kind, EventKind::Output { line, .. } if line == "runs")).await;
        if own.daemon.is_some() {
            kill_process(own.pid(), Signal::KILL).unwrap();
        } else {
            // It has a process for each container that looks after it.
            let monitors = Command::new("pgrep").args(["-f", &format!("conmon .*{container}")]).output().unwrap();
            let monitor: i32 = String::from_utf8(monitors.stdout).unwrap().lines().next().unwrap().parse().unwrap();
            kill_process(Pid::from_raw(monitor).unwrap(), Signal::KILL).unwrap();
        }
        let error = soon(job.join()).await.unwrap_err();
        assert_eq!((error.code(), error.is_recoverable()), ("SYSTEM:Lost", true), "{engine}: {error}");
        assert_eq!(error.downcast_ref::<ContainerError>().unwrap().trouble, Trouble::Gone, "{engine}: {error}");
        assert!(error.to_string().contains("does not answer, or ended while the container ran"), "{error}");
        if own.daemon.is_some() {
            let error = run(&coordinator, shell("localhost/nebulakit-tests:own", "true")).await.unwrap_err();
            assert_eq!(error.downcast_ref::<ContainerError>().unwrap().trouble, Trouble::Gone, "{engine}: {error}");
        }
        soon(coordinator.shutdown(Duration::from_secs(20))).await;
    }
}

#[tokio::test]
async fn an_engine_without_space_is_told() {
    for engine in engines() {
        let own = Own::start(&engine, Some(64 << 20));
        let image = own.image();
        run(&with(own.containers()), shell(&image, "true")).await.unwrap();
        let full = Command::new("dd").args(["if=/dev/zero", "bs=64k"]).arg(format!("of={}/full", own.folder.display())).output().unwrap();
        assert!(!full.status.success());
        let error = run(&with(own.containers()), shell(&image, "true")).await.unwrap_err();
        assert_eq!((error.code(), error.is_recoverable()), ("SYSTEM:NoSpace", true), "{engine}: {error}");
        assert!(error.to_string().to_lowercase().contains("no space left on device"), "{engine}: {error}");
    }
}

#[tokio::test]
async fn a_daemon_that_is_not_there_is_told() {
    if !engines().iter().any(|engine| name(engine) == "docker") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let client = folder.path().join("docker");
    std::fs::write(&client, "#!/bin/sh\nexec docker --host unix:///no/such/socket \"$@\"\n").unwrap();
    std::fs::set_permissions(&client, PermissionsExt::from_mode(0o755)).unwrap();
    let containers = ContainerStrategy::new().engine(client.to_str().unwrap()).program(PROGRAM);
    let error = run(&with(containers), shell("x", "true")).await.unwrap_err();
    assert_eq!((error.code(), error.downcast_ref::<ContainerError>().unwrap().trouble), ("SYSTEM:Lost", Trouble::Gone), "{error}");
    std::fs::set_permissions(&client, PermissionsExt::from_mode(0o644)).unwrap();
    let containers = ContainerStrategy::new().engine(client.to_str().unwrap()).program(PROGRAM);
    let error = run(&with(containers), shell("x", "true")).await.unwrap_err();
    assert_eq!(
        (error.code(), error.downcast_ref::<ContainerError>().unwrap().trouble),
        ("SYSTEM:NoEngine", Trouble::NoPermission),
        "{error}"
    );
}
