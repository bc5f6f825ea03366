//! The command line of a container: templates become paths and values.

use nebulakit_types::wire::flyteidl::core::{Literal, LiteralMap, literal, primitive, scalar};

/// What templates stand for.
#[derive(Debug)]
pub(crate) struct Rendered {
    /// Names in small letters, and their texts.
    pub(crate) names: Vec<(&'static str, String)>,
    pub(crate) inputs: LiteralMap,
}

impl Rendered {
    /// A word of the command line. An input that cannot be written is an error.
    pub(crate) fn word(&self, word: &str) -> Result<String, String> {
        let mut word = word.to_owned();
        for (name, text) in &self.names {
            word = replaced(&word, |inner| inner.eq_ignore_ascii_case(name).then(|| Ok(text.clone())))?;
        }
        if self.inputs.literals.is_empty() {
            return Ok(word);
        }
        replaced(&word, |inner| {
            let prefix = inner.get(..7)?;
            let name = inner.get(7..).filter(|name| prefix.eq_ignore_ascii_case("inputs.") && !name.is_empty())?;
            let literal = self.inputs.literals.get(name).ok_or_else(|| format!("requested input is not found [{name}]"));
            Some(literal.and_then(text))
        })
    }
}

/// A text whose `{{.NAME}}` are replaced where `value` knows the name.
fn replaced(word: &str, value: impl Fn(&str) -> Option<Result<String, String>>) -> Result<String, String> {
    let (mut done, mut rest) = (String::new(), word);
    while let Some(at) = rest.find("{{") {
        let (before, from) = rest.split_at(at);
        done.push_str(before);
        let inner = from[2..].find("}}").map(|end| &from[2..end + 2]);
        let name = inner.and_then(|inner| inner.trim_start().strip_prefix(['.', '$'])).map(str::trim_end);
        match (inner, name.filter(|name| !name.contains(char::is_whitespace)).and_then(&value)) {
            (Some(inner), Some(value)) => {
                done.push_str(&value?);
                rest = &from[inner.len() + 4..];
            }
            _ => {
                done.push_str("{{");
                rest = &from[2..];
            }
        }
    }
    done.push_str(rest);
    Ok(done)
}

fn text(literal: &Literal) -> Result<String, String> {
    use primitive::Value;
    let unwritable = || format!("cannot render {literal:?}");
    let scalar = match literal.value.as_ref().ok_or_else(unwritable)? {
        literal::Value::Scalar(scalar) => scalar.value.as_ref().ok_or_else(unwritable)?,
        literal::Value::Collection(collection) => {
            let texts = collection.literals.iter().map(text).collect::<Result<Vec<_>, _>>()?;
            return Ok(format!("[{}]", texts.join(",")));
        }
        _ => return Err(unwritable()),
    };
    Ok(match scalar {
        scalar::Value::Blob(blob) => blob.uri.clone(),
        scalar::Value::Schema(schema) => schema.uri.clone(),
        scalar::Value::Primitive(primitive) => match primitive.value.as_ref().ok_or_else(unwritable)? {
            Value::Integer(number) => number.to_string(),
            Value::Boolean(yes) => yes.to_string(),
            Value::FloatValue(number) => float(*number),
            Value::StringValue(text) => text.clone(),
            Value::Datetime(time) => {
                let time = jiff::Timestamp::new(time.seconds, time.nanos).map_err(|error| error.to_string())?;
                time.to_string()
            }
            Value::Duration(time) => {
                let seconds = (time.seconds != 0).then(|| format!("seconds:{}", time.seconds));
                let nanos = (time.nanos != 0).then(|| format!("nanos:{}", time.nanos));
                seconds.into_iter().chain(nanos).collect::<Vec<_>>().join(" ")
            }
        },
        _ => return Err(unwritable()),
    })
}

/// A float as Go writes it.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    if (-4..21).contains(&exponent) && (exponent < 6 || digits.is_empty()) || number == 0.0 {
        return number.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_the_platform_renders_them() {
        let rendered = Rendered {
            names: vec![("input", "/d/inputs.pb".to_owned()), ("outputprefix", "/d/0".to_owned())],
            inputs: LiteralMap::default(),
        };
        for (word, expected) in [
            ("{{.input}}", "/d/inputs.pb"),
            ("--to={{ $OutputPrefix }}/x", "--to=/d/0/x"),
            ("{{input}} {{ . input}} {{.inputs}} {{.other}", "{{input}} {{ . input}} {{.inputs}} {{.other}"),
        ] {
            assert_eq!(rendered.word(word).unwrap(), expected);
        }
        for (number, expected) in [(1.0, "1"), (1e21, "1e+21"), (123_456_789.0, "1.23456789e+08"), (1e-7, "1e-07"), (0.5, "0.5")] {
            assert_eq!(float(number), expected);
        }
    }
}
