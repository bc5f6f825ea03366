//! Bare commands: what they give and what they see.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;

use nebulakit::coordinator::{CommandError, Container, ContainerError, ContainerStrategy, EventKind, Mount, Pull, Strategy, Trouble, User};
use serde_json::Value;

use crate::engines::{call, engines, image, is_apptainer};
use crate::{containers, event, lines_of, listening, run, shell, soon, submitted, with};

#[tokio::test]
async fn a_command_gives_its_exit_code_and_its_output() {
    for engine in engines() {
        let coordinator = with(containers(&engine));
        let mut events = listening(&coordinator);
        let job = submitted(&coordinator, shell(&engine, "echo one; echo two >&2; printf three")).await;
        let id = job.id().clone();
        let ended = soon(job.join()).await.unwrap();
        assert_eq!(ended.exit, 0, "{engine}");
        assert!(["one", "two", "three"].iter().all(|line| ended.tail.contains(line)), "{engine}: {}", ended.tail);
        let mut lines = lines_of(&mut events, &id).await;
        lines.sort();
        assert_eq!(lines, ["one", "three", "two"], "{engine}");
    }
}

#[tokio::test]
async fn an_exit_code_is_an_error_unless_it_is_accepted() {
    for engine in engines() {
        let coordinator = with(containers(&engine));
        for code in [1, 3, 125, 126, 127, 200] {
            let error = run(&coordinator, shell(&engine, &format!("echo so it is; exit {code}"))).await.unwrap_err();
            let command = error.downcast_ref::<CommandError>().unwrap_or_else(|| panic!("{engine} {code}: {error}"));
            assert_eq!((command.exit, command.signal(), error.code()), (code, None, "USER:Exited"), "{engine}");
            assert!(!error.is_recoverable() && error.to_string().ends_with("so it is"), "{engine}: {error}");
            let ended = run(&coordinator, shell(&engine, &format!("exit {code}")).accept([0, code])).await.unwrap();
            assert_eq!(ended.exit, code);
        }
    }
}

#[tokio::test]
async fn a_signal_is_told() {
    for engine in engines() {
        let coordinator = with(containers(&engine));
        for (signal, code) in [(9, "SYSTEM:Lost"), (11, "USER:Crashed"), (6, "USER:Aborted")] {
            // The first process of a container has to send it to another one.
            let error = run(&coordinator, shell(&engine, &format!("sh -c 'kill -{signal} $$'; exit $?"))).await.unwrap_err();
            let command = error.downcast_ref::<CommandError>().unwrap_or_else(|| panic!("{engine}: {error}"));
            assert_eq!((command.signal(), error.code()), (Some(signal), code), "{engine}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    for engine in engines() {
        let coordinator = with(containers(&engine));
        let error = run(&coordinator, Container::new("localhost/no-such-image:1").command(["/bin/sh"])).await.unwrap_err();
        let said = error.downcast_ref::<ContainerError>().unwrap();
        assert_eq!((said.trouble, error.code()), (Trouble::NoImage, "USER:NoImage"), "{error}");
        assert!(
            error.to_string().contains("does not have the image `localhost/no-such-image:1`: ") && error.to_string().contains("\nhint: "),
            "{error}"
        );
        for program in ["/no/such/program", "no-such-program", "/etc"] {
            if is_apptainer(&engine) && program == "/etc" {
                continue;
            }
            let error = run(&coordinator, Container::new(image(&engine)).command([program])).await.unwrap_err();
            let said = error.downcast_ref::<ContainerError>().unwrap_or_else(|| panic!("{engine}: {error}"));
            assert_eq!((said.trouble, error.code()), (Trouble::NoCommand, "USER:NoCommand"), "{error}");
        }
        let error = run(&coordinator, Container::new(image(&engine))).await.unwrap_err();
        assert!(error.to_string().contains("a container has no command\nhint: "), "{error}");
        assert_eq!(error.code(), "USER:Refused");
    }
    let coordinator = with(ContainerStrategy::new().engine("/no/such/podman").program(crate::PROGRAM));
    let error = run(&coordinator, Container::new("x").command(["y"])).await.unwrap_err();
    assert_eq!(
        (error.downcast_ref::<ContainerError>().unwrap().trouble, error.code()),
        (Trouble::NotInstalled, "SYSTEM:NoEngine"),
        "{error}"
    );
}

/// Whether apptainer sets a variable of that name.
pub(crate) fn is_apptainers(name: &str) -> bool {
    ["PS1", "LANG", "PROMPT_COMMAND"].contains(&name) || ["APPTAINER_", "SINGULARITY_"].iter().any(|beginning| name.starts_with(beginning))
}

#[tokio::test]
async fn the_environment_is_what_is_named() {
    for engine in engines() {
        let plain = run(&with(containers(&engine)), shell(&engine, "env -0 | tr '\\0' '\\n'")).await.unwrap();
        let names: Vec<_> = plain.tail.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
        // The engines' own.
        assert!(
            names.iter().all(|name| ["PATH", "HOSTNAME", "HOME", "TERM", "container", "PWD"].contains(name)
                || is_apptainer(&engine) && is_apptainers(name)),
            "{engine}: {names:?}"
        );
        let hostile = "a\nb \"c\" 'd' $(e) `f` \\g # h=i,j";
        // The engine's program reads it too, and is not to have this one.
        let home = "/of the container";
        let mut work = shell(&engine, "printf %s \"$HOSTILE\"; printf '|%s|%s|%s' \"$EMPTY\" \"$HOME\" \"$DOCKER_HOST\"")
            .variable_with("HOSTILE", hostile)
            .variable_with("EMPTY", "")
            .variable_with("DOCKER_HOST", "no such host")
            .variable("NO_SUCH_VARIABLE");
        let of_image = is_apptainer(&engine).then(|| std::env::var("HOME").unwrap());
        if of_image.is_none() {
            work = work.variable_with("HOME", home);
        }
        let ended = run(&with(containers(&engine).variable_with("HOSTILE", "of the strategy")), work).await.unwrap();
        let home = of_image.unwrap_or_else(|| home.to_owned());
        assert_eq!(&*ended.tail, format!("{hostile}||{home}|no such host"), "{engine}");
    }
}

#[tokio::test]
async fn files_belong_to_the_caller() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        std::fs::create_dir(&out).unwrap();
        let caller = std::fs::metadata(&out).unwrap();
        let work =
            shell(&engine, "echo ours > /out/file; mkdir /out/folder; touch /out/folder/x").mount(Mount::read_write(&out).at("/out"));
        run(&with(containers(&engine)), work).await.unwrap();
        for made in ["file", "folder", "folder/x"] {
            let made = std::fs::metadata(out.join(made)).unwrap();
            assert_eq!((made.uid(), made.gid()), (caller.uid(), caller.gid()), "{engine}");
        }
        std::fs::remove_dir_all(&out).unwrap();
        if is_apptainer(&engine) {
            // It has no other users.
            continue;
        }
        let ids =
            run(&with(containers(&engine).user(User::Ids { user: 4711, group: 4712 })), shell(&engine, "id -u; id -g")).await.unwrap();
        assert_eq!(&*ids.tail, "4711\n4712", "{engine}");
    }
}

#[tokio::test]
async fn what_is_not_mounted_is_not_seen_and_what_is_read_only_stays() {
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("in"), "input").unwrap();
        std::fs::write(folder.path().join("beside"), "not for you").unwrap();
        let path = folder.path().join("in");
        // The shell's own complaint would be a second stream, which can come in the middle of a line of the first.
        let script = "cat \"$1\"; ls \"$2\"; (echo x > \"$1\") 2> /dev/null || echo refused";
        let work = Container::new(image(&engine))
            .command([
                OsStr::new("/bin/sh"),
                OsStr::new("-c"),
                OsStr::new(script),
                OsStr::new("sh"),
                path.as_os_str(),
                folder.path().as_os_str(),
            ])
            .mount(Mount::read_only(&path));
        let ended = run(&with(containers(&engine)), work).await.unwrap();
        assert_eq!(ended.tail.lines().collect::<Vec<_>>(), ["inputin", "refused"], "{engine}");
        let work = shell(&engine, "echo x > /etc/x && echo changed; cat /proc/mounts > /dev/null").read_only(true);
        let ended = run(&with(containers(&engine)), work).await.unwrap();
        assert!(!ended.tail.contains("changed"), "{engine}: {}", ended.tail);
    }
}

#[tokio::test]
async fn there_is_no_network_unless_it_is_asked_for() {
    const INTERFACES: &str = "ls /sys/class/net | tr '\\n' ' '";
    let own = std::fs::read_dir("/sys/class/net").unwrap().count();
    assert!(own > 1, "this machine has no network, so that this test says nothing");
    for engine in engines() {
        let ended = run(&with(containers(&engine)), shell(&engine, INTERFACES)).await.unwrap();
        assert_eq!(ended.tail.trim(), "lo", "{engine}");
    }
}

#[tokio::test]
async fn hostile_names_come_through() {
    let names: [&[u8]; 14] = [
        b"a b",
        b"a:b:ro",
        b"a,b,readonly",
        b"q\"q\"",
        b"'s'",
        b"$(touch x)",
        b"`touch x`",
        b"n\nl",
        b"-dash",
        b"--mount=x",
        b"back\\slash",
        b"x\xffy",
        b"cr\r\nlf",
        b"src=a,target=b",
    ];
    for engine in engines() {
        let folder = tempfile::tempdir().unwrap();
        let mut work = shell(&engine, "for f in /in/*; do cat \"$f\"; echo; done");
        for (at, name) in names.iter().enumerate() {
            let path = folder.path().join(OsStr::from_bytes(name));
            std::fs::write(&path, at.to_string()).unwrap();
            work = work.mount(Mount::read_only(&path).at(format!("/in/{at:02}")));
        }
        let ended = run(&with(containers(&engine)), work).await.unwrap();
        let expected: Vec<_> = (0..names.len()).map(|at| at.to_string()).collect();
        assert_eq!(ended.tail.lines().collect::<Vec<_>>(), expected, "{engine}");

        // The names themselves, in the container and as arguments.
        let mut work = Container::new(image(&engine));
        let mut command = vec!["/bin/sh".into(), "-c".into(), "for f; do cat \"$f\"; echo; done".into(), "sh".into()];
        for name in names.iter().filter(|name| std::str::from_utf8(name).is_ok() && !name.contains(&b'\r')) {
            let path = folder.path().join(OsStr::from_bytes(name));
            work = work.mount(Mount::read_only(&path));
            command.push(path.into_os_string());
        }
        let ended = run(&with(containers(&engine)), work.command(command)).await.unwrap();
        let expected: Vec<_> = (0..names.len()).filter(|at| ![11, 12].contains(at)).map(|at| at.to_string()).collect();
        assert_eq!(ended.tail.lines().collect::<Vec<_>>(), expected, "{engine}");

        // What no engine carries is refused by its name.
        for name in [names[11], names[12]] {
            let path = folder.path().join(OsStr::from_bytes(name));
            let error = run(&with(containers(&engine)), shell(&engine, "true").mount(Mount::read_only(path))).await.unwrap_err();
            assert!(error.code() == "USER:Refused" && error.to_string().contains("cannot be mounted at"), "{engine}: {error}");
        }
        let bytes = OsStr::from_bytes(b"\xff");
        let error = run(&with(containers(&engine)), shell(&engine, "true").variable_with("BYTES", bytes)).await.unwrap_err();
        assert!(error.to_string().contains("the value of the variable `BYTES` is not UTF-8"), "{error}");
        let error =
            run(&with(containers(&engine)), Container::new(image(&engine)).command([OsStr::new("/bin/echo"), bytes])).await.unwrap_err();
        assert!(error.to_string().contains("argument 1 of the command"), "{error}");
        let error = run(&with(containers(&engine)), shell(&engine, "true").mount(Mount::read_only("/no/such: file"))).await.unwrap_err();
        assert!(error.to_string().contains("`/no/such: file` cannot be mounted"), "{error}");
        for name in ["-v", "--privileged", "a b", ""] {
            let error = run(&with(containers(&engine)), Container::new(name).command(["/bin/sh"])).await.unwrap_err();
            assert_eq!(error.code(), "USER:NoImage", "{engine}: {error}");
        }
        let words = ["/bin/printf", "%s|", "-a", "--", "$(b)", "c\nd", "", "e f"];
        let ended = run(&with(containers(&engine)), Container::new(image(&engine)).command(words)).await.unwrap();
        assert_eq!(&*ended.tail, "-a|--|$(b)|c\nd||e f|", "{engine}");
    }
}

#[tokio::test]
async fn the_image_is_kept_when_its_tag_moves() {
    for engine in engines().into_iter().filter(|engine| !is_apptainer(engine)) {
        let name = "localhost/nebulakit-tests:moves";
        crate::engines::import(&engine, name);
        let coordinator = with(containers(&engine));
        let mut events = listening(&coordinator);
        let work = || Container::new(name).command(["/bin/ls", "/moved"]).accept([0, 2]);
        let first = run(&coordinator, work()).await.unwrap();
        let told = event(&mut events, |kind| matches!(kind, EventKind::Container { .. })).await;
        let written: Value = serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap();
        assert_eq!((written["image"].as_str(), written["id"].as_str()), (Some(name), Some(&*first.image.id)), "{engine}");
        assert_eq!(written["engine"].as_str(), Some(crate::engines::name(&engine)));
        // Another image, of which the tag is from now on.
        let other = tempfile::tempdir().unwrap();
        std::fs::write(other.path().join("moved"), "").unwrap();
        let archive = other.path().join("archive.tar");
        assert!(
            std::process::Command::new("tar").arg("-C").arg(other.path()).arg("-cf").arg(&archive).arg("moved").status().unwrap().success()
        );
        call(&engine, &["import", archive.to_str().unwrap(), name]);
        let again = run(&coordinator, work()).await.unwrap();
        assert_eq!((again.exit, &again.image.id), (2, &first.image.id), "{engine}: {}", again.tail);
        // A strategy that is new sees it.
        let error = run(&with(containers(&engine)), work()).await.unwrap_err();
        assert_eq!(error.code(), "USER:NoCommand", "{engine}: {error}");
        call(&engine, &["rmi", "--force", name, &first.image.id]);
        let error = run(&coordinator, work()).await.unwrap_err();
        assert_eq!(error.downcast_ref::<ContainerError>().unwrap().trouble, Trouble::NoImage, "{engine}: {error}");
        // What is there by that name from then on is found.
        crate::engines::import(&engine, name);
        assert_eq!(run(&coordinator, work()).await.unwrap().exit, 2, "{engine}");
    }
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_told() {
    for engine in engines() {
        let coordinator = with(containers(&engine).pull(Pull::Missing));
        // Nothing listens there.
        let error = run(&coordinator, Container::new("127.0.0.1:9/no/such:1").command(["/bin/sh"])).await.unwrap_err();
        assert!(error.to_string().contains("cannot pull the image `127.0.0.1:9/no/such:1`"), "{engine}: {error}");
    }
}

#[tokio::test]
async fn a_container_is_work_for_a_strategy_of_containers_alone() {
    let coordinator = nebulakit::coordinator::Coordinator::new();
    for strategy in [Strategy::Async, Strategy::Thread, Strategy::Process] {
        let error = coordinator.submit(Container::new("x").command(["y"]), strategy).await.unwrap_err();
        assert!(error.to_string().ends_with("cannot run a container\nhint: submit it for `Strategy::Container`"), "{error}");
    }
}
