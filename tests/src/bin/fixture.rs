//! Tasks of every kind, for the tests that drive a real process; no example to follow.
#![allow(missing_docs, reason = "the names say what the tests need")]

#[path = "fixture/data.rs"]
mod data;
#[cfg(feature = "schema")]
#[path = "fixture/tables.rs"]
mod tables;

/// The tasks of `golden/flytekit-execute-tasks.py` that have a counterpart, under the names that flytekit gave them.
mod golden {
    use nebulakit::{Context, Hashed, NebulaType, ResultExt as _, TaskOutputs, task};

    #[task(name = "mod.ok")]
    fn ok(a: i64, b: String) -> String {
        format!("{b}-{a}")
    }

    #[task(name = "mod.two")]
    fn two(a: i64) -> (i64, String) {
        (a, a.to_string())
    }

    #[derive(TaskOutputs)]
    struct Named {
        zz: i64,
        aa: String,
    }

    #[task(name = "mod.nt")]
    fn nt(a: i64) -> Named {
        Named { zz: a, aa: a.to_string() }
    }

    #[task(name = "mod.void")]
    fn void(a: i64) {
        let _ = a;
    }

    #[task(name = "mod.noin")]
    fn noin() -> i64 {
        1
    }

    #[task(name = "mod.opt")]
    fn opt(a: Option<i64>) -> Option<i64> {
        a
    }

    #[task(name = "mod.raise_value")]
    fn raise_value(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        anyhow::bail!("bad value")
    }

    #[task(name = "mod.raise_rec")]
    fn raise_rec(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        Ok(Err(anyhow::anyhow!("please retry")).recoverable()?)
    }

    /// What flytekit's classes of errors do by their `error_code`, `.code(..)` does.
    fn coded(code: &str) -> anyhow::Result<i64> {
        Ok(Err(anyhow::anyhow!("c")).code(code)?)
    }

    #[task(name = "mod.raise_baserec")]
    fn raise_baserec(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        coded("RecoverableFlyteException")
    }

    #[task(name = "mod.raise_user")]
    fn raise_user(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        coded("USER:Unknown")
    }

    #[task(name = "mod.raise_nonrec")]
    fn raise_nonrec(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        coded("USER:NonRecoverableSystemError")
    }

    #[task(name = "mod.raise_flytevalue")]
    fn raise_flytevalue(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        coded("USER:ValueError")
    }

    #[task(name = "mod.raise_sys")]
    fn raise_sys(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        coded("SYSTEM:Unknown")
    }

    #[task(name = "mod.raise_download")]
    fn raise_download(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        coded("SYSTEM:DownloadDataError")
    }

    #[task(name = "mod.raise_coded")]
    fn raise_coded(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        coded("MY:CODE")
    }

    #[task(name = "mod.raise_coded_int")]
    fn raise_coded_int(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        coded("42")
    }

    #[task(name = "mod.raise_coded_inst")]
    fn raise_coded_inst(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        coded("INST")
    }

    #[allow(clippy::disallowed_methods, reason = "what becomes of it is the test")]
    #[task(name = "mod.sysexit")]
    fn sysexit(a: i64) -> i64 {
        let _ = a;
        std::process::exit(3)
    }

    #[allow(clippy::disallowed_methods, reason = "what becomes of it is the test")]
    #[task(name = "mod.sysexit0")]
    fn sysexit0(a: i64) -> i64 {
        let _ = a;
        std::process::exit(0)
    }

    #[allow(clippy::disallowed_methods, reason = "what becomes of it is the test")]
    #[task(name = "mod.osexit")]
    fn osexit(a: i64) -> i64 {
        let _ = a;
        std::process::exit(7)
    }

    #[task(name = "mod.ignore")]
    fn ignore(a: i64) -> anyhow::Result<i64> {
        let _ = a;
        Err(nebulakit::IgnoreOutputs.into())
    }

    /// Ends when the test closes the pipe `gate`, not when `a` seconds are over.
    #[task(name = "mod.sleep")]
    fn sleep(a: i64) -> anyhow::Result<i64> {
        std::fs::read("gate")?;
        Ok(a)
    }

    #[task(name = "mod.chain")]
    fn chain(a: i64) -> anyhow::Result<i64> {
        use anyhow::Context as _;
        let _ = a;
        "x".parse::<i64>().context("outer\nmultiline")
    }

    fn xs(count: i64) -> String {
        "x".repeat(usize::try_from(count).unwrap_or_default())
    }

    #[task(name = "mod.big")]
    fn big(a: i64) -> String {
        xs(a)
    }

    #[task(name = "mod.biglist")]
    fn biglist(a: i64) -> Vec<String> {
        vec![xs(a), xs(a)]
    }

    #[task(name = "mod.hashed")]
    fn hashed(a: i64) -> Hashed<String> {
        Hashed::new(xs(a), "myhash")
    }

    #[task(name = "mod.deck", deck)]
    fn deck(ctx: Context, a: i64) -> String {
        let _ = a;
        ctx.decks().html("mydeck", "<b>hi</b>");
        "d".to_owned()
    }

    #[task(name = "mod.t1")]
    fn t1(a: i64) -> i64 {
        a + 1
    }

    #[task(name = "mod.cp")]
    fn cp(ctx: Context, a: i64) -> anyhow::Result<i64> {
        let checkpoint = ctx.checkpoint().ok_or_else(|| anyhow::anyhow!("there is no place for checkpoints"))?;
        let previous = checkpoint.read_blocking()?;
        checkpoint.write_blocking(format!("cp{a}"))?;
        previous.map_or(Ok(-1), |previous| Ok(std::str::from_utf8(&previous[2..])?.parse()?))
    }

    #[task(name = "mod.many")]
    fn many(a: i64) -> (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64) {
        let _ = a;
        (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    }

    #[task(name = "mod.defaulted")]
    fn defaulted(a: i64, #[default(7)] b: i64) -> i64 {
        a + b
    }

    #[derive(Debug, NebulaType)]
    enum IntOrText {
        Int(i64),
        Text(String),
    }

    #[task(name = "mod.unioned")]
    fn unioned(a: IntOrText) -> String {
        match a {
            IntOrText::Int(_) => "int".to_owned(),
            IntOrText::Text(_) => "str".to_owned(),
        }
    }
}

/// The tasks of the containers in `golden/flyte2-cluster.jsonl`.
mod cluster {
    use std::collections::BTreeMap;

    use nebulakit::{Context, TaskOutputs, task};

    #[task]
    fn int_and_string(x: i64, label: String) -> String {
        format!("{label}-{}", 2 * x)
    }

    #[task]
    fn nothing() {}

    #[task]
    fn increment(x: i64) -> i64 {
        x + 1
    }

    #[task]
    fn context(ctx: Context) -> BTreeMap<String, String> {
        ctx.custom_context().clone()
    }

    #[task]
    fn every_template(x: i64, s: String) -> bool {
        x == 7 && s == "a b"
    }

    #[task]
    fn collections(
        l: Vec<i64>,
        m: BTreeMap<String, f64>,
        t: jiff::Timestamp,
        d: jiff::SignedDuration,
    ) -> anyhow::Result<(Vec<String>, BTreeMap<String, i64>)> {
        anyhow::ensure!(l == [1, -2] && m == BTreeMap::from([("k".to_owned(), 0.5)]), "{l:?} {m:?}");
        anyhow::ensure!(t.as_second() == 1_700_000_000 && d.as_secs() == 90, "{t} {d}");
        Ok((vec!["a".to_owned(), String::new()], BTreeMap::from([("a".to_owned(), 2), ("b".to_owned(), 1)])))
    }

    #[task]
    fn same(x: i64) -> i64 {
        x
    }

    #[derive(TaskOutputs)]
    struct Unordered {
        zz: i64,
        aa: String,
        mm: f64,
    }

    #[task]
    fn unordered(x: i64) -> Unordered {
        let _ = x;
        Unordered { zz: 1, aa: "first?".to_owned(), mm: 1.0 }
    }
}

/// Every way in which a task may end.
mod endings {
    use std::io::Read as _;
    use std::net::TcpStream;

    use anyhow::Context as _;
    use nebulakit::{Context, Raw, ResultExt as _, task};

    #[task]
    fn panics(message: String) -> i64 {
        panic!("{message}")
    }

    #[task]
    async fn panics_between_polls(message: String) -> i64 {
        tokio::task::yield_now().await;
        panic!("{message}")
    }

    #[task]
    fn panics_with_a_number() {
        std::panic::panic_any(7_u8)
    }

    #[task]
    fn fails(message: String) -> anyhow::Result<()> {
        Err(anyhow::anyhow!("the cause of it")).context(message)
    }

    #[task]
    async fn fails_async(message: String) -> Result<(), std::io::Error> {
        tokio::task::yield_now().await;
        Err(std::io::Error::other(message))
    }

    #[task]
    fn fails_at_length(length: i64) -> anyhow::Result<()> {
        anyhow::bail!("head {} tail", "-".repeat(usize::try_from(length)?))
    }

    #[task]
    fn fails_recoverably() -> anyhow::Result<()> {
        Ok(Err(anyhow::anyhow!("M")).code("C").recoverable()?)
    }

    #[task]
    fn fails_permanently() -> anyhow::Result<()> {
        Ok(Err(anyhow::anyhow!("M")).code("C").permanent()?)
    }

    /// With the code and the message of `golden/flyte2-cluster.jsonl`.
    #[task]
    fn fails_as_recorded() -> anyhow::Result<()> {
        Ok(Err(anyhow::anyhow!("my message")).code("MyCode").recoverable()?)
    }

    #[task]
    fn fails_as_recorded_for_good() -> anyhow::Result<()> {
        Ok(Err(anyhow::anyhow!("my message")).code("MyCode").permanent()?)
    }

    #[task]
    fn fails_with_decks(ctx: Context) -> anyhow::Result<()> {
        ctx.decks().markdown("Notes", "# So far");
        anyhow::bail!("after the deck")
    }

    /// What comes in goes out untouched, whatever it is.
    #[task]
    fn passes_on(v: Raw<i64>) -> Raw<i64> {
        v
    }

    #[task]
    fn aborts() -> i64 {
        std::process::abort()
    }

    /// Says at `gate`, an address, that it runs, and ends when it is told to stop.
    #[task]
    async fn stops_when_told(ctx: Context, gate: String) -> anyhow::Result<()> {
        let _gate = tokio::net::TcpStream::connect(gate).await?;
        ctx.cancelled().await;
        anyhow::bail!("stopped half-way")
    }

    /// The same for blocking code.
    #[task]
    fn stops_when_told_blocking(ctx: Context, gate: String) -> anyhow::Result<()> {
        let _gate = TcpStream::connect(gate)?;
        ctx.block_on(ctx.cancelled());
        anyhow::ensure!(ctx.is_cancelled(), "not cancelled after all");
        anyhow::bail!("stopped half-way")
    }

    /// Says at `gate` that it runs, and finishes its work once it is told to stop.
    #[task]
    async fn finishes_when_told(ctx: Context, gate: String) -> anyhow::Result<i64> {
        let _gate = tokio::net::TcpStream::connect(gate).await?;
        ctx.cancelled().await;
        Ok(42)
    }

    /// Says at `gate` that it runs, and once more when it is told to stop, and then goes on until the gate closes.
    #[task]
    async fn notes_when_told(ctx: Context, gate: String) -> anyhow::Result<()> {
        let mut gate = tokio::net::TcpStream::connect(gate).await?;
        ctx.cancelled().await;
        tokio::io::AsyncWriteExt::write_all(&mut gate, b"!").await?;
        tokio::io::AsyncReadExt::read_to_end(&mut gate, &mut Vec::new()).await?;
        Ok(())
    }

    /// Says at `gate` that it runs, and goes on until the gate closes, whoever asks.
    #[task]
    fn never_stops(gate: String) -> anyhow::Result<i64> {
        let mut gate = TcpStream::connect(gate)?;
        gate.read_to_end(&mut Vec::new())?;
        Ok(42)
    }

    /// The same for async code.
    #[task]
    async fn never_stops_async(gate: String) -> anyhow::Result<i64> {
        let mut gate = tokio::net::TcpStream::connect(gate).await?;
        tokio::io::AsyncReadExt::read_to_end(&mut gate, &mut Vec::new()).await?;
        Ok(42)
    }

    /// Says at `gate` that it runs, and takes longer than it may.
    #[task(timeout = "1s")]
    fn takes_too_long(gate: String) -> anyhow::Result<i64> {
        let mut gate = TcpStream::connect(gate)?;
        gate.read_to_end(&mut Vec::new())?;
        Ok(42)
    }

    /// Says at `gate` that it runs, and never lets its thread do anything else.
    #[task]
    async fn never_yields(gate: String) -> anyhow::Result<i64> {
        let mut gate = TcpStream::connect(gate)?;
        gate.read_to_end(&mut Vec::new())?;
        Ok(42)
    }
}

/// What a task may ask of its surroundings.
mod surroundings {
    use std::collections::BTreeMap;

    use nebulakit::{Context, task};

    /// Takes what another task has stored.
    #[task]
    fn goes_on(o0: i64) -> i64 {
        o0 + 1
    }

    #[task]
    fn measures(ctx: Context) -> anyhow::Result<()> {
        ctx.stats().counter("fixture_counter", 3);
        ctx.stats().gauge("fixture_gauge", 2.5);
        ctx.stats().timing("fixture_timing", std::time::Duration::from_millis(20));
        ctx.stats().flush(std::time::Duration::from_secs(2));
        Ok(())
    }

    #[task]
    fn surroundings(ctx: Context) -> BTreeMap<String, String> {
        let (execution, task) = (ctx.execution_id(), ctx.task_id());
        BTreeMap::from([
            ("execution".to_owned(), format!("{execution:?}")),
            ("task".to_owned(), format!("{task:?}")),
            ("attempt".to_owned(), ctx.attempt().to_string()),
            ("outputs".to_owned(), ctx.output_prefix().to_owned()),
            ("raw".to_owned(), ctx.raw_output_prefix().to_owned()),
            ("checkpoint".to_owned(), ctx.checkpoint().is_some().to_string()),
        ])
    }
}

/// Values of every type, there and back.
mod types {
    use std::collections::{BTreeMap, HashMap};
    use std::time::{Duration, SystemTime};

    use nebulakit::{Bytes, Hashed, NebulaType, Untyped, task};

    #[derive(Debug, NebulaType)]
    struct Inner {
        x: i64,
        y: Option<String>,
    }

    #[derive(Debug, NebulaType)]
    struct Simple {
        a: i64,
        b: String,
        c: f64,
        d: bool,
    }

    #[derive(Debug, NebulaType)]
    struct Temporal {
        dt: jiff::Timestamp,
        td: jiff::SignedDuration,
        d: jiff::civil::Date,
    }

    #[derive(Debug, NebulaType)]
    struct Nested {
        name: String,
        inner: Inner,
        items: Vec<i64>,
        by_name: BTreeMap<String, f64>,
        color: Color,
    }

    #[derive(Debug, NebulaType)]
    #[nebula(rename_all = "lowercase")]
    enum Color {
        #[nebula(name = "RED")]
        Red,
        #[nebula(name = "GREEN")]
        Green,
        #[nebula(name = "BLUE")]
        Blue,
    }

    #[derive(Debug, NebulaType)]
    enum IntOrText {
        Int(i64),
        Text(String),
    }

    macro_rules! there_and_back {
        ($($name:ident: $type:ty;)*) => {$(
            #[task]
            fn $name(v: $type) -> $type {
                v
            }
        )*};
    }

    there_and_back! {
        int: i64;
        small_int: u8;
        unsigned_int: u64;
        float: f64;
        text: String;
        boolean: bool;
        bytes: Bytes;
        instant: jiff::Timestamp;
        instant_std: SystemTime;
        instant_chrono: chrono::DateTime<chrono::Utc>;
        span: jiff::SignedDuration;
        span_std: Duration;
        span_chrono: chrono::TimeDelta;
        date: jiff::civil::Date;
        date_chrono: chrono::NaiveDate;
        list: Vec<i64>;
        list_of_lists: Vec<Vec<String>>;
        list_of_optional: Vec<Option<i64>>;
        map: HashMap<String, i64>;
        map_of_lists: BTreeMap<String, Vec<f64>>;
        map_by_int: BTreeMap<i64, String>;
        optional: Option<i64>;
        optional_struct: Option<Simple>;
        optional_list: Option<Vec<Simple>>;
        union: IntOrText;
        unit_enum: Color;
        list_of_enums: Vec<Color>;
        simple: Simple;
        inner: Inner;
        temporal: Temporal;
        nested: Nested;
        list_of_structs: Vec<Simple>;
        map_of_structs: BTreeMap<String, Inner>;
        untyped: Untyped;
        json: serde_json::Value;
        hashed: Hashed<String>;
    }
}

/// Code of the task's author that runs beside the function itself.
mod beside {
    use nebulakit::prelude::*;

    /// Panics before its function is called.
    #[task]
    fn bad_default(#[default(broken())] a: i64) -> i64 {
        a
    }

    fn broken() -> i64 {
        panic!("the default is broken")
    }

    #[derive(Debug)]
    struct Unspeakable;

    impl std::fmt::Display for Unspeakable {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no words for it")
        }
    }

    impl std::error::Error for Unspeakable {}

    /// Fails with an error that cannot be shown.
    #[task]
    fn unspeakable() -> anyhow::Result<()> {
        Err(Unspeakable.into())
    }

    /// Makes a deck, and then has its outputs ignored.
    #[task(deck)]
    fn ignored_with_deck(ctx: Context) -> anyhow::Result<i64> {
        ctx.decks().html("Page", "<b>hi</b>");
        Err(nebulakit::IgnoreOutputs.into())
    }
}

nebulakit::main!();
