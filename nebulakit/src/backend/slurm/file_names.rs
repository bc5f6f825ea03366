//! Paths in the syntax in which Slurm reads the names of a job's output files.

/// A file name that means `path`: in such a name `%j` stands for the job's number, `%%` for one `%`. With a backslash anywhere in it, Slurm takes
/// each `%` as it is and the character after each backslash.
pub(super) fn file(path: &str) -> String {
    if path.contains('\\') { path.replace('\\', r"\\") } else { path.replace('%', "%%") }
}

/// The same with the element's index between two parts; `None` where a backslash leaves no way to say so.
pub(super) fn element_file(before: &str, after: &str) -> Option<String> {
    (!before.contains('\\') && !after.contains('\\')).then(|| format!("{}%a{}", file(before), file(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_path_is_a_pattern() {
        assert_eq!(file("/a/100%j/x"), "/a/100%%j/x");
        assert_eq!(file(r"/a\b/100%j"), r"/a\\b/100%j");
        assert_eq!(element_file("/a/100%/", "/stdout").as_deref(), Some("/a/100%%/%a/stdout"));
        assert_eq!(element_file(r"/a\b/", "/stdout"), None);
    }
}
