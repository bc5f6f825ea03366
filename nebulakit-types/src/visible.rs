//! Text from outside, made fit for a terminal or a log: names, messages and answers that may hold more than text.
//!
//! Escape sequences can retitle a terminal, hide what stands before them or, with some terminals, run commands; a line break can begin a line
//! that looks like one of the program's own; characters that change the direction of writing can make a text read as another.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` on one line: control characters, line breaks among them, are written as JSON would escape them (`\n`, `\u001b`).
///
/// Control characters are C0, DEL and C1, the line and paragraph separators (U+2028 and U+2029), and what changes the direction of writing:
/// U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. All else stays as it is, backslashes too: it is meant for people, and there is
/// no way back.
///
/// ```
/// use nebulakit_types::visible;
///
/// assert_eq!(visible::line("no \u{1b}[31mred\n"), "no \\u001b[31mred\\n");
/// assert_eq!(visible::line("Übung 👩‍🚀"), "Übung 👩‍🚀");
/// ```
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// The same, but the text keeps its lines: line feeds, with a carriage return before them or without, and tabs stay.
///
/// JSON stays the same JSON: what is escaped stands in its strings alone.
///
/// ```
/// use nebulakit_types::visible;
///
/// assert_eq!(visible::lines("one\r\ntwo\rthree\t\u{7}\n"), "one\r\ntwo\\rthree\t\\u0007\n");
/// ```
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

/// Whether a character may change what is shown of others.
#[must_use]
pub fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str, keeps_lines: bool) -> Cow<'_, str> {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') || (keeps_lines && matches!(byte, b'\n' | b'\t'));
    // Nearly every text ends here.
    if text.bytes().all(is_plain) || !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' | '\t' if keeps_lines => shown.push(character),
            '\r' if keeps_lines && characters.peek() == Some(&'\n') => shown.push(character),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if is_control(character) => write!(shown, "\\u{:04x}", u32::from(character)).expect("a string takes all text"),
            _ => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_character_is_escaped_and_nothing_else() {
        for character in '\0'..=char::MAX {
            let text = character.to_string();
            let shown = line(&text);
            assert_eq!(is_control(character), shown != text, "{character:?}");
            assert!(!shown.contains(is_control), "{character:?}");
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let text: String = ('\0'..='\u{2100}').collect();
        let json = serde_json::to_string(&text).unwrap();
        let shown = lines(&json);
        assert!(!shown.contains(is_control));
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }

    #[test]
    fn plain_text_is_not_copied() {
        for text in ["", "plain", "größer\u{200d}"] {
            assert!(matches!(line(text), Cow::Borrowed(_)), "{text}");
        }
        assert!(matches!(lines("a\n\tb"), Cow::Borrowed(_)));
    }
}
