//! What an attempt asks for where that depends on its inputs, or on how often it was tried: `#[task(requests_with = ask)]`.

/// What is known of an attempt before it is submitted.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
/// use nebulakit::{Ask, Requests};
///
/// /// A gibibyte and three times the input; twice as much at each further attempt.
/// fn ask(ask: &Ask) -> Requests {
///     let memory = (1 << 30) + 3 * ask.input_bytes();
///     Requests::new().memory(memory << ask.attempt().min(4)).cores(2.0)
/// }
///
/// #[task(retries = 2, requests_with = ask)]
/// fn sort(table: File) -> anyhow::Result<File> {
///     Ok(table)
/// }
///
/// assert_eq!(ask(&Ask::new(1, 1 << 20)), Requests::new().memory((2 << 30) + (6 << 20)).cores(2.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    attempt: u32,
    input_bytes: u64,
}

impl Ask {
    /// That of an attempt, from 0, with so many bytes of inputs. Tests of a function that is asked make one.
    #[must_use]
    pub const fn new(attempt: u32, input_bytes: u64) -> Self {
        Self { attempt, input_bytes }
    }

    /// Which attempt it is, from 0.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How large its inputs are, in bytes: its values, and the files and folders that they name on this machine. What is elsewhere is not asked for its size.
    #[must_use]
    pub const fn input_bytes(&self) -> u64 {
        self.input_bytes
    }
}

/// What an attempt asks for. What is left open is as the options of the task say.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[must_use = "this is what an attempt gets, once the function that is asked returns it"]
pub struct Requests {
    pub(crate) cores: Option<f64>,
    pub(crate) memory: Option<u64>,
    pub(crate) gpus: Option<u32>,
}

impl Requests {
    /// Nothing.
    pub const fn new() -> Self {
        Self { cores: None, memory: None, gpus: None }
    }

    /// How many cores, in whole or in part. An engine rounds them up to what it hands out.
    pub const fn cores(self, cores: f64) -> Self {
        Self { cores: Some(cores), ..self }
    }

    /// How much memory, in bytes.
    pub const fn memory(self, bytes: u64) -> Self {
        Self { memory: Some(bytes), ..self }
    }

    /// How many GPUs.
    pub const fn gpus(self, gpus: u32) -> Self {
        Self { gpus: Some(gpus), ..self }
    }
}
