//! Whether a Snakemake works in a folder.

use std::fs;
use std::path::Path;

/// The process of a Snakemake that works in `folder` on this machine.
pub(in super::super) fn is_at_work(folder: &Path) -> Option<u32> {
    let folder = fs::canonicalize(folder).ok()?;
    let processes = fs::read_dir("/proc").ok()?;
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    numbers.into_iter().find(|process| {
        let place = Path::new("/proc").join(process.to_string());
        let is_there = fs::read_link(place.join("cwd")).is_ok_and(|cwd| cwd == folder);
        // A job that outlived its Snakemake is waited for by the job that takes its place.
        is_there
            && fs::read(place.join("cmdline")).is_ok_and(|words| {
                words
                    .split(|byte| *byte == 0)
                    .any(|word| Path::new(&*String::from_utf8_lossy(word)).file_name().is_some_and(|name| name == "snakemake"))
            })
    })
}
