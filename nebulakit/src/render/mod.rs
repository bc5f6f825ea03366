//! Literals as text: plainly for people, as JSON for machines.

use jiff::SignedDuration;
use nebulakit_types::convert::reader::{LiteralRef, LiteralView, References};
use nebulakit_types::convert::time::Instant;
use nebulakit_types::literal::LiteralValue;
use nebulakit_types::literal_type::{SimpleType, TypeKind};
use nebulakit_types::{Error, ErrorKind, Literal, LiteralType, NebulaType as _, Result, Untyped};

mod json;

use self::json::to_base64;
pub(crate) use self::json::{to_json, to_pretty_json, to_value};

/// The longest JSON that people get on one line.
const ONE_LINE: usize = 80;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Durations are `1h 30m`.
    Person,
    /// Durations are ISO 8601, and nothing is lost: what comes out can go in again.
    Machine,
}

/// The value of a literal, with instants, durations, bytes and locations as the texts that stand for them.
///
/// # Errors
/// When the bytes are not a literal.
pub(crate) fn value(literal: LiteralRef<'_>, reader: Reader) -> Result<Untyped> {
    let text = |text: &str| Ok(Untyped::String(text.to_owned()));
    match literal.view() {
        Ok(LiteralView::Integer(value)) => Ok(Untyped::Int(value)),
        Ok(LiteralView::Float(value)) => Ok(Untyped::Float(value)),
        Ok(LiteralView::Boolean(value)) => Ok(Untyped::Bool(value)),
        Ok(LiteralView::String(value)) => text(value),
        Ok(LiteralView::None) => Ok(Untyped::Null),
        Ok(LiteralView::Datetime(seconds, nanos)) => text(&instant(seconds, nanos)?),
        Ok(LiteralView::Duration(seconds, nanos)) => {
            let span = SignedDuration::new(seconds, nanos);
            text(&if reader == Reader::Person { format!("{span:#}") } else { span.to_string() })
        }
        Ok(LiteralView::Binary(_, "msgpack") | LiteralView::Generic(_)) => Untyped::decode(literal),
        Ok(LiteralView::Binary(bytes, _)) => text(&to_base64(bytes)),
        Ok(LiteralView::Union(inner, _)) => value(inner, reader),
        Ok(LiteralView::Collection(mut elements)) => {
            let mut values = Vec::new();
            while let Some(element) = elements.next()? {
                values.push(value(element, reader)?);
            }
            Ok(Untyped::List(values))
        }
        Ok(LiteralView::Map(mut entries)) => {
            let mut values = Vec::new();
            while let Some((key, entry)) = entries.next()? {
                values.push((Untyped::String(key.to_owned()), value(entry, reader)?));
            }
            Ok(Untyped::Map(values))
        }
        // What lies elsewhere is where it lies.
        Err(error) if error.kind() != ErrorKind::NotFetched => Err(error),
        _ => match Literal::decode(literal.bytes())?.value {
            LiteralValue::Blob { uri, .. } | LiteralValue::Schema { uri, .. } | LiteralValue::StructuredDataset { uri, .. } => {
                Ok(Untyped::String(uri))
            }
            LiteralValue::Offloaded { uri, size_bytes, .. } if reader == Reader::Person => {
                Ok(Untyped::String(format!("a value of {size_bytes} bytes, kept at {uri}")))
            }
            LiteralValue::Offloaded { uri, .. } => Ok(Untyped::String(uri)),
            LiteralValue::Error { message, .. } if reader == Reader::Person => Ok(Untyped::String(message)),
            LiteralValue::Error { message, failed_node_id } => {
                let fields = [("message", message), ("failed_node_id", failed_node_id)];
                Ok(Untyped::Map(fields.map(|(name, value)| (Untyped::String(name.to_owned()), Untyped::String(value))).into()))
            }
            _ => Err(Error::new(ErrorKind::Mismatch, "a value of a kind that has no text")),
        },
    }
}

fn instant(seconds: i64, nanos: i32) -> Result<String> {
    let nanos = u32::try_from(nanos).map_err(|_| Error::new(ErrorKind::OutOfRange, format!("an instant has {nanos} nanoseconds")))?;
    Ok(Instant::new(seconds, nanos)?.to_string())
}

/// A value that stands alone: strings as they are, lists and maps as JSON.
pub(crate) fn plain(value: &Untyped) -> String {
    match value {
        Untyped::String(text) => text.clone(),
        Untyped::Null => "none".to_owned(),
        Untyped::Float(float) if !float.is_finite() => to_json(value).trim_matches('"').to_owned(),
        _ => {
            let line = to_json(value);
            if line.len() > ONE_LINE { to_pretty_json(value) } else { line }
        }
    }
}

/// A value in a signature or in help, on one line; strings are in quotes, other texts are not.
pub(crate) fn inline(literal: &[u8], literal_type: &LiteralType) -> Result<String> {
    let value = value(LiteralRef::new(literal, References::none()), Reader::Person)?;
    let is_string = |literal_type: &LiteralType| literal_type.kind == TypeKind::Simple(SimpleType::String);
    let is_quoted = match &literal_type.kind {
        TypeKind::Union(variants) => variants.iter().any(is_string),
        _ => is_string(literal_type),
    };
    Ok(match value {
        Untyped::List(_) | Untyped::Map(_) => to_json(&value),
        Untyped::String(_) if is_quoted => to_json(&value),
        _ => plain(&value),
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use nebulakit_types::{Bytes, Dialect, NebulaType, encode};

    use super::*;

    fn shown<T: NebulaType>(input: &T, reader: Reader) -> String {
        let literal = encode(input, &Dialect::FLYTE_1).unwrap();
        let value = value(LiteralRef::new(&literal, References::none()), reader).unwrap();
        if reader == Reader::Person { plain(&value) } else { to_json(&value) }
    }

    #[test]
    fn values_read_plainly() {
        assert_eq!(shown(&"a \"b\"".to_owned(), Reader::Person), "a \"b\"");
        assert_eq!(shown(&1.0, Reader::Person), "1.0");
        assert_eq!(shown(&f64::NAN, Reader::Person), "NaN");
        assert_eq!(shown(&None::<i64>, Reader::Person), "none");
        assert_eq!(shown(&Duration::from_secs(5400), Reader::Person), "1h 30m");
        assert_eq!(shown(&SystemTime::UNIX_EPOCH, Reader::Person), "1970-01-01T00:00:00Z");
        let last = SystemTime::UNIX_EPOCH + Duration::new(253_402_300_799, 500_000_000);
        assert_eq!(shown(&last, Reader::Person), "9999-12-31T23:59:59.5Z");
        assert_eq!(shown(&vec![Some(1), None], Reader::Person), "[1,null]");
        assert_eq!(shown(&vec![1_000_000_i64; 11], Reader::Person).lines().count(), 13);
    }

    #[test]
    fn machines_get_json() {
        assert_eq!(shown(&"a \"b\"".to_owned(), Reader::Machine), "\"a \\\"b\\\"\"");
        assert_eq!(shown(&vec![0.5, f64::INFINITY], Reader::Machine), "[0.5,\"Infinity\"]");
        assert_eq!(shown(&Duration::from_millis(5_400_500), Reader::Machine), "\"PT1H30M0.5S\"");
        assert_eq!(shown(&Bytes::from_static(b"\x01\x02"), Reader::Machine), "\"AQI=\"");
    }
}
