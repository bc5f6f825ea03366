//! Expansion of the file of the same name; written by the test `expansions`.

fn every(verbose: bool) -> (i64, i64) {
    (7, i64::from(verbose))
}
/// The task `every`; the function of the same name stays an ordinary function.
#[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
struct every {}
#[allow(deprecated, non_upper_case_globals, unused_qualifications)]
const _: () = {
    use renamed::library::__private as __nk;
    #[allow(dead_code)]
    impl every {
        /// The name by which the task is run and registered.
        pub const NAME: &'static __nk::str = "app.every";
    }
    static __nk_input_0: __nk::Param<bool> = __nk::Param::<bool>::new("verbose", "");
    #[allow(clippy::needless_update)]
    static __nk_options: __nk::TaskOptions = __nk::TaskOptions {
        retries: 2,
        timeout: __nk::Some(__nk::Duration::new(5400u64, 0u32)),
        cache: __nk::Some(__nk::CacheOptions {
            version: "1",
            serialize: true,
            ignore: &["verbose"],
        }),
        interruptible: __nk::Some(false),
        requests: __nk::Resources {
            cpu: __nk::Some("0.5"),
            memory: __nk::Some("1Gi"),
            gpu: __nk::Some("1"),
            ephemeral_storage: __nk::Some("1Gi"),
            storage: __nk::Some("1Gi"),
        },
        limits: __nk::Resources {
            cpu: __nk::Some("2"),
            memory: __nk::Some("2Gi"),
            gpu: __nk::None,
            ephemeral_storage: __nk::None,
            storage: __nk::None,
        },
        requests_with: __nk::Some({
            const __NK_ASK: fn(&__nk::Ask) -> __nk::Requests = sizes::ask;
            __NK_ASK
        }),
        tokens: &[("licences", 1), ("seats", 2)],
        on_oom: __nk::Some(__nk::OnOom {
            factor: 2.0,
            limit: __nk::Some("16Gi"),
        }),
        accelerator: __nk::Some("nvidia-tesla-a100:2g.10gb"),
        shared_memory: __nk::Some("1Gi"),
        env: &[
            ("THREADS", "4"),
            ("RUST_LOG", "info"),
            ("http_proxy", "http://proxy:3128"),
        ],
        secrets: &[
            __nk::SecretRequest {
                group: "db",
                key: "password",
                version: "",
                env_var: "",
                mount: __nk::Mount::Any,
            },
            __nk::SecretRequest {
                group: "api",
                key: "token",
                version: "2",
                env_var: "API_TOKEN",
                mount: __nk::Mount::EnvVar,
            },
        ],
        image: __nk::Some("ghcr.io/me/app:1"),
        pod_template: __nk::Some("with-disk"),
        labels: &[("team", "data")],
        annotations: &[("example.com/contact", "the data team")],
        deck: true,
        supervised: true,
        deprecated: __nk::Some("use `other` instead"),
        ..__nk::TaskOptions::NONE
    };
    static __nk_task: __nk::TaskDef = __nk::TaskDef::of::<
        every,
    >(__nk::TaskParts {
        name: "app.every",
        doc: "",
        at: (__nk::file!(), __nk::line!()),
        digests: (14643987746115146941u64, 17109575061631616695u64),
        params: &[&__nk_input_0],
        outputs: __nk::output_names::<every>(&["quotient", "remainder"]),
        options: &__nk_options,
        is_async: false,
        prepare: |__nk_inputs, _| {
            let __nk_0 = __nk::Param::take(&__nk_input_0, __nk_inputs)?;
            __nk::Ok(__nk::blocking::<every>(move || every(__nk_0)))
        },
    });
    impl __nk::Sealed for every {
        type Gives = <(i64, i64) as __nk::TaskReturn>::Outputs;
        type Returned = (i64, i64);
        fn data() -> &'static __nk::TaskDef {
            &__nk_task
        }
    }
    __nk::inventory::submit! {
        __nk::Registered(& __nk_task)
    }
};
#[allow(
    dead_code,
    deprecated,
    non_snake_case,
    private_bounds,
    private_interfaces,
    unused_qualifications,
    clippy::self_named_constructors,
    clippy::too_many_arguments
)]
impl every {
    /// A node of the task `every`, in a workflow.
    #[track_caller]
    pub fn node(
        verbose: impl renamed::library::__private::IntoPromise<bool>,
    ) -> renamed::library::__private::Promise<
        <Self as renamed::library::__private::Task>::Outputs,
    > {
        #[allow(unused_mut)]
        let mut __nk_making = renamed::library::__private::Making::new(1usize);
        renamed::library::__private::Making::one(&mut __nk_making, verbose);
        renamed::library::__private::Making::task_node(
            __nk_making,
            <Self as renamed::library::__private::Task>::def(),
        )
    }
    /// The task `every` for each element of the lists that are given, in a workflow.
    #[track_caller]
    pub fn map<__NK0>(
        verbose: __NK0,
    ) -> renamed::library::__private::Promise<
        <Self as renamed::library::__private::TaskLists<__NK0>>::Each,
    >
    where
        Self: renamed::library::__private::TaskLists<__NK0>,
        __NK0: renamed::library::__private::IntoEach<bool>,
        <<__NK0 as renamed::library::__private::IntoEach<
            bool,
        >>::Mode as renamed::library::__private::Mode>::Or<
            renamed::library::__private::Same,
        >: renamed::library::__private::SomeList,
    {
        let mut __nk_making = renamed::library::__private::Making::new(1usize);
        renamed::library::__private::Making::each(&mut __nk_making, verbose);
        renamed::library::__private::Making::task_map(
            __nk_making,
            <Self as renamed::library::__private::Task>::def(),
        )
    }
    /// The task `every` with values for its inputs, as data: to be run, launched or called.
    pub fn with(
        verbose: impl renamed::library::__private::IntoValue<bool>,
    ) -> renamed::library::__private::Invocation<
        <Self as renamed::library::__private::Task>::Outputs,
    > {
        renamed::library::__private::Invocation::new(
            <Self as renamed::library::__private::Task>::def(),
            [("verbose", renamed::library::__private::IntoValue::into_value(verbose))],
        )
    }
    /// Runs the task `every` from a running task, whose context this is, when it is awaited.
    pub fn call(
        __nk_context: &impl renamed::library::__private::Calls,
        verbose: impl renamed::library::__private::IntoValue<bool>,
    ) -> renamed::library::__private::Call<
        <Self as renamed::library::__private::Task>::Outputs,
    > {
        renamed::library::__private::Call::new(
            __nk_context,
            renamed::library::__private::Invocation::new(
                <Self as renamed::library::__private::Task>::def(),
                [
                    (
                        "verbose",
                        renamed::library::__private::IntoValue::into_value(verbose),
                    ),
                ],
            ),
        )
    }
    /// A closure that stands in for the task `every` in a run of a test.
    pub fn mock<__NK, __NKGives>(
        __nk_closure: impl renamed::library::__private::Fn(
            bool,
        ) -> __NKGives + renamed::library::__private::Send + renamed::library::__private::Sync + 'static,
    ) -> renamed::library::__private::Mock
    where
        Self: renamed::library::__private::Mocked<__NKGives, __NK>,
    {
        <Self as renamed::library::__private::Mocked<
            __NKGives,
            __NK,
        >>::mock(
            |__nk_inputs| renamed::library::__private::Ok((
                renamed::library::__private::taken::<Self, bool>(__nk_inputs, 0usize)?,
            )),
            move |(verbose,)| __nk_closure(verbose),
        )
    }
}
