//! Configuration files that are found, not named: which are obeyed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, lchown, symlink};
use std::path::Path;

use nebulakit::config::Config;
use nebulakit::env::Environment;
use nebulakit_tests::Launch;

const TEXT: &str = "[platform]\nurl = from-the-file:81\n";

fn folder(mode: u32) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("flytekit.config"), mode);
    folder
}

fn write(path: &Path, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, TEXT).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn endpoint(environment: &Environment, folder: &Path) -> String {
    Config::load(environment, folder).unwrap().platform.endpoint
}

/// Whether the file in a folder is obeyed.
fn is_obeyed(folder: &Path) -> bool {
    endpoint(&Environment::empty(), folder).starts_with("from-the-file")
}

/// Another user and their group.
const OTHER: u32 = 12345;

/// Gives a file to another user, which only root can: everybody else keeps it. Says whether it was given away.
fn given_away(path: &Path) -> bool {
    lchown(path, Some(OTHER), None).is_ok()
}

#[test]
fn a_file_that_others_can_write_is_not_obeyed() {
    for (mode, obeyed) in [(0o600, true), (0o644, true), (0o640, true), (0o666, false), (0o646, false), (0o602, false)] {
        assert_eq!(is_obeyed(folder(mode).path()), obeyed, "{mode:o}");
    }
}

#[test]
fn a_file_that_another_group_can_write_is_not_obeyed() {
    let folder = folder(0o664);
    let path = folder.path().join("flytekit.config");
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(is_obeyed(folder.path()), metadata.gid() == 0 || metadata.gid() == metadata.uid());
    let was_obeyed = is_obeyed(folder.path());
    let is_given = chown(&path, None, Some(OTHER)).is_ok();
    assert_eq!(is_obeyed(folder.path()), was_obeyed && !is_given);
}

#[test]
fn a_file_of_another_user_is_not_obeyed() {
    let folder = folder(0o644);
    let is_given = given_away(&folder.path().join("flytekit.config"));
    assert_eq!(is_obeyed(folder.path()), !is_given);
}

/// Settings of every kind are asked for in this run: secrets, stores, statsd.
#[test]
fn the_log_says_once_why_a_file_is_not_obeyed() {
    let launch = Launch::new(env!("CARGO_BIN_EXE_app"), "secret");
    fs::write(launch.path().join("flytekit.config"), "[secrets]\nenv_prefix = _PLANTED_\n[broken\n").unwrap();
    fs::set_permissions(launch.path().join("flytekit.config"), Permissions::from_mode(0o666)).unwrap();
    let ended = launch.env("_PLANTED_DB_PASSWORD", "planted").env("_FSEC_DB_PASSWORD", "mine").run();
    let told = ended.stderr();
    assert_eq!(told.matches("is not obeyed").count(), 1, "{told}");
    for part in ["/flytekit.config` is not obeyed", "others may write to it (mode 666)", "chmod go-w", "FLYTECTL_CONFIG"] {
        assert!(told.contains(part), "no `{part}` in {told}");
    }
    assert_eq!(ended.output(), nebulakit_tests::literals::int(4), "{told}");
}

#[test]
fn a_named_file_is_always_obeyed() {
    let folder = folder(0o666);
    let path = folder.path().join("flytekit.config");
    given_away(&path);
    let named = Environment::empty().with("FLYTECTL_CONFIG", &path);
    assert_eq!(endpoint(&named, Path::new("/nowhere")), "from-the-file:81");
}

#[test]
fn files_in_the_home_folder_are_looked_at_as_closely() {
    for name in [".flyte/config", ".flyte/config.yaml"] {
        for (mode, obeyed) in [(0o644, true), (0o666, false)] {
            let home = tempfile::tempdir().unwrap();
            let path = home.path().join(name);
            write(&path, mode);
            if name.ends_with("yaml") {
                fs::write(&path, "admin: {endpoint: from-the-file}").unwrap();
            }
            let environment = Environment::empty().with("HOME", home.path());
            assert_eq!(endpoint(&environment, Path::new("/nowhere")).starts_with("from-the-file"), obeyed, "{name} {mode:o}");
        }
    }
}

#[test]
fn what_is_not_obeyed_hides_no_other_file() {
    let work = folder(0o666);
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".flyte")).unwrap();
    fs::write(home.path().join(".flyte/config"), "[platform]\nurl = home").unwrap();
    assert_eq!(endpoint(&Environment::empty().with("HOME", home.path()), work.path()), "home");
}

#[test]
fn a_link_counts_as_what_it_leads_to() {
    let other = folder(0o666);
    let folder = tempfile::tempdir().unwrap();
    symlink(other.path().join("flytekit.config"), folder.path().join("flytekit.config")).unwrap();
    assert!(!is_obeyed(folder.path()));
    fs::set_permissions(other.path().join("flytekit.config"), Permissions::from_mode(0o644)).unwrap();
    assert!(is_obeyed(folder.path()));
}

/// Somebody else's link to a file of mine: it is theirs to say which.
#[test]
fn a_link_of_another_user_is_not_followed() {
    let mine = folder(0o644);
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("flytekit.config");
    symlink(mine.path().join("flytekit.config"), &link).unwrap();
    let is_given = given_away(&link);
    assert_eq!(is_obeyed(folder.path()), !is_given);
}

#[test]
fn a_pipe_in_its_place_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("flytekit.config")).status().unwrap();
    assert!(made.success());
    assert!(!is_obeyed(folder.path()));
}
