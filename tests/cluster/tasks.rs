//! Tasks that only a cluster can judge: what it makes of their ends, and what it puts around them. `fixture` has the others.
#![allow(missing_docs, reason = "the names say what the suite needs")]

mod tables;

/// Ends that a platform sees from outside, and attempts that know of each other.
mod fates {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpStream;

    use nebulakit::FlyteError;
    use nebulakit::prelude::*;
    use nix::sys::signal::{Signal, raise};

    /// Fails until its attempt number is `last`, each time leaving a checkpoint; returns what the last attempt found.
    #[task(retries = 3)]
    fn goes_on(ctx: Context, last: u32) -> anyhow::Result<String> {
        let checkpoint = ctx.checkpoint().ok_or_else(|| anyhow::anyhow!("there is no place for checkpoints"))?;
        let found = checkpoint.blocking().read()?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let found = format!("{found}{}", ctx.attempt());
        if ctx.attempt() < last {
            checkpoint.blocking().write(found.clone())?;
            return Err(anyhow::anyhow!("attempt {} ends here", ctx.attempt())).recoverable();
        }
        Ok(found)
    }

    /// Fails for good, although it may be repeated.
    #[task(retries = 2)]
    fn fails_for_good() -> anyhow::Result<()> {
        anyhow::bail!("no second attempt")
    }

    /// Fails, and may be repeated.
    #[task(retries = 2)]
    fn fails_again() -> anyhow::Result<()> {
        Err(anyhow::anyhow!("M")).code("C").recoverable()
    }

    /// Is killed like a process whose machine is gone.
    #[task(interruptible)]
    fn is_killed() -> anyhow::Result<()> {
        raise(Signal::SIGKILL)?;
        Ok(())
    }

    /// Logs something, and ends the process.
    #[allow(clippy::disallowed_methods, reason = "what becomes of it is the test")]
    #[task]
    fn logs_and_exits(text: String) {
        tracing::warn!(rows = 7, "{text}");
        std::process::exit(3)
    }

    /// Takes more memory than it may.
    #[task(requests(memory = "64Mi"), limits(memory = "64Mi"))]
    fn takes_memory() -> anyhow::Result<()> {
        let taken: Vec<Vec<u8>> = (0..1024).map(|_| vec![1; 1 << 20]).collect();
        anyhow::bail!("{} MiB and nobody minds", taken.len())
    }

    /// The same, in a process of its own.
    #[task(supervised, requests(memory = "64Mi"), limits(memory = "64Mi"))]
    fn takes_memory_supervised() -> anyhow::Result<()> {
        takes_memory()
    }

    /// Does not end by itself.
    #[task(timeout = "4s")]
    async fn never_ends(ctx: Context) -> anyhow::Result<()> {
        ctx.cancelled().await;
        anyhow::bail!("stopped")
    }

    /// The same, without a limit.
    #[task]
    async fn waits(ctx: Context) -> anyhow::Result<()> {
        ctx.cancelled().await;
        anyhow::bail!("stopped")
    }

    /// Has `dying_store`, which runs this process, die in this way.
    #[allow(clippy::disallowed_methods, reason = "where it listens is between the two")]
    fn lose_the_store(how: &str) -> anyhow::Result<()> {
        let mut asked = TcpStream::connect(std::env::var("NEBULAKIT_TESTS_LOSE_STORE")?)?;
        writeln!(asked, "{how}")?;
        let mut answer = String::new();
        BufReader::new(asked).read_line(&mut answer)?;
        anyhow::ensure!(answer == "lost\n", "the store is not behind `dying_store`: {answer}");
        Ok(())
    }

    /// Loses its store before it ends, in attempts before `until`; fails then, if it is told to.
    #[task]
    fn loses_its_store(ctx: Context, how: String, until: u32, fails: bool) -> anyhow::Result<String> {
        if ctx.attempt() < until {
            lose_the_store(&how)?;
        }
        anyhow::ensure!(!fails, "the task's own failure");
        Ok(format!("attempt {}", ctx.attempt()))
    }

    /// Loses its store in the middle of a file of this many MiB.
    #[task]
    async fn loses_its_store_while_it_writes(ctx: Context, how: String, mebibytes: u64) -> anyhow::Result<File> {
        let mut writer = File::create(&ctx, "much.bin")?;
        for index in 0..mebibytes {
            if index == mebibytes / 2 {
                lose_the_store(&how)?;
            }
            writer.write(vec![u8::try_from(index % 251)?; 1 << 20]).await?;
        }
        Ok(writer.finish().await?)
    }

    /// What is run when a workflow has failed: tells the workflow's input, and what it was told of the failure.
    #[task]
    fn cleans_up(message: String, err: Option<FlyteError>) -> anyhow::Result<(String, String, String)> {
        let err = err.ok_or_else(|| anyhow::anyhow!("nobody says what failed"))?;
        Ok((message, err.message, err.failed_node_id))
    }

    /// One element of a list: the odd ones fail.
    #[task]
    fn halves(number: i64, label: String) -> anyhow::Result<String> {
        anyhow::ensure!(number % 2 == 0, "{number} is odd");
        Ok(format!("{label}{}", number / 2))
    }
}

/// What a task finds on its machine, and what it leaves there.
mod surroundings {
    use std::collections::BTreeMap;
    use std::net::UdpSocket;
    use std::time::Duration;

    use nebulakit::Hashed;
    use nebulakit::prelude::*;
    use nebulakit_tests::python::OptNested;

    /// Tells its secrets: those of a test may be told.
    #[task(secrets((group = "nebulakit-tests", key = "variable", mount = env), (group = "nebulakit-tests", key = "file", mount = file)))]
    fn secrets(ctx: Context) -> anyhow::Result<(String, String)> {
        let secret = |key| anyhow::Ok(ctx.secrets().get("nebulakit-tests", key)?.expose().to_owned());
        Ok((secret("variable")?, secret("file")?))
    }

    /// The same where secrets have keys alone, as on Flyte 2.
    #[task(secrets((group = "nebulakit-tests", key = "variable", mount = env), (group = "nebulakit-tests", key = "file", mount = file)))]
    fn secrets_by_key(ctx: Context) -> anyhow::Result<(String, String)> {
        let secret = |key| anyhow::Ok(ctx.secrets().get("", key)?.expose().to_owned());
        Ok((secret("variable")?, secret("file")?))
    }

    /// The variables with these names, of those that are set.
    #[allow(clippy::disallowed_methods, reason = "the environment is the test")]
    #[task(env(GREETING = "hello"), labels("nebulakit-tests" = "labelled"), annotations("nebulakit.tests/note" = "annotated"))]
    fn environment(names: Vec<String>) -> BTreeMap<String, String> {
        names.into_iter().filter_map(|name| Some((name.clone(), std::env::var(name).ok()?))).collect()
    }

    /// Receives its own metrics.
    #[task(env(FLYTE_STATSD_HOST = "127.0.0.1", FLYTE_STATSD_PORT = "18126"))]
    fn metrics(ctx: Context) -> anyhow::Result<Vec<String>> {
        let socket = UdpSocket::bind("127.0.0.1:18126")?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        ctx.stats().counter("rows", 3);
        ctx.stats().gauge("load", 2.5);
        ctx.stats().timing("took", Duration::from_millis(20));
        ctx.stats().flush(Duration::from_secs(2));
        let (mut lines, mut buffer) = (Vec::new(), [0; 1500]);
        while lines.len() < 3 {
            let length = socket.recv(&mut buffer)?;
            lines.extend(String::from_utf8_lossy(&buffer[..length]).lines().map(str::to_owned));
        }
        Ok(lines)
    }

    /// Makes a deck, and fails if it is told to.
    #[task(deck)]
    fn shows(ctx: Context, fail: bool) -> anyhow::Result<i64> {
        ctx.decks().markdown("Rows", "seven **rows**");
        anyhow::ensure!(!fail, "after the deck");
        Ok(7)
    }

    /// Makes a deck, and a file that is to be stored where nothing can be.
    #[task(deck)]
    fn shows_and_stores_nowhere(ctx: Context) -> File {
        ctx.decks().markdown("Rows", "seven **rows**");
        File::from_bytes("lost.txt", "lost").stored_at("s3://nebulakit-tests-no-such-bucket/lost.txt")
    }

    /// Is remembered, whatever `noise` says.
    #[task(cache(version = "1", ignore(noise)))]
    fn remembered(text: String, run: String, noise: i64) -> String {
        format!("{run}: {} bytes, noise {noise}", text.len())
    }

    /// A text that is known by its hash.
    #[task]
    fn known_by(text: String, hash: String) -> Hashed<String> {
        Hashed::new(text, hash)
    }

    /// `neighbours.shared` of Python under the same name: who runs first runs for both.
    #[task(name = "neighbours.shared", cache(version = "1"))]
    fn shared(run: String, nested: OptNested, weights: Vec<f64>) -> String {
        let _ = (run, nested, weights);
        "by Rust".to_owned()
    }

    /// A text of this many MiB.
    #[task]
    fn large(mebibytes: usize) -> String {
        "x".repeat(mebibytes << 20)
    }

    /// The length of a text, and the text.
    #[task]
    fn measures(text: String) -> (usize, String) {
        (text.len(), text)
    }

    /// How many texts there are, and how long they are together.
    #[task]
    fn measures_all(texts: Vec<String>) -> (usize, usize) {
        (texts.len(), texts.iter().map(String::len).sum())
    }
}

/// Values there and back, beyond those of `fixture`: the classes of `nebulakit_tests::python`.
mod types {
    use std::collections::BTreeMap;

    use nebulakit::file::{Format, JsonLines};
    use nebulakit::prelude::*;
    use nebulakit::{Raw, Untyped};
    use nebulakit_tests::python::{
        BigInts, BytesDc, DcJson, Defaults, Empty, Floats, IntKeys, IntOrStr, ListOrDict, Many, MapMap, OptNested, PydanticModel,
        PydanticScalars, UnionField, WithEnum,
    };

    /// What flytekit makes of an array of numpy.
    struct NumpyArray;

    impl Format for NumpyArray {
        const NAME: &'static str = "NumpyArray";
    }

    /// What flytekit makes of values that it has no type for.
    struct PythonPickle;

    impl Format for PythonPickle {
        const NAME: &'static str = "PythonPickle";
    }

    nebulakit_tests::there_and_back! {
        big_ints: BigInts;
        floats: Floats;
        bytes_in_struct: BytesDc;
        defaults: Defaults;
        empty: Empty;
        int_keys: IntKeys;
        union_field: UnionField;
        list_or_dict: ListOrDict;
        many: Many;
        map_map: MapMap;
        map_of_floats: BTreeMap<String, f64>;
        opt_nested: OptNested;
        with_enum: WithEnum;
        model: PydanticModel;
        scalars: PydanticScalars;
        list_of_unions: Vec<IntOrStr>;
        map_of_optional: BTreeMap<String, Option<f64>>;
        list_of_untyped: Vec<Untyped>;
        untouched: Raw<Many>;
        literal_text: String;
        literal_int: i64;
        dataclass_json: DcJson;
        array: File<NumpyArray>;
        pickle: File<PythonPickle>;
        json_lines: File<JsonLines>;
        message: Raw<serde_json::Value>;
    }
}

/// Data in object stores, passed on, read and written.
mod files {
    use std::collections::BTreeMap;

    use nebulakit::file::Csv;
    use nebulakit::prelude::*;

    #[derive(Debug, NebulaType)]
    struct Bundle {
        file: File,
        table: Option<File<Csv>>,
        folder: Directory,
        more: Vec<File>,
        named: BTreeMap<String, File>,
        none: Option<File>,
    }

    #[derive(TaskOutputs)]
    struct Passed {
        file: File,
        table: File<Csv>,
        folder: Directory,
        files: Vec<File>,
        named: BTreeMap<String, Directory>,
        some: Option<File>,
        none: Option<Directory>,
        bundle: Bundle,
    }

    /// Takes data in every place where a type may stand, and gives it back without looking at it.
    #[allow(clippy::too_many_arguments, reason = "one for each place")]
    #[task]
    fn passes_on(
        file: File,
        table: File<Csv>,
        folder: Directory,
        files: Vec<File>,
        named: BTreeMap<String, Directory>,
        some: Option<File>,
        none: Option<Directory>,
        bundle: Bundle,
    ) -> Passed {
        Passed { file, table, folder, files, named, some, none, bundle }
    }

    /// What is in a file, and what is in a folder, by its names.
    #[task]
    async fn reads(file: File, folder: Directory) -> anyhow::Result<(String, BTreeMap<String, String>)> {
        let here = folder.path().await?;
        let mut found = BTreeMap::new();
        let mut open = vec![here.to_owned()];
        while let Some(next) = open.pop() {
            for entry in std::fs::read_dir(next)? {
                let path = entry?.path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.strip_prefix(here)?.to_string_lossy().into_owned();
                    found.insert(name, std::fs::read_to_string(path)?);
                }
            }
        }
        Ok((file.read_to_string().await?, found))
    }

    /// A file that is to be stored where nothing can be.
    #[task]
    fn stores_nowhere() -> File {
        File::from_bytes("lost.txt", "lost").stored_at("s3://nebulakit-tests-no-such-bucket/lost.txt")
    }

    /// Makes data in every way: a stream, a local file, bytes, a folder piece by piece.
    #[task(outputs(streamed, local, bytes, folder, bundle))]
    async fn writes(ctx: Context, text: String) -> anyhow::Result<(File, File<Csv>, File, Directory, Bundle)> {
        let mut writer = File::create(&ctx, "streamed.txt")?;
        writer.write(text.clone()).await?;
        let path = ctx.working_directory()?.join("a table.csv");
        std::fs::write(&path, format!("a,b\n1,{text}\n"))?;
        let folder = Directory::create(&ctx)?;
        folder.put("one.txt", text.clone()).await?;
        folder.put("deep/er/two.txt", text.clone()).await?;
        let (streamed, folder) = (writer.finish().await?, folder.finish());
        let bundle = Bundle {
            file: File::from_bytes("in a struct.txt", text.clone()),
            table: None,
            folder: folder.clone(),
            more: vec![streamed.clone()],
            named: BTreeMap::from([("again".to_owned(), streamed.clone())]),
            none: None,
        };
        Ok((streamed, File::from_path(path), File::from_bytes("bytes.bin", text), folder, bundle))
    }

    /// A text as a file.
    #[task]
    fn as_file(text: String) -> File {
        File::from_bytes("by a child.txt", text)
    }

    /// Has a child make a file, and reads it by its URI in the task's own future, in parts of the run on other threads, and in a
    /// future beside the run, which goes by the stores of the process.
    #[task]
    async fn reads_everywhere(ctx: Context, text: String) -> anyhow::Result<(File, Vec<String>)> {
        let made = as_file::call(&ctx, text).await?;
        let uri = made.uri().ok_or_else(|| anyhow::anyhow!("the child's file is stored nowhere"))?.to_owned();
        let at = |uri: &str| -> File { File::from_uri(uri) };
        let mut texts = vec![at(&uri).read_to_string().await?];
        let own = uri.clone();
        texts.push(ctx.spawn(async move { at(&own).read_to_string().await }).await??);
        let own = uri.clone();
        texts.push(ctx.spawn_blocking(move || at(&own).blocking().read_to_string()).await??);
        let own = uri.clone();
        texts.push(tokio::spawn(async move { at(&own).read_to_string().await }).await??);
        Ok((made, texts))
    }

    /// Whether a file holds what `writes_much` and its like write.
    #[task]
    async fn is_whole(much: File, mebibytes: u64) -> anyhow::Result<bool> {
        let bytes = much.read_bytes().await?;
        let expected = |index: usize| u8::try_from((index >> 20) % 251).ok();
        Ok(bytes.len() as u64 == mebibytes << 20 && bytes.iter().enumerate().all(|(index, byte)| expected(index) == Some(*byte)))
    }

    /// The length of a file that is read as it comes.
    #[task]
    async fn reads_much(much: File) -> anyhow::Result<u64> {
        Ok(tokio::io::copy(&mut much.open().await?, &mut tokio::io::sink()).await?)
    }

    /// A file of this many MiB, stored while it is written.
    #[task]
    async fn writes_much(ctx: Context, mebibytes: u64) -> anyhow::Result<File> {
        let mut writer = File::create(&ctx, "much.bin")?;
        for index in 0..mebibytes {
            writer.write(vec![u8::try_from(index % 251)?; 1 << 20]).await?;
        }
        Ok(writer.finish().await?)
    }
}

nebulakit::main!();
