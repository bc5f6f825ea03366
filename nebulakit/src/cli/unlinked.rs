//! Why a task that is there in the source may not be in the binary: the dependencies that hold tasks and that the binary does not name.
//!
//! `cargo run` says where the package is. Its manifest has the dependencies, and the lock file beside it or above says which of them use
//! nebulakit. Both are read line by line, as cargo and people write them; what cannot be read is as if it were not there.

use std::collections::HashSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use nebulakit_types::visible;

use crate::services::env::{self, Environment};
use crate::task::registry::{LINKED, Named, Registry};

/// The largest manifest or lock file that is looked into, in bytes: cargo's own are a few hundred kilobytes.
const LARGEST_FILE: u64 = 8 * 1024 * 1024;

/// What to do about a task that is not found, in one line.
pub(super) fn hint(environment: &Environment, registry: &Registry) -> String {
    let missing = environment.non_empty(env::CARGO_MANIFEST_DIR).map(|folder| unnamed(Path::new(folder), registry)).unwrap_or_default();
    let quoted: Vec<_> = missing.iter().map(|name| format!("`{}`", visible::line(name))).collect();
    let (subject, uses, them, their) = match quoted.as_slice() {
        [] => return LINKED.to_owned(),
        [one] => (format!("the dependency {one}"), "uses", "it", "its"),
        [first @ .., last] => (format!("the dependencies {} and {last}", first.join(", ")), "use", "them", "their"),
    };
    let named: Vec<_> = Named::all().map(str::to_owned).chain(missing).collect();
    let written = format!("nebulakit::main!({});", named.join(", "));
    let written = visible::line(&written);
    format!("{subject} {uses} nebulakit, but this binary does not name {them}, so {their} tasks are not in it: write `{written}`")
}

/// The crates among the dependencies of the package in `folder` that use nebulakit, and that the binary neither names nor has tasks of.
fn unnamed(folder: &Path, registry: &Registry) -> Vec<String> {
    let Some(manifest) = read(&folder.join("Cargo.toml")) else { return Vec::new() };
    let Some((lock, root)) = folder.ancestors().find_map(|folder| Some((read(&folder.join("Cargo.lock"))?, folder))) else {
        return Vec::new();
    };
    let users = users(&lock);
    let shared = read(&root.join("Cargo.toml")).map(|root| dependencies(&root, "workspace.dependencies")).unwrap_or_default();
    let is_there = |name: &String| Named::all().any(|named| named == name) || registry.has_tasks_of(name);
    let mut found: Vec<_> = dependencies(&manifest, "dependencies")
        .into_iter()
        .filter(|dependency| {
            let of_root = || shared.iter().find(|other| other.key == dependency.key).map(|other| other.package.as_str());
            let package = if dependency.is_shared { of_root().unwrap_or(&dependency.package) } else { &dependency.package };
            users.contains(package)
        })
        .map(|dependency| dependency.key.replace('-', "_"))
        .filter(|name| !is_there(name))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The text of a regular file, up to [`LARGEST_FILE`] bytes of it.
fn read(path: &PathBuf) -> Option<String> {
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(LARGEST_FILE).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The packages of a lock file that depend on nebulakit.
fn users(lock: &str) -> HashSet<&str> {
    let mut users = HashSet::new();
    for package in lock.split("[[package]]").skip(1) {
        let name = package.lines().find_map(|line| quoted(line.strip_prefix("name = ")?));
        let uses = package.lines().filter_map(|line| quoted(line.trim())).any(|line| line.split(' ').next() == Some("nebulakit"));
        if uses {
            users.extend(name);
        }
    }
    users
}

/// The text in quotes that `text` begins with.
fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.split('"').next()
}

/// A dependency as a manifest names it.
struct Dependency {
    /// The name by which the source calls it.
    key: String,
    /// The package that it is.
    package: String,
    /// Whether the workspace says more of it.
    is_shared: bool,
}

/// The dependencies of a manifest in the table `table`, and in those of the same name for a target.
fn dependencies(manifest: &str, table: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut header = String::new();
    for line in manifest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            header = name.split(']').next().unwrap_or_default().trim().to_owned();
            // `[target.'cfg(unix)'.dependencies]`
            if header.starts_with("target.")
                && let Some(at) = header.rfind(".dependencies")
            {
                header.drain(..=at);
            }
            if let Some(key) = header.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')) {
                found.push(dependency(key, ""));
            }
        } else if let Some((key, value)) = line.split_once('=') {
            if header == table {
                let (key, part) = key.trim().split_once('.').unwrap_or((key.trim(), ""));
                found.push(dependency(key, &format!("{part} = {value}")));
            } else if header.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'))
                && let Some(last) = found.last_mut()
            {
                let said = dependency(&last.key, &format!("{key} = {value}"));
                last.is_shared |= said.is_shared;
                if said.package != said.key {
                    last.package = said.package;
                }
            }
        }
    }
    found
}

/// The dependency `key`, of which a manifest says `said`.
fn dependency(key: &str, said: &str) -> Dependency {
    let key = key.trim().trim_matches('"').to_owned();
    let words = said.split(['{', '}', ',']).filter_map(|pair| pair.rsplit_once('='));
    let said: Vec<_> = words.map(|(name, value)| (name.trim().trim_end_matches(['=', ' ']), value.trim())).collect();
    let package = said.iter().find(|(name, _)| *name == "package").and_then(|(_, value)| quoted(value));
    Dependency {
        package: package.unwrap_or(&key).to_owned(),
        is_shared: said.iter().any(|(name, value)| *name == "workspace" && value.starts_with("true")),
        key,
    }
}
