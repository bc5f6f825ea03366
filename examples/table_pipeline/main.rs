//! Cleans a table and publishes a report of it: CSV comes in, Parquet travels between the tasks, the gaps are filled only if there are any (a
//! condition on a field of a struct), the report is a deck too, and somebody has a day to approve it before it is published. Look at it with
//! `cargo run -p nebulakit-examples --features tables --bin table_pipeline -- graph table_pipeline`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use nebulakit::prelude::*;
use nebulakit::schema::{Row, Schema};

/// What a station measured.
#[derive(Debug, Clone, PartialEq, Row)]
struct Reading {
    station: String,
    /// In degrees Celsius; it may be missing.
    celsius: Option<f64>,
}

/// What a look at the readings shows.
#[derive(Debug, PartialEq, NebulaType)]
struct Profile {
    rows: i64,
    /// Rows without a temperature.
    gaps: i64,
    /// The mean of the temperatures that are there.
    mean: f64,
}

/// Fills the gaps of a table of readings, reports on it, and publishes what is approved.
#[workflow]
fn table_pipeline(
    /// The columns `station` and `celsius`, as CSV, Parquet or Arrow IPC.
    readings: Promise<Schema<Reading>>,
    /// Where the report goes: a folder, or a URL such as `s3://bucket/reports`.
    target: Promise<String>,
) -> Promise<File> {
    let profile = profile::node(&readings);
    let whole = when(profile.gaps.gt(0), fill::node(&readings, &profile.mean)).otherwise(readings);
    let report = report::node(whole, &profile.gaps);
    publish::node(gate::approve("publish", report).timeout("24h"), target)
}

/// Counts the readings and the gaps in them.
#[task]
fn profile(readings: Schema<Reading>) -> anyhow::Result<Profile> {
    let (mut rows, mut gaps, mut sum) = (0, 0, 0.0);
    for reading in readings.read().blocking().rows() {
        rows += 1;
        match reading?.celsius {
            Some(celsius) => sum += celsius,
            None => gaps += 1,
        }
    }
    anyhow::ensure!(rows > gaps, "none of the {rows} rows has a temperature");
    Ok(Profile { rows, gaps, mean: sum / (rows - gaps) as f64 })
}

/// Gives the mean to the rows without a temperature.
#[task]
fn fill(ctx: Context, readings: Schema<Reading>, mean: f64) -> anyhow::Result<Schema<Reading>> {
    let mut filled = Schema::create(&ctx)?.blocking();
    for reading in readings.read().blocking().rows() {
        let Reading { station, celsius } = reading?;
        filled.write_rows([Reading { station, celsius: celsius.or(Some(mean)) }])?;
    }
    Ok(filled.finish()?)
}

/// Reports each station's range, as Markdown and as a deck.
#[task(deck)]
fn report(ctx: Context, readings: Schema<Reading>, filled: i64) -> anyhow::Result<File> {
    let mut ranges: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for reading in readings.read().blocking().rows() {
        if let Reading { station, celsius: Some(celsius) } = reading? {
            let (low, high) = ranges.entry(station).or_insert((celsius, celsius));
            (*low, *high) = (low.min(celsius), high.max(celsius));
        }
    }
    let mut report =
        format!("# Temperatures\n\n{filled} missing readings have the mean.\n\n| station | from | to |\n| --- | --- | --- |\n");
    for (station, (low, high)) in &ranges {
        writeln!(report, "| {station} | {low:.1} | {high:.1} |")?;
    }
    ctx.decks().markdown("Temperatures", &report);
    Ok(File::from_bytes("report.md", report))
}

/// Stores the report where people look for it.
#[task(retries = 3)]
fn publish(report: File, target: String) -> anyhow::Result<File> {
    let bytes = report.blocking().read_bytes().recoverable()?;
    Ok(File::from_bytes("report.md", bytes).stored_at(format!("{}/report.md", target.trim_end_matches('/'))))
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::*;
    use nebulakit::testing;

    fn readings(rows: &[(&str, Option<f64>)]) -> Schema<Reading> {
        Schema::from_rows(rows.iter().map(|&(station, celsius)| Reading { station: station.to_owned(), celsius })).unwrap()
    }

    #[test]
    fn gaps_are_counted_and_filled_with_the_mean() {
        let table = readings(&[("north", Some(1.0)), ("south", None), ("north", Some(4.0))]);
        assert_eq!(profile(table.clone()).unwrap(), Profile { rows: 3, gaps: 1, mean: 2.5 });
        let filled = testing::run_blocking(fill::with(table, 2.5)).unwrap();
        let celsius: Vec<_> = filled.read().blocking().rows().map(|reading| reading.unwrap().celsius.unwrap()).collect();
        assert_eq!(celsius, [1.0, 2.5, 4.0]);
    }

    #[test]
    fn the_report_has_each_stations_range() {
        let table = readings(&[("north", Some(1.0)), ("north", Some(4.0)), ("south", Some(2.5))]);
        let report = testing::run_blocking(report::with(table, 1)).unwrap().blocking().read_to_string().unwrap();
        assert!(report.ends_with("| north | 1.0 | 4.0 |\n| south | 2.5 | 2.5 |\n"), "{report}");
    }

    #[test]
    fn a_table_without_temperatures_is_refused() {
        let error = testing::run_blocking(profile::with(readings(&[("north", None)]))).unwrap_err();
        assert_eq!(error.message(), "none of the 1 rows has a temperature");
    }
}
