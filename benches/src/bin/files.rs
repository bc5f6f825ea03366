//! Many files through a chain of tasks: what a container costs that moves data.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use nebulakit::prelude::*;

/// How many files are on their way at a time.
const AT_A_TIME: usize = 16;

async fn store(ctx: &Context, index: usize, bytes: bytes::Bytes) -> anyhow::Result<File> {
    let mut writer = File::create(ctx, &format!("{index}.bin"))?;
    writer.write(bytes).await?;
    Ok(writer.finish().await?)
}

/// Makes `count` files of 1 MiB.
#[task]
async fn make(ctx: Context, count: usize) -> anyhow::Result<Vec<File>> {
    let bytes = bytes::Bytes::from(vec![b'x'; 1 << 20]);
    stream::iter(0..count).map(|index| store(&ctx, index, bytes.clone())).buffered(AT_A_TIME).try_collect().await
}

/// Reads the files and writes them again.
#[task]
async fn again(ctx: Context, files: Vec<File>) -> anyhow::Result<Vec<File>> {
    let copy = async |(index, file): (usize, File)| store(&ctx, index, file.read_bytes().await?).await;
    stream::iter(files.into_iter().enumerate()).map(copy).buffered(AT_A_TIME).try_collect().await
}

/// How many bytes the files hold together.
#[task]
async fn total(files: Vec<File>) -> anyhow::Result<usize> {
    let lengths = stream::iter(files).map(async |file| anyhow::Ok(file.read_bytes().await?.len())).buffered(AT_A_TIME);
    lengths.try_fold(0, async |total, length| Ok(total + length)).await
}

nebulakit::main!();
