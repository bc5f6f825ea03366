"""Planted circles of every kind are found, and what only looks like one is not. `.ci/arrows` runs these first."""

import pathlib
import tempfile
import textwrap
import unittest

import circles


class Planted(unittest.TestCase):
    def problems(self, files):
        return self.told(files)[0]

    def told(self, files):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "src")
            for name, text in files.items():
                path = source / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(textwrap.dedent(text))
            problems, remarks = circles.check([("planted", source)])
            return [line.replace(f"{source}/", "") for line in problems], [line.replace(f"{source}/", "") for line in remarks]

    def assert_circle(self, files, *arrows):
        problems = self.problems(files)
        self.assertTrue(problems, "no circle was found")
        for arrow in arrows:
            self.assertTrue(any(arrow in line for line in problems), f"`{arrow}` is not among {problems}")

    def assert_none(self, files):
        self.assertEqual(self.problems(files), [])

    def test_direct_use(self):
        self.assert_circle(
            {"lib.rs": "mod a; mod b;", "a.rs": "pub struct A; fn f() { crate::b::g() }", "b.rs": "use crate::a::A; pub fn g() {}"},
            "a.rs -> b.rs: g",
            "b.rs -> a.rs: A",
        )

    def test_use_through_a_re_export(self):
        files = {
            "lib.rs": "pub mod room;",
            "room/mod.rs": "mod def; mod user; pub use def::Def;",
            "room/def.rs": "use super::user::help; pub struct Def; impl Def { fn f() { help() } }",
            "room/user.rs": "pub fn help() {} fn g(_: &crate::room::Def) {}",
        }
        self.assert_circle(files, "room/def.rs -> room/user.rs: help", "room/user.rs -> room/def.rs: Def")

    def test_use_through_a_renamed_re_export_of_the_crate(self):
        files = {"lib.rs": "mod a; mod b; pub use a::A as Shown;", "a.rs": "pub struct A; fn f() { crate::b::g() }", "b.rs": "pub fn g() { let _ = crate::Shown; }"}
        self.assert_circle(files, "b.rs -> a.rs: A")

    def test_method_of_a_type_that_is_seen(self):
        files = {
            "lib.rs": "mod kind; mod a; mod b;",
            "kind.rs": "pub struct Kind { pub inner: Inner } pub struct Inner;",
            "a.rs": "use crate::kind::Inner; impl Inner { pub fn push(&self) { crate::b::g() } }",
            "b.rs": "use crate::kind::Kind; pub fn g() {} fn h(kind: &Kind) { kind.inner.push(); }",
        }
        self.assert_circle(files, "b.rs -> a.rs: Inner::push")

    def test_method_that_one_type_alone_has(self):
        files = {
            "lib.rs": "mod a; mod b;",
            "a.rs": "pub struct A; impl A { pub fn only_mine(&self) { crate::b::g() } }",
            "b.rs": "pub fn g() {} fn h() { crate_of_others::thing().only_mine(); }",
        }
        self.assert_circle(files, "b.rs -> a.rs: .only_mine()")

    def test_method_of_many_types_counts_where_the_type_is_seen(self):
        files = {
            "lib.rs": "mod a; mod b; mod c;",
            "a.rs": "pub struct A; impl A { pub fn new() -> Self { A } pub fn shared(&self) { crate::c::g() } }",
            "b.rs": "pub struct B; impl B { pub fn new() -> Self { B } pub fn shared(&self) {} }",
            "c.rs": "pub fn g() {} fn h() { let it = crate::b::B::new(); it.shared(); }",
        }
        self.assert_none(files)
        files["c.rs"] = files["c.rs"].replace("b::B", "a::A")
        self.assert_circle(files, "c.rs -> a.rs: A (line 1), A::new (line 1), A::shared")

    # Methods of a type that stand in another file than the type, which `h` gets: by a name, or by what belongs to another type.
    APART = {
        "lib.rs": "mod kind; mod a; mod b; mod c; mod gives; mod holds;",
        "kind.rs": "pub struct Kind;",
        "a.rs": "use crate::kind::Kind; impl Kind { pub fn shared(&self) { crate::c::g() } }",
        "b.rs": "pub struct B; impl B { pub fn shared(&self) {} }",
        "holds.rs": "pub struct Holds;",
        "gives.rs": "use crate::{holds::Holds, kind::Kind}; impl crate_of_others::Gives for Holds { type Given = Kind; }",
    }

    def told_of(self, caller, **others):
        problems, remarks = self.told({**self.APART, "c.rs": f"pub fn g() {{}} {caller}", **others})
        self.assertEqual(problems, [])
        return [remark for remark in remarks if remark.startswith("  ")]

    def test_call_on_a_type_that_is_not_seen_is_told_of_where_the_type_can_come_from(self):
        told = ["  c.rs:1: .shared() may be that of a.rs"]
        for caller in (
            "fn h(it: &crate::kind::Kind) { crate_of_others::thing(it).shared(); }",
            "fn h(it: crate::holds::Holds) { crate_of_others::given(it).shared(); }",
            "macro_rules! h { ($it:expr) => { $it.shared() } }",
        ):
            with self.subTest(caller):
                self.assertEqual(self.told_of(caller), told)

    def test_call_on_a_type_that_is_not_seen_cannot_mean_one_that_no_arrow_leads_to(self):
        for caller in ("fn h() { crate_of_others::thing().shared(); }", "fn h(it: &crate::b::B) { crate_of_others::thing(it).shared(); }"):
            with self.subTest(caller):
                self.assertEqual(self.told_of(caller), [])

    def test_call_on_a_type_that_is_not_seen_cannot_mean_what_is_not_visible(self):
        caller = "fn h(it: &crate::kind::Kind) { crate_of_others::thing(it).shared(); }"
        for visibility in ("", "pub(self) ", "pub(super) "):
            method = f"use crate::kind::Kind; impl Kind {{ {visibility}fn shared(&self) {{ crate::c::g() }} }}"
            others = {"a.rs": "mod within; pub fn f() {}", "a/within.rs": method}
            with self.subTest(visibility):
                self.assertEqual(self.told_of(caller, **others), [])

    def test_call_with_types_means_a_method_that_takes_some(self):
        caller = "fn h(it: &crate::kind::Kind) { crate_of_others::thing(it).shared::<u8>(); }"
        self.assertEqual(self.told_of(caller), [])
        for file, of_type, body in (("a.rs", "crate::kind::Kind", "crate::c::g()"), ("b.rs", "B", "")):
            generic = f"pub struct B; impl {of_type} {{ pub fn shared<T>(&self) {{ {body} }} }}"
            self.APART = {**self.APART, file: generic}
        self.assertEqual(self.told_of(caller), ["  c.rs:1: .shared() may be that of a.rs"])

    def test_call_of_a_trait_in_scope_can_be_on_anything(self):
        traits = "pub trait Sharing { fn shared(&self) { crate::c::g() } }"
        for used in ("use crate::a::*;", "use crate::a::Sharing as _;"):
            with self.subTest(used):
                files = {**self.APART, "a.rs": traits, "c.rs": f"{used} pub fn g() {{}} fn h() {{ crate_of_others::thing().shared(); }}"}
                problems, remarks = self.told(files)
                self.assertTrue(problems or "  c.rs:1: .shared() may be that of a.rs" in remarks, remarks)

    def test_method_of_what_another_gave(self):
        files = {
            "lib.rs": "mod a; mod b; mod c;",
            "a.rs": "pub struct A; impl A { pub async fn get(&self) -> Result<Option<crate::b::B>, ()> { Err(()) } }",
            "b.rs": "pub struct B; impl B { pub fn len(&self) { crate::c::g() } }",
            "c.rs": "pub fn g() {} async fn h(a: &crate::a::A) { if let Some(it) = a.get().await.unwrap() { it.len(); } }",
        }
        self.assert_circle(files, "c.rs -> b.rs: B::len")

    def test_call_through_a_trait_counts_at_the_trait(self):
        files = {
            "lib.rs": "mod a; mod b;",
            "a.rs": "pub trait Doing { fn doing(&self) { crate::b::g() } }",
            "b.rs": "pub fn g() {} fn h() { crate_of_others::thing().doing(); }",
        }
        self.assert_circle(files, "b.rs -> a.rs: .doing()")

    def test_implementation_belongs_to_its_file(self):
        files = {
            "lib.rs": "mod a; mod b;",
            "a.rs": "pub trait Doing { fn doing(&self); }",
            "b.rs": "pub struct B; impl crate::a::Doing for B { fn doing(&self) {} }",
        }
        self.assert_none(files)
        self.assert_circle({**files, "a.rs": files["a.rs"] + "fn f(_: crate::b::B) {}"}, "b.rs -> a.rs: Doing")

    def test_between_modules(self):
        files = {
            "lib.rs": "mod one; mod two;",
            "one/mod.rs": "pub mod a; pub mod b;",
            "one/a.rs": "pub fn f() { crate::two::c::g() }",
            "one/b.rs": "pub fn f() {}",
            "two/mod.rs": "pub mod c; pub mod d;",
            "two/c.rs": "pub fn g() {}",
            "two/d.rs": "pub fn g() { crate::one::b::f() }",
        }
        self.assert_circle(files, "a circle of 2 modules: one, two", "one/a.rs -> two/c.rs: g", "two/d.rs -> one/b.rs: f")

    def test_glob_import(self):
        files = {"lib.rs": "mod a; mod b;", "a.rs": "use crate::b::*; pub struct A; fn f() { g() }", "b.rs": "pub fn g() -> super::a::A { todo!() }"}
        self.assert_circle(files, "a.rs -> b.rs: g", "b.rs -> a.rs: A")

    def test_variants_by_a_glob(self):
        files = {"lib.rs": "mod a; mod b;", "a.rs": "use crate::b::E::*; pub struct A; fn f() { let _ = Left; }", "b.rs": "pub enum E { Left(super::a::A) }"}
        self.assert_circle(files, "a.rs -> b.rs: Left")

    def test_macro_by_example(self):
        files = {
            "lib.rs": "#[macro_use] mod a; mod b;",
            "a.rs": "macro_rules! mine { ($x:expr) => { $x } } fn f() { crate::b::g() }",
            "b.rs": "pub fn g() { mine!(1) }",
        }
        self.assert_circle(files, "b.rs -> a.rs: mine!")

    def test_names_in_the_body_of_a_macro(self):
        files = {
            "lib.rs": "mod a; mod b;",
            "a.rs": "pub struct A; macro_rules! mine { () => { $crate::b::g() } } fn f() { mine!() }",
            "b.rs": "pub fn g() { crate::a::A; }",
        }
        self.assert_circle(files, "a.rs -> b.rs: g")

    def test_what_a_macro_defines(self):
        files = {
            "lib.rs": "mod a; mod b;",
            "a.rs": "macro_rules! types { ($($n:ident)*) => { $(pub struct $n;)* } } types! { Made } fn f() { crate::b::g() }",
            "b.rs": "use crate::a::Made; pub fn g() -> Made { Made }",
        }
        self.assert_circle(files, "b.rs -> a.rs: Made")

    def test_three_files(self):
        files = {
            "lib.rs": "mod a; mod b; mod c;",
            "a.rs": "pub fn f() { crate::b::f() }",
            "b.rs": "pub fn f() { super::c::f() }",
            "c.rs": "use crate::a; pub fn f() { a::f() }",
        }
        self.assert_circle(files, "a circle of 3 files", "a.rs -> b.rs", "b.rs -> c.rs", "c.rs -> a.rs")

    def test_parent_and_child(self):
        files = {"lib.rs": "mod a;", "a/mod.rs": "mod b; pub const LIMIT: usize = 1 << 4; fn f() { b::g() }", "a/b.rs": "pub fn g() { let _ = super::LIMIT; }"}
        self.assert_circle(files, "a/b.rs -> a/mod.rs: LIMIT", "a/mod.rs -> a/b.rs: g")

    def test_names_within_bodies(self):
        for body in (
            "match x { crate::a::E::One => 1, _ => 2 };",
            "let f = |it: &crate::a::E| drop(it);",
            "let x = y as crate::a::N;",
            "let x = Vec::<crate::a::E>::new();",
            "use crate::a::E; let x = E::One;",
            "println!(\"{}\", crate::a::f());",
            "if a < b && c > crate::a::LIMIT { }",
            "let x = S { y: crate::a::f() };",
            "fn inner() { crate::a::f() }",
            "<crate::a::E as Default>::default();",
        ):
            files = {"lib.rs": "mod a; mod b;", "a.rs": "pub enum E { One } pub type N = u8; pub const LIMIT: u8 = 1; pub fn f() { crate::b::g() }", "b.rs": f"pub fn g() {{ {body} }}"}
            with self.subTest(body):
                self.assert_circle(files, "b.rs -> a.rs")

    def test_clean_tree(self):
        files = {
            "lib.rs": "mod a; mod b; pub use a::A; pub(crate) use b::g;",
            "a.rs": r'''
                //! `crate::b::g` in a comment. /* crate::b::g
                pub struct A;
                /* /* crate::b::g() */ crate::b::g() */
                impl A {
                    pub fn shown<'a>(&'a self) -> (&'a str, char, &'static [u8]) {
                        let g = 1;
                        let _ = ("\" crate::b::g()", r#"" crate::b::g()"#, g);
                        ("crate::b::g()", '"', br"\")
                    }
                    fn lifetime<'b>(c: &'b char) -> bool { *c == '\'' || *c == '{' }
                }
                #[cfg(test)]
                mod tests { use crate::b::g; #[test] fn f() { g() } }
                #[cfg(all(test, unix))]
                fn for_tests() { crate::b::g() }
                fn field(it: Other) { it.g; Other { g: 1 }; }
            ''',
            "b.rs": "use crate::A; pub fn g() { A.shown(); }",
        }
        self.assert_none(files)

    def test_lines_that_only_re_export(self):
        self.assert_none({"lib.rs": "mod a; pub use a::b::B;", "a/mod.rs": "pub mod b; pub use b::B; pub(crate) use b::*; pub struct A;", "a/b.rs": "use super::A; pub struct B(A);"})

    def test_local_names_hide_others(self):
        files = {
            "lib.rs": "mod a; mod b;",
            "a.rs": "use crate::b::*; pub struct A; fn f(shown: u8) { let it = shown; match it { other => drop(other) } let g = |other| other; g(1); }",
            "b.rs": "use crate::a::A; pub fn shown(_: A) {} pub fn it() {} pub fn other() {} pub fn g() {}",
        }
        self.assert_none(files)


if __name__ == "__main__":
    unittest.main()
