//! What reading a configuration file may cost: some hundred bytes must not be read for ever.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nebulakit::config::{Config, LazyConfig};
use nebulakit::env::Environment;

/// The error of a configuration file with this text.
fn refused(name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    let environment = Environment::empty().with("FLYTECTL_CONFIG", &path);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let error = Config::load(&environment, Path::new("")).map(drop);
        let _ = LazyConfig::new(&environment).get_or_environment();
        sender.send(error).ok();
    });
    let error = receiver.recv_timeout(Duration::from_secs(120)).expect("reading it has an end");
    error.unwrap_err().to_string()
}

/// Ten options, each of which is the one before it, many times.
fn doubling(last: &str, references: usize) -> String {
    let mut text = format!("[platform]\na0 = {last}\n");
    for level in 1..10 {
        text.push_str(&format!("a{level} = {}\n", format!("%(a{})s", level - 1).repeat(references)));
    }
    text + &format!("url = {}\n", "%(a9)s".repeat(references))
}

#[test]
fn references_between_options_have_an_end() {
    for text in [
        doubling("x", 8),
        // Its result is empty.
        doubling("", 64),
        doubling(&"x".repeat(1000), 60),
        format!("[platform]\na = {}\nurl = {}", "x".repeat(100_000), "%(a)s".repeat(100_000)),
        format!("[platform]\na =\nb = %({})s\n{0} =\nurl = {}", "n".repeat(200_000), "%(b)s".repeat(100_000)),
    ] {
        let error = refused("c.ini", &text);
        assert!(error.contains("refers to more than can be read"), "{error}");
    }
}

#[test]
fn many_sections_and_many_defaults_have_an_end() {
    let mut text = String::from("[DEFAULT]\n");
    (0..50_000).for_each(|number| text.push_str(&format!("a{number}=\n")));
    (0..50_000).for_each(|number| text.push_str(&format!("[{number}]\n")));
    let error = refused("c.ini", &text);
    assert!(error.contains("refers to more than can be read"), "{error}");
}

#[test]
fn a_reference_without_an_end_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.ini");
    fs::write(&path, format!("[platform]\nurl = {}", "%(".repeat(400_000))).unwrap();
    let environment = Environment::empty().with("FLYTECTL_CONFIG", &path);
    assert_eq!(Config::load(&environment, Path::new("")).unwrap().platform.endpoint.len(), 800_000);
}

#[test]
fn a_file_of_any_length_is_not_read() {
    let error = refused("c.ini", &format!("[a]\n{}", "#\n".repeat(1 << 20)));
    assert!(error.contains("has more than 1048576 bytes"), "{error}");
    let environment = Environment::empty().with("FLYTECTL_CONFIG", "/dev/zero");
    let error = Config::load(&environment, Path::new("")).unwrap_err().to_string();
    assert!(error.contains("has more than 1048576 bytes"), "{error}");
}

#[test]
fn nested_yaml_has_an_end() {
    let mut deep = String::new();
    for level in 0..400 {
        deep.push_str(&format!("{}{}:\n", " ".repeat(level), "k".repeat(500)));
    }
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n\
        d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\n\
        g: &g [*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g]\nadmin: {endpoint: [a]}\n";
    for text in [deep + "admin: {endpoint: [a]}\n", bomb.to_owned()] {
        let error = refused("c.yaml", &text);
        assert!(!error.is_empty());
    }
}
