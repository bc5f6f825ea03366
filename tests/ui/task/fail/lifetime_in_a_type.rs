use std::borrow::Cow;

use nebulakit::task;

#[task]
fn shout(text: Cow<'_, str>) -> String {
    text.to_uppercase()
}

fn main() {}
