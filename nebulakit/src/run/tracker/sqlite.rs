//! The index in SQLite: `index.sqlite` in the folder of runs.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nebulakit_types::visible;
use rusqlite::{Connection, Error, ErrorCode, Result, Transaction, TransactionBehavior};

use crate::run::summary::{Known, Stamp};

/// The version of the table and its contents. An older index is rebuilt, and a newer one is left alone.
const VERSION: i64 = 1;

/// How long to wait for another process that writes the index.
const PATIENCE: Duration = Duration::from_secs(1);

/// Stores summaries, as far as it can.
pub(in crate::run) struct Index {
    path: PathBuf,
    connection: Option<Connection>,
    why_not: Option<String>,
}

/// Why an index cannot be used.
enum Unusable {
    /// A newer version of this library made it.
    Newer(i64),
    /// SQLite reports an error.
    Refused(Error),
}

impl From<Error> for Unusable {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Index {
    /// The index of a folder of runs, and all its summaries. A damaged index is rebuilt.
    pub(in crate::run) fn open(folder: &Path) -> (Self, HashMap<String, Known>) {
        let path = folder.join("index.sqlite");
        let opened = match opened(&path) {
            Err(Unusable::Refused(error)) if is_damage(&error) => {
                let again = fs::remove_file(&path).map_err(|_| Unusable::Refused(error)).and_then(|()| opened(&path));
                again.map(|opened| (opened, Some(rebuilt(&path))))
            }
            opened => opened.map(|opened| (opened, None)),
        };
        match opened {
            Ok(((connection, known), why_not)) => (Self { path, connection: Some(connection), why_not }, known),
            Err(unusable) => {
                let mut index = Self { path, connection: None, why_not: None };
                index.give_up(&unusable);
                (index, HashMap::new())
            }
        }
    }

    /// Stores what has `changed`, and removes the runs that are `gone`.
    pub(in crate::run) fn update<'i>(&mut self, changed: &HashMap<String, Known>, gone: impl Iterator<Item = &'i String>) {
        let gone: Vec<_> = gone.collect();
        let Some(connection) = self.connection.as_mut().filter(|_| !changed.is_empty() || !gone.is_empty()) else { return };
        match updated(connection, changed, &gone) {
            Err(error) if is_damage(&error) && fs::remove_file(&self.path).is_ok() => {
                (self.connection, self.why_not) = (None, Some(rebuilt(&self.path)));
            }
            Err(error) => self.give_up(&error.into()),
            Ok(()) => {}
        }
    }

    /// Why it was not used, if it was not.
    pub(in crate::run) fn why_not(self) -> Option<String> {
        self.why_not
    }

    fn give_up(&mut self, unusable: &Unusable) {
        let path = shown(&self.path);
        self.why_not = Some(match unusable {
            Unusable::Newer(version) => {
                format!("a newer version of nebulakit wrote `{path}`: it has version {version}, and this one knows up to {VERSION}")
            }
            Unusable::Refused(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                format!("another process writes `{path}`")
            }
            Unusable::Refused(error) => format!("cannot use `{path}`: {error}"),
        });
        self.connection = None;
    }
}

fn rebuilt(path: &Path) -> String {
    format!("`{}` was damaged, and is rebuilt", shown(path))
}

fn shown(path: &Path) -> String {
    visible::line(&path.to_string_lossy()).into_owned()
}

/// Whether the file is not what it should be, so that another one has to be made: not where the system or another process keeps it from being used.
fn is_damage(error: &Error) -> bool {
    use ErrorCode::{CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, PermissionDenied, ReadOnly, SystemIoFailure};
    let kept_from = [CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OutOfMemory, PermissionDenied, ReadOnly, SystemIoFailure];
    error.sqlite_error_code().is_none_or(|code| !kept_from.contains(&code))
}

fn opened(path: &Path) -> Result<(Connection, HashMap<String, Known>), Unusable> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    if version(&connection)? != VERSION {
        begin(&mut connection)?;
    }
    let known = known(&connection)?;
    Ok((connection, known))
}

fn version(connection: &Connection) -> Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Creates the table, in place of one of an older version. Another process may have done so meanwhile.
fn begin(connection: &mut Connection) -> Result<(), Unusable> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match version(&transaction)? {
        VERSION => return Ok(()),
        newer if newer > VERSION => return Err(Unusable::Newer(newer)),
        _ => {}
    }
    transaction.execute_batch(&format!(
        "DROP TABLE IF EXISTS runs;
         CREATE TABLE runs (run TEXT PRIMARY KEY, size INTEGER, modified_ns INTEGER, inode INTEGER, summary TEXT) WITHOUT ROWID;
         PRAGMA user_version = {VERSION};"
    ))?;
    Ok(transaction.commit()?)
}

/// All stored summaries. Those that cannot be read are left out, and read from the events again.
fn known(connection: &Connection) -> Result<HashMap<String, Known>> {
    let mut select = connection.prepare("SELECT run, size, modified_ns, inode, summary FROM runs")?;
    let mut rows = select.query([])?;
    let mut known = HashMap::new();
    while let Some(row) = rows.next()? {
        let stamp = Stamp { size: number(row.get(1)?), modified_ns: row.get(2)?, inode: number(row.get(3)?) };
        if let Ok(summary) = serde_json::from_str(row.get_ref(4)?.as_str().unwrap_or_default()) {
            known.insert(row.get(0)?, Known { stamp, summary });
        }
    }
    Ok(known)
}

fn updated(connection: &mut Connection, changed: &HashMap<String, Known>, gone: &[&String]) -> Result<()> {
    let transaction: Transaction<'_> = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut replace = transaction.prepare("REPLACE INTO runs VALUES (?, ?, ?, ?, ?)")?;
        for (run, Known { stamp, summary }) in changed {
            // Every part of a summary has a form as JSON, but for instants before 1970.
            if let Ok(json) = serde_json::to_string(summary) {
                replace.execute((run, stored(stamp.size), stamp.modified_ns, stored(stamp.inode), json))?;
            }
        }
        let mut delete = transaction.prepare("DELETE FROM runs WHERE run = ?")?;
        for run in gone {
            delete.execute([run])?;
        }
    }
    transaction.commit()
}

/// SQLite's numbers are signed; the bits are kept.
fn stored(number: u64) -> i64 {
    number.cast_signed()
}

fn number(stored: i64) -> u64 {
    stored.cast_unsigned()
}
