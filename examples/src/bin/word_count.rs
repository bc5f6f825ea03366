//! Counts the words of a text. Run it with `cargo run -p nebulakit-examples --bin word_count -- run count_words --text LICENSE --top 5`.

use std::collections::HashMap;

use nebulakit::prelude::*;

/// How often a word occurs.
#[derive(Debug, NebulaType)]
struct Count {
    word: String,
    times: i64,
}

/// What is found out about a text.
#[derive(TaskOutputs)]
struct Counts {
    /// How many words there are.
    words: i64,
    /// The most frequent of them.
    top: Vec<Count>,
}

/// Counts the words of a text.
#[task(cache(version = "1"), requests(cpu = "500m", memory = "256Mi"))]
async fn count_words(
    /// The text: a path, or a URL such as `s3://bucket/text`.
    text: File,
    /// How many words are listed.
    #[default(10)]
    top: u32,
) -> anyhow::Result<Counts> {
    let text = text.read_to_string().await.recoverable()?;
    let mut times: HashMap<String, i64> = HashMap::new();
    let mut words = 0;
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *times.entry(word.to_lowercase()).or_default() += 1;
        words += 1;
    }
    let mut counts: Vec<_> = times.into_iter().map(|(word, times)| Count { word, times }).collect();
    counts.sort_by(|left, right| right.times.cmp(&left.times).then_with(|| left.word.cmp(&right.word)));
    counts.truncate(usize::try_from(top)?);
    Ok(Counts { words, top: counts })
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::count_words;
    use nebulakit::File;
    use nebulakit::testing;

    #[test]
    fn counts() {
        let counts = testing::run_blocking(count_words::with(File::from_bytes("text", "a b, a"), 1)).unwrap();
        assert_eq!((counts.words, counts.top[0].word.as_str(), counts.top[0].times), (3, "a", 2));
    }
}
