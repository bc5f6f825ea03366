//! The entry points of nebulakit's macros: tokens in, tokens out.
//!
//! Users meet them as re-exports of the `nebulakit` crate, where their documentation is. An expansion reaches the library through
//! `nebulakit::__private` and nothing else, and holds no logic of its own.

mod arguments;
mod crate_path;
mod definition;
mod derive;
mod digest;
mod doc;
mod errors;
mod options;
mod signature;
mod task;
mod type_span;
mod values;
mod verbs;
mod workflow;

/// Makes a function a task; documented at `nebulakit::task`.
#[proc_macro_attribute]
pub fn task(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    task::expand(options.into(), item.into()).into()
}

/// Makes a function of promises a workflow; documented at `nebulakit::workflow`.
#[proc_macro_attribute]
pub fn workflow(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    workflow::expand(verbs::Kind::Workflow, options.into(), item.into()).into()
}

/// Makes a function that calls one workflow a launch plan; documented at `nebulakit::launch_plan`.
#[proc_macro_attribute]
pub fn launch_plan(options: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    workflow::expand(verbs::Kind::LaunchPlan, options.into(), item.into()).into()
}

/// Writes `items` beside the type of a task's name; for expansions of `#[task]` alone.
///
/// They are written by a macro of their own so that a task inside of an `impl` block, where no type may stand, is one error.
#[proc_macro_attribute]
pub fn beside(items: proc_macro::TokenStream, mut ty: proc_macro::TokenStream) -> proc_macro::TokenStream {
    ty.extend(items);
    ty
}

/// Makes a struct or an enum a type that tasks take and return; documented at `nebulakit::NebulaType`.
#[proc_macro_derive(NebulaType, attributes(nebula, default))]
pub fn derive_nebula_type(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::expand_nebula_type(item.into()).into()
}

/// Makes the fields of a struct the outputs of a task; documented at `nebulakit::TaskOutputs`.
#[proc_macro_derive(TaskOutputs, attributes(nebula))]
pub fn derive_task_outputs(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::expand_task_outputs(item.into()).into()
}

/// Says of an error type what the platform should make of its variants; documented at `nebulakit::TaskFailure`.
#[proc_macro_derive(TaskFailure, attributes(failure))]
pub fn derive_task_failure(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::expand_task_failure(item.into()).into()
}

/// Makes the fields of a struct the columns of a table; documented at `nebulakit::schema::Row`.
#[proc_macro_derive(Row, attributes(nebula, default))]
pub fn derive_row(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::expand_row(item.into()).into()
}

#[cfg(test)]
mod expansions;
