//! Container tasks: programs in an image, with files for their inputs and outputs.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use nebulakit::Context;
use nebulakit::coordinator::{ContainerStrategy, Coordinator, JobError, Pull, Strategy, Work};
use nebulakit::file::Any;
use nebulakit::prelude::*;

use crate::engines::{call, engines, image};
use crate::{PROGRAM, containers, run};

/// The area of a rectangle, by the shell: what it reads, what it is told, and what it says.
#[task(
    outputs(area, said, files),
    env(UNIT = "cm"),
    container(
        image = "localhost/nebulakit-tests:debian",
        command = [
            "/bin/sh", "-c",
            "printf %s $(($1 * $(cat /var/inputs/b))) > /var/outputs/area; printf '%s|%s|%s' \"$2\" \"$UNIT\" \"$(cat /var/inputs/text)\" > /var/outputs/said.txt; \
             mkdir /var/outputs/files; cat /var/inputs/inputs.json > /var/outputs/files/json; id -u > /var/outputs/files/user; cat /proc/net/dev > /var/outputs/files/network",
            "-", "{{.inputs.a}}", "{{.inputs.word}}",
        ]
    )
)]
fn area(a: i64, b: i64, word: String, text: File) -> (i64, String, Directory);

#[tokio::test]
async fn a_program_reads_its_inputs_and_leaves_its_outputs() {
    for engine in engines() {
        image(&engine);
        let folder = tempfile::tempdir().unwrap();
        let context = Context::builder(folder.path()).build();
        let coordinator = Coordinator::builder().strategy(Strategy::Container, containers(&engine)).context(context).build();
        for word in ["$(touch x)", "a\nb", "-rf", "a:b,c", "two words", "'\"`*"] {
            let text = File::<Any>::from_bytes("text", "a line");
            let (product, said, files) = run(&coordinator, area::with(6, 7, word, text)).await.unwrap();
            assert_eq!((product, said), (42, format!("{word}|cm|a line")), "{engine}");
            let copy = folder.path().join("copy");
            files.download(&copy).await.unwrap();
            let json = format!("{{\"a\":6,\"b\":7,\"text\":\"/var/inputs/text\",\"word\":{}}}", serde_json::json!(word));
            assert_eq!(fs::read_to_string(copy.join("json")).unwrap(), json, "{engine}");
            let network = fs::read_to_string(copy.join("network")).unwrap();
            assert_eq!(network.lines().filter(|line| line.contains(':')).count(), 1, "{engine}: {network}");
            fs::remove_dir_all(copy).unwrap();
        }
        // What it wrote belongs to this user, and nothing of it is left but the data of the outputs.
        let ours = fs::metadata(folder.path()).unwrap().uid();
        assert!(fs::read_dir(folder.path()).unwrap().all(|entry| entry.unwrap().metadata().unwrap().uid() == ours));
    }
}

#[task(container(image = "localhost/nebulakit-tests:debian", command = ["/bin/sh", "-c", "{{.inputs.script}}"]))]
fn script(script: String) -> String;

#[tokio::test]
async fn what_a_program_does_wrong_is_told() {
    for engine in engines() {
        image(&engine);
        let coordinator = crate::with(containers(&engine));
        for (text, expected) in [
            ("echo too small > /var/outputs/_ERROR; exit 3", "too small\nthe command in the image"),
            ("exit 3", "ended with exit code 3"),
            ("echo no > /var/outputs/_ERROR", "said that it failed: no"),
            ("true", "the program left no file `o0` in `/var/outputs`; nothing is there"),
        ] {
            let error = run(&coordinator, script::with(text)).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{engine}: {text}: {error}");
        }
    }
}

#[tokio::test]
async fn work_may_name_another_image_and_an_unknown_one_is_told() {
    for engine in engines() {
        let strategy = ContainerStrategy::new().engine(&*engine).program(PROGRAM).pull(Pull::Never);
        let coordinator = Coordinator::builder().strategy(Strategy::Container, strategy).build();
        let work = |script: &str| Work::from(self::script::with(script));
        let error = run(&coordinator, work("true").image("localhost/no-such-image:1")).await.unwrap_err();
        assert!(matches!(&error, JobError::Failed(_)) && error.to_string().contains("localhost/no-such-image:1"), "{engine}: {error}");
        let said = run(&coordinator, work("echo yes > /var/outputs/o0").image(image(&engine))).await.unwrap();
        assert_eq!(said, "yes");
    }
}

/// The command line of the program that has tasks.
fn cli(words: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("cli").args(words);
    command
}

fn said(engine: &str, words: &[&str]) -> (Option<i32>, String, String) {
    let output = cli(words).args(["-q", "--container-engine", engine]).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_line_starts_the_image() {
    for engine in engines() {
        image(&engine);
        assert_eq!(said(&engine, &["run", "product", "--a", "21"]), (Some(0), "42\n".to_owned(), "begun\n".to_owned()), "{engine}");
        let (code, out, err) = said(&engine, &["run", "product", "--a", "6", "--b", "-7", "--json"]);
        assert_eq!((code, out.as_str()), (Some(0), "{\"o0\":-42}\n"), "{engine}: {err}");
        assert_eq!(said(&engine, &["run", "networks"]).1, "1\n", "{engine}");
        let (code, out, err) = said(&engine, &["run", "product", "--a", "1", "--pause", "no"]);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{engine}: {err}");
    }
}

#[test]
fn an_interrupt_stops_the_container() {
    for engine in engines() {
        image(&engine);
        let mut child =
            cli(&["run", "product", "--a", "1", "--pause", "1000", "--container-engine", &engine]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "begun");
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{engine}");
        let rest: Vec<_> = lines.map(Result::unwrap).collect();
        assert!(rest.iter().any(|line| line.contains("was stopped by SIGINT")), "{engine}: {rest:?}");
        assert_eq!(
            call(
                &engine,
                &["ps", "--all", "--quiet", "--filter", "name=nebulakit-", "--filter", &format!("label=nebulakit.process={}", child.id())]
            ),
            ""
        );
    }
}
