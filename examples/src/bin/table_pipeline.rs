//! Cleans a table and publishes a report of it: the gaps are filled only if there are any (a condition on a field of a struct), and somebody
//! has a day to approve the report before it is published. Look at it with
//! `cargo run -p nebulakit-examples --bin table_pipeline -- graph table_pipeline`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Context as _;
use nebulakit::file::Csv;
use nebulakit::prelude::*;

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
    /// `station,celsius`, a header and a row for each reading; the temperature may be missing.
    readings: Promise<File<Csv>>,
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
fn profile(readings: File<Csv>) -> anyhow::Result<Profile> {
    let rows = rows(&readings.blocking().read_to_string()?)?;
    let known: Vec<f64> = rows.iter().filter_map(|(_, celsius)| *celsius).collect();
    anyhow::ensure!(!known.is_empty(), "none of the {} rows has a temperature", rows.len());
    Ok(Profile {
        rows: i64::try_from(rows.len())?,
        gaps: i64::try_from(rows.len() - known.len())?,
        mean: known.iter().sum::<f64>() / known.len() as f64,
    })
}

/// Gives the mean to the rows without a temperature.
#[task]
fn fill(readings: File<Csv>, mean: f64) -> anyhow::Result<File<Csv>> {
    let mut filled = "station,celsius\n".to_owned();
    for (station, celsius) in rows(&readings.blocking().read_to_string()?)? {
        writeln!(filled, "{station},{:.2}", celsius.unwrap_or(mean))?;
    }
    Ok(File::from_bytes("filled.csv", filled))
}

/// Reports each station's range, as Markdown.
#[task]
fn report(readings: File<Csv>, filled: i64) -> anyhow::Result<File> {
    let mut ranges: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for (station, celsius) in rows(&readings.blocking().read_to_string()?)? {
        if let Some(celsius) = celsius {
            let (low, high) = ranges.entry(station).or_insert((celsius, celsius));
            (*low, *high) = (low.min(celsius), high.max(celsius));
        }
    }
    let mut report =
        format!("# Temperatures\n\n{filled} missing readings have the mean.\n\n| station | from | to |\n| --- | --- | --- |\n");
    for (station, (low, high)) in ranges {
        writeln!(report, "| {station} | {low:.1} | {high:.1} |")?;
    }
    Ok(File::from_bytes("report.md", report))
}

/// Stores the report where people look for it.
#[task(retries = 3)]
fn publish(report: File, target: String) -> anyhow::Result<File> {
    let bytes = report.blocking().read_bytes().recoverable()?;
    Ok(File::from_bytes("report.md", bytes).stored_at(format!("{}/report.md", target.trim_end_matches('/'))))
}

/// The station and the temperature of each row.
fn rows(table: &str) -> anyhow::Result<Vec<(String, Option<f64>)>> {
    let row = |(number, line): (usize, &str)| {
        let (station, celsius) = line.split_once(',').with_context(|| format!("row {number} has one column: `{line}`"))?;
        let celsius = match celsius.trim() {
            "" => None,
            text => Some(text.parse().with_context(|| format!("row {number} has the temperature `{text}`"))?),
        };
        Ok((station.to_owned(), celsius))
    };
    table.lines().enumerate().skip(1).map(row).collect()
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::*;
    use nebulakit::testing;

    fn readings(rows: &str) -> File<Csv> {
        File::from_bytes("readings.csv", format!("station,celsius\n{rows}"))
    }

    #[test]
    fn gaps_are_counted_and_filled_with_the_mean() {
        let table = readings("north,1.0\nsouth,\nnorth,4.0\n");
        assert_eq!(profile(table.clone()).unwrap(), Profile { rows: 3, gaps: 1, mean: 2.5 });
        let filled = fill(table, 2.5).unwrap().blocking().read_to_string().unwrap();
        assert_eq!(filled, "station,celsius\nnorth,1.00\nsouth,2.50\nnorth,4.00\n");
    }

    #[test]
    fn the_report_has_each_stations_range() {
        let report = report(readings("north,1\nnorth,4\nsouth,2.5\n"), 1).unwrap().blocking().read_to_string().unwrap();
        assert!(report.ends_with("| north | 1.0 | 4.0 |\n| south | 2.5 | 2.5 |\n"), "{report}");
    }

    #[test]
    fn a_row_that_is_not_a_reading_is_told_by_its_number() {
        let error = testing::run_blocking(profile::with(readings("north,1\nsouth,warm\n"))).unwrap_err();
        assert!(error.message().contains("row 2 has the temperature `warm`"), "{error:?}");
    }
}
