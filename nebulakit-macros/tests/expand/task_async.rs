#[task]
#[cfg(unix)]
async fn split(ctx: Context, corpus: Directory, #[default(8)] parts: i64, #[default("txt")] r#type: String) -> Result<Vec<File>, Oops> {
    ctx.split(corpus, parts, r#type).await
}
