//! A thousand tasks: what packaging and registering them takes. `benches/python/thousand.py` has as many for flytekit.

/// Ten modules of the same content.
macro_rules! modules {
    (@ [$($name:ident)*] $content:tt) => {$(
        modules!(@@ $name $content);
    )*};
    (@@ $name:ident { $($content:tt)* }) => {
        mod $name { $($content)* }
    };
    ($($content:tt)*) => {
        modules!(@ [m0 m1 m2 m3 m4 m5 m6 m7 m8 m9] { $($content)* });
    };
}

macro_rules! tasks {
    ($($name:ident)*) => {$(
        /// Joins a text and a number.
        #[task(retries = 1, timeout = "5m")]
        fn $name(text: String, number: i64) -> String {
            format!("{text}{number}")
        }
    )*};
}

modules! {
    modules! {
        use nebulakit::prelude::*;

        tasks!(t0 t1 t2 t3 t4 t5 t6 t7 t8 t9);
    }
}

nebulakit::main!();
