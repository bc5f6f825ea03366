//! Words of users in the two syntaxes that Slurm reads: a shell's, in the script of a job, and that of the names of its output files.

/// A word of a POSIX shell that means `word`, whatever stands in it.
///
/// ```text
/// run             run
/// it's $HOME      'it'\''s $HOME'
/// ```
pub(super) fn shell(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

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
    fn plain_words_stay_and_others_are_quoted() {
        for (word, quoted) in [
            ("--node", "--node"),
            ("n0", "n0"),
            ("n3[5]", "'n3[5]'"),
            ("", "''"),
            ("it's", r"'it'\''s'"),
            ("$(touch x) `x` \\ \"", "'$(touch x) `x` \\ \"'"),
            ("a\nb", "'a\nb'"),
            ("~root", "'~root'"),
            ("#x", "'#x'"),
        ] {
            assert_eq!(shell(word), quoted);
        }
    }

    #[test]
    fn no_part_of_a_path_is_a_pattern() {
        assert_eq!(file("/a/100%j/x"), "/a/100%%j/x");
        assert_eq!(file(r"/a\b/100%j"), r"/a\\b/100%j");
        assert_eq!(element_file("/a/100%/", "/stdout").as_deref(), Some("/a/100%%/%a/stdout"));
        assert_eq!(element_file(r"/a\b/", "/stdout"), None);
    }
}
