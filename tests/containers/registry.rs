//! Tasks of the registry in containers.

use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use nebulakit::coordinator::{
    ContainerError, ContainerStrategy, Coordinator, EventKind, IntoWork as _, JobError, Limit, Lost, Mount, Strategy, Trouble, Work,
};
use nebulakit::prelude::*;
use nebulakit::secrets::Secrets;

use crate::engines::{empty, engines, is_apptainer};
use crate::{PROGRAM, containers, event, lines_of, listening, run, soon, submitted, tasks, with};

/// A coordinator whose tasks keep their data below `folder`.
fn within(folder: &tempfile::TempDir, containers: ContainerStrategy) -> Coordinator {
    let context = Context::builder(folder.path()).secrets(Secrets::of([("db", "password", "dummy"), ("db", "user", "nobody")])).build();
    Coordinator::builder().strategy(Strategy::Container, containers).context(context).build()
}

/// With an image that has nothing in it.
fn bare(engine: &str) -> ContainerStrategy {
    containers(engine).image(empty(engine))
}

#[tokio::test]
async fn a_task_runs_in_an_image_with_nothing_in_it() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        let coordinator = within(&folder, bare(&engine));
        assert_eq!(run(&coordinator, tasks::add::with(1, 2)).await.unwrap(), 3, "{engine}");
        assert_eq!(run(&coordinator, tasks::parent::with()).await.unwrap(), 6, "{engine}");
        // Of this machine it sees nothing.
        let seen = run(&coordinator, tasks::seen::with("/".to_owned())).await.unwrap();
        let own = [".nebulakit", ".dockerenv", "dev", "etc", "proc", "run", "sys", "tmp"];
        let of_apptainer = [".singularity.d", "environment", "singularity", ".exec", ".run", ".shell", ".test", "home", "root", "var"];
        let is_own = |name: &str| own.contains(&name) || is_apptainer(&engine) && of_apptainer.contains(&name);
        assert!(seen.iter().all(|name| is_own(name)), "{engine}: {seen:?}");
        assert_eq!(run(&coordinator, tasks::seen::with("/home".to_owned())).await.unwrap(), [""; 0], "{engine}");
        assert_eq!(run(&coordinator, tasks::interfaces::with()).await.unwrap(), ["lo"], "{engine}");
    }
}

#[tokio::test]
async fn inputs_and_outputs_are_where_they_were() {
    for engine in engines() {
        let folder = tempfile::Builder::new().prefix("a:b, \"c\" $(d)\n").tempdir().unwrap();
        let coordinator = within(&folder, bare(&engine));
        let beside = tempfile::tempdir().unwrap();
        for (name, text) in [("x,y:z.txt", "on disk "), ("not an input", "not for it"), ("folder/one", "1"), ("folder/two", "2")] {
            let path = beside.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let on_disk = || File::from_path(beside.path().join("x,y:z.txt"));
        let in_memory = File::from_bytes("m.txt", b"in memory ".to_vec());
        let work = tasks::letters::with(vec![on_disk(), in_memory], Directory::from_path(beside.path().join("folder")));
        assert_eq!(run(&coordinator, work).await.unwrap(), "on disk in memory one,two", "{engine}");

        let error = run(&coordinator, tasks::spoils::with(on_disk())).await.unwrap_err();
        assert!(error.to_string().contains("Read-only file system"), "{engine}: {error}");

        let (own, stored) = run(&coordinator, tasks::writes::with("written".to_owned())).await.unwrap();
        assert_eq!(own.read_to_string().await.unwrap(), "written", "{engine}");
        let copied = tempfile::tempdir().unwrap();
        stored.download(copied.path().join("here")).await.unwrap();
        assert_eq!(std::fs::read_to_string(copied.path().join("here/a")).unwrap(), "written", "{engine}");
        // They are the caller's, who can remove them.
        let caller = std::fs::metadata(beside.path()).unwrap();
        let file = std::fs::metadata(own.uri().unwrap()).unwrap();
        assert_eq!((file.uid(), file.gid()), (caller.uid(), caller.gid()), "{engine}");
        std::fs::remove_dir_all(folder.path().join("raw")).unwrap();
    }
}

#[tokio::test]
async fn remote_data_is_refused_before_anything_starts() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        let coordinator = within(&folder, bare(&engine));
        let mut events = listening(&coordinator);
        let remote = || tasks::letters::with(vec![File::from_uri("s3://bucket/x")], Directory::from_path("/etc"));
        let error = run(&coordinator, remote()).await.unwrap_err();
        assert!(error.to_string().contains("reads `s3://bucket/x`, and its container has no network\nhint: "), "{engine}: {error}");
        assert!(error.to_string().contains("`.network(true)` on work") && error.code() == "USER:Refused", "{engine}: {error}");
        let next = event(&mut events, |kind| matches!(kind, EventKind::Container { .. } | EventKind::Finished { .. })).await;
        assert!(matches!(next.kind, EventKind::Finished { .. }), "{engine}: {next}");
        // With a network, it is the task's own matter.
        let error = run(&coordinator, remote().into_work().network(true)).await.unwrap_err();
        assert!(!error.to_string().contains("its container has no network"), "{engine}: {error}");
    }
}

#[tokio::test]
async fn the_image_is_that_of_the_work_then_of_the_task_then_of_the_strategy() {
    for engine in engines() {
        let coordinator = with(bare(&engine));
        let error = run(&coordinator, tasks::elsewhere::with()).await.unwrap_err();
        assert_eq!(error.downcast_ref::<ContainerError>().unwrap().trouble, Trouble::NoImage, "{error}");
        assert!(error.to_string().contains("localhost/no-such-image:of-the-task"), "{error}");
        let work = tasks::elsewhere::with().into_work().image(empty(&engine));
        assert_eq!(run(&coordinator, work).await.unwrap(), 1, "{engine}");
        let none = with(ContainerStrategy::new().engine(&*engine).program(PROGRAM).offline());
        let error = run(&none, tasks::add::with(1, 2)).await.unwrap_err();
        assert!(
            error.to_string().contains("has no image to run in a container\nhint: ") && error.to_string().contains("`--container-image`"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_task_has_what_is_named() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        let coordinator = within(&folder, bare(&engine).variable_with("NAMED", "x"));
        let mut names = run(&coordinator, tasks::tells::with()).await.unwrap();
        assert_eq!((names.pop().as_deref(), names.pop().as_deref()), (Some("dummy"), Some("by the task")), "{engine}");
        let own = ["PATH", "HOSTNAME", "HOME", "TERM", "container", "GIVEN", "NAMED", "NEBULAKIT_WORKER", "TMPDIR"];
        names.retain(|name| !(is_apptainer(&engine) && (name == "PWD" || crate::bare::is_apptainers(name))));
        assert!(names.iter().all(|name| own.contains(&name.as_str())) && names.contains(&"NAMED".to_owned()), "{engine}: {names:?}");
    }
}

#[tokio::test]
async fn output_and_progress_are_events() {
    for engine in engines() {
        let coordinator = with(bare(&engine));
        let mut events = listening(&coordinator);
        let job = submitted(&coordinator, tasks::prints::with()).await;
        let id = job.id().clone();
        soon(job.join()).await.unwrap();
        let mut lines = lines_of(&mut events, &id).await;
        lines.sort();
        assert_eq!(lines, ["one", "three", "two"], "{engine}");
    }
}

#[tokio::test]
async fn how_a_task_ends_is_told_apart() {
    for engine in engines() {
        let coordinator = with(bare(&engine));
        let error = run(&coordinator, tasks::panics::with()).await.unwrap_err();
        assert!(matches!(&error, JobError::Panicked(said) if said.contains("as it happens")), "{engine}: {error}");
        let error = run(&coordinator, tasks::fails::with()).await.unwrap_err();
        assert_eq!((error.code(), error.to_string().as_str()), ("MY:Code", "no luck"), "{engine}");
        let error = run(&coordinator, tasks::exits::with()).await.unwrap_err();
        assert!(matches!(&error, JobError::Lost { how: Lost::Exited(3), tail } if tail.contains("leaving")), "{engine}: {error}");
        let error = run(&coordinator, tasks::aborts::with()).await.unwrap_err();
        assert_eq!(error.code(), "USER:Aborted", "{engine}: {error}");
        let error = run(&coordinator, tasks::overflows::with()).await.unwrap_err();
        assert_eq!(error.code(), "USER:StackOverflow", "{engine}: {error}");
        if is_apptainer(&engine) && !std::fs::exists("/sys/fs/cgroup/cgroup.controllers").unwrap() {
            continue;
        }
        let error = run(&coordinator, tasks::holds::with(300 << 20).into_work().memory(64 << 20)).await.unwrap_err();
        let JobError::Limit { limit: Limit::Memory { limit, .. }, .. } = error else { panic!("{engine}: {error}") };
        assert_eq!(limit, Some(64 << 20), "{engine}");
    }
}

#[tokio::test]
async fn a_task_is_told_to_stop() {
    for engine in engines() {
        let coordinator = Coordinator::builder().strategy(Strategy::Container, bare(&engine)).grace(Duration::from_secs(20)).build();
        let mut events = listening(&coordinator);
        let job = submitted(&coordinator, tasks::waits::with()).await;
        event(&mut events, |kind| matches!(kind, EventKind::Progress { done: 1, total: Some(2) })).await;
        job.cancel();
        event(&mut events, |kind| matches!(kind, EventKind::Output { line, .. } if line == "stops")).await;
        assert!(matches!(soon(job.join()).await, Err(JobError::Cancelled(_))), "{engine}");

        let deaf = with(bare(&engine));
        let mut events = listening(&deaf);
        let job = submitted(&deaf, tasks::goes_on::with()).await;
        let told = event(&mut events, |kind| matches!(kind, EventKind::Container { .. })).await;
        let EventKind::Container { name, .. } = told.kind else { panic!("{told}") };
        event(&mut events, |kind| matches!(kind, EventKind::Progress { .. })).await;
        job.cancel();
        assert!(matches!(soon(job.join()).await, Err(JobError::Cancelled(_))), "{engine}");
        soon(deaf.shutdown(Duration::from_secs(60))).await;
        if is_apptainer(&engine) {
            continue;
        }
        assert_eq!(crate::ends::names(&engine, &name), [""; 0], "{engine}");
    }
}

/// Makes it another build: by the number that the linker gave it, where it did, else by a byte more.
fn change_the_build(program: &std::path::Path) {
    let mut bytes = std::fs::read(program).unwrap();
    // The length of its name, the length of the number, what it is, and its name.
    let note = [4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, b'G', b'N', b'U', 0];
    match bytes.windows(note.len()).position(|window| window == note) {
        Some(at) => bytes[at + note.len()] ^= 0xff,
        None => bytes.push(0),
    }
    std::fs::write(program, bytes).unwrap();
}

/// Images that hold the program themselves.
#[tokio::test]
async fn a_program_that_is_not_mounted_has_to_be_the_same_build() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        let own = |name: &str, change: bool| {
            let root = folder.path().join(name);
            std::fs::create_dir_all(root.join("opt")).unwrap();
            std::fs::copy(PROGRAM, root.join("opt/tasks")).unwrap();
            if change {
                change_the_build(&root.join("opt/tasks"));
            }
            crate::engines::import_from(&engine, &root, &format!("localhost/nebulakit-tests:{name}"))
        };
        let strategy = || containers(&engine).binary("/opt/tasks");
        let same = with(strategy().image(own("same", false)));
        assert_eq!(run(&same, tasks::add::with(1, 2)).await.unwrap(), 3, "{engine}");
        let missing = with(strategy().image(empty(&engine)));
        let error = run(&missing, tasks::add::with(1, 2)).await.unwrap_err();
        assert_eq!(error.code(), "USER:NoCommand", "{engine}: {error}");
        assert!(error.to_string().contains("the image has to hold the same build at `/opt/tasks`"), "{engine}: {error}");
        let error = run(&with(strategy().image(own("changed", true))), tasks::add::with(1, 2)).await.unwrap_err();
        assert!(error.to_string().contains("is another build than this one: `"), "{engine}: {error}");
    }
}

#[tokio::test]
async fn what_is_mounted_by_the_strategy_is_seen() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("genome"), "ACGT").unwrap();
        let coordinator = with(bare(&engine).mount(Mount::read_only(folder.path()).at("/data")));
        assert_eq!(run(&coordinator, tasks::seen::with("/data".to_owned())).await.unwrap(), ["genome"], "{engine}");
        let _: Work<i64> = tasks::add::with(1, 2).into_work().network(true);
    }
}
