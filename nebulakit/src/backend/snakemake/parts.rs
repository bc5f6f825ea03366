//! What a rule does: a node that holds others, a condition and a map are several rules each.

/// The id of what gives the outputs of the run, as on the platform.
pub(super) const END: &str = "end-node";

/// What a rule does for its node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// Runs the node.
    Run,
    /// Begins the workflow that the node runs: says what it is given.
    Begin,
    /// Ends it: says what it gives.
    End,
    /// Decides which arm a condition takes.
    Decide,
    /// Gives on what that arm gave.
    Join,
    /// Says how many elements a map has.
    Expand,
    /// Runs an element.
    Element,
    /// Makes lists of what the elements gave.
    Gather,
    /// Waits for an answer or for a time.
    Wait,
    /// Gives the outputs of the run.
    Finish,
    /// Runs when the workflow has failed.
    Handle,
}

impl Part {
    const ALL: [Self; 11] = [
        Self::Run,
        Self::Begin,
        Self::End,
        Self::Decide,
        Self::Join,
        Self::Expand,
        Self::Element,
        Self::Gather,
        Self::Wait,
        Self::Finish,
        Self::Handle,
    ];

    /// Its word on the command line.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Begin => "begin",
            Self::End => "end",
            Self::Decide => "decide",
            Self::Join => "join",
            Self::Expand => "expand",
            Self::Element => "element",
            Self::Gather => "gather",
            Self::Wait => "wait",
            Self::Finish => "finish",
            Self::Handle => "handle",
        }
    }

    /// The part with that word.
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.word() == word)
    }

    /// The file in the node's folder that says that it is done.
    pub(super) fn marker(self) -> &'static str {
        match self {
            Self::Begin => "begun",
            Self::Decide => "decided",
            Self::Expand => "elements",
            _ => "outputs",
        }
    }

    /// Whether it takes a moment and no core.
    pub(super) fn is_light(self) -> bool {
        !matches!(self, Self::Run | Self::Element)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found_by_its_word() {
        for part in Part::ALL {
            assert_eq!(Part::of(part.word()), Some(part));
        }
        assert_eq!(Part::of("runs"), None);
    }
}
