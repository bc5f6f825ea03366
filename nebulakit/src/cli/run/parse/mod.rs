//! What a person wrote, as literals of the declared types.
//!
//! Text comes from flags, data from JSON and YAML. Both are read by what the input's type says and by nothing else; a union takes the
//! first of its variants that fits, texts last.

mod held;
mod parser;
mod said;
mod shape;
#[cfg(feature = "schema")]
mod tables;
mod texts;
mod times;
mod unions;

use nebulakit_types::convert::msgpack::{Packer, Unpacker};
use nebulakit_types::convert::writer::Encoder;
use nebulakit_types::literal::{Literal, LiteralValue};
use nebulakit_types::literal_type::{BlobDimensionality, BlobType, SimpleType, TypeKind};
use nebulakit_types::{Error, ErrorKind, FlyteError, LiteralType, NebulaType as _, Result, Untyped};

pub(super) use self::parser::Parser;
use self::said::{article, found, found_text, mismatch, shown};
pub(in crate::cli) use self::times::duration;
use self::unions::{by_name, only_entry, union, wrapped};
use super::places::Expected;
use crate::cli::data::{from_base64, special_float};
use crate::cli::usage::listed;

/// How much a value may differ from what is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// Not at all; how unions choose first.
    Exact,
    /// Integral floats for integers, integers for floats, texts for special floats.
    Lenient,
}

impl Parser<'_> {
    /// The literal of a value from a file.
    ///
    /// # Errors
    /// When the value is not of the type.
    pub(super) fn value(&self, value: &Untyped, expected: &LiteralType) -> Result<Vec<u8>> {
        self.data(value, expected, Fit::Lenient)
    }

    fn data(&self, value: &Untyped, expected: &LiteralType, fit: Fit) -> Result<Vec<u8>> {
        let mut encoder = Encoder::new(self.dialect);
        let is_lenient = fit == Fit::Lenient;
        match (&expected.kind, value) {
            (TypeKind::Simple(SimpleType::None), Untyped::Null) => encoder.none(),
            (TypeKind::Simple(SimpleType::Integer), Untyped::Int(value)) => encoder.integer(*value),
            (TypeKind::Simple(SimpleType::Integer), Untyped::UInt(value)) => {
                let message = format!("expected an integer from {} to {}, found {value}", i64::MIN, i64::MAX);
                return Err(Error::new(ErrorKind::OutOfRange, message));
            }
            #[expect(clippy::cast_possible_truncation, reason = "the guard checks the range")]
            (TypeKind::Simple(SimpleType::Integer), Untyped::Float(value))
                if is_lenient && value.fract() == 0.0 && value.abs() < 2_f64.powi(63) =>
            {
                encoder.integer(*value as i64);
            }
            (TypeKind::Simple(SimpleType::Float), Untyped::Float(value)) => encoder.float(*value),
            (TypeKind::Simple(SimpleType::Float), Untyped::Int(value)) if is_lenient => whole_float((*value).into(), &mut encoder)?,
            (TypeKind::Simple(SimpleType::Float), Untyped::UInt(value)) if is_lenient => whole_float((*value).into(), &mut encoder)?,
            (TypeKind::Simple(SimpleType::Float), Untyped::String(text)) if is_lenient && special_float(text).is_some() => {
                encoder.float(special_float(text).unwrap_or_default());
            }
            (TypeKind::Simple(SimpleType::String), Untyped::String(text)) => encoder.string(text),
            (TypeKind::Simple(SimpleType::Boolean), Untyped::Bool(value)) => encoder.boolean(*value),
            (TypeKind::Simple(SimpleType::Datetime), Untyped::String(text)) => {
                let instant = self.instant(text)?;
                encoder.datetime(instant.seconds(), instant.nanos().cast_signed());
            }
            (TypeKind::Simple(SimpleType::Duration), Untyped::String(text)) => {
                let span = duration(text)?;
                encoder.duration(span.as_secs(), span.subsec_nanos());
            }
            (TypeKind::Simple(SimpleType::Duration), Untyped::Int(_) | Untyped::Float(_)) if is_lenient => {
                let span = duration(&shown(value))?;
                encoder.duration(span.as_secs(), span.subsec_nanos());
            }
            (TypeKind::Simple(SimpleType::Binary), Untyped::String(text)) => {
                encoder.binary(&from_base64(text).ok_or_else(|| mismatch("base64", &found_text(text)))?, "");
            }
            (TypeKind::Simple(SimpleType::Binary), Untyped::Bytes(bytes)) => encoder.binary(bytes, ""),
            (TypeKind::Simple(SimpleType::Struct), value) => {
                let shaped = match &expected.metadata {
                    Some(schema) => self.shape(value, &shape::inlined(schema))?,
                    None => value.clone(),
                };
                let mut packer = Packer::new(self.dialect);
                shaped.pack(&mut packer)?;
                encoder.binary(&packer.finish(), "msgpack");
            }
            (TypeKind::Collection(element_type), Untyped::List(elements)) => {
                let read = |(index, element)| self.data(element, element_type, fit).map_err(|error: Error| error.at_index(index));
                let elements = elements.iter().enumerate().map(read).collect::<Result<Vec<_>>>()?;
                encoder.collection(&elements, |encoder, element| {
                    encoder.raw(element);
                    Ok(())
                })?;
            }
            (TypeKind::Map(value_type), Untyped::Map(entries)) => {
                let mut literals = std::collections::BTreeMap::new();
                for (key, value) in entries {
                    let Untyped::String(key) = key else { return Err(mismatch("a string as key", &found(key))) };
                    literals.insert(key.as_str(), self.data(value, value_type, fit).map_err(|error| error.at_key(key))?);
                }
                encoder.map(literals.iter().map(|(key, literal)| (*key, literal)), |encoder, literal| {
                    encoder.raw(literal);
                    Ok(())
                })?;
            }
            (TypeKind::Enum(values), Untyped::String(text)) => {
                if !values.contains(text) {
                    return Err(mismatch(&format!("one of {}", listed(values)), &found_text(text)));
                }
                encoder.string(text);
            }
            (TypeKind::Union(variants), value) => {
                let exact = union(variants, expected, &found(value), |variant| self.data(value, variant, Fit::Exact));
                return match (exact, by_name(variants, value)) {
                    (Ok(literal), _) => Ok(literal),
                    (Err(_), Some((name, variant, inner))) => {
                        let literal = self.data(inner, variant, fit).map_err(|error| error.at_field(name))?;
                        Ok(wrapped(&literal, variant))
                    }
                    (Err(error), None) if !is_lenient => Err(error),
                    (Err(_), None) => match union(variants, expected, &found(value), |variant| self.data(value, variant, fit)) {
                        Err(error) => self.named(value, expected).unwrap_or(Err(error)),
                        literal => literal,
                    },
                };
            }
            (TypeKind::Blob(blob_type), Untyped::String(text)) => return self.blob(text, blob_type),
            (TypeKind::Simple(SimpleType::Error), Untyped::String(message)) => encoder.error("", message),
            (TypeKind::Simple(SimpleType::Error), Untyped::Map(_)) => {
                let mut packer = Packer::new(self.dialect);
                value.pack(&mut packer)?;
                FlyteError::unpack(&mut Unpacker::new(&packer.finish()))?.encode(&mut encoder)?;
            }
            (TypeKind::Schema(_) | TypeKind::StructuredDataset(_), value) => return self.table(value, expected),
            (_, value) => return Err(mismatch(&article(expected), &found(value))),
        }
        Ok(encoder.finish())
    }

    /// A value under the name of its variant, as serde writes it, where the declared type has no names: the task has them, and reads it.
    fn named(&self, value: &Untyped, expected: &LiteralType) -> Option<Result<Vec<u8>>> {
        let (_, inner) = only_entry(value)?;
        self.data(inner, expected, Fit::Lenient).ok()?;
        let mut encoder = Encoder::new(self.dialect);
        Some(encoder.msgpack(|packer| value.pack(packer)).map(|()| encoder.finish()))
    }
}

/// Writes an integer where a float is declared. One that only some floats hold goes as it is, so that the input's own type takes or refuses it:
/// the declared type does not tell an `f32` from an `f64`.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "the way back shows whether anything was lost")]
fn whole_float(value: i128, encoder: &mut Encoder) -> Result<()> {
    let float = value as f64;
    if float as i128 != value {
        return Err(Error::new(ErrorKind::OutOfRange, format!("the integer {value} has no exact 64-bit float")));
    }
    match i64::try_from(value) {
        Ok(integer) if value as f32 as i128 != value => encoder.integer(integer),
        _ => encoder.float(float),
    }
    Ok(())
}

impl Parser<'_> {
    /// A file or directory: a URL as it is, or a path of this machine, which has to exist; `-` is standard input.
    fn blob(&self, text: &str, blob_type: &BlobType) -> Result<Vec<u8>> {
        let expected = match blob_type.dimensionality {
            BlobDimensionality::Single => Expected::File,
            BlobDimensionality::Multipart => Expected::Directory,
        };
        let uri = self.places.path(text, expected, &blob_type.format)?;
        Ok(Literal::new(LiteralValue::Blob { uri, blob_type: blob_type.clone() }).encode())
    }

    /// A table: a path or a URL, or a map of it and a format, as structs hold tables.
    #[cfg(feature = "schema")]
    fn table(&self, value: &Untyped, expected: &LiteralType) -> Result<Vec<u8>> {
        let text = |names: &[&str]| match value {
            Untyped::Map(entries) => entries.iter().find_map(|entry| match entry {
                (Untyped::String(key), Untyped::String(text)) if names.contains(&key.as_str()) => Some(text.as_str()),
                _ => None,
            }),
            _ => None,
        };
        match (value, text(&["uri", "remote_path"])) {
            (Untyped::String(uri), _) => tables::literal(uri, None, expected, self.places),
            (_, Some(uri)) => tables::literal(uri, text(&["file_format", "format"]), expected, self.places),
            _ => Err(mismatch("the path or URL of a table", &found(value))),
        }
    }

    #[cfg(not(feature = "schema"))]
    #[expect(clippy::unused_self, reason = "with tables it is used")]
    fn table(&self, _: &Untyped, _: &LiteralType) -> Result<Vec<u8>> {
        Err(Error::new(ErrorKind::Unencodable, "a table cannot be read: this binary was built without the feature `schema` of `nebulakit`"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::LazyLock;
    use std::time::{Duration, SystemTime};

    use nebulakit_types::convert::check::check;
    use nebulakit_types::convert::reader::{LiteralRef, References};
    use nebulakit_types::convert::time::Instant;
    use nebulakit_types::storage::Storage;
    use nebulakit_types::{Bytes, Dialect, NebulaType, decode};

    use super::*;
    use crate::cli::data::from_yaml;
    use crate::cli::run::places::Places;
    use crate::services::stores::Stores;

    static STORES: LazyLock<Stores> = LazyLock::new(|| Stores::new(Storage::local));

    /// Parses with everything that a run has.
    fn parsed<T>(read: impl FnOnce(&Parser<'_>) -> T) -> T {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::new(folder.path().join("inputs"), &STORES);
        read(&Parser { now: Instant::new(1_709_209_800, 0).unwrap(), dialect: &Dialect::FLYTE_1, places: &places })
    }

    fn read<T: NebulaType>(literal: Result<Vec<u8>>) -> Result<T, String> {
        let literal = literal.map_err(|error| error.to_string())?;
        check(LiteralRef::new(&literal, References::none()), &T::literal_type(&Dialect::FLYTE_1)).unwrap();
        decode(&literal).map_err(|error| error.to_string())
    }

    fn taken<T: NebulaType>(text: &str) -> Result<T, String> {
        decode(&parsed(|parser| parser.text(text, &T::literal_type(&Dialect::FLYTE_1))).unwrap()).map_err(|error| error.to_string())
    }

    fn text<T: NebulaType>(text: &str) -> Result<T, String> {
        read(parsed(|parser| parser.text(text, &T::literal_type(&Dialect::FLYTE_1))))
    }

    fn yaml<T: NebulaType>(text: &str) -> Result<T, String> {
        read(parsed(|parser| parser.value(&from_yaml(text).unwrap(), &T::literal_type(&Dialect::FLYTE_1))))
    }

    fn at(seconds: i64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
    }

    #[test]
    fn numbers_are_taken_whole_or_not_at_all() {
        assert_eq!(text("-7"), Ok(-7_i64));
        assert_eq!(text::<i64>("1.0"), Err("expected an integer, found `1.0`".to_owned()));
        assert_eq!(
            text::<i64>("9223372036854775808"),
            Err("expected an integer from -9223372036854775808 to 9223372036854775807, found 9223372036854775808".to_owned())
        );
        assert_eq!(text("1e3"), Ok(1000.0));
        assert!(text::<f64>("NaN").unwrap().is_nan());
        assert_eq!(yaml("3.0"), Ok(3_i64));
        assert_eq!(yaml("3"), Ok(3.0));
        assert_eq!(yaml("9223372036854775808"), Ok(2_f64.powi(63)));
        assert_eq!(yaml::<i64>("3.5"), Err("expected an integer, found 3.5".to_owned()));
        assert_eq!(yaml("[\"-Infinity\", .inf]"), Ok(vec![f64::NEG_INFINITY, f64::INFINITY]));
        assert_eq!(yaml::<i64>("true"), Err("expected an integer, found true".to_owned()));
    }

    #[test]
    fn an_integer_that_a_float_cannot_hold_is_refused() {
        let narrow = "the integer 16777217 has no exact 32-bit float";
        // The literal is an integer, for the input's own type to take or refuse.
        assert_eq!(taken::<f32>("16777217"), Err(narrow.to_owned()));
        assert_eq!(taken::<Vec<f32>>("[1, 16777217]"), Err(format!("`[1]`: {narrow}")));
        assert_eq!(taken("16777217"), Ok(16_777_217_f64));
        assert_eq!(text("16777216"), Ok(16_777_216_f32));
        assert_eq!(text("0.1"), Ok(0.1_f32));
        let wide = "the integer 9007199254740993 has no exact 64-bit float";
        assert_eq!(text::<f64>("9007199254740993"), Err(wide.to_owned()));
        assert_eq!(yaml::<f64>("9007199254740993"), Err(wide.to_owned()));
    }

    #[test]
    fn instants_have_many_forms() {
        for written in ["2024-02-29T12:30:00Z", "2024-02-29T13:30+01:00", "2024-02-29 12:30", "2024-02-29T12:30:00", "now"] {
            assert_eq!(text(written), Ok(at(1_709_209_800)), "{written}");
        }
        for written in ["2024-02-29", "today", "2024-03-01 - 1 day", "today + 0s"] {
            assert_eq!(text(written), Ok(at(1_709_164_800)), "{written}");
        }
        assert_eq!(text("1969-12-31T23:59:59.5Z"), Ok(SystemTime::UNIX_EPOCH - Duration::from_millis(500)));
        assert!(text::<SystemTime>("noon").unwrap_err().ends_with("found `noon`"));
        assert!(text::<SystemTime>("2024-02-29T12:30[Europe/Berlin]").unwrap_err().ends_with("found `2024-02-29T12:30[Europe/Berlin]`"));
    }

    #[test]
    fn instants_reach_to_the_end_of_the_year_9999_and_no_further() {
        assert_eq!(text("9999-12-31T23:59:59Z"), Ok(at(253_402_300_799)));
        assert_eq!(text("9999-12-31T23:59:58Z + 1s"), Ok(at(253_402_300_799)));
        let beyond = "expected an instant of the years 1 to 9999, found 253402300800 seconds since 1970";
        assert_eq!(text::<SystemTime>("9999-12-31T23:59:59Z + 1s"), Err(beyond.to_owned()));
        for written in ["now - -9223372036854775808", "now + 9223372036854775807"] {
            assert!(text::<SystemTime>(written).unwrap_err().ends_with(&format!("found `{written}`")), "{written}");
        }
    }

    #[test]
    fn durations_have_many_forms() {
        for written in ["1h30m", "90 minutes", "PT1H30M", "5400", "5400.0", "1 hour 30 minutes"] {
            assert_eq!(text(written), Ok(Duration::from_secs(5400)), "{written}");
        }
        assert_eq!(text("2 days"), Ok(Duration::from_secs(172_800)));
        assert_eq!(text("P1D"), Ok(Duration::from_secs(86_400)));
        assert_eq!(text("P1Y1DT1S"), Ok(Duration::from_secs(366 * 86_400 + 1)));
        assert_eq!(text::<Duration>("-P1D"), Err("expected a duration that is not negative, found -86400 seconds".to_owned()));
        assert!(text::<Duration>("P1D1Y").unwrap_err().ends_with("found `P1D1Y`"));
        assert_eq!(yaml("1.5"), Ok(Duration::from_millis(1500)));
        assert!(text::<Duration>("1 month").unwrap_err().starts_with("expected a duration in days or smaller units"));
        assert!(text::<Duration>("soon").unwrap_err().ends_with("found `soon`"));
    }

    #[test]
    fn the_first_variant_that_fits_is_taken() {
        assert_eq!(text("null"), Ok(None::<i64>));
        assert_eq!(text("5"), Ok(Some(5_i64)));
        assert_eq!(text::<Option<i64>>("five"), Err("expected an integer, found `five`".to_owned()));
        assert_eq!(text("five"), Ok(Some("five".to_owned())));
        assert_eq!(yaml("null"), Ok(None::<String>));
        assert_eq!(yaml("\"null\""), Ok(Some("null".to_owned())));
        assert_eq!(text("\"null\""), Ok(Some("null".to_owned())));
        assert_eq!(text("\"x\""), Ok(Some("\"x\"".to_owned())));
        let either = LiteralType::union(vec![
            String::literal_type(&Dialect::FLYTE_1).with_tag("str"),
            i64::literal_type(&Dialect::FLYTE_1).with_tag("int"),
            f64::literal_type(&Dialect::FLYTE_1).with_tag("float"),
        ]);
        let tag = |literal: Result<Vec<u8>>| match Literal::decode(&literal.unwrap()).unwrap().value {
            LiteralValue::Union { variant, .. } => variant.unwrap().tag().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(tag(parsed(|parser| parser.text("5", &either))), "int");
        assert_eq!(tag(parsed(|parser| parser.text("5.0", &either))), "float");
        assert_eq!(tag(parsed(|parser| parser.text("5a", &either))), "str");
        assert_eq!(tag(parsed(|parser| parser.value(&Untyped::Float(5.0), &either))), "float");
        assert_eq!(tag(parsed(|parser| parser.value(&Untyped::String("5".into()), &either))), "str");
    }

    #[test]
    fn collections_say_where_they_are_wrong() {
        assert_eq!(text("[1, 2]"), Ok(vec![1_i64, 2]));
        assert_eq!(text(r#"{"b": 1, "a": null}"#), Ok(BTreeMap::from([("a".to_owned(), None), ("b".to_owned(), Some(1_i64))])));
        assert_eq!(text::<Vec<i64>>(r#"[1, "x"]"#), Err("`[1]`: expected an integer, found the string `x`".to_owned()));
        assert_eq!(yaml::<Vec<i64>>("{}"), Err("expected `list[int]`, found a map".to_owned()));
        assert_eq!(text::<Vec<i64>>("1,2"), Err("expected `list[int]` as JSON, or the flag once for each element, found `1,2`".to_owned()));
        assert_eq!(text("7"), Ok(vec![7_i64]));
        assert!(text::<Vec<i64>>("[1,").unwrap_err().starts_with("expected `list[int]` as JSON, found `[1,` ("));
        let several = |texts: &[&str]| read::<Vec<i64>>(parsed(|parser| parser.texts(texts, &Vec::<i64>::literal_type(&Dialect::FLYTE_1))));
        assert_eq!(several(&["1", "-2"]), Ok(vec![1, -2]));
        assert_eq!(several(&["1", "[2]"]), Err("`[1]`: expected an integer, found `[2]`".to_owned()));
        assert_eq!(yaml::<BTreeMap<String, i64>>("1: 2"), Err("expected a string as key, found 1".to_owned()));
        assert_eq!(yaml("1: 2"), Ok(BTreeMap::from([(1_i64, 2_i64)])));
    }

    #[test]
    fn bytes_are_base64() {
        assert_eq!(text("aW5r"), Ok(Bytes::from_static(b"ink")));
        assert_eq!(text::<Bytes>("?"), Err("expected base64, found `?`".to_owned()));
    }

    #[test]
    fn a_file_is_a_url_or_a_path_that_exists() {
        let file = LiteralType::blob("csv", nebulakit_types::literal_type::BlobDimensionality::Single);
        let uri = |text| match Literal::decode(&parsed(|parser| parser.text(text, &file))?).unwrap().value {
            LiteralValue::Blob { uri, .. } => Ok(uri),
            other => panic!("{other:?}"),
        };
        assert_eq!(uri("s3://bucket/a.csv").map_err(|error: Error| error.to_string()), Ok("s3://bucket/a.csv".to_owned()));
        assert!(uri("Cargo.toml").unwrap().starts_with('/'));
        assert!(uri("no/such.csv").unwrap_err().to_string().starts_with("cannot read `no/such.csv`"));
    }
}
