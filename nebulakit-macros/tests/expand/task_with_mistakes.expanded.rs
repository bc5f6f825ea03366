//! Expansion of the file of the same name; written by the test `expansions`.

fn mistaken(text: &str) -> usize {
    text.len()
}
/// The task `mistaken`; the function of the same name stays an ordinary function.
#[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
struct mistaken {}
#[allow(dead_code)]
impl mistaken {
    #[doc(hidden)]
    pub const NAME: &'static str = "";
}
::core::compile_error! {
    "unknown option `retry` of a task; did you mean `retries`? the valid ones are `name`, `outputs`, `retries`, `timeout`, `cache`, `interruptible`, `requests`, `limits`, `requests_with`, `tokens`, `on_oom`, `accelerator`, `shared_memory`, `env`, `secrets`, `image`, `container`, `reference`, `strategy`, `pod_template`, `labels`, `annotations`, `deck`, `supervised`, `deprecated` and `crate`"
}
::core::compile_error! {
    "an input is owned: it comes from another machine, and there is nothing to borrow from; take `String`"
}
