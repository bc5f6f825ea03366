//! Rows in columns, and moments as text.

use std::time::SystemTime;

use jiff::Timestamp;

use crate::run::words;

/// The rows, each column as wide as its widest text.
pub(super) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// `2026-11-29 23:15:01Z`
pub(super) fn moment(at: Option<SystemTime>) -> String {
    at.map(words::moment).unwrap_or_default()
}

/// The same with all of its digits, for machines; null where there is none.
pub(super) fn instant(at: Option<SystemTime>) -> serde_json::Value {
    at.and_then(|at| Timestamp::try_from(at).ok()).map(|at| at.to_string()).into()
}
