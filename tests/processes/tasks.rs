//! Tasks that do what no task should, for the test and for its workers.

#![allow(clippy::disallowed_methods, reason = "they do what no task should, and look at what they find")]

use std::io::Write as _;
use std::process::Command;

use nebulakit::coordinator::Fatal;
use nebulakit::prelude::*;

#[task(name = "work.add")]
pub(crate) fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[task(name = "work.add_later")]
pub(crate) async fn add_later(a: i64, b: i64) -> i64 {
    tokio::task::yield_now().await;
    a + b
}

#[task(name = "work.pid")]
pub(crate) fn pid() -> i64 {
    std::process::id().into()
}

/// How long its process has been there, in milliseconds.
#[task(name = "work.age")]
pub(crate) fn age() -> i64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let begun: i64 = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().parse().unwrap();
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    now.tv_sec * 1_000 + now.tv_nsec / 1_000_000 - begun * 10
}

#[task(name = "work.panics")]
pub(crate) fn panics(said: String) {
    panic!("{said}")
}

#[task(name = "work.panics_later")]
pub(crate) async fn panics_later(said: String) {
    tokio::task::yield_now().await;
    panic!("{said}")
}

#[task(name = "work.aborts")]
pub(crate) fn aborts() {
    eprintln!("about to abort");
    std::process::abort()
}

#[task(name = "work.overflows")]
pub(crate) fn overflows() -> i64 {
    #[expect(unconditional_recursion, reason = "that is the point")]
    fn deeper(depth: &[u8; 1024]) -> i64 {
        let more = std::hint::black_box([depth[0]; 1024]);
        deeper(&more) + i64::from(more[0])
    }
    deeper(&[1; 1024])
}

#[task(name = "work.exits")]
pub(crate) fn exits(code: i64) {
    println!("leaving");
    std::process::exit(i32::try_from(code).unwrap())
}

/// Sends itself a signal.
#[task(name = "work.raises")]
pub(crate) fn raises(signal: i64) {
    nix::sys::signal::raise(nix::sys::signal::Signal::try_from(i32::try_from(signal).unwrap()).unwrap()).unwrap();
}

#[task(name = "work.fails")]
pub(crate) fn fails(how: String) -> anyhow::Result<()> {
    let error = anyhow::anyhow!("no such luck").context("it went wrong");
    Err(match how.as_str() {
        "recoverable" => TaskError::recoverable(error).with_code("MY:Code").into(),
        "fatal" => Fatal::new(error).into(),
        _ => error,
    })
}

/// Is killed until the file is there, and makes it.
#[task(name = "work.second_time", retries = 1)]
pub(crate) fn second_time(ctx: Context, path: String) -> i64 {
    if std::fs::exists(&path).unwrap() {
        return ctx.attempt().into();
    }
    std::fs::write(&path, "").unwrap();
    nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).unwrap();
    unreachable!("nothing survives it")
}

#[task(name = "work.prints")]
pub(crate) fn prints() {
    print!("one\r\ntwo");
    eprintln!("three \u{1b}[1m");
    std::io::stdout().write_all(b" \xff\nlast").unwrap();
}

#[task(name = "work.prints_much")]
pub(crate) fn prints_much(bytes: i64) -> i64 {
    let mut out = std::io::stdout().lock();
    let line = [b'x'; 1023];
    for _ in 0..bytes / 1024 {
        out.write_all(&line).unwrap();
        out.write_all(b"\n").unwrap();
    }
    bytes
}

/// Holds so many bytes, each of them written.
#[task(name = "work.holds")]
pub(crate) fn holds(bytes: i64) -> i64 {
    let mut all = vec![0_u8; usize::try_from(bytes).unwrap()];
    all.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    i64::from(std::hint::black_box(all)[0])
}

/// Keeps a core busy for so many milliseconds of CPU time, and says how long that took.
#[task(name = "work.is_busy")]
pub(crate) fn is_busy(milliseconds: i64) -> i64 {
    let cpu = || rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let millis = |time: rustix::time::Timespec| time.tv_sec * 1_000 + time.tv_nsec / 1_000_000;
    let (begin, before) = (std::time::Instant::now(), millis(cpu()));
    while millis(cpu()) - before < milliseconds {
        std::hint::spin_loop();
    }
    begin.elapsed().as_millis().try_into().unwrap()
}

#[task(name = "work.computes")]
pub(crate) fn computes() -> i64 {
    let mut n = 0_i64;
    loop {
        n = std::hint::black_box(n.wrapping_add(1));
    }
}

/// Says that it is there, and ends when it is asked to.
#[task(name = "work.waits")]
pub(crate) fn waits(ctx: Context) -> i64 {
    ctx.progress(1, None);
    ctx.block_on(ctx.cancelled());
    7
}

/// Says that it is there, does not end, and would leave a trace if it went on.
#[task(name = "work.goes_on")]
pub(crate) fn goes_on(ctx: Context, path: String) {
    ctx.progress(std::process::id().into(), None);
    ctx.block_on(ctx.cancelled());
    loop {
        std::thread::sleep(std::time::Duration::from_secs(3));
        std::fs::write(&path, "").unwrap();
    }
}

/// Starts a program that ignores SIGTERM, in a session of its own or not, and does not wait for it.
#[task(name = "work.leaves")]
pub(crate) fn leaves(in_session: bool) -> i64 {
    let script = "trap '' TERM; while true; do sleep 100; done";
    let mut command = if in_session { Command::new("setsid") } else { Command::new("env") };
    command.args(["sh", "-c", script]).spawn().unwrap().id().into()
}

/// Has such a program in its group, and is ended.
#[task(name = "work.leaves_and_waits")]
pub(crate) fn leaves_and_waits(ctx: Context) -> i64 {
    let left = Command::new("sh").args(["-c", "trap '' TERM; while true; do sleep 100; done"]).spawn().unwrap().id();
    ctx.progress(left.into(), None);
    loop {
        std::thread::park();
    }
}

/// Closes every descriptor but the standard ones, which makes it deaf.
#[task(name = "work.closes")]
pub(crate) fn closes() -> i64 {
    (3..256).filter(|fd| nix::unistd::close(*fd).is_ok()).count().try_into().unwrap()
}

#[task(name = "work.moves")]
pub(crate) fn moves() -> String {
    let before = std::env::current_dir().unwrap();
    std::env::set_current_dir("/").unwrap();
    before.to_string_lossy().into_owned()
}

#[task(name = "work.variables")]
pub(crate) fn variables() -> Vec<String> {
    std::env::vars().map(|(name, value)| format!("{name}={value}")).collect()
}

#[task(name = "work.reads")]
pub(crate) fn reads() -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut text).unwrap();
    text
}

/// The sum of the numbers up to `n`, by calls of itself.
#[task(name = "work.sum")]
pub(crate) async fn sum(ctx: Context, n: i64) -> anyhow::Result<i64> {
    if n == 0 {
        return Ok(0);
    }
    Ok(n + sum::call(&ctx, n - 1).await?)
}

#[task(name = "work.calls_what_fails")]
pub(crate) async fn calls_what_fails(ctx: Context) -> anyhow::Result<()> {
    fails::call(&ctx, "recoverable".to_owned()).retries(0).await.map_err(|error| anyhow::Error::from(error).context("called"))?;
    Ok(())
}

/// Gives up a call of what never ends, after it has begun.
#[task(name = "work.gives_up")]
pub(crate) async fn gives_up(ctx: Context) -> anyhow::Result<i64> {
    let endless = Box::pin(waits::call(&ctx));
    let first = futures_util::future::select(endless, Box::pin(add::call(&ctx, 1, 2))).await;
    match first {
        futures_util::future::Either::Right((sum, _)) => Ok(sum?),
        futures_util::future::Either::Left(_) => anyhow::bail!("what never ends has ended"),
    }
}

#[task(name = "work.tells", secrets((group = "db", key = "password")))]
pub(crate) fn tells(ctx: Context) -> anyhow::Result<String> {
    ctx.log(tracing::Level::WARN, "a warning");
    ctx.progress(1, 2);
    let undeclared = ctx.secrets().get("db", "user").is_err();
    let password = ctx.secrets().get("db", "password")?;
    Ok(format!("{} {undeclared} {} {} {}", password.expose(), ctx.attempt(), ctx.task_id().name, ctx.raw_output_prefix()))
}

/// A file of its own making, which is stored where the one who asked for it finds it.
#[task(name = "work.writes")]
pub(crate) fn writes(ctx: Context, text: String) -> anyhow::Result<File> {
    let path = ctx.working_directory()?.join("text");
    std::fs::write(&path, text)?;
    Ok(File::from_path(path))
}

#[task(name = "work.words")]
pub(crate) fn words(text: File) -> anyhow::Result<i64> {
    Ok(text.blocking().read_to_string()?.split_whitespace().count().try_into()?)
}

/// A file in memory goes on to a task that is called, in a process of its own.
#[task(name = "work.words_elsewhere")]
pub(crate) async fn words_elsewhere(ctx: Context, text: File) -> anyhow::Result<i64> {
    let more = File::from_bytes("more", b"and one more".to_vec());
    Ok(words::call(&ctx, text).await? + words::call(&ctx, more).await?)
}

#[task(name = "work.fills")]
pub(crate) fn fills() -> anyhow::Result<()> {
    std::fs::write("/dev/full", "much")?;
    Ok(())
}

#[task(name = "work.logs")]
pub(crate) fn logs() {
    tracing::warn!("look");
}

#[task(name = "work.large")]
pub(crate) fn large(bytes: i64) -> String {
    "x".repeat(usize::try_from(bytes).unwrap())
}

#[task(name = "work.length")]
pub(crate) fn length(text: String) -> i64 {
    text.len().try_into().unwrap()
}

/// Waits until so many processes are there with it.
fn meet(folder: &str, others: usize) {
    std::fs::write(std::path::Path::new(folder).join(std::process::id().to_string()), "").unwrap();
    while std::fs::read_dir(folder).unwrap().count() < others {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// The process, once two of them are at work.
#[task(name = "work.one_of_two")]
pub(crate) fn one_of_two(folder: String) -> i64 {
    meet(&folder, 2);
    std::process::id().into()
}

/// Much text, once two of them are at work.
#[task(name = "work.large_one_of_two")]
pub(crate) fn large_one_of_two(folder: String, bytes: i64) -> String {
    meet(&folder, 2);
    large(bytes)
}

/// Is over as soon as one of two large answers is there, while the other one is on its way.
#[task(name = "work.takes_the_first")]
pub(crate) async fn takes_the_first(ctx: Context, folder: String, bytes: i64) -> anyhow::Result<i64> {
    let [one, other] = [(); 2].map(|()| Box::pin(large_one_of_two::call(&ctx, folder.clone(), bytes)));
    let (first, _) = futures_util::future::select(one, other).await.factor_first();
    Ok(first?.len().try_into()?)
}

/// Ends when it is asked to.
#[task(name = "work.waits_with")]
pub(crate) fn waits_with(ctx: Context, text: String) -> i64 {
    ctx.block_on(ctx.cancelled());
    text.len().try_into().unwrap()
}

/// Leaves a thread that talks on.
#[task(name = "work.talks_on")]
pub(crate) fn talks_on(ctx: Context) {
    std::thread::spawn(move || {
        for number in 0..1_000_000 {
            ctx.log(tracing::Level::INFO, "still here");
            if number % 100 == 0 {
                ctx.block_on(add::call(&ctx, 40, 2)).ok();
            }
        }
    });
}

/// Has a program in a session of its own, and is ended.
#[task(name = "work.leaves_a_session_and_waits")]
pub(crate) fn leaves_a_session_and_waits(ctx: Context) -> i64 {
    let left = Command::new("setsid").args(["sh", "-c", "trap '' TERM; while true; do sleep 100; done"]).spawn().unwrap().id();
    ctx.progress(left.into(), None);
    loop {
        std::thread::park();
    }
}

/// Writes the beginning of a message into the socket of its own worker.
#[task(name = "work.says_one_half")]
pub(crate) fn says_one_half() {
    let own = rustix::process::pidfd_open(rustix::process::getpid(), rustix::process::PidfdFlags::empty()).unwrap();
    let sockets = (3..256)
        .filter(|fd| std::fs::read_link(format!("/proc/self/fd/{fd}")).is_ok_and(|link| link.to_string_lossy().starts_with("socket:")));
    let sockets: Vec<_> = sockets.collect();
    let [socket] = sockets[..] else { panic!("{sockets:?}") };
    let socket = rustix::process::pidfd_getfd(own, socket, rustix::process::PidfdGetfdFlags::empty()).unwrap();
    // More than what follows: the worker's own answer, which is no more than some bytes long.
    std::os::unix::net::UnixStream::from(socket).write_all(&10_000_u32.to_le_bytes()).unwrap();
}
