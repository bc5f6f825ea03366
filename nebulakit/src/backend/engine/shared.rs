//! Inputs that the machines of an engine see: those below a folder that they share are used in place, others are copied there once, by their digests, before anything starts.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use nebulakit_types::literal::{Literal, LiteralValue};
use nebulakit_types::storage::local_path;
use nebulakit_types::visible;
use uuid::Uuid;

use crate::backend::node::upload;
use crate::graph::Graph;
use crate::process::digest;
use crate::run::{RunsFolder, paths_in};

/// What the machines share.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    /// The folders that the settings name, or the one that the runs are recorded in, with what is beside it.
    roots: Vec<PathBuf>,
    /// Whether the settings name them.
    is_said: bool,
    /// The URL below which inputs go, for machines that share no folder.
    prefix: Option<String>,
}

impl Shared {
    /// What the settings say, for runs that are recorded in `runs`.
    pub(super) fn of(said: &[PathBuf], runs: &RunsFolder) -> Self {
        let is_said = !said.is_empty();
        let project = || std::path::absolute(runs.path()).ok().and_then(|runs| Some(vec![runs.parent()?.to_owned()])).unwrap_or_default();
        let roots = if is_said { said.to_vec() } else { project() };
        Self { roots: roots.into_iter().map(|root| in_full(&root)).collect(), is_said, prefix: None }
    }

    /// The same for machines that see what is below a URL, and nothing of this one.
    pub(super) fn below(self, prefix: Option<&str>) -> Self {
        let prefix = prefix.map(str::to_owned);
        Self { roots: if prefix.is_some() { Vec::new() } else { self.roots }, prefix, ..self }
    }

    /// Why the runs, and the folder of their plans where it is elsewhere, cannot be seen by the machines, if they cannot.
    pub(super) fn refuses(&self, plan: Option<&Path>, runs: &RunsFolder) -> Vec<String> {
        let of_plan = plan.map(|plan| ("the plan would be in", plan, "plan_dir = \"SHARED/plan\""));
        let places = of_plan.into_iter().chain([("runs are recorded in", runs.path(), "NEBULAKIT_DIR=SHARED/.nebulakit")]);
        let outside = places.filter(|(_, place, _)| self.is_said && self.prefix.is_none() && !self.has(place));
        let shown = |path: &Path| visible::line(&path.to_string_lossy()).into_owned();
        let roots: Vec<_> = self.roots.iter().map(|root| format!("`{}`", shown(root))).collect();
        let refused = outside.map(|(what, place, hint)| {
            let hint = self.roots.first().map(|root| hint.replace("SHARED", &shown(root))).unwrap_or_default();
            format!("{what} {}, which is not below {}, the folders of `data.shared`\nhint: say `{hint}`", shown(place), roots.join(" or "))
        });
        refused.collect()
    }

    /// The inputs with what is elsewhere copied to where the machines see it.
    ///
    /// # Errors
    /// With everything that cannot be.
    pub(super) fn bring(&self, inputs: &[u8], graph: &Graph, runs: &RunsFolder) -> Result<Option<Vec<u8>>, Vec<String>> {
        // What cannot be read is refused where it is compiled.
        let Ok(mut literals) = Literal::decode_map(inputs) else { return Ok(None) };
        let mut brought = Brought { shared: self, copies: runs.copies(), known: HashMap::new(), refused: Vec::new() };
        for (name, literal) in &mut literals {
            brought.bring(name, literal);
            let of = graph.inputs.iter().find(|input| input.name == *name).map(|input| &input.literal_type);
            let left = of.map(|of| paths_in(&literal.encode(), of)).unwrap_or_default();
            for path in left.iter().filter(|path| path.exists() && !self.has(path) && !path.starts_with(&brought.copies)) {
                brought.refused.push(format!(
                    "the input `{name}` names {} in a structure, which is not below a folder that the machines share\nhint: move it, or name the folder in \
                     nebulakit.toml: `[data]` with `shared = \"{}\"`",
                    path.display(),
                    path.parent().unwrap_or(path).display()
                ));
            }
        }
        let Brought { known, refused, .. } = brought;
        if !refused.is_empty() {
            return Err(refused);
        }
        if known.is_empty() {
            return Ok(None);
        }
        if !self.is_said && self.prefix.is_none() {
            tracing::warn!(
                inputs = known.len(),
                "inputs that are not below the project's folder were copied to {}; `data.shared` in nebulakit.toml names folders that the machines share",
                runs.copies().display()
            );
        }
        Ok(Some(Literal::encode_map(&literals)))
    }

    fn has(&self, path: &Path) -> bool {
        let full = in_full(path);
        self.roots.iter().any(|root| full.starts_with(root))
    }
}

/// A path without links, as far as it is there.
fn in_full(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path.ancestors().find_map(|there| Some((there, there.canonicalize().ok()?)));
    match there {
        Some((there, full)) => path.strip_prefix(there).map_or_else(|_| path.clone(), |rest| full.join(rest)),
        None => path,
    }
}

struct Brought<'s> {
    shared: &'s Shared,
    copies: PathBuf,
    /// Where copies are, by what they are of.
    known: HashMap<PathBuf, PathBuf>,
    refused: Vec<String>,
}

impl Brought<'_> {
    fn bring(&mut self, name: &str, literal: &mut Literal) {
        match &mut literal.value {
            LiteralValue::Blob { uri, .. }
            | LiteralValue::Schema { uri, .. }
            | LiteralValue::StructuredDataset { uri, .. }
            | LiteralValue::Offloaded { uri, .. } => {
                let Some(path) = local_path(uri) else { return };
                // One that is not there fails the task, which says so.
                let is_seen = self.shared.has(&path) || (self.shared.prefix.is_none() && path.starts_with(&self.copies));
                if is_seen || !path.exists() {
                    return;
                }
                match self.copy(&path) {
                    Ok(copy) => *uri = copy.to_string_lossy().into_owned(),
                    Err(error) => self
                        .refused
                        .push(format!("cannot copy {}, of the input `{name}`, to where machines see it: {error}", path.display())),
                }
            }
            LiteralValue::Union { value, .. } => self.bring(name, value),
            LiteralValue::Collection(literals) => literals.iter_mut().for_each(|literal| self.bring(name, literal)),
            LiteralValue::Map(literals) => literals.values_mut().for_each(|literal| self.bring(name, literal)),
            _ => {}
        }
    }

    /// Copies a file or a folder, unless its like is there.
    fn copy(&mut self, path: &Path) -> io::Result<PathBuf> {
        if let Some(copy) = self.known.get(path) {
            return Ok(copy.clone());
        }
        let name = path.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
        if let Some(prefix) = &self.shared.prefix {
            let copy = Path::new(prefix).join("inputs").join(format!("sha256-{}", digest_of(path)?)).join(name);
            upload(path, &copy)?;
            self.known.insert(path.to_owned(), copy.clone());
            return Ok(copy);
        }
        let folder = self.copies.join(format!("sha256-{}", digest_of(path)?));
        let copy = folder.join(name);
        if !copy.exists() {
            let temporary = self.copies.join(format!(".{}", Uuid::new_v4().simple()));
            let copied = copy_all(path, &temporary).and_then(|()| fs::create_dir_all(&folder)).and_then(|()| fs::rename(&temporary, &copy));
            if let Err(error) = copied {
                let _ = fs::remove_dir_all(&temporary).or_else(|_| fs::remove_file(&temporary));
                // Another process may have been faster.
                if !copy.exists() {
                    return Err(error);
                }
            }
        }
        let copy = std::path::absolute(copy)?;
        self.known.insert(path.to_owned(), copy.clone());
        Ok(copy)
    }
}

/// The digest of a file's bytes, or of the names and the bytes in a folder.
fn digest_of(path: &Path) -> io::Result<String> {
    if !path.is_dir() {
        return digest::of_file(&File::open(path)?, || false);
    }
    let mut lines = Vec::new();
    for entry in sorted(path)? {
        let name = entry.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
        lines.extend([name, b"\0".to_vec(), digest_of(&entry)?.into_bytes(), b"\n".to_vec()].concat());
    }
    Ok(digest::of(lines))
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in sorted(from)? {
        copy_all(&entry, &to.join(entry.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    Ok(entries)
}
