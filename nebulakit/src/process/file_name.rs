//! File names for any text.

use std::fmt::Write as _;

use crate::process::digest;

/// Maximum length of a name: file systems allow 255 bytes, and an extension follows.
const LONGEST: usize = 200;

/// A file name that is unique for `text`, even on a file system that ignores case. Bytes other than small letters, digits, `-_[]` and
/// `.` (not at the start) become `%` and two hex digits; a long name is cut and ends with a digest of the whole text.
pub(crate) fn file_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'[' | b']' => name.push(char::from(byte)),
            b'.' if place > 0 => name.push('.'),
            _ => {
                let _ = write!(name, "%{byte:02x}");
            }
        }
    }
    if name.len() > LONGEST {
        let digest = digest::of(text);
        name.truncate(LONGEST - digest.len());
        // `%` is followed by two hex digits everywhere else.
        let _ = write!(name, "%-{digest}");
    }
    if name.is_empty() { "%".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_can_be_read_and_lead_nowhere_else() {
        assert_eq!(file_name("n3[5]"), "n3[5]");
        assert_eq!(file_name("n2/n0"), "n2%2fn0");
        assert_eq!(file_name(".."), "%2e.");
        assert_eq!(file_name("A\0"), "%41%00");
        assert_eq!(file_name(""), "%");
        assert_eq!(file_name(&"ö".repeat(1000)).len(), LONGEST + 2);
    }

    proptest! {
        #[test]
        fn different_texts_have_different_names(one: String, other: String) {
            prop_assert_eq!(one == other, file_name(&one).eq_ignore_ascii_case(&file_name(&other)));
        }
    }
}
