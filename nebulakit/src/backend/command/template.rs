//! Command lines with places for values: lists of words, which no shell reads.

use std::collections::BTreeMap;

use nebulakit_types::visible;
use toml::Value;

/// A command line with places for values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

/// A word, or words that are left out together where one of them has a place without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Word(Word),
    Group(Vec<Word>),
}

/// A word: texts and places, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(String),
}

/// Values by the names of their places. One of several words takes as many where it is a word of its own, and is joined by commas within one.
#[derive(Debug, Clone, Default)]
pub(super) struct Values(BTreeMap<&'static str, Vec<String>>);

impl Values {
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.insert(name, vec![value.into()]);
    }

    pub(super) fn list(&mut self, name: &'static str, values: impl IntoIterator<Item = String>) {
        self.0.insert(name, values.into_iter().collect());
    }
}

impl Template {
    /// Reads a list of words and of lists of words, with places of these names.
    ///
    /// # Errors
    /// With what is wrong.
    pub(super) fn read(value: &Value, places: &[&str]) -> Result<Self, String> {
        let wrong = || "expected a list of words, such as `[\"bsub\", \"-J\", \"{name}\"]`: no shell reads it".to_owned();
        let parts = value.as_array().filter(|parts| !parts.is_empty()).ok_or_else(wrong)?;
        let read = parts.iter().map(|part| match part {
            Value::String(word) => Word::read(word, places).map(Part::Word),
            Value::Array(words) => {
                let words = words.iter().map(|word| Word::read(word.as_str().ok_or_else(wrong)?, places));
                words.collect::<Result<_, _>>().map(Part::Group)
            }
            _ => Err(wrong()),
        });
        let template = Self(read.collect::<Result<_, _>>()?);
        match template.0.first() {
            Some(Part::Word(Word(pieces))) if matches!(pieces.as_slice(), [Piece::Text(text)] if !text.is_empty()) => Ok(template),
            _ => Err("the first word is the name of a program".to_owned()),
        }
    }

    /// Whether it has a place of that name.
    pub(super) fn has(&self, place: &str) -> bool {
        let has = |word: &Word| word.0.iter().any(|piece| matches!(piece, Piece::Place(name) if name == place));
        self.0.iter().any(|part| match part {
            Part::Word(word) => has(word),
            Part::Group(words) => words.iter().any(has),
        })
    }

    /// The words with these values.
    pub(super) fn words(&self, values: &Values) -> Vec<String> {
        let mut all = Vec::new();
        for part in &self.0 {
            match part {
                Part::Word(word) => all.extend(word.filled(values).unwrap_or_default()),
                Part::Group(words) => {
                    let filled: Option<Vec<_>> = words.iter().map(|word| word.filled(values)).collect();
                    all.extend(filled.into_iter().flatten().flatten());
                }
            }
        }
        all
    }
}

impl Word {
    fn read(text: &str, places: &[&str]) -> Result<Self, String> {
        let (mut pieces, mut letters, mut plain) = (Vec::new(), text.chars().peekable(), String::new());
        while let Some(letter) = letters.next() {
            match letter {
                '{' | '}' if letters.peek() == Some(&letter) => {
                    letters.next();
                    plain.push(letter);
                }
                '{' => {
                    let name: String = letters.by_ref().take_while(|letter| *letter != '}').collect();
                    if !places.contains(&name.as_str()) {
                        let known = places.iter().map(|place| format!("`{{{place}}}`")).collect::<Vec<_>>().join(", ");
                        return Err(format!(
                            "no value is called `{{{}}}`; there are {known} (a brace itself is `{{{{` or `}}}}`)",
                            visible::line(&name)
                        ));
                    }
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Place(name));
                }
                '}' => return Err(format!("`}}` without `{{` in `{}`; a brace itself is `}}}}`", visible::line(text))),
                letter => plain.push(letter),
            }
        }
        if !plain.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The words that it comes to; [`None`] where one of its places has no value.
    fn filled(&self, values: &Values) -> Option<Vec<String>> {
        if let [Piece::Place(name)] = self.0.as_slice() {
            return values.0.get(name.as_str()).cloned();
        }
        let mut word = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => word.push_str(text),
                Piece::Place(name) => word.push_str(&values.0.get(name.as_str())?.join(",")),
            }
        }
        Some(vec![word])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Template, String> {
        let table: toml::Table = format!("t = {text}").parse().unwrap();
        Template::read(&table["t"], &["name", "memory_mb", "command", "ids"])
    }

    fn values() -> Values {
        let mut values = Values::default();
        values.set("name", "a $(id) 'b");
        values.list("command", ["/bin/x y".to_owned(), "--plan".to_owned()]);
        values.list("ids", ["1".to_owned(), "2".to_owned()]);
        values
    }

    #[test]
    fn values_are_whole_words_and_never_read_again() {
        let template = read(
            r#"["qsub", "-N", "{name}", ["-l", "mem={memory_mb}mb"], ["-x", "{name}"], "--ids={ids}", "{{x}}", "{ids}", "--", "{command}"]"#,
        );
        let words = template.unwrap().words(&values());
        assert_eq!(words, ["qsub", "-N", "a $(id) 'b", "-x", "a $(id) 'b", "--ids=1,2", "{x}", "1", "2", "--", "/bin/x y", "--plan"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let rows = [
            (r#""bsub -J x""#, "expected a list of words"),
            ("[]", "expected a list of words"),
            ("[1]", "expected a list of words"),
            (r#"["bsub", "{nam}"]"#, "no value is called `{nam}`; there are `{name}`"),
            (r#"["bsub", "a}"]"#, "`}` without `{` in `a}`"),
            (r#"["{name}"]"#, "the first word is the name of a program"),
            (r#"[["bsub"]]"#, "the first word is the name of a program"),
        ];
        for (text, expected) in rows {
            let said = read(text).unwrap_err();
            assert!(said.starts_with(expected), "{text}: {said}");
        }
    }
}
