//! The option `container`: a program in an image of its own, or the network of the container that a task runs in.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitStr, bracketed, token};

use crate::arguments::{checked, each, entries, equals, flag, group, string};
use crate::errors::{Errors, Noun, unknown};
use crate::values;

/// How it is written.
pub(super) const EXAMPLE: &str = r#"container(image = "ghcr.io/me/area:1", command = ["/bin/area", "{{.inputs.a}}"])"#;

/// What the platform would put in place of these, and a container task does not need.
const OF_THE_PLATFORM: &[&str] = &[
    "input",
    "inputprefix",
    "outputprefix",
    "rawoutputdataprefix",
    "perretryuniquekey",
    "tasktemplatepath",
    "checkpointoutputprefix",
    "prevcheckpointprefix",
    "namespace",
];

/// What `container(..)` says.
pub(crate) struct Container {
    /// Where the option stands.
    pub(crate) span: Span,
    image: Option<LitStr>,
    command: Option<Vec<LitStr>>,
    /// Whether the container has a network.
    pub(super) network: bool,
    input_path: Option<LitStr>,
    output_path: Option<LitStr>,
    format: TokenStream,
}

/// The format of the file with all inputs.
struct Format(TokenStream);

impl Parse for Format {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), "expected `json`, `yaml` or `proto`"))?;
        Ok(Self(match name.to_string().as_str() {
            "json" => quote!(__nk::DataFormat::Json),
            "yaml" => quote!(__nk::DataFormat::Yaml),
            "proto" => quote!(__nk::DataFormat::Proto),
            other => {
                return Err(syn::Error::new(name.span(), unknown(Noun("format", "a container task"), other, &["json", "yaml", "proto"])));
            }
        }))
    }
}

impl Container {
    /// Reads `(image = "..", command = ["..", ..], ...)`.
    pub(super) fn parse(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        const OPTIONS: &[&str] = &["image", "command", "network", "input_path", "output_path", "format"];
        let content = group(key, input, EXAMPLE)?;
        let mut container = Self {
            span: key.span(),
            image: None,
            command: None,
            network: false,
            input_path: None,
            output_path: None,
            format: quote!(__nk::DataFormat::Json),
        };
        let (mut given, mut files): (Vec<String>, Option<Ident>) = (Vec::new(), None);
        each(&content, Noun("option", "`container`"), OPTIONS, errors, |key, input, errors| {
            let name = key.to_string();
            given.push(name.clone());
            match name.as_str() {
                "image" => container.image = Some(checked(key, input, r#""ghcr.io/me/area:1""#, |text| values::solid(text, "the image"))?),
                "command" => container.command = Some(command(key, input, errors)?),
                "network" => container.network = flag(key, input)?.value,
                "format" => {
                    files = Some(key.clone());
                    equals(key, input, "json")?;
                    container.format = input.parse::<Format>()?.0;
                }
                _ => {
                    files = Some(key.clone());
                    let path = checked(key, input, r#""/var/inputs""#, values::container_path)?;
                    *(if name == "input_path" { &mut container.input_path } else { &mut container.output_path }) = Some(path);
                }
            }
            Ok(())
        });
        let is_given = |name: &str| given.iter().any(|given| given == name);
        match (is_given("image"), is_given("command")) {
            (true, false) => errors.push(syn::Error::new(
                key.span(),
                format!("a container task says what is run, since the image's entrypoint is not: `{EXAMPLE}`; the image of any other task is `image = \"..\"`"),
            )),
            (false, true) => errors.push(syn::Error::new(key.span(), format!("a container task needs an image: `{EXAMPLE}`"))),
            (false, false) => {
                if let Some(option) = files {
                    errors.at(&option, format!("`{option}` is for container tasks, which have an image and a command: `{EXAMPLE}`"));
                }
            }
            (true, true) => {}
        }
        container.check_paths(errors);
        Ok(container)
    }

    /// Whether the task is a program in an image; else its container is one that a strategy runs this binary in.
    pub(crate) fn is_program(&self) -> bool {
        self.image.is_some() || self.command.is_some()
    }

    fn check_paths(&self, errors: &mut Errors) {
        let of = |path: &Option<LitStr>, default: &str| path.as_ref().map_or_else(|| default.to_owned(), LitStr::value);
        let (inputs, outputs) = (of(&self.input_path, "/var/inputs"), of(&self.output_path, "/var/outputs"));
        let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if within(&inputs, &outputs) || within(&outputs, &inputs) {
            let message = format!("inputs and outputs are two folders, neither inside the other: these are `{inputs}` and `{outputs}`");
            match self.output_path.as_ref().or(self.input_path.as_ref()) {
                Some(path) => errors.at(path, message),
                None => errors.push(syn::Error::new(self.span, message)),
            }
        }
    }

    /// Checks the templates in the command, and gives the inputs that they name.
    pub(super) fn rendered(&self, inputs: &[String], errors: &mut Errors) -> Vec<String> {
        let mut rendered = Vec::new();
        for element in self.command.iter().flatten() {
            for template in templates(&element.value()) {
                match judge(&template, inputs) {
                    Ok(Some(name)) => rendered.push(name),
                    Ok(None) => {}
                    Err(message) => errors.at(element, message),
                }
            }
        }
        rendered
    }

    /// The static that describes the container.
    pub(crate) fn definition(&self) -> TokenStream {
        let Self { image, command, format, .. } = self;
        let command = command.iter().flatten();
        let path = |path: &Option<LitStr>, default: TokenStream| path.as_ref().map_or(default, |path| quote!(#path));
        let input_path = path(&self.input_path, quote!(__nk::ContainerSpec::INPUT_PATH));
        let output_path = path(&self.output_path, quote!(__nk::ContainerSpec::OUTPUT_PATH));
        quote! {
            static __nk_container: __nk::ContainerSpec = __nk::ContainerSpec {
                image: #image,
                command: &[#(#command),*],
                input_path: #input_path,
                output_path: #output_path,
                format: #format,
            };
        }
    }
}

/// Reads `= ["/bin/area", "--fast"]`.
fn command(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Vec<LitStr>> {
    const LIST: &str = r#"["/bin/area", "{{.inputs.a}}"]"#;
    equals(key, input, LIST)?;
    let wrong = |span| syn::Error::new(span, format!("expected the program and its arguments, each in quotes: `command = {LIST}`"));
    if !input.peek(token::Bracket) {
        return Err(wrong(input.span()));
    }
    let content;
    let bracket = bracketed!(content in input);
    let mut elements = Vec::new();
    entries(&content, errors, |input, _| {
        let text = string(input, &format!("a text in quotes: `command = {LIST}`"))?;
        if text.value().contains('\0') {
            return Err(syn::Error::new(text.span(), "a program takes no NUL in an argument"));
        }
        elements.push(text);
        Ok(())
    });
    match elements.first() {
        None => Err(wrong(bracket.span.join())),
        Some(program) if program.value().trim().is_empty() => Err(syn::Error::new(program.span(), "the name of the program is missing")),
        Some(_) => Ok(elements),
    }
}

/// What stands between `{{` and the next `}}`.
fn templates(text: &str) -> Vec<String> {
    let parts = text.split("{{").skip(1);
    parts.filter_map(|part| part.split_once("}}")).map(|(template, _)| template.to_owned()).collect()
}

/// The input that a template names; [`None`] for what the platform leaves as it is.
///
/// The platform reads templates as `{{.inputs.x}}`, with blanks around it, with `$` for the dot, and in letters of any case.
fn judge(template: &str, inputs: &[String]) -> Result<Option<String>, String> {
    let shown = format!("{{{{{template}}}}}");
    let inner = template.trim();
    let (dotted, word) = match inner.strip_prefix(['.', '$']) {
        Some(word) => (true, word),
        None => (false, inner),
    };
    let lower = word.to_ascii_lowercase();
    let name = word.get("inputs.".len()..).filter(|_| lower.starts_with("inputs."));
    match name {
        Some(name) if !dotted => Err(format!("`{shown}` lacks its dot; write `{{{{.inputs.{name}}}}}`")),
        Some(name) if inputs.iter().any(|input| input == name) => Ok(Some(name.to_owned())),
        Some(name) if inputs.is_empty() => Err(format!("`{shown}` names the input `{name}`, and the task has none")),
        Some(name) => {
            let valid: Vec<_> = inputs.iter().map(String::as_str).collect();
            Err(format!("`{shown}`: {}", unknown(Noun("input", "the task"), name, &valid)))
        }
        None if OF_THE_PLATFORM.contains(&lower.as_str()) => Err(format!(
            "`{shown}` is for programs that read Flyte's own files; a container task has its inputs and outputs as plain files, and `{{{{.inputs.x}}}}` for an input"
        )),
        None if dotted && !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.')) => {
            Err(format!("unknown template `{shown}`; the only one is `{{{{.inputs.x}}}}`, which stands for the input `x`"))
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read_as_the_platform_reads_them() {
        let inputs = ["a".to_owned(), "b".to_owned()];
        let named = |text: &str| -> Vec<_> { templates(text).iter().map(|template| judge(template, &inputs)).collect() };
        assert_eq!(named("--a={{ .Inputs.a }}{{$inputs.b}}"), [Ok(Some("a".to_owned())), Ok(Some("b".to_owned()))]);
        // What is not a template is left as it is: a program of awk, braces without an end.
        assert_eq!(named("{{print $1}} {{.inputs.a"), [Ok(None)]);
        assert!(named("{{.inputs.A}}")[0].as_ref().is_err_and(|message| message.contains("unknown input `A`")));
        assert!(named("{{inputs.a}}")[0].as_ref().is_err_and(|message| message.contains("`{{.inputs.a}}`")));
        assert!(named("{{.outputPrefix}}")[0].is_err());
        assert!(named("{{.Names}}")[0].as_ref().is_err_and(|message| message.contains("unknown template")));
    }
}
