//! The tasks, which run in containers.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "they do what no task should"
)]
// Each of the two programs that have them uses some.
#![allow(dead_code, reason = "the program of the workers only registers them")]

use std::fs;

use nebulakit::prelude::*;

#[task(name = "contained.add")]
pub(crate) fn add(a: i64, b: i64) -> i64 {
    a + b
}

#[task(name = "contained.elsewhere", image = "localhost/no-such-image:of-the-task")]
pub(crate) fn elsewhere() -> i64 {
    1
}

#[task(name = "contained.interfaces")]
pub(crate) fn interfaces() -> Vec<String> {
    listed("/sys/class/net")
}

fn listed(folder: &str) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What is in a folder, as the task sees it; nothing where there is none.
#[task(name = "contained.seen")]
pub(crate) fn seen(folder: String) -> Vec<String> {
    if fs::exists(&folder).unwrap() { listed(&folder) } else { Vec::new() }
}

#[task(name = "contained.letters")]
pub(crate) fn letters(texts: Vec<File>, folder: Directory) -> anyhow::Result<String> {
    let mut all = String::new();
    for text in texts {
        all += &text.blocking().read_to_string()?;
    }
    let mut names = Vec::new();
    for entry in folder.blocking().list()? {
        names.push(entry?.name);
    }
    names.sort();
    Ok(all + &names.join(","))
}

/// A file of the task's own, in memory and on its disk.
#[task(name = "contained.writes", outputs(own, stored))]
pub(crate) fn writes(text: String) -> anyhow::Result<(File, Directory)> {
    let folder = std::env::temp_dir().join("made");
    fs::create_dir(&folder)?;
    fs::write(folder.join("a"), &text)?;
    Ok((File::from_bytes("own.txt", text.into_bytes()), Directory::from_path(folder)))
}

/// Writes over its input, which is not its own.
#[task(name = "contained.spoils")]
pub(crate) fn spoils(text: File) -> anyhow::Result<()> {
    fs::write(text.uri().unwrap_or_default(), "spoiled")?;
    Ok(())
}

#[task(name = "contained.tells", env(GIVEN = "by the task"), secrets((group = "db", key = "password")))]
pub(crate) fn tells(ctx: Context) -> anyhow::Result<Vec<String>> {
    let mut names: Vec<_> = std::env::vars().map(|(name, _)| name).collect();
    names.sort();
    names.push(std::env::var("GIVEN")?);
    names.push(String::from_utf8(ctx.secrets().get_bytes("db", "", "password")?.expose().to_vec())?);
    Ok(names)
}

#[task(name = "contained.prints")]
pub(crate) fn prints() {
    println!("one");
    eprintln!("two");
    print!("three");
}

#[task(name = "contained.panics")]
pub(crate) fn panics() {
    panic!("as it happens")
}

#[task(name = "contained.fails")]
pub(crate) fn fails() -> anyhow::Result<()> {
    Err(anyhow::anyhow!("no luck")).code("MY:Code")
}

#[task(name = "contained.exits")]
pub(crate) fn exits() {
    eprintln!("leaving");
    std::process::exit(3)
}

#[task(name = "contained.aborts")]
pub(crate) fn aborts() {
    std::process::abort()
}

#[task(name = "contained.overflows")]
pub(crate) fn overflows() -> i64 {
    #[expect(unconditional_recursion, reason = "that is the point")]
    fn deeper(depth: &[u8; 1024]) -> i64 {
        let more = std::hint::black_box([depth[0]; 1024]);
        deeper(&more) + i64::from(more[0])
    }
    deeper(&[1; 1024])
}

/// Holds so many bytes, each of them written.
#[task(name = "contained.holds")]
pub(crate) fn holds(bytes: i64) -> i64 {
    let mut all = vec![0_u8; usize::try_from(bytes).unwrap()];
    all.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    i64::from(std::hint::black_box(all)[0])
}

/// Says that it is there, and ends when it is asked to.
#[task(name = "contained.waits")]
pub(crate) fn waits(ctx: Context) {
    ctx.progress(1, 2);
    ctx.block_on(ctx.cancelled());
    println!("stops");
}

/// Says that it is there, and does not end.
#[task(name = "contained.goes_on")]
pub(crate) fn goes_on(ctx: Context) -> i64 {
    ctx.progress(1, None);
    loop {
        std::thread::park();
    }
}

/// Has two others run, in containers of their own.
#[task(name = "contained.parent")]
pub(crate) async fn parent(ctx: Context) -> anyhow::Result<i64> {
    Ok(add::call(&ctx, add::call(&ctx, 1, 2).await?, 3).await?)
}
