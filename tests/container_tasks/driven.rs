//! Whole runs by a coordinator, with an engine that starts the program on this machine: what a container task does around its container.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nebulakit::coordinator::engines::{CommandLine, Driver, Launch, Refusal, Whose};
use nebulakit::coordinator::{ContainerStrategy, Coordinator, EventKind, Image, JobError, Overflow, Strategy, Work};
use nebulakit::prelude::*;
use nebulakit::secrets::Secrets;
use nebulakit::{Context, file::Any};
use tempfile::TempDir;

/// What was asked for: who reads a launch has it still.
type Launches = Arc<Mutex<Vec<Launch>>>;

/// An engine that runs the program here, with the folders of this machine for those of the container.
#[derive(Debug, Default)]
struct Here(Launches);

impl Driver for Here {
    fn name(&self) -> &'static str {
        "here"
    }

    fn ask(&self) -> CommandLine {
        CommandLine::new("/bin/true")
    }

    fn find(&self, _: &str) -> Option<CommandLine> {
        None
    }

    fn found(&self, _: &str, _: &str) -> Option<Image> {
        None
    }

    fn local_image(&self, image: &str) -> std::io::Result<Option<Image>> {
        Ok(Some(Image::new(image, "id", None)))
    }

    fn pull(&self, _: &str) -> CommandLine {
        CommandLine::new("/bin/false")
    }

    fn run(&self, launch: &Launch) -> Result<CommandLine, Refusal> {
        self.0.lock().unwrap().push(launch.clone());
        let mounted = |word: &OsString| {
            let mut word = String::from_utf8(word.as_bytes().to_vec()).unwrap();
            for mount in &launch.mounts {
                word = word.replace(mount.target.to_str().unwrap(), mount.source.to_str().unwrap());
            }
            OsString::from(word)
        };
        let mut words = launch.command.iter().map(mounted);
        let mut line = CommandLine::new(words.next().unwrap()).with(words);
        line.variables.extend(launch.variables.iter().map(|(name, value)| (name.into(), Some(value.clone()))));
        Ok(line)
    }

    fn signal(&self, _: &str, _: &str) -> Option<CommandLine> {
        None
    }

    fn remove(&self) -> Option<CommandLine> {
        None
    }

    fn whose(&self, _: &Launch, _: i32, _: &str) -> Whose {
        Whose::Program
    }
}

struct Run {
    coordinator: Coordinator,
    launches: Launches,
    folder: TempDir,
}

fn coordinator() -> Run {
    let folder = TempDir::new().unwrap();
    let launches = Launches::default();
    let strategy = ContainerStrategy::new().driver(Here(Arc::clone(&launches))).program(env!("CARGO_BIN_EXE_fixture"));
    let secrets = Secrets::of([("db", "password", "hush"), ("api", "token", "t0k3n")]);
    let context = Context::builder(folder.path()).secrets(secrets).build();
    let coordinator = Coordinator::builder().strategy(Strategy::Container, strategy).context(context).build();
    Run { coordinator, launches, folder }
}

impl Run {
    async fn of<O: nebulakit::TaskOutputs + Send>(&self, invocation: nebulakit::Invocation<O>) -> Result<O, JobError> {
        self.coordinator.submit(invocation, Strategy::Container).await.unwrap().join().await
    }
}

/// The area of an ellipse.
#[task(
    env(SCALE = 2),
    container(image = "awk:1", command = ["/bin/sh", "-c", "awk -v a=\"$1\" -v b=\"$(cat /var/inputs/b)\" 'BEGIN { print a * b * 3 * ENVIRON[\"SCALE\"] }' > /var/outputs/o0", "-", "{{.inputs.a}}"])
)]
fn ellipse_area(a: f64, #[default(1.5)] b: f64) -> f64;

#[tokio::test]
async fn a_program_has_its_inputs_and_gives_its_outputs() {
    let run = coordinator();
    assert_eq!(run.of(ellipse_area::with(2.0, Default)).await.unwrap(), 18.0);
    assert_eq!(run.of(ellipse_area::with(-1.0, 0.25)).await.unwrap(), -1.5);
    let launches = run.launches.lock().unwrap();
    let launch = &launches[0];
    assert_eq!((launch.image.name.as_str(), launch.network), ("awk:1", false));
    let targets: Vec<_> = launch.mounts.iter().map(|mount| (mount.target.to_str().unwrap(), mount.is_writable)).collect();
    assert_eq!(targets, [("/var/inputs", true), ("/var/outputs", true)]);
    // Nothing is left of its folder.
    assert!(launch.mounts.iter().all(|mount| !mount.source.exists()));
}

/// Files in, files out.
#[task(
    outputs(lines, parts, about, count),
    container(
        image = "tools:1",
        command = ["/bin/sh", "-c", "sort /mnt/taken/text > /mnt/given/lines.txt; mkdir /mnt/given/parts; cp /mnt/taken/dir/a /mnt/taken/dir/deep/b /mnt/given/parts; \
            printf '{\"n\": %s, \"of\": \"%s\"}' 2 \"$(cat /mnt/taken/words/1)\" > /mnt/given/about; wc -l < /mnt/given/lines.txt > /mnt/given/count; echo told; cat /mnt/taken/inputs.json >&2"],
        input_path = "/mnt/taken",
        output_path = "/mnt/given",
        network = true,
    )
)]
fn files(text: File, dir: Directory, words: Vec<String>, note: Option<String>) -> (File, Directory, About, u32);

#[derive(Debug, PartialEq, NebulaType)]
struct About {
    n: f64,
    of: String,
}

#[tokio::test]
async fn files_directories_and_structs_come_and_go() {
    let run = coordinator();
    let data = run.folder.path().join("data");
    fs::create_dir_all(data.join("deep")).unwrap();
    fs::write(data.join("a"), "1").unwrap();
    fs::write(data.join("deep/b"), "2").unwrap();
    let text = File::<Any>::from_bytes("words.txt", "b\na\n");
    let mut events = run.coordinator.publisher().subscribe(Overflow::DropOldest(100));
    let words = vec!["x".to_owned(), "two words".to_owned()];
    let (lines, parts, about, count) = run.of(files::with(text, Directory::<Any>::from_path(&data), words, None)).await.unwrap();
    assert_eq!(lines.read_to_string().await.unwrap(), "a\nb\n");
    let copy = run.folder.path().join("copy");
    parts.download(&copy).await.unwrap();
    assert_eq!((fs::read(copy.join("a")).unwrap(), fs::read(copy.join("b")).unwrap()), (b"1".to_vec(), b"2".to_vec()));
    assert_eq!((about, count), (About { n: 2.0, of: "two words".to_owned() }, 2));
    assert!(run.launches.lock().unwrap()[0].network);
    run.coordinator.shutdown(Duration::ZERO).await;
    let mut printed = Vec::new();
    while let Some(event) = events.next().await {
        if let EventKind::Output { line, .. } = &event.kind {
            printed.push(line.clone());
        }
    }
    printed.sort();
    assert_eq!(printed[0], "told");
    assert_eq!(printed[1], r#"{"dir":"/mnt/taken/dir","note":null,"text":"/mnt/taken/text","words":["x","two words"]}"#);
}

#[task(container(image = "sh:1", command = ["/bin/sh", "-c", "{{.inputs.script}}"]))]
fn script(script: String) -> i64;

/// What a program does wrong, and what is said of it.
#[tokio::test]
async fn what_goes_wrong_is_told() {
    let run = coordinator();
    for (text, expected) in [
        ("exit 3", "the command in the image `sh:1` ended with exit code 3"),
        ("echo too small > /var/outputs/_ERROR; exit 3", "too small\nthe command in the image `sh:1` ended with exit code 3"),
        ("echo too small > /var/outputs/_ERROR", "the program in the image `sh:1` said that it failed: too small"),
        ("true", "`o0`: the program left no file `o0` in `/var/outputs`; nothing is there"),
        ("echo 1 > /var/outputs/0o", "`o0`: the program left no file `o0` in `/var/outputs`; `0o` is there"),
        ("echo one > /var/outputs/o0", "`o0`: expected a whole number of 64 bits, such as `7`, found `one`"),
        ("ln -s /etc/passwd /var/outputs/o0", "`o0`: it is a link to something outside of the folder of the outputs"),
        ("mkfifo /var/outputs/o0", "`o0`: it is a pipe, a socket or a device"),
    ] {
        let error = run.of(script::with(text)).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{text}: {error}");
        let code = match expected {
            expected if expected.contains("ended with exit code") => "USER:Exited",
            expected if expected.contains("said that it failed") => "USER:RuntimeError",
            _ => "USER:BadOutputs",
        };
        assert_eq!((error.code(), error.is_recoverable()), (code, false), "{text}");
    }
    assert_eq!(run.of(script::with("echo 7 > /var/outputs/o0")).await.unwrap(), 7);
    let error = run.of(script::with("a\0b")).await.unwrap_err().to_string();
    assert!(error.contains("element 2 of the command, `{{.inputs.script}}`, has a NUL in it"), "{error}");
}

#[task(container(image = "sh:1", command = ["/bin/sh", "-c", "printf '\\304\\003abc' > /var/outputs/o0; cmp /var/inputs/bytes /var/outputs/o0"]))]
fn same_bytes(bytes: nebulakit::Bytes) -> nebulakit::Bytes;

#[tokio::test]
async fn bytes_travel_as_they_are_there_and_in_msgpack_back() {
    let run = coordinator();
    let given = nebulakit::Bytes::from_static(b"\xc4\x03abc");
    assert_eq!(run.of(same_bytes::with(given)).await.unwrap().as_ref(), b"abc");
}

#[task(container(image = "sh:1", command = ["/bin/touch", "--", "{{.inputs.name}}"]))]
fn touch(name: String);

#[tokio::test]
async fn hostile_values_are_one_argument_each() {
    let run = coordinator();
    for name in ["$(touch x)", "a\nb", "-rf", "a b", "a:b,c", "'\"`*"] {
        let path = run.folder.path().join(name);
        run.of(touch::with(path.to_str().unwrap())).await.unwrap();
        assert_eq!(fs::metadata(path).unwrap().size(), 0);
    }
    assert_eq!(run.launches.lock().unwrap()[0].mounts.len(), 1, "a task without outputs has no folder for them");
}

#[task(
    secrets((group = "db", key = "password", env_var = "PASSWORD_FILE"), (group = "api", key = "token", mount = env)),
    container(image = "sh:1", command = ["/bin/sh", "-c", "echo \"$(cat $0) $_FSEC_API_TOKEN $PASSWORD_FILE\" > /var/outputs/o0", "/etc/flyte/secrets/db/password"])
)]
fn secrets() -> String;

#[task(secrets("db/none"), container(image = "sh:1", command = ["/bin/true"]))]
fn unknown_secret();

#[tokio::test]
async fn secrets_are_handed_over_as_on_a_platform() {
    let run = coordinator();
    assert_eq!(run.of(secrets::with()).await.unwrap(), "hush t0k3n /etc/flyte/secrets/db/password");
    let launches = run.launches.lock().unwrap().clone();
    assert!(launches[0].mounts.iter().all(|mount| !mount.source.exists()));
    let error = run.of(unknown_secret::with()).await.unwrap_err().to_string();
    assert!(error.contains("db") && error.contains("none"), "{error}");
}

/// Calls a program, from where it runs itself.
#[task]
async fn parent(ctx: Context) -> anyhow::Result<f64> {
    Ok(ellipse_area::call(&ctx, 1.0, 1.0).await? + ellipse_area::call(&ctx, 2.0, 1.0).await?)
}

#[tokio::test]
async fn a_running_task_calls_one_in_its_container() {
    let run = coordinator();
    for strategy in [Strategy::Async, Strategy::Thread] {
        let job = run.coordinator.submit(parent::with(), strategy).await.unwrap();
        assert_eq!(job.join().await.unwrap(), 18.0);
    }
    let without = Coordinator::builder().context(Context::local(run.folder.path())).build();
    let error = without.submit(parent::with(), Strategy::Async).await.unwrap().join().await.unwrap_err().to_string();
    assert!(error.contains("the coordinator has no strategy `container`"), "{error}");
}

#[task(container(image = "sh:1", command = ["/bin/sh", "-c", "touch \"$0\"; exec sleep 600", "{{.inputs.started}}"]))]
fn sleeps(started: String);

#[tokio::test]
async fn a_cancelled_one_is_over() {
    let run = coordinator();
    let started = run.folder.path().join("started");
    let job = run.coordinator.submit(sleeps::with(started.to_str().unwrap()), Strategy::Container).await.unwrap();
    while !Path::new(&started).exists() {
        tokio::task::yield_now().await;
    }
    job.cancel();
    let error = job.join().await.unwrap_err();
    assert!(matches!(error, JobError::Cancelled(_)), "{error:?}");
}

#[tokio::test]
async fn inputs_as_bytes_have_their_defaults_too() {
    let run = coordinator();
    let job = run.coordinator.submit(Work::of_task(ellipse_area::def(), Vec::new()), Strategy::Container).await.unwrap();
    let error = job.join().await.unwrap_err().to_string();
    assert!(error.contains("`a`: the input is missing; expected `float`"), "{error}");
}
