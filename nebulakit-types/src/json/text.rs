//! JSON as text, byte for byte as Python's `json.dumps(..., sort_keys=True, separators=(",", ":"))` writes it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::walk::Sink;

/// How much text is gathered before it is handed on.
const CHUNK_BYTES: usize = 8 * 1024;

/// Writes the events of a walk to `out`, in chunks.
pub(super) struct Text<F: FnMut(&[u8])> {
    out: F,
    chunk: String,
    /// Whether a value came before on this level.
    follows: bool,
}

impl<F: FnMut(&[u8])> Text<F> {
    pub(super) fn new(out: F) -> Self {
        Self { out, chunk: String::with_capacity(CHUNK_BYTES * 2), follows: false }
    }

    /// Hands on what is left.
    pub(super) fn finish(mut self) {
        self.flush();
    }

    fn flush(&mut self) {
        (self.out)(self.chunk.as_bytes());
        self.chunk.clear();
    }

    fn raw(&mut self, text: &str) {
        self.chunk.push_str(text);
        if self.chunk.len() >= CHUNK_BYTES {
            self.flush();
        }
    }

    fn value(&mut self, text: &str) {
        self.before();
        self.raw(text);
        self.follows = true;
    }

    fn before(&mut self) {
        if self.follows {
            self.raw(",");
        }
    }

    fn quoted(&mut self, text: &str) {
        self.raw("\"");
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| !matches!(byte, b' '..=b'~') || byte == b'"' || byte == b'\\') {
            self.plain(&rest[..at]);
            let letter = rest[at..].chars().next().expect("`at` is a character's first byte, since all before it is ASCII");
            self.escaped(letter);
            rest = &rest[at + letter.len_utf8()..];
        }
        self.plain(rest);
        self.raw("\"");
    }

    /// Hands on text that needs no escapes; long text is not copied.
    fn plain(&mut self, text: &str) {
        if text.len() >= CHUNK_BYTES {
            self.flush();
            (self.out)(text.as_bytes());
        } else {
            self.raw(text);
        }
    }

    fn escaped(&mut self, letter: char) {
        match letter {
            '"' => self.raw("\\\""),
            '\\' => self.raw("\\\\"),
            '\n' => self.raw("\\n"),
            '\r' => self.raw("\\r"),
            '\t' => self.raw("\\t"),
            '\u{8}' => self.raw("\\b"),
            '\u{c}' => self.raw("\\f"),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(self.chunk, "\\u{unit:04x}").expect("a string takes all text");
                }
                self.raw("");
            }
        }
    }
}

impl<F: FnMut(&[u8])> Sink for Text<F> {
    fn begin_object(&mut self) {
        self.before();
        self.raw("{");
        self.follows = false;
    }

    fn key(&mut self, name: &str) {
        self.before();
        self.quoted(name);
        self.raw(":");
        self.follows = false;
    }

    fn end_object(&mut self) {
        self.raw("}");
        self.follows = true;
    }

    fn begin_array(&mut self) {
        self.before();
        self.raw("[");
        self.follows = false;
    }

    fn end_array(&mut self) {
        self.raw("]");
        self.follows = true;
    }

    fn null(&mut self) {
        self.value("null");
    }

    fn boolean(&mut self, value: bool) {
        self.value(if value { "true" } else { "false" });
    }

    fn integer(&mut self, value: i64) {
        self.before();
        write!(self.chunk, "{value}").expect("a string takes all text");
        self.follows = true;
    }

    fn double(&mut self, value: f64) {
        self.value(&python_repr(value));
    }

    fn string(&mut self, value: &str) {
        self.before();
        self.quoted(value);
        self.follows = true;
    }

    fn bytes(&mut self, value: &[u8]) {
        self.before();
        self.raw("\"");
        // A multiple of three bytes needs no padding, so the pieces join.
        for piece in value.chunks(CHUNK_BYTES / 4 * 3) {
            STANDARD.encode_string(piece, &mut self.chunk);
            self.raw("");
        }
        self.raw("\"");
        self.follows = true;
    }
}

/// A finite double as Python prints it: the fewest digits that read back as the same double, with an exponent from 1e16 on and below 1e-4.
fn python_repr(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` always writes an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent of a double is a small integer");
    if (-4..16).contains(&exponent) {
        // `{:?}` keeps `.0` on integral numbers, and writes no exponent in this range.
        format!("{value:?}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_in_python() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (123_456_789.0, "123456789.0"),
            (1e15, "1000000000000000.0"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e21, "1e+21"),
            (1e-4, "0.0001"),
            (0.00012345, "0.00012345"),
            (1e-5, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(python_repr(value), expected);
        }
    }

    #[test]
    fn text_is_escaped_as_in_python() {
        let mut out = Vec::new();
        let mut text = Text::new(|bytes: &[u8]| out.extend_from_slice(bytes));
        text.string("a\"\\/\n\r\t\u{8}\u{c}\u{1}\u{7f}é\u{2028}😀 ~");
        text.finish();
        assert_eq!(String::from_utf8(out).unwrap(), r#""a\"\\/\n\r\t\b\f\u0001\u007f\u00e9\u2028\ud83d\ude00 ~""#);
    }
}
