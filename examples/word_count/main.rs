//! Counts words: those of one text in one task, and those of a folder of texts in a workflow, which deals the lines out to shards, counts
//! four shards at a time, adds the counts up and draws the most frequent words. Look at the workflow with
//! `cargo run -p nebulakit-examples --bin word_count -- graph word_count`, run it with
//! `cargo run -p nebulakit-examples --bin word_count -- run word_count --corpus docs --top 5`, and the task alone with
//! `cargo run -p nebulakit-examples --bin word_count -- run count_words --text LICENSE --top 5`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, Write as _};

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
    let times = tally(&text.read_to_string().await.recoverable()?);
    Ok(Counts { words: times.values().sum(), top: most_frequent(times, top) })
}

/// Counts the words of a folder of texts, and draws the most frequent ones.
#[workflow]
fn word_count(corpus: Promise<Directory>, #[default(10)] top: Promise<u32>) -> Promise<File> {
    let shards = split::node(corpus, Default);
    let counts = count::map(shards).concurrency(4);
    chart::node(merge::node(counts), top)
}

/// Deals the lines of all texts out to `parts` shards.
#[task]
fn split(ctx: Context, corpus: Directory, #[default(8)] parts: u32) -> anyhow::Result<Vec<File>> {
    anyhow::ensure!(parts > 0, "a corpus is split into at least one part");
    let mut shards = Vec::new();
    for part in 0..parts {
        shards.push(File::create(&ctx, &format!("shard-{part}.txt"))?.blocking());
    }
    let mut dealt = 0;
    for text in corpus.blocking().walk()? {
        for line in text?.file()?.blocking().open()?.lines() {
            let next = dealt % shards.len();
            writeln!(shards[next], "{}", line?)?;
            dealt += 1;
        }
    }
    shards.into_iter().map(|shard| Ok(shard.finish()?)).collect()
}

/// Counts the words of a shard.
#[task(cache(version = "1"))]
fn count(shard: File) -> anyhow::Result<HashMap<String, i64>> {
    Ok(tally(&shard.blocking().read_to_string().recoverable()?))
}

/// Adds the counts of all shards up.
#[task]
fn merge(counts: Vec<HashMap<String, i64>>) -> HashMap<String, i64> {
    let mut all = HashMap::new();
    for (word, times) in counts.into_iter().flatten() {
        *all.entry(word).or_default() += times;
    }
    all
}

/// Draws the most frequent words as bars, in SVG.
#[task]
fn chart(counts: HashMap<String, i64>, top: u32) -> anyhow::Result<File> {
    let counts = most_frequent(counts, top);
    let most = counts.first().map_or(1, |count| count.times);
    let mut svg = format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="640" height="{}">"#, 24 * counts.len());
    for (row, Count { word, times }) in counts.iter().enumerate() {
        let (y, base, length) = (24 * row + 4, 24 * row + 17, 400 * times / most);
        write!(svg, r#"<text x="0" y="{base}">{word}</text>"#)?;
        write!(svg, r#"<rect x="160" y="{y}" width="{length}" height="16" fill="steelblue"/>"#)?;
        write!(svg, r#"<text x="{}" y="{base}">{times}</text>"#, 168 + length)?;
    }
    svg.push_str("</svg>\n");
    Ok(File::from_bytes("chart.svg", svg))
}

/// How often each word of a text occurs, in lower case.
fn tally(text: &str) -> HashMap<String, i64> {
    let mut times = HashMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *times.entry(word.to_lowercase()).or_default() += 1;
    }
    times
}

/// The `top` words, the most frequent first, those of one count by the alphabet.
fn most_frequent(times: HashMap<String, i64>, top: u32) -> Vec<Count> {
    let mut counts: Vec<_> = times.into_iter().map(|(word, times)| Count { word, times }).collect();
    counts.sort_by(|left, right| right.times.cmp(&left.times).then_with(|| left.word.cmp(&right.word)));
    counts.truncate(usize::try_from(top).unwrap_or(usize::MAX));
    counts
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::*;
    use nebulakit::testing;

    #[test]
    fn a_text_is_counted() {
        let counts = testing::run_blocking(count_words::with(File::from_bytes("text", "a b, a"), 1)).unwrap();
        assert_eq!((counts.words, counts.top[0].word.as_str(), counts.top[0].times), (3, "a", 2));
    }

    #[test]
    fn every_line_of_a_folder_is_in_one_shard() {
        let corpus = Directory::from_path(concat!(env!("CARGO_MANIFEST_DIR"), "/src/bin"));
        let whole = testing::run_blocking(split::with(corpus.clone(), 1)).unwrap();
        let shards = testing::run_blocking(split::with(corpus, 3)).unwrap();
        let of_shards = shards.into_iter().map(|shard| count(shard).unwrap()).collect();
        assert_eq!(merge(of_shards), count(whole[0].clone()).unwrap());
    }

    #[test]
    fn the_chart_has_a_bar_for_each_of_the_top_words() {
        let chart = chart(tally("to be or not to be"), 2).unwrap();
        let svg = chart.blocking().read_to_string().unwrap();
        assert_eq!(svg.matches("<rect").count(), 2, "{svg}");
        assert!(svg.contains(">be</text>") && !svg.contains(">or</text>"), "{svg}");
    }
}
