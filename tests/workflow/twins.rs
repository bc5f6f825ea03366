//! The workflows of flytekit that `golden.rs` compares with, written again.
use nebulakit::prelude::*;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

pub(crate) mod p02 {
    use super::*;

    #[derive(NebulaType, Debug, Clone)]
    pub(crate) struct Pt {
        pub(crate) x: i64,
        pub(crate) tag: Vec<String>,
    }

    #[derive(TaskOutputs)]
    pub(crate) struct Out {
        pub(crate) total: i64,
        pub(crate) label: String,
    }

    #[task]
    fn make(n: i64) -> Pt {
        Pt { x: n, tag: vec!["a".into()] }
    }

    #[task]
    fn combine(
        xs: Vec<i64>,
        m: HashMap<String, i64>,
        first: String,
        opt: Option<i64>,
        #[default(Duration::from_secs(5))] when: Duration,
    ) -> Out {
        let _ = (m, opt, when);
        Out { total: xs.iter().sum(), label: first }
    }

    #[task]
    fn sink(v: i64) {
        let _ = v;
    }

    /// Three nodes.
    #[workflow]
    pub(crate) fn three_nodes(
        /// seed
        n: Promise<i64>,
        #[default(4)] k: Promise<i64>,
        #[default("dflt")] name: Promise<String>,
        maybe: Promise<Option<i64>>,
    ) -> Promise<Out> {
        let _ = name;
        let p = make::node(&n);
        let c = combine::node(list![&p.x, n, 7], map! { "a" => k, "b" => 2 }, p.tag.at(0), maybe, Default)
            .resources(Resources::new().cpu("2").memory("500Mi").limits(Resources::new().cpu("4").memory("1Gi")))
            .retries(2)
            .timeout("120s")
            .interruptible(true)
            .cache("ov1")
            .name("Combine_Step.One")
            .image("ghcr.io/nebula/override:v2");
        let s1 = sink::node(&c.total);
        let s2 = sink::node(1).after(s1);
        Out::promise(&c.total, &c.label).also(s2)
    }

    /// All outputs are bound without any promise except one element.
    #[workflow]
    pub(crate) fn constants() -> Promise<Vec<i64>> {
        let p = make::node(3);
        list![&p.x, 5]
    }
}

pub(crate) mod p03 {
    use super::*;

    #[task]
    fn double(n: f64) -> f64 {
        2.0 * n
    }

    #[task]
    fn square(n: f64) -> f64 {
        n * n
    }

    #[task]
    fn flag() -> bool {
        true
    }

    #[workflow]
    pub(crate) fn if_elif_else(x: Promise<f64>, #[default(3)] y: Promise<i64>) -> Promise<f64> {
        when(x.gt(0.1) & x.lt(1.0), double::node(&x)).or_when(y.eq(3) | x.ge(10.0), square::node(&x)).or_fail("out of range")
    }

    #[workflow]
    pub(crate) fn on_bool_output(x: Promise<f64>) -> Promise<f64> {
        let r = when(flag::node(), double::node(&x)).otherwise(square::node(&x));
        double::node(r)
    }

    #[workflow]
    pub(crate) fn nested(x: Promise<f64>) -> Promise<f64> {
        let inner = when(x.lt(1.0), double::node(&x)).otherwise(square::node(&x));
        when(x.lt(5.0), inner).otherwise(double::node(&x))
    }
}

pub(crate) mod p04 {
    use super::*;

    #[task(retries = 1, cache(version = "1"), requests(cpu = "1"))]
    fn inc(a: i64) -> i64 {
        a + 1
    }

    #[task]
    fn add(a: i64, b: i64, c: String) -> String {
        format!("{a}{b}{c}")
    }

    #[task]
    fn noop(a: i64) {
        let _ = a;
    }

    #[workflow]
    pub(crate) fn plain(xs: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
        inc::map(xs)
    }

    #[workflow]
    pub(crate) fn tuned(xs: Promise<Vec<i64>>) -> Promise<Vec<Option<i64>>> {
        inc::map(xs).concurrency(3).min_success_ratio(0.5).retries(5).resources(Resources::new().cpu("3"))
    }

    #[workflow]
    pub(crate) fn bound(xs: Promise<Vec<i64>>, c: Promise<String>) -> Promise<Vec<String>> {
        add::map(xs, 10, c).concurrency(0)
    }

    #[workflow]
    pub(crate) fn no_outputs(xs: Promise<Vec<i64>>) -> Promise<()> {
        noop::map(xs).min_successes(2).done()
    }

    #[workflow]
    pub(crate) fn one(a: Promise<i64>, #[default(3)] k: Promise<i64>) -> Promise<i64> {
        let _ = k;
        inc::node(a)
    }

    #[launch_plan]
    pub(crate) fn one_lp(a: Promise<i64>) -> Promise<i64> {
        one::node(a, 9)
    }
}

pub(crate) mod p06 {
    use super::*;

    #[task]
    fn sq(x: i64) -> i64 {
        x * x
    }

    #[task]
    fn total(xs: Vec<i64>) -> i64 {
        xs.iter().sum()
    }

    #[workflow]
    pub(crate) fn inner(x: Promise<i64>) -> Promise<i64> {
        sq::node(x)
    }

    #[task(retries = 1)]
    fn fan(n: i64) -> Promise<i64> {
        let mut rs: Vec<_> = (0..n).map(|i| sq::node(i)).collect();
        rs.push(inner::node(n));
        let ms = sq::map([1, 2]);
        total::node(rs).also(ms)
    }

    #[task]
    pub(crate) fn no_nodes(n: i64) -> Promise<i64> {
        Promise::of(n)
    }

    #[workflow]
    pub(crate) fn wf(#[default(3)] n: Promise<i64>) -> Promise<i64> {
        fan::node(n)
    }
}

pub(crate) mod p07 {
    use super::*;

    #[task]
    fn report(when: SystemTime, n: i64, tag: String) -> String {
        let _ = (when, n);
        tag
    }

    #[workflow]
    pub(crate) fn nightly(
        when: Promise<SystemTime>,
        #[default(2)] n: Promise<i64>,
        #[default("t")] tag: Promise<String>,
        extra: Promise<Option<Vec<i64>>>,
    ) -> Promise<String> {
        let _ = extra;
        report::node(when, n, tag)
    }

    #[launch_plan(
        cron = "0 2 * * *",
        kickoff = when,
        notify(email = ["a@example.com"], on = [failed, timed_out]),
        notify(email = ["chan@slack.example.com"], on = [succeeded]),
        notify(email = ["p@pd.example.com"], on = [aborted]),
        labels("team" = "ml"),
        annotations("k" = "v"),
        raw_output_prefix = "s3://bucket/raw",
        max_parallelism = 25,
        service_account = "sa1",
        iam_role = "arn:aws:iam::1:role/r",
        overwrite_cache,
        active,
        at_most = 1
    )]
    pub(crate) fn nightly_cron(
        when: Promise<SystemTime>,
        #[default(10)] n: Promise<i64>,
        extra: Promise<Option<Vec<i64>>>,
    ) -> Promise<String> {
        nightly::node(when, n, "cron", extra)
    }

    #[launch_plan(cron = "@hourly", kickoff = when)]
    pub(crate) fn hourly_alias(when: Promise<SystemTime>) -> Promise<String> {
        nightly::node(when, Default, Default, Default)
    }
}

pub(crate) mod p12 {
    use super::*;

    #[task(name = "ellipse_area", outputs(area, meta), container(image = "ghcr.io/nebula/raw:v1", command = ["/bin/calc", "{{.inputs.a}}", "{{.inputs.b}}", "/var/outputs"]))]
    fn ellipse_area(a: f64, b: f64, f: File) -> (f64, String);

    #[workflow]
    pub(crate) fn wf(a: Promise<f64>, b: Promise<f64>, f: Promise<File>) -> Promise<f64> {
        let (area, _meta) = ellipse_area::node(a, b, f).split();
        area
    }
}
