#[task(retries = 3, retry = 4)]
fn mistaken(text: &str) -> usize {
    text.len()
}
