//! Calls that take their time, in tasks that are not async: the type says what to write.

use nebulakit::prelude::*;

#[task]
fn size(reads: File) -> anyhow::Result<u64> {
    Ok(std::fs::metadata(reads.path()?)?.len())
}

#[task]
fn copy(ctx: Context, text: String) -> anyhow::Result<Directory> {
    let out = Directory::create(&ctx)?;
    out.put("text.txt", text)?;
    Ok(out.finish())
}

fn main() {}
