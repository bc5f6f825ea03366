//! A task that is a program in an image of its own: what `#[task(container(..))]` says.
//!
//! Its inputs and outputs travel as files, laid out as Flyte's copilot lays them out.

/// A container task's image and command, and where its inputs and outputs are files.
#[derive(Debug, Clone)]
pub struct ContainerSpec {
    /// The image.
    pub image: &'static str,
    /// The program and its arguments, which take the place of the image's entrypoint. `{{.inputs.x}}` in one of them stands for the input `x`.
    pub command: &'static [&'static str],
    /// The folder, in the container, with one file for each input.
    pub input_path: &'static str,
    /// The folder, in the container, where the program leaves one file for each output.
    pub output_path: &'static str,
    /// How all inputs are written into one file, besides.
    pub format: DataFormat,
}

impl ContainerSpec {
    /// Where inputs are, unless the task says otherwise.
    pub const INPUT_PATH: &'static str = "/var/inputs";
    /// Where outputs are, unless the task says otherwise.
    pub const OUTPUT_PATH: &'static str = "/var/outputs";
}

/// How all inputs of a container task are written into one file of its input folder. `inputs.pb` is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DataFormat {
    /// `inputs.json`.
    #[default]
    Json,
    /// `inputs.yaml`.
    Yaml,
    /// None but `inputs.pb`.
    Proto,
}
