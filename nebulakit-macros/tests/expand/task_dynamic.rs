#[task(strategy = process)]
async fn fan_out(xs: Vec<i64>) -> anyhow::Result<Promise<i64>> {
    Ok(sum::node(xs))
}
