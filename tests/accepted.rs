//! What the macros accept: each file under `ui/*/pass/` is a module here, and its `main` says what came of it.
//!
//! They deny warnings, which differ from compiler to compiler, so they belong to Rust 1.95 as `macros.rs` does.

macro_rules! accepted {
    ($($name:ident: $path:literal,)*) => {$(
        #[allow(
            dead_code,
            unreachable_pub,
            clippy::all,
            clippy::unwrap_used,
            reason = "they stand for whole programs of users, whose items others use, and are what rustc accepts"
        )]
        #[path = $path]
        mod $name;

        #[test]
        fn $name() {
            $name::main();
        }
    )*};
}

accepted! {
    defaults: "ui/task/pass/defaults.rs",
    options: "ui/task/pass/options.rs",
    signatures: "ui/task/pass/signatures.rs",
    enums_and_unions: "ui/derive/pass/enums_and_unions.rs",
    failures: "ui/derive/pass/failures.rs",
    outputs: "ui/derive/pass/outputs.rs",
    serde_names: "ui/derive/pass/serde_names.rs",
    structs: "ui/derive/pass/structs.rs",
    in_a_module: "ui/main/pass/in_a_module.rs",
    with_stores: "ui/main/pass/with_stores.rs",
    rows: "ui/row/pass/rows.rs",
    names_bound_again: "ui/workflow/pass/names_bound_again.rs",
    private_types: "ui/workflow/pass/private_types.rs",
}

/// A file that nobody names here would be accepted unseen.
#[test]
fn every_file_is_a_module_here() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    let listed = std::fs::read_to_string(root.join("accepted.rs")).expect("this file is there");
    for of in std::fs::read_dir(root.join("ui")).expect("the cases are there") {
        let Ok(files) = std::fs::read_dir(of.expect("a folder").path().join("pass")) else { continue };
        for file in files {
            let path = file.expect("a file").path();
            let path = path.strip_prefix(root).expect("below the package").display().to_string();
            assert!(listed.contains(&format!("\"{path}\"")), "{path} is not in accepted.rs");
            count += 1;
        }
    }
    assert!(count > 5, "{count} files");
}
