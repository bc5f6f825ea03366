//! The script of a job: what prepares it, and then the program itself in place of the shell, so that signals reach it and nothing waits for it.

use crate::backend::engine::quoted;

/// The script that runs `argv`, after the lines of `prologue`.
///
/// A prologue is run by a login shell, since `module load` and its like are functions that only such a one knows.
pub(super) fn script(prologue: &[String], argv: &[String]) -> String {
    let words: Vec<_> = argv.iter().map(|word| quoted(word)).collect();
    let run = format!("exec {}\n", words.join(" "));
    match prologue {
        [] => format!("#!/bin/sh\n{run}"),
        lines => format!("#!/bin/bash -l\n{}\n{run}", lines.join("\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_takes_the_place_of_the_shell() {
        let argv = ["/p/bin/1f", "node-execute", "--node", "n0[1]"].map(str::to_owned);
        assert_eq!(script(&[], &argv), "#!/bin/sh\nexec '/p/bin/1f' 'node-execute' '--node' 'n0[1]'\n");
        let prologue = ["module load samtools".to_owned(), "ulimit -c 0".to_owned()];
        assert_eq!(script(&prologue, &argv[..1]), "#!/bin/bash -l\nmodule load samtools\nulimit -c 0\nexec '/p/bin/1f'\n");
    }
}
