//! The command lines of each engine, with names and values that a shell, a comma or a colon would take apart.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::apptainer::Apptainer;
use super::asked::{Mount, User};
use super::docker::Docker;
use super::driver::{CommandLine, Driver, Image, Launch};
use super::podman::Podman;

const NAMES: [&str; 7] = ["a b", "c:d:ro", "e,f=g", "q\"r\"", "$(touch x)", "n\nl", "--privileged"];

/// A container with all of it, whose files are in `folder`.
fn launch(folder: &Path) -> Launch {
    let mut mounts = Vec::new();
    for name in NAMES {
        std::fs::write(folder.join(name), "").unwrap();
        mounts.push(Mount::read_only(folder.join(name)).at(Path::new("/in").join(name)));
    }
    let bytes = folder.join(OsStr::from_bytes(b"x\xffy"));
    std::fs::write(&bytes, "").unwrap();
    mounts.push(Mount::read_write(bytes).at("/bytes"));
    Launch {
        name: "nebulakit-1".to_owned(),
        image: Image::new("t:1", "sha256:ab", None),
        command: ["/bin/echo", "-n", "--", "$(b)", "c\nd", "", "e f"].map(OsString::from).to_vec(),
        mounts,
        variables: BTreeMap::from([
            ("PASSWORD".to_owned(), "hunter2\n'\"$(x)".into()),
            ("HOME".to_owned(), "/a b".into()),
            ("LD_PRELOAD".to_owned(), "x".into()),
        ]),
        network: false,
        user: User::Caller,
        cpus: Some(0.5),
        memory: Some(64 << 20),
        gpus: vec!["0".to_owned(), "GPU-1".to_owned()],
        read_only: true,
        init: false,
        folder: Some("/work dir".into()),
        labels: BTreeMap::from([("nebulakit.job".to_owned(), "a,b=c".to_owned())]),
        scratch: folder.to_owned(),
    }
}

/// The arguments without the folder's own name, and the variables with theirs.
fn shown(line: &CommandLine, folder: &Path) -> (Vec<String>, Vec<String>) {
    let plain = |text: &OsStr| text.to_string_lossy().replace(folder.to_str().unwrap(), "DIR");
    let variables = line
        .variables
        .iter()
        .map(|(name, value)| format!("{}={}", plain(name), value.as_ref().map_or("(none)".into(), |value| plain(value))));
    (line.arguments.iter().map(|argument| plain(argument)).collect(), variables.collect())
}

/// The mounts of those names, as every engine is told them.
fn mounts(read_only: &str) -> Vec<String> {
    let quoted = |at: &str, name: &str| match name {
        "--privileged" => format!("{at}/{name}"),
        _ => format!("\"{at}/{}\"", name.replace('"', "\"\"")),
    };
    let one = |name: &str| {
        let [source, target] = [quoted("source=DIR", name), quoted("target=/in", name)];
        ["--mount".to_owned(), format!("type=bind,{source},{target},{read_only}")]
    };
    let bytes = ["--mount".to_owned(), "type=bind,source=DIR/mount-7,target=/bytes".to_owned()];
    NAMES.into_iter().map(one).chain([bytes]).flatten().collect()
}

fn expected(parts: [&[&str]; 2], read_only: &str) -> Vec<String> {
    let [before, image] = parts.map(|words| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let command = ["/bin/echo", "-n", "--", "$(b)", "c\nd", "", "e f"].map(str::to_owned).to_vec();
    [before, mounts(read_only), image, command].concat()
}

#[test]
fn docker_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut docker = Docker::new("docker");
    docker.caller = [1000, 1001];
    let (arguments, variables) = shown(&docker.run(&launch(folder.path())).unwrap(), folder.path());
    let arguments: Vec<_> = arguments.into_iter().filter(|word| word != "--security-opt" && word != "label=disable").collect();
    let proxies = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "FTP_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "ftp_proxy",
        "no_proxy",
        "all_proxy",
    ];
    let mut before =
        vec!["run", "--rm", "--pull", "never", "--name", "nebulakit-1", "--entrypoint", "", "--cidfile", "DIR/id", "--network", "none"];
    before.extend(proxies.iter().flat_map(|name| ["--env", *name]));
    before.extend(["--user", "1000:1001", "--cpus", "0.5", "--memory", "67108864b", "--memory-swap", "67108864b"]);
    before.extend(["--gpus", "\"device=0,GPU-1\"", "--read-only", "--workdir", "/work dir", "--label", "nebulakit.job=a,b=c"]);
    before.extend(["--env", "HOME=/a b", "--env", "LD_PRELOAD=x", "--env", "PASSWORD"]);
    assert_eq!(arguments, expected([&before, &["sha256:ab"]], "readonly"));
    let mut own: Vec<_> = proxies.iter().map(|name| format!("{name}=(none)")).chain(["PASSWORD=hunter2\n'\"$(x)".to_owned()]).collect();
    own.sort();
    assert_eq!(variables, own);
    assert_eq!(docker.find("-x").unwrap().arguments.last().unwrap(), "-x");
    assert!(docker.find("-x").unwrap().arguments.contains(&"--".into()) && docker.pull("-x").arguments.contains(&"--".into()));

    let rootless = docker;
    rootless.answered(r#"{"SecurityOptions":["name=seccomp,profile=default","name=rootless"]}"#).unwrap();
    let (arguments, _) = shown(&rootless.run(&launch(folder.path())).unwrap(), folder.path());
    assert!(arguments.contains(&"0:0".to_owned()) && !arguments.contains(&"1000:1001".to_owned()));
}

#[test]
fn podman_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let told = |caller: [u32; 2]| {
        let mut podman = Podman::new("podman");
        podman.caller = caller;
        let (arguments, variables) = shown(&podman.run(&launch(folder.path())).unwrap(), folder.path());
        assert_eq!(variables, ["PASSWORD=hunter2\n'\"$(x)"]);
        arguments.into_iter().filter(|word| word != "--security-opt" && word != "label=disable").collect::<Vec<_>>()
    };
    let before = |user: &[&'static str]| {
        let mut before =
            vec!["run", "--rm", "--pull", "never", "--name", "nebulakit-1", "--entrypoint", "", "--cidfile", "DIR/id", "--network", "none"];
        before.extend(["--env-host=false", "--http-proxy=false", "--pidfile", "DIR/process", "--conmon-pidfile", "DIR/monitor"]);
        before.extend(user);
        before.extend(["--cpus", "0.5", "--memory", "67108864b", "--memory-swap", "67108864b"]);
        before.extend(["--device", "nvidia.com/gpu=0", "--device", "nvidia.com/gpu=GPU-1"]);
        before.extend(["--read-only", "--workdir", "/work dir", "--label", "nebulakit.job=a,b=c"]);
        before.extend(["--env", "HOME=/a b", "--env", "LD_PRELOAD=x", "--env", "PASSWORD"]);
        before
    };
    assert_eq!(told([0, 0]), expected([&before(&["--user", "0:0"]), &["sha256:ab"]], "readonly"));
    assert_eq!(told([1000, 1001]), expected([&before(&["--userns", "keep-id", "--user", "1000:1001"]), &["sha256:ab"]], "readonly"));
}

#[test]
fn apptainer_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    for (program, prefix) in [("apptainer", "APPTAINERENV_"), ("/usr/bin/singularity", "SINGULARITYENV_")] {
        let mut apptainer = Apptainer::new(program, folder.path().join("images"));
        apptainer.is_root = false;
        let mut launch = launch(folder.path());
        assert!(apptainer.run(&launch).unwrap_err().0.contains("the variable `HOME`"));
        launch.variables.remove("HOME");
        let (arguments, variables) = shown(&apptainer.run(&launch).unwrap(), folder.path());
        let mut before = vec!["exec", "--containall", "--cleanenv", "--no-eval", "--net", "--network", "none", "--cpus", "0.5"];
        before.extend(["--memory", "67108864", "--memory-swap", "67108864", "--nv", "--pwd", "/work dir"]);
        assert_eq!(arguments, expected([&before, &["sha256:ab"]], "ro"));
        let own = ["CUDA_VISIBLE_DEVICES=0,GPU-1", "LD_PRELOAD=x", "PASSWORD=hunter2\n'\"$(x)"];
        assert_eq!(variables, own.map(|variable| format!("{prefix}{variable}")));
        apptainer.is_root = true;
        let (arguments, _) = shown(&apptainer.run(&launch).unwrap(), folder.path());
        assert!(arguments.contains(&"--no-privs".to_owned()));
    }
}

#[test]
fn what_apptainer_cannot_do_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let apptainer = Apptainer::new("apptainer", folder.path());
    let refused = |change: fn(&mut Launch)| {
        let mut launch = launch(folder.path());
        launch.variables.clear();
        change(&mut launch);
        apptainer.run(&launch).unwrap_err().0
    };
    assert!(refused(|launch| launch.user = User::Ids { user: 1, group: 1 }).contains("another user was asked for"));
    assert!(refused(|launch| drop(launch.variables.insert("A-B".to_owned(), "x".into()))).contains("the variable `A-B`"));
    assert!(refused(|launch| launch.command.clear()).contains("a container has no command"));
}

#[test]
fn an_image_of_apptainer_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let apptainer = Apptainer::new("apptainer", folder.path());
    let file = folder.path().join("a:b.sif");
    std::fs::write(&file, "image").unwrap();
    let image = apptainer.local_image(file.to_str().unwrap()).unwrap().unwrap();
    let file = std::fs::canonicalize(file).unwrap();
    assert_eq!((image.id.as_str(), image.digest.unwrap().len()), (file.to_str().unwrap(), "sha256:".len() + 64));
    assert_eq!(apptainer.local_image("/no/such.sif").unwrap(), None);
    assert_eq!(apptainer.local_image("ubuntu:24.04").unwrap(), None);
    let pull: [OsString; 5] = apptainer.pull("ubuntu:24.04").arguments.try_into().unwrap();
    let [.., target, reference] = pull;
    assert_eq!(reference, "docker://ubuntu:24.04");
    std::fs::write(&target, "pulled").unwrap();
    assert_eq!(apptainer.local_image("ubuntu:24.04").unwrap().unwrap().id, std::fs::canonicalize(target).unwrap().to_str().unwrap());
}
