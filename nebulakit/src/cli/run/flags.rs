//! Inputs as flags, made from the signature of what is run.

use clap::builder::PossibleValuesParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use nebulakit_types::LiteralType;
use nebulakit_types::literal_type::{SimpleType, TypeKind};
use nebulakit_types::visible;

use crate::cli::run::options::{INPUTS_FILE, RESUME};
use crate::cli::run::subject::Subject;
use crate::cli::setting::Setting;
use crate::cli::signature::default;
use crate::cli::types;
use crate::task::param::AnyParam;

/// The heading of the inputs.
const INPUTS: &str = "Inputs";

/// What stands for a value of an enum; help lists the values behind it.
const ENUM: &str = "enum";

/// The command that runs `subject`, without the words before its flags.
pub(in crate::cli) fn command(subject: &Subject, setting: &Setting<'_>) -> Command {
    let name = subject.short;
    let about = if subject.doc.trim().is_empty() { subject.name } else { subject.doc.trim() };
    let mut command = Command::new(name)
        .about(visible::lines(about).into_owned())
        .bin_name(format!("{} run {name}", setting.binary))
        .no_binary_name(true)
        .disable_help_flag(true)
        .after_help(behind(subject, setting));
    let mut usage = format!("{} run {name}", setting.binary);
    let options: Vec<_> = subject.options.iter().filter_map(Arg::get_long).collect();
    for flag in Flag::all(subject) {
        if !flag.param.is_optional() {
            usage.push_str(&format!(" {}", flag.shown(setting)));
        }
        command = command.arg(flag.arg(&options, subject.is_given, setting)).args(flag.opposite());
    }
    command.args(&subject.options).override_usage(format!("{usage} [OPTIONS]"))
}

/// An input that the command line gives, as it was written.
pub(super) struct Given<'a> {
    pub(super) param: &'static dyn AnyParam,
    /// The flag, with its dashes.
    pub(super) flag: String,
    /// Its values; several only of a list.
    pub(super) texts: Vec<&'a str>,
}

/// The inputs that the command line gives.
pub(super) fn given<'a>(subject: &Subject, matches: &'a ArgMatches) -> Vec<Given<'a>> {
    let flags = Flag::all(subject).into_iter().filter_map(|flag| {
        let is_opposite = flag.opposite().is_some() && matches.value_source(&flag.opposite_id()) == Some(ValueSource::CommandLine);
        let texts: Vec<_> = match matches.get_many::<String>(&flag.id()) {
            _ if is_opposite => vec!["false"],
            texts => texts.into_iter().flatten().map(String::as_str).collect(),
        };
        let named = format!("--{}", if is_opposite { &flag.opposites[0] } else { &flag.spellings[0] });
        (!texts.is_empty()).then_some(Given { param: flag.param, flag: named, texts })
    });
    flags.collect()
}

/// One input's flag.
struct Flag {
    param: &'static dyn AnyParam,
    /// The flag's spellings: as the input is written, and with dashes.
    spellings: Vec<String>,
    /// The spellings of the flag that says no; only of booleans.
    opposites: Vec<String>,
}

impl Flag {
    fn all(subject: &Subject) -> Vec<Self> {
        // An input of such a name has the flag `--input_NAME`.
        let reserved: Vec<_> =
            subject.options.iter().filter_map(Arg::get_long).flat_map(|name| [name.to_owned(), name.replace('-', "_")]).collect();
        let is_reserved = |name: &str| reserved.iter().any(|reserved| reserved == name);
        let mut taken = reserved.clone();
        taken.extend(subject.params.iter().map(|param| param.name().to_owned()));
        let mut free = |spelling: String| {
            let is_free = !taken.contains(&spelling) && !spelling.starts_with('-');
            if is_free {
                taken.push(spelling.clone());
            }
            is_free.then_some(spelling)
        };
        let flags = subject.params.iter().map(|param| {
            let mut name = param.name().to_owned();
            if is_reserved(param.name()) {
                name.insert_str(0, "input_");
                while free(name.clone()).is_none() {
                    name.insert_str(0, "input_");
                }
            }
            let literal_type = param.literal_type(&nebulakit_types::Dialect::FLYTE_1);
            let dashed = name.replace('_', "-");
            let opposites = if is_boolean(&literal_type) { vec![format!("no-{dashed}"), format!("no_{name}")] } else { Vec::new() };
            let opposites = opposites.into_iter().filter_map(&mut free).collect();
            let spellings = [name].into_iter().chain(free(dashed)).collect();
            Self { param: *param, spellings, opposites }
        });
        flags.collect()
    }

    fn id(&self) -> String {
        format!("input {}", self.param.name())
    }

    fn opposite_id(&self) -> String {
        format!("no {}", self.param.name())
    }

    /// The flag, for a command that has these `options` besides; it need not be there if `is_given` says that it is known.
    fn arg(&self, options: &[&str], is_given: bool, setting: &Setting<'_>) -> Arg {
        let literal_type = self.param.literal_type(setting.dialect());
        let mut help = self.param.doc().split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(default) = default(self.param, setting.dialect()) {
            let gap = if help.is_empty() { "" } else { " " };
            help.push_str(&format!("{gap}[default: {default}]"));
        }
        let mut arg = Arg::new(self.id())
            .long(self.spellings[0].clone())
            .aliases(self.spellings[1..].iter().cloned())
            .help_heading(INPUTS)
            .help(visible::line(&help).into_owned())
            .allow_negative_numbers(has(&literal_type, &[SimpleType::Integer, SimpleType::Float]))
            .allow_hyphen_values(has(&literal_type, &[SimpleType::Duration]));
        if !self.param.is_optional() && !is_given {
            let instead = [INPUTS_FILE, RESUME].map(str::to_owned).into_iter().filter(|option| options.contains(&option.as_str()));
            arg = arg.required_unless_present_any(instead.chain(self.opposite().map(|_| self.opposite_id())));
        }
        match &literal_type.kind {
            TypeKind::Enum(values) => arg.value_name(ENUM).value_parser(PossibleValuesParser::new(values.clone())),
            _ if is_boolean(&literal_type) => {
                let none = matches!(literal_type.kind, TypeKind::Union(_)).then_some("null");
                let values = ["true", "false"].into_iter().chain(none);
                arg.value_name(literal_type.to_string())
                    .num_args(0..=1)
                    .default_missing_value("true")
                    .value_parser(PossibleValuesParser::new(values))
                    .hide_possible_values(true)
            }
            _ if is_list(&literal_type) => arg.value_name(literal_type.to_string()).action(ArgAction::Append),
            _ => arg.value_name(literal_type.to_string()),
        }
    }

    /// The flag in a line of usage.
    fn shown(&self, setting: &Setting<'_>) -> String {
        let literal_type = self.param.literal_type(setting.dialect());
        let name = &self.spellings[0];
        match &literal_type.kind {
            TypeKind::Enum(_) => format!("--{name} <{ENUM}>"),
            _ if is_boolean(&literal_type) => format!("--{name} [<{literal_type}>]"),
            _ => format!("--{name} <{literal_type}>"),
        }
    }

    /// The flag that says no.
    fn opposite(&self) -> Option<Arg> {
        let (first, others) = self.opposites.split_first()?;
        let arg = Arg::new(self.opposite_id()).long(first.clone()).aliases(others.iter().cloned()).action(ArgAction::SetTrue);
        Some(arg.conflicts_with(self.id()).help_heading(INPUTS).help(format!("the opposite of `--{}`", self.spellings[0])))
    }
}

/// Whether a value is yes or no, or perhaps none.
fn is_boolean(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Simple(simple) => *simple == SimpleType::Boolean,
        TypeKind::Union(variants) => {
            let mut others = variants.iter().filter(|variant| variant.kind != TypeKind::Simple(SimpleType::None));
            others.next().is_some_and(is_boolean) && others.next().is_none()
        }
        _ => false,
    }
}

/// Whether a value is a list, or perhaps something else.
fn is_list(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Collection(_) => true,
        TypeKind::Union(variants) => variants.iter().any(is_list),
        _ => false,
    }
}

/// Whether a value may be one of these plain types, or a list of them.
fn has(literal_type: &LiteralType, types: &[SimpleType]) -> bool {
    match &literal_type.kind {
        TypeKind::Simple(simple) => types.contains(simple),
        TypeKind::Collection(element) => has(element, types),
        TypeKind::Union(variants) => variants.iter().any(|variant| has(variant, types)),
        _ => false,
    }
}

/// What stands behind the flags: the types that they name, and how values are written.
fn behind(subject: &Subject, setting: &Setting<'_>) -> String {
    let types = types::of_inputs(subject.params, setting.dialect());
    let types = if types.is_empty() { types } else { format!("Types:\n{types}") };
    let syntax = syntax(subject, setting);
    let gap = if types.is_empty() || syntax.is_empty() { "" } else { "\n" };
    format!("{types}{gap}{syntax}")
}

/// How values are written, for the types of its inputs that need telling.
fn syntax(subject: &Subject, setting: &Setting<'_>) -> String {
    let types: Vec<_> = subject.params.iter().map(|param| param.literal_type(setting.dialect())).collect();
    let any = |is: &dyn Fn(&LiteralType) -> bool| types.iter().any(|literal_type| within(literal_type, is));
    let simple = |simple| any(&move |literal_type: &LiteralType| literal_type.kind == TypeKind::Simple(simple));
    let document = |literal_type: &LiteralType| matches!(literal_type.kind, TypeKind::Map(_) | TypeKind::Simple(SimpleType::Struct));
    let list = |literal_type: &LiteralType| matches!(literal_type.kind, TypeKind::Collection(_));
    let place = |literal_type: &LiteralType| match &literal_type.kind {
        TypeKind::Collection(element) => matches!(element.kind, TypeKind::Blob(_)),
        kind => matches!(kind, TypeKind::Blob(_)),
    };
    let table = |literal_type: &LiteralType| match &literal_type.kind {
        TypeKind::Collection(element) => matches!(element.kind, TypeKind::Schema(_) | TypeKind::StructuredDataset(_)),
        kind => matches!(kind, TypeKind::Schema(_) | TypeKind::StructuredDataset(_)),
    };
    let is_text = |literal_type: &LiteralType| literal_type.kind == TypeKind::Simple(SimpleType::String);
    let optional_text = types.iter().any(|literal_type| match &literal_type.kind {
        TypeKind::Union(variants) => {
            variants.iter().any(is_text) && within(literal_type, &|kind| kind.kind == TypeKind::Simple(SimpleType::None))
        }
        _ => false,
    });
    let none = if optional_text { "`null`; the text is `'\"null\"'`" } else { "`null`" };
    let lines = [
        (simple(SimpleType::Datetime), "datetime", "`2024-02-29T12:30:00Z`, `2024-02-29` (in UTC), `now`, `today`, `now - 1h`"),
        (simple(SimpleType::Duration), "timedelta", "`1h30m`, `2 days`, `PT90S`, or seconds"),
        (simple(SimpleType::Binary), "binary", "base64"),
        (simple(SimpleType::None), "none", none),
        (any(&place), "file, directory", "a path or a URL; `-` is standard input"),
        (any(&table), "dataset, schema", "the path or URL of Parquet, CSV or Arrow IPC; `-` is standard input"),
        (any(&document), "dict, struct", "JSON, `@FILE`, or the path of a .json, .yaml or .yml file; `-` is standard input"),
        (any(&list), "list", "repeat the flag for each element, or give all of them as JSON or `@FILE`"),
    ];
    let lines: Vec<_> = lines.into_iter().filter(|(is_there, ..)| *is_there).collect();
    let width = lines.iter().map(|(_, name, _)| name.len()).max().unwrap_or_default();
    let lines: Vec<_> = lines.iter().map(|(_, name, text)| format!("  {name:width$}  {text}")).collect();
    if lines.is_empty() { String::new() } else { format!("Values:\n{}", lines.join("\n")) }
}

/// Whether the type, or a variant of it, is so.
fn within(literal_type: &LiteralType, is: &dyn Fn(&LiteralType) -> bool) -> bool {
    match &literal_type.kind {
        TypeKind::Union(variants) => variants.iter().any(|variant| within(variant, is)),
        _ => is(literal_type),
    }
}
