//! Runs a chain for each sample of a cohort: Debian's samtools drops what is not aligned well and sorts the rest, in a container of its own
//! image, and a Rust task counts what of the reference is covered. The chain is a workflow that is mapped over the samples, with one
//! reference for all; one sample in ten may fail. Look at it with `cargo run -p nebulakit-examples --bin samples -- graph cohort`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::BufRead as _;

use anyhow::Context as _;
use nebulakit::prelude::*;

/// How much of the reference the reads of a sample cover.
#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Coverage {
    sample: String,
    reads: i64,
    /// From 0 to 1.
    covered: f64,
}

/// Reports on the coverage of each sample.
#[workflow]
fn cohort(
    /// The names of the samples.
    samples: Promise<Vec<String>>,
    /// The reads of each sample, aligned to the reference, as SAM.
    reads: Promise<Vec<File>>,
    reference: Promise<File>,
    #[default(20)] least_quality: Promise<i64>,
) -> Promise<File> {
    report::node(sample::map(samples, reads, reference, least_quality).concurrency(8).min_success_ratio(0.9))
}

/// The chain of one sample.
#[workflow]
fn sample(name: Promise<String>, reads: Promise<File>, reference: Promise<File>, least_quality: Promise<i64>) -> Promise<Coverage> {
    let good = filter::node(reads, least_quality);
    let sorted = sort::node(good).resources(Resources::new().cpu("1").memory("512Mi"));
    coverage::node(name, sorted, reference)
}

/// Drops the reads that are not aligned, or whose alignment is not sure enough.
#[task(
    container(
        image = "localhost/samtools",
        command = ["samtools", "view", "-h", "-F", "4", "-q", "{{.inputs.least_quality}}", "-o", "/var/outputs/good.sam", "/var/inputs/reads"]
    ),
    outputs(good)
)]
fn filter(reads: File, least_quality: i64) -> File;

/// Sorts reads by where they are aligned.
#[task(
    container(
        image = "localhost/samtools",
        command = ["samtools", "sort", "-O", "sam", "-o", "/var/outputs/sorted.sam", "/var/inputs/reads"]
    ),
    outputs(sorted)
)]
fn sort(reads: File) -> File;

/// Counts the letters of the reference that sorted reads cover.
#[task]
fn coverage(sample: String, sorted: File, reference: File) -> anyhow::Result<Coverage> {
    let mut letters = 0;
    for line in reference.blocking().open()?.lines() {
        let line = line?;
        letters += if line.starts_with('>') { 0 } else { line.trim().len() };
    }
    anyhow::ensure!(letters > 0, "the reference has no sequence");
    let (mut reads, mut covered) = (0, 0);
    // Where the reads so far end, on each sequence.
    let mut ends: HashMap<String, usize> = HashMap::new();
    for line in sorted.blocking().open()?.lines() {
        let line = line?;
        if line.starts_with('@') {
            continue;
        }
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, _, sequence, position, _, cigar, ..] = columns.as_slice() else { anyhow::bail!("`{line}` is not a line of a SAM file") };
        let start: usize = position.parse().with_context(|| format!("`{position}` is not a position"))?;
        let (end, reached) = (start + span(cigar)?, ends.entry((*sequence).to_owned()).or_default());
        covered += end.saturating_sub(start.max(*reached));
        *reached = end.max(*reached);
        reads += 1;
    }
    Ok(Coverage { sample, reads, covered: covered as f64 / letters as f64 })
}

/// A table of the samples, with those that failed counted.
#[task]
fn report(coverages: Vec<Option<Coverage>>) -> anyhow::Result<File> {
    let failed = coverages.iter().filter(|coverage| coverage.is_none()).count();
    let mut table = "sample\treads\tcovered\n".to_owned();
    for Coverage { sample, reads, covered } in coverages.into_iter().flatten() {
        writeln!(table, "{sample}\t{reads}\t{:.1}%", 100.0 * covered)?;
    }
    writeln!(table, "# {failed} failed")?;
    Ok(File::from_bytes("coverage.tsv", table))
}

/// How many letters of the reference an alignment spans, as in `3S90M2D5M`.
fn span(cigar: &str) -> anyhow::Result<usize> {
    let mut letters = 0;
    let mut number = String::new();
    for sign in cigar.chars() {
        if sign.is_ascii_digit() {
            number.push(sign);
            continue;
        }
        let count: usize = std::mem::take(&mut number).parse().with_context(|| format!("`{cigar}` is not an alignment"))?;
        if matches!(sign, 'M' | 'D' | 'N' | '=' | 'X') {
            letters += count;
        }
    }
    Ok(letters)
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::*;

    fn sam(name: &str, lines: &[&str]) -> File {
        File::from_bytes(name, lines.join("\n"))
    }

    #[test]
    fn letters_that_several_reads_cover_count_once() {
        let reference = sam("reference.fa", &[">one", "ACGTACGT", "AC", ">two", "ACGTACGTAC"]);
        let reads =
            sam("sorted.sam", &["@SQ\tSN:one\tLN:10", "a\t0\tone\t1\t60\t4M", "b\t0\tone\t3\t60\t1S2M2D2M", "c\t0\ttwo\t10\t60\t1M"]);
        let found = coverage("s".to_owned(), reads, reference).unwrap();
        assert_eq!(found, Coverage { sample: "s".to_owned(), reads: 3, covered: 0.45 });
    }

    #[test]
    fn the_report_counts_what_failed() {
        let coverage = Coverage { sample: "s".to_owned(), reads: 3, covered: 0.5 };
        let report = report(vec![Some(coverage), None]).unwrap().blocking().read_to_string().unwrap();
        assert_eq!(report, "sample\treads\tcovered\ns\t3\t50.0%\n# 1 failed\n");
    }
}
