//! `image`: the Dockerfile, and what is built of it, with programs that stand in for cargo and for what builds images.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::{TempDir, tempdir};

/// A program that is a header for a machine, and nothing else.
fn program(machine: u8) -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1]);
    header[18] = machine;
    header[54] = 56;
    header
}

/// A project, and programs on a `PATH` of their own. `dependency` is what its Cargo.toml says of nebulakit.
fn project(dependency: &str, machine: u8) -> TempDir {
    let folder = tempdir().unwrap();
    let at = folder.path();
    fs::create_dir_all(at.join("bin")).unwrap();
    fs::write(at.join("program"), program(machine)).unwrap();
    let at = at.display();
    let metadata = format!(
        r#"{{"target_directory":"{at}/target","packages":[{{"name":"counting","manifest_path":"{at}/Cargo.toml","features":{{"default":["desk"],"desk":[]}},
        "targets":[{{"name":"app","kind":["bin"]}}],"dependencies":[{dependency}]}}]}}"#
    );
    let cargo = format!(
        "case $1 in\nmetadata) cat <<'X'\n{metadata}\nX\n;;\nbuild) echo \"$@\" > {at}/cargo\n\
         while [ $# -gt 0 ]; do [ $1 = --target ] && triple=$2; shift; done\n\
         mkdir -p {at}/target/$triple/release; cp {at}/program {at}/target/$triple/release/app ;;\nesac"
    );
    script(folder.path(), "cargo", &cargo);
    script(folder.path(), "rustc", &format!("echo {at}"));
    script(folder.path(), "podman", &format!("echo \"$@\" > {at}/podman"));
    folder
}

fn script(folder: &Path, name: &str, text: &str) {
    let path = folder.join("bin").join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

fn image(folder: &TempDir, words: &[&str]) -> Output {
    image_with(folder, words, ":/usr/bin:/bin")
}

/// The same with these folders of programs besides.
fn image_with(folder: &TempDir, words: &[&str], besides: &str) -> Output {
    let path = format!("{}{besides}", folder.path().join("bin").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_app"));
    command.arg("image").args(words).current_dir(folder.path()).env_clear().env("PATH", path).env("HOME", folder.path());
    command.output().unwrap()
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const LEAN: &str = r#"{"name":"nebulakit","kind":null,"uses_default_features":false,"features":["aws"]}"#;

#[test]
fn the_dockerfile_is_shown_and_nothing_is_built() {
    let folder = project(LEAN, 62);
    let output = image(&folder, &["--platform", "linux/amd64"]);
    let expected = "\
# The folder `root` holds the program, as `app`, and `tmp`, which everybody may write to.
FROM scratch
COPY root/ /
ENTRYPOINT [\"/app\"]
";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(told.contains("features of nebulakit in the image: aws, embedded-roots, static-alloc\n"), "{told}");
    assert!(told.contains("cargo build --release --target x86_64-unknown-linux-musl --package counting --bin app"), "{told}");
    assert!(!folder.path().join("cargo").exists());
}

#[test]
fn an_image_is_a_static_program_and_a_folder_to_write_to() {
    let folder = project(LEAN, 183);
    fs::write(folder.path().join("roots.pem"), "roots").unwrap();
    let output =
        image(&folder, &["--build", "--builder", "podman", "--image", "me/app:1", "--platform", "linux/arm64", "--roots", "roots.pem"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "me/app:1 is built for linux/arm64: 0.0 MiB\npush it: podman push me/app:1\n");
    let built = read(&folder, "cargo");
    assert!(
        built.contains("--target aarch64-unknown-linux-musl")
            && built.contains("--no-default-features --features nebulakit/static-alloc\n"),
        "{built}"
    );
    let context = folder.path().join("target/nebulakit-image/aarch64");
    let words = read(&folder, "podman");
    assert_eq!(words.trim(), format!("build --platform linux/arm64 --tag me/app:1 --file {0}/Dockerfile {0}", context.display()));
    let mode = |name: &str| fs::metadata(context.join("root").join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("app"), mode("tmp")), (0o755, 0o1777));
    assert_eq!(fs::read_to_string(context.join("root/etc/ssl/certs/ca-certificates.crt")).unwrap(), "roots");
    assert!(fs::read_to_string(context.join("Dockerfile")).unwrap().contains("CA certificates"));
}

#[test]
fn a_program_for_another_machine_is_no_image() {
    let folder = project(LEAN, 62);
    let output = image(&folder, &["--build", "--builder", "podman", "--image", "a:1", "--platform", "linux/arm64"]);
    let said = text(&output.stderr);
    assert!(!output.status.success() && said.contains("is not a program for linux/arm64: its machine is 62, and not 183"), "{said}");
    assert!(!folder.path().join("podman").exists());
}

#[test]
fn what_people_need_is_told_with_the_lines_that_leave_it_out() {
    let folder = project(r#"{"name":"nebulakit","rename":"nk","kind":null,"uses_default_features":true,"features":["flyte"]}"#, 62);
    let told = text(&image(&folder, &[]).stderr);
    assert!(told.contains("the image carries `run` and `flyte`, which no container needs"), "{told}");
    assert!(told.contains("    nk = { version = \"..\", default-features = false, features = [\"aws\"] }\n"), "{told}");
    assert!(told.contains("    default = [\"desk\"]\n    desk = [\"nk/default\", \"nk/flyte\"]\n"), "{told}");
}

#[test]
fn an_image_without_a_store_is_told() {
    let folder = project(r#"{"name":"nebulakit","kind":null,"uses_default_features":false,"features":[]}"#, 62);
    let told = text(&image(&folder, &[]).stderr);
    assert!(
        told.contains("no store is among them: a task reads its inputs where the cluster keeps its data, by `aws`, `gcp`, `azure`"),
        "{told}"
    );
}

#[test]
fn what_is_missing_is_told() {
    let folder = project(LEAN, 62);
    let said = |words: &[&str]| text(&image(&folder, words).stderr);
    assert!(said(&["--bin", "other"]).contains("no package here has a binary `other`"));
    assert!(said(&["--build", "--builder", "podman"]).contains("the image has no name"));
    // The machine may have it: of its programs, the stand-ins find only what they run.
    for name in ["cat", "cp", "mkdir"] {
        std::os::unix::fs::symlink(Path::new("/bin").join(name), folder.path().join("bin").join(name)).unwrap();
    }
    let alone = text(&image_with(&folder, &["--build", "--builder", "buildah", "--image", "a:1"], "").stderr);
    assert!(alone.contains("`buildah` is not installed"), "{alone}");
    script(folder.path(), "rustc", "echo /nowhere");
    let said = said(&["--build", "--builder", "podman", "--image", "a:1", "--platform", "linux/amd64"]);
    assert!(said.contains("hint: `rustup target add x86_64-unknown-linux-musl`"), "{said}");
}
