//! Names, values and files that mean harm, or look like it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use nebulakit::__private::rehearsal::copilot;
use nebulakit::options::DataFormat;
use nebulakit::types::literal::Primitive;
use nebulakit::types::literal_type::SimpleType;
use nebulakit::types::storage::Storage;
use nebulakit::types::workspace::Workspace;
use nebulakit::types::{Dialect, Literal, LiteralType, NebulaType as _};
use tempfile::TempDir;

/// Texts that a shell, a program or an engine would take for something else.
const HOSTILE: [&str; 9] = ["$(touch x)", "`touch x`", "a\nb", "-rf", "--", "a b", "a:b,c", "'\"", "*"];

fn one(name: &str, literal: Literal) -> Vec<u8> {
    Literal::encode_map(&BTreeMap::from([(name.to_owned(), literal)]))
}

#[test]
fn values_stand_in_the_command_as_they_are() {
    for text in HOSTILE {
        let inputs = one("x", Primitive::String(text.to_owned()).into());
        let command = copilot::command(&["/bin/echo", "{{.inputs.x}}", "--x={{.inputs.x}}"], &inputs).unwrap();
        assert_eq!(command, ["/bin/echo", text, &format!("--x={text}")]);
    }
}

#[test]
fn an_argument_that_no_program_takes_is_refused_by_name() {
    let inputs = one("x", Primitive::String("a\0b".to_owned()).into());
    let error = copilot::command(&["/bin/echo", "{{.inputs.x}}"], &inputs).unwrap_err().to_string();
    assert_eq!(error, "element 1 of the command, `{{.inputs.x}}`, has a NUL in it, which no program takes");
    let inputs = one("x", Primitive::String("a".repeat(131_072)).into());
    let error = copilot::command(&["/bin/echo", "{{.inputs.x}}"], &inputs).unwrap_err().to_string();
    assert!(error.contains("has 131072 bytes, and a program takes 131071 in one argument"), "{error}");
    let inputs = one("x", Primitive::String("a".repeat(131_071)).into());
    assert_eq!(copilot::command(&["{{.inputs.x}}"], &inputs).unwrap()[0].len(), 131_071);
}

#[tokio::test]
async fn keys_of_maps_are_names_of_files_or_refused() {
    let host = TempDir::new().unwrap();
    let entries = HOSTILE.iter().map(|name| ((*name).to_owned(), Primitive::Integer(1).into()));
    let inputs = one("m", Literal::map(entries.collect()));
    copilot::lay_out(&inputs, host.path(), "/var/inputs", DataFormat::Json, &Storage::local()).await.unwrap();
    for name in HOSTILE {
        assert_eq!(fs::read(host.path().join("m").join(name)).unwrap(), b"1");
    }
    for (key, problem) in [
        ("", "is empty"),
        ("..", "is a folder's"),
        (".", "is a folder's"),
        ("a/b", "has a `/` in it"),
        ("/etc/x", "has a `/` in it"),
        ("a\0", "has a NUL in it"),
        (&"k".repeat(256), "is longer than the name of a file"),
    ] {
        let host = TempDir::new().unwrap();
        let inputs = one("m", Literal::map(BTreeMap::from([(key.to_owned(), Primitive::Integer(1).into())])));
        let done = copilot::lay_out(&inputs, host.path(), "/var/inputs", DataFormat::Json, &Storage::local()).await;
        let error = done.unwrap_err().to_string();
        assert!(error.starts_with("`m`: the key `") && error.contains(problem), "{error}");
    }
}

async fn collected(literal_type: LiteralType, prepare: impl FnOnce(&std::path::Path)) -> Result<Vec<u8>, String> {
    let (host, scratch) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    prepare(host.path());
    let workspace = Workspace::new(Storage::local, Some(scratch.path().join("raw").to_str().unwrap().to_owned()), scratch.path());
    match copilot::collect("x", literal_type, host.path(), &workspace).await {
        Ok(Ok((outputs, _))) => Ok(outputs),
        Ok(Err(said)) => Err(said),
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test]
async fn links_lead_nowhere_but_to_the_outputs() {
    let text = || LiteralType::simple(SimpleType::String);
    let kept = collected(text(), |host| {
        fs::write(host.join("result.txt"), "7").unwrap();
        symlink("result.txt", host.join("x")).unwrap();
    });
    assert_eq!(kept.await.unwrap(), one("x", Primitive::String("7".to_owned()).into()));
    for target in ["/etc/passwd", "../../../../../../etc/passwd"] {
        let error = collected(text(), |host| symlink(target, host.join("x")).unwrap()).await.unwrap_err();
        assert_eq!(error, "`x`: it is a link to something outside of the folder of the outputs");
    }
    let error = collected(text(), |host| symlink("missing.txt", host.join("x")).unwrap()).await.unwrap_err();
    assert!(error.starts_with("`x`: it is a link that leads nowhere"), "{error}");
    let file = nebulakit::File::<nebulakit::file::Any>::literal_type(&Dialect::FLYTE_1);
    let error = collected(file, |host| symlink("/etc/passwd", host.join("x.txt")).unwrap()).await.unwrap_err();
    assert_eq!(error, "`x`: it is a link to something outside of the folder of the outputs");
    let directory = nebulakit::Directory::<nebulakit::file::Any>::literal_type(&Dialect::FLYTE_1);
    let error = collected(directory, |host| {
        fs::create_dir(host.join("x")).unwrap();
        symlink("/etc/passwd", host.join("x/a")).unwrap();
    });
    assert_eq!(error.await.unwrap_err(), "`x`: it is a link to something outside of the folder of the outputs");
}

#[tokio::test]
async fn what_is_not_a_file_is_not_read() {
    let error = collected(LiteralType::simple(SimpleType::String), |host| drop(UnixListener::bind(host.join("x")).unwrap()));
    assert_eq!(error.await.unwrap_err(), "`x`: it is a pipe, a socket or a device, and neither a file nor a folder");
}

#[tokio::test]
async fn what_is_missing_and_what_is_there_is_told_by_name() {
    let number = || LiteralType::simple(SimpleType::Integer);
    let error = collected(number(), |_| {}).await.unwrap_err();
    assert_eq!(error, "`x`: the program left no file `x` in `/var/outputs`; nothing is there");
    let error = collected(number(), |host| {
        for name in ["a", "b", "c", "d", "e", "f", "X"] {
            fs::write(host.join(name), "1").unwrap();
        }
    });
    assert_eq!(
        error.await.unwrap_err(),
        "`x`: the program left no file `x` in `/var/outputs`; `X`, `a`, `b`, `c`, `d` and 2 more is there"
    );
    let error = collected(number(), |host| {
        fs::write(host.join("x.txt"), "1").unwrap();
        fs::write(host.join("x.json"), "1").unwrap();
    });
    let expected = "`x`: the program left `x.json` and `x.txt` in `/var/outputs`, and one file alone can be the output";
    assert_eq!(error.await.unwrap_err(), expected);
    let error = collected(number(), |host| fs::write(host.join("x"), "seven\n").unwrap()).await.unwrap_err();
    assert_eq!(error, "`x`: expected a whole number of 64 bits, such as `7`, found `seven`");
    let error = collected(number(), |host| fs::write(host.join("x"), "1".repeat(1025)).unwrap()).await.unwrap_err();
    assert_eq!(error, "`x`: the file has 1025 bytes, and Flyte's copilot takes at most 1024; give a `File` for more");
}
