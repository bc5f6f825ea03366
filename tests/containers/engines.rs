//! The engines that are tried, and an image for each: a shell and some tools of this machine, with the libraries that they need.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

/// What is in the image.
const TOOLS: [&str; 19] = [
    "dash", "cat", "ls", "sleep", "id", "stat", "env", "echo", "head", "tail", "touch", "mkdir", "printf", "seq", "dd", "tr", "wc", "rm",
    "kill",
];

/// Those that are tried, as `ContainerStrategy::engine` takes them.
pub(crate) fn engines() -> Vec<String> {
    let named = std::env::var("NEBULAKIT_TEST_ENGINES").unwrap_or_else(|_| "docker podman".to_owned());
    let engines: Vec<String> = named.split_whitespace().map(str::to_owned).collect();
    assert!(!engines.is_empty(), "NEBULAKIT_TEST_ENGINES names no engine");
    engines
}

/// The name of the engine without the path of its program.
pub(crate) fn name(engine: &str) -> &str {
    Path::new(engine).file_name().unwrap().to_str().unwrap()
}

/// Whether it has no daemon, no names of containers, and files as images.
pub(crate) fn is_apptainer(engine: &str) -> bool {
    ["apptainer", "singularity"].contains(&name(engine))
}

/// What the engine's own program prints.
pub(crate) fn call(engine: &str, arguments: &[&str]) -> String {
    let output = Command::new(engine).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{engine} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The name of the image, which is made when it is first asked for.
pub(crate) fn image(engine: &str) -> String {
    static MADE: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap();
    made.get_or_insert_default().entry(engine.to_owned()).or_insert_with(|| import(engine, "localhost/nebulakit-tests:debian")).clone()
}

/// An image with nothing in it.
pub(crate) fn empty(engine: &str) -> String {
    static MADE: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let mut made = MADE.lock().unwrap();
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("etc")).unwrap();
        import_from(engine, folder.path(), "localhost/nebulakit-tests:empty")
    };
    made.get_or_insert_default().entry(engine.to_owned()).or_insert_with(make).clone()
}

/// Makes an image of that name.
pub(crate) fn import(engine: &str, name: &str) -> String {
    import_from(engine, root(), name)
}

/// Makes an image of that name with the files below `root`.
pub(crate) fn import_from(engine: &str, root: &Path, name: &str) -> String {
    if is_apptainer(engine) {
        // A folder, which it has to find some others in.
        let folder = tempfile::tempdir().unwrap().keep();
        assert!(Command::new("cp").arg("-aT").arg(root).arg(&folder).status().unwrap().success());
        for made in ["dev", "proc", "sys", "home", "root", "tmp", "var/tmp", "etc"] {
            std::fs::create_dir_all(folder.join(made)).unwrap();
        }
        return folder.to_str().unwrap().to_owned();
    }
    let mut tar = Command::new("tar").args(["-C", root.to_str().unwrap(), "-c", "."]).stdout(Stdio::piped()).spawn().unwrap();
    let output = Command::new(engine).args(["import", "-", name]).stdin(tar.stdout.take().unwrap()).output().unwrap();
    assert!(tar.wait().unwrap().success() && output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    name.to_owned()
}

/// The files of the image.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = ROOT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for made in ["usr/bin", "tmp", "etc", "var/tmp"] {
            std::fs::create_dir_all(root.join(made)).unwrap();
        }
        std::os::unix::fs::symlink("usr/bin", root.join("bin")).unwrap();
        let mut files = BTreeSet::new();
        for tool in TOOLS {
            let path = ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(tool)).find(|path| path.exists());
            let path = path.unwrap_or_else(|| panic!("this machine has no `{tool}`"));
            files.extend(libraries(&path));
            std::fs::copy(&path, root.join("usr/bin").join(tool)).unwrap();
        }
        for library in files {
            let target = root.join(library.strip_prefix("/").unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(&library, target).unwrap();
        }
        std::os::unix::fs::symlink("dash", root.join("usr/bin/sh")).unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
        std::fs::set_permissions(root.join("tmp"), open).unwrap();
        folder
    });
    made.path()
}

/// The libraries that a program needs, and what loads them.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}
