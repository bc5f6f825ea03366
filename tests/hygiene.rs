//! Expansions work where the standard names mean something else, where there is no prelude, and where the library has another name.
#![allow(dead_code, unused_macros, non_camel_case_types, reason = "it is enough that these compile and register")]

/// The library under another path, as a crate that re-exports it has it.
mod renamed {
    pub(crate) use ::nebulakit as library;
}

#[no_implicit_prelude]
mod without_a_prelude {
    #[::nebulakit::task(retries = 1, cache(version = "1"), env(A = "b"), secrets((group = "g", key = "k")), outputs(sum))]
    pub(crate) fn add(a: i64, #[default(2)] b: i64, #[default("x")] label: ::std::string::String) -> ::anyhow::Result<i64> {
        let _ = label;
        ::std::result::Result::Ok(a + b)
    }

    #[::nebulakit::task]
    pub(crate) async fn wait(context: ::nebulakit::Context) {
        let _ = context;
    }

    #[derive(::nebulakit::NebulaType)]
    pub(crate) struct Point {
        x: f64,
        #[nebula(default)]
        y: f64,
        #[default("origin")]
        name: ::std::string::String,
        #[nebula(skip)]
        cached: ::std::option::Option<i64>,
    }

    #[derive(::nebulakit::NebulaType)]
    pub(crate) struct Pair<T> {
        left: T,
        right: ::std::vec::Vec<T>,
    }

    #[derive(::nebulakit::NebulaType)]
    pub(crate) enum Color {
        Red,
        Green,
    }

    #[derive(::nebulakit::NebulaType)]
    pub(crate) enum Input {
        Number(i64),
        Text(::std::string::String),
    }

    #[derive(::nebulakit::NebulaType)]
    pub(crate) enum Mixed<T> {
        None,
        Some { value: T, packer: ::std::option::Option<i64> },
        Ok(i64),
    }

    #[derive(::nebulakit::TaskOutputs)]
    pub(crate) struct Division {
        quotient: i64,
        remainder: i64,
    }
}

/// Every name of the prelude that an expansion could reach by mistake means something else here.
mod shadowed {
    use ::nebulakit::{NebulaType as Travels, TaskFailure as Fails, TaskOutputs as Several, task as job};

    struct Option;
    struct Result;
    struct Vec;
    struct String;
    struct Box;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Duration;
    trait Into {}
    trait Default {}
    trait Iterator {}
    trait NebulaType {}
    trait TaskOutputs {}
    struct str;
    struct bool;
    struct usize;
    struct u8;
    struct From;
    struct Context;
    struct i32;
    struct u32;
    struct u64;
    struct char;
    struct Fn;
    struct Send;
    struct Sync;
    struct Sized;
    struct Copy;
    struct Drop;
    struct Future;
    struct IntoIterator;
    struct Task;
    struct TaskError;
    struct Invocation;
    struct Call;
    mod std {}
    mod core {}
    mod alloc {}
    mod anyhow {}
    mod inventory {}
    mod nebulakit {}
    mod nebulakit_types {}

    /// Each means nothing here.
    macro_rules! macros {
        ($($name:ident)*) => {
            $(
                macro_rules! $name {
                    () => {};
                }
            )*
        };
    }
    macros!(concat vec format stringify module_path file line panic assert write matches unreachable compile_error env);

    #[job(timeout = "1m", requests(cpu = "1"), labels("a" = "b"))]
    fn add(a: i64, #[default(2)] b: i64) -> i64 {
        a + b
    }

    #[derive(Travels)]
    struct Point {
        x: f64,
        #[nebula(default)]
        y: f64,
        #[nebula(skip)]
        cached: i64,
    }

    #[derive(Travels)]
    enum Color {
        Red,
        Green,
    }

    #[derive(Travels)]
    enum Input {
        Number(i64),
        Share(f64),
    }

    #[derive(Travels)]
    enum Mixed {
        None,
        Some { value: i64 },
        Option(f64),
        __Units,
    }

    /// Variants and parameters have names of what expansions speak of.
    #[derive(Travels)]
    enum Named {
        Outputs,
        Output,
        Error,
        Item,
    }

    #[derive(Travels)]
    struct Generic<Dialect, Encoder> {
        dialect: Dialect,
        encoder: Encoder,
    }

    #[derive(Fails)]
    #[failure(code = "A")]
    enum Failed {
        #[failure(recoverable)]
        Error,
        Ok,
    }

    impl ::std::fmt::Debug for Failed {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str("failed")
        }
    }

    impl ::std::fmt::Display for Failed {
        fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
            f.write_str("failed")
        }
    }

    impl ::std::error::Error for Failed {}

    #[derive(Several)]
    struct Division {
        quotient: i64,
        remainder: i64,
    }

    #[job]
    fn divide(a: i64, b: i64) -> Division {
        Division { quotient: a / b, remainder: a % b }
    }

    #[job]
    async fn later(_: ::nebulakit::Context, #[default(Named::Item)] of: Named) -> ::std::result::Result<(), Failed> {
        match of {
            Named::Error => ::std::result::Result::Err(Failed::Error),
            _ => ::std::result::Result::Ok(()),
        }
    }
}

/// A macro of the user's own can write tasks, and name the library through its own crate.
mod under_another_name {
    use super::renamed::library::{NebulaType, TaskOutputs, task};

    #[derive(NebulaType)]
    #[nebula(crate = super::renamed::library)]
    pub(crate) struct Point {
        pub(crate) x: f64,
    }

    #[derive(TaskOutputs)]
    #[nebula(crate = crate::renamed::library)]
    pub(crate) struct Division {
        quotient: i64,
        remainder: i64,
    }

    #[task(crate = crate::renamed::library)]
    pub(crate) fn shift(point: Point, #[default(1.0)] by: f64) -> Point {
        Point { x: point.x + by }
    }

    macro_rules! constant_task {
        ($name:ident, $value:literal) => {
            #[nebulakit::task(crate = nebulakit, retries = 2)]
            fn $name(#[default($value)] value: i64) -> i64 {
                value
            }
        };
    }

    constant_task!(three, 3);

    macro_rules! typed_task {
        ($name:ident($context:ty, $input:ty) -> $output:ty) => {
            #[nebulakit::task(crate = nebulakit)]
            fn $name(context: $context, first: $input, #[default(Vec::new())] rest: Vec<$input>) -> $output {
                let _ = (context, rest);
                first
            }
        };
    }

    typed_task!(typed(nebulakit::Context, i64) -> i64);
}

/// Names of the user's own that are those of the parts of an expansion.
mod same_names {
    use nebulakit::{Context, task};

    #[task]
    fn inputs(inputs: i64, context: i64, call: Context, options: bool) -> i64 {
        let _ = (call, options);
        inputs + context
    }

    #[task]
    pub(crate) fn r#match(r#type: i64, mut r#loop: i64) -> i64 {
        r#loop += r#type;
        r#loop
    }

    #[task]
    fn value(_: Context) -> i64 {
        1
    }
}

/// Constants, statics and unit structs turn a binding of their name into a pattern, which is something else.
mod names_that_are_patterns {
    use nebulakit::{NebulaType, TaskFailure, TaskOutputs, task};

    macro_rules! constants {
        ($($name:ident),*) => {
            $(
                #[allow(non_upper_case_globals)]
                pub(crate) const $name: i128 = 7;
            )*
        };
    }
    constants!(inputs, ctx, f, value, values, key, packer, unpacker, dialect, encoder, literal, writer, reader, error, call, task);

    macro_rules! statics {
        ($($name:ident),*) => {
            $(
                #[allow(non_upper_case_globals)]
                pub(crate) static $name: i128 = 7;
            )*
        };
    }
    statics!(rows, row, arrays, columns, shapes, index, start, which, unit, context, returned, outputs, invocation, future, marks);

    #[derive(NebulaType)]
    struct Point {
        x: f64,
        #[nebula(skip)]
        y: f64,
    }

    #[derive(NebulaType)]
    enum Mixed<T> {
        Nothing,
        Some { of: T },
        Number(i64),
    }

    #[derive(NebulaType)]
    enum Color {
        Red,
        Green,
    }

    #[derive(TaskOutputs)]
    struct Division {
        quotient: i64,
        remainder: i64,
    }

    #[cfg(feature = "schema")]
    #[derive(nebulakit::schema::Row)]
    struct Reading {
        sensor: i64,
        share: Option<f64>,
    }

    #[derive(Debug, TaskFailure)]
    #[failure(recoverable)]
    enum Failed {
        Now,
    }

    impl std::fmt::Display for Failed {
        fn fmt(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            form.write_str("failed")
        }
    }

    impl std::error::Error for Failed {}

    #[task]
    fn divide(_: nebulakit::Context, a: i64, #[default(value as i64)] b: i64) -> Result<Division, Failed> {
        if b == 0 { Err(Failed::Now) } else { Ok(Division { quotient: a / b, remainder: a % b }) }
    }
}

/// A trait of the user's whose methods take what they are called on by value comes before methods of the library that borrow it.
mod methods_for_everything {
    use nebulakit::{NebulaType, TaskFailure, TaskOutputs, task};

    pub(crate) struct Wrong;

    macro_rules! methods {
        ($($name:ident),*) => {
            #[allow(clippy::new_ret_no_self, clippy::wrong_self_convention, reason = "the names are those of the library's own")]
            pub(crate) trait Methods: Sized {
                $(fn $name(self) -> Wrong {
                    Wrong
                })*
            }

            impl<T> Methods for T {}
        };
    }
    methods!(
        encode,
        decode,
        pack,
        unpack,
        put,
        take,
        finish,
        map,
        msgpack,
        len,
        choice,
        called,
        has_none,
        tag,
        literal_type,
        literal_types,
        shapes,
        column,
        collect,
        read,
        push,
        next,
        into,
        from,
        default,
        doc,
        required,
        blocking,
        future,
        new,
        write,
        marks,
        call,
        with,
        give,
        def,
        name,
        index,
        at,
        variants,
        into_value,
        into_outputs,
        outputs,
        absent,
        data,
        output_names,
        retries,
        group,
        field,
        unwrap_or,
        map_err
    );

    #[derive(NebulaType)]
    struct Point {
        x: f64,
        /// Told.
        #[default("origin")]
        name: String,
        #[nebula(required)]
        y: Option<f64>,
    }

    #[derive(NebulaType)]
    enum Mixed<T> {
        Nothing,
        Some { of: T },
        Number(i64),
    }

    #[derive(NebulaType)]
    enum Plain {
        Text(String),
        Number(i64),
    }

    #[derive(NebulaType)]
    enum Color {
        Red,
        Green,
    }

    #[derive(TaskOutputs)]
    struct Division {
        quotient: i64,
        remainder: i64,
    }

    #[cfg(feature = "schema")]
    #[derive(nebulakit::schema::Row)]
    struct Reading {
        sensor: i64,
        share: Option<f64>,
    }

    #[derive(Debug, TaskFailure)]
    #[failure(recoverable)]
    enum Failed {
        Now,
    }

    impl std::fmt::Display for Failed {
        fn fmt(&self, form: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            form.write_str("failed")
        }
    }

    impl std::error::Error for Failed {}

    #[task]
    fn divide(_: nebulakit::Context, a: i64, #[default(7)] b: i64, point: Point) -> Result<Division, Failed> {
        if b == 0 || point.x.is_nan() { Err(Failed::Now) } else { Ok(Division { quotient: a / b, remainder: a % b }) }
    }

    #[task]
    async fn echo(a: Mixed<i64>, b: Plain) -> (Mixed<i64>, Plain) {
        (a, b)
    }
}

/// The crate that denies most is in this test's binary, with its tasks.
use nebulakit_tests_strict as _;

#[test]
fn a_task_can_be_defined_inside_a_function() {
    #[nebulakit::task]
    fn inner(a: i64) -> i64 {
        a
    }

    assert_eq!(inner(1), 1);
    assert_eq!(inner::NAME, "hygiene.inner");
}

#[test]
fn raw_identifiers_travel_without_their_mark() {
    assert_eq!(same_names::r#match::NAME, "hygiene.same_names.match");
}
