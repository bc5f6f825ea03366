//! Attributes of `#[derive(TaskFailure)]` that say nothing, too much, or stand in the wrong place.

use nebulakit::TaskFailure;

#[derive(Debug, TaskFailure)]
enum Said {
    #[failure]
    Nothing,
    #[failure()]
    NothingInParentheses,
    #[failure = "recoverable"]
    ByAnEqualsSign,
    #[failure(code = "A", code = "B")]
    TwoCodes,
    #[failure(code = "A")]
    #[failure(code = "B")]
    TwoCodesInTwoPlaces,
    #[failure(recoverable, recoverable)]
    Twice,
    #[failure(code = 7)]
    CodeThatIsANumber,
    #[failure(recoverable = true)]
    WithAValue,
    #[failure(recoverable permanent)]
    WithoutAComma,
    #[failure(crate = nebulakit)]
    CrateOfAVariant,
}

#[derive(Debug, TaskFailure)]
enum OnAField {
    One(#[failure(recoverable)] std::io::Error),
}

#[derive(Debug, TaskFailure)]
#[failure(recoverable)]
struct AlsoOnAField {
    #[failure(permanent)]
    field: i64,
}

#[derive(TaskFailure)]
#[failure(recoverable)]
union Bits {
    whole: u64,
    half: u32,
}

fn main() {}
