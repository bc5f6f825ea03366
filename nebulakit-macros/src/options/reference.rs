//! The option `reference`: where a task or a launch plan is registered whose code is elsewhere.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::ParseStream;
use syn::{Ident, LitStr};

use crate::arguments::{checked, each, group};
use crate::errors::{Errors, Noun};
use crate::values;

const EXAMPLE: &str = r#"reference(project = "ml", domain = "production", name = "ml.classify", version = "1")"#;

/// The parts of a reference, all of which are needed.
const PARTS: [&str; 4] = ["project", "domain", "name", "version"];

/// What `reference(..)` says.
pub(crate) struct Reference {
    parts: [LitStr; 4],
}

impl Reference {
    /// Reads `(project = "..", domain = "..", name = "..", version = "..")`.
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Self> {
        let content = group(key, input, EXAMPLE)?;
        let mut parts = [const { None }; 4];
        let mut given = [false; 4];
        each(&content, Noun("option", "`reference`"), &PARTS, errors, |part, input, _| {
            let Some(index) = PARTS.iter().position(|known| part == known) else { return Ok(()) };
            given[index] = true;
            let what = format!("the {part} of what is registered elsewhere");
            parts[index] = Some(checked(part, input, "\"..\"", |text| values::solid(text, &what))?);
            Ok(())
        });
        if let Some(missing) = given.iter().position(|given| !given) {
            return Err(syn::Error::new(key.span(), format!("the reference has no {}; write `{EXAMPLE}`", PARTS[missing])));
        }
        match parts {
            [Some(project), Some(domain), Some(name), Some(version)] => Ok(Self { parts: [project, domain, name, version] }),
            // What is wrong with them is told already.
            _ => Ok(Self { parts: PARTS.map(|part| LitStr::new(part, key.span())) }),
        }
    }

    /// The static that holds it.
    pub(crate) fn definition(&self) -> TokenStream {
        let [project, domain, name, version] = &self.parts;
        quote! {
            static __nk_reference: __nk::ReferenceSpec =
                __nk::ReferenceSpec { project: #project, domain: #domain, name: #name, version: #version };
        }
    }
}
