//! Expansion of the file of the same name; written by the test `expansions`.

/// Divides `a` by `b`.
///
/// The rest of the text.
pub fn divider(a: f64, b: f64) -> anyhow::Result<f64> {
    anyhow::ensure!(b != 0.0, "cannot divide {a} by zero");
    Ok(a / b)
}
/// The task `divider`; the function of the same name stays an ordinary function.
#[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
pub struct divider {}
#[allow(deprecated, non_upper_case_globals, unused_qualifications)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_path: &__nk::str = __nk::concat!(__nk::module_path!(), "::divider");
    const __nk_name: [__nk::u8; __nk::dotted_len(__nk_path)] = __nk::dotted(__nk_path);
    #[allow(dead_code)]
    impl divider {
        /// The name by which the task is run and registered.
        pub const NAME: &'static __nk::str = __nk::text(&__nk_name);
    }
    static __nk_input_0: __nk::Param<f64> = __nk::Param::<
        f64,
    >::new("a", "What is divided.");
    static __nk_input_1: __nk::Param<f64> = __nk::Param::<f64>::new("b", "");
    #[allow(clippy::needless_update)]
    static __nk_options: __nk::TaskOptions = __nk::TaskOptions {
        retries: 3,
        timeout: __nk::Some(__nk::Duration::new(600u64, 0u32)),
        requests: __nk::Resources {
            cpu: __nk::Some("500m"),
            memory: __nk::Some("256Mi"),
            gpu: __nk::None,
            ephemeral_storage: __nk::None,
            storage: __nk::None,
        },
        ..__nk::TaskOptions::NONE
    };
    static __nk_task: __nk::TaskDef = __nk::TaskDef::of::<
        divider,
    >(__nk::TaskParts {
        name: __nk::text(&__nk_name),
        doc: "Divides `a` by `b`.\n\nThe rest of the text.",
        at: (__nk::file!(), __nk::line!()),
        params: &[&__nk_input_0, &__nk_input_1],
        outputs: __nk::output_names::<divider>(&[]),
        options: &__nk_options,
        is_async: false,
        prepare: |__nk_inputs, _| {
            let __nk_0 = __nk::Param::take(&__nk_input_0, __nk_inputs)?;
            let __nk_1 = __nk::Param::take(&__nk_input_1, __nk_inputs)?;
            __nk::Ok(__nk::blocking::<divider>(move || divider(__nk_0, __nk_1)))
        },
    });
    impl __nk::Sealed for divider {
        type Gives = <anyhow::Result<f64> as __nk::TaskReturn>::Outputs;
        type Returned = anyhow::Result<f64>;
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
impl divider {
    /// A node of the task `divider`, in a workflow.
    #[track_caller]
    pub fn node(
        a: impl ::nebulakit::__private::IntoPromise<f64>,
        b: impl ::nebulakit::__private::IntoPromise<f64>,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::Task>::Outputs,
    > {
        #[allow(unused_mut)]
        let mut __nk_making = ::nebulakit::__private::Making::new(2usize);
        ::nebulakit::__private::Making::one(&mut __nk_making, a);
        ::nebulakit::__private::Making::one(&mut __nk_making, b);
        ::nebulakit::__private::Making::task_node(
            __nk_making,
            <Self as ::nebulakit::__private::Task>::def(),
        )
    }
    /// The task `divider` for each element of the lists that are given, in a workflow.
    #[track_caller]
    pub fn map<__NK0, __NK1>(
        a: __NK0,
        b: __NK1,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::TaskLists<__NK0>>::Each,
    >
    where
        Self: ::nebulakit::__private::TaskLists<__NK0>,
        __NK0: ::nebulakit::__private::IntoEach<f64>,
        __NK1: ::nebulakit::__private::IntoEach<f64>,
        <<__NK0 as ::nebulakit::__private::IntoEach<
            f64,
        >>::Mode as ::nebulakit::__private::Mode>::Or<
            <<__NK1 as ::nebulakit::__private::IntoEach<
                f64,
            >>::Mode as ::nebulakit::__private::Mode>::Or<::nebulakit::__private::Same>,
        >: ::nebulakit::__private::SomeList,
    {
        let mut __nk_making = ::nebulakit::__private::Making::new(2usize);
        ::nebulakit::__private::Making::each(&mut __nk_making, a);
        ::nebulakit::__private::Making::each(&mut __nk_making, b);
        ::nebulakit::__private::Making::task_map(
            __nk_making,
            <Self as ::nebulakit::__private::Task>::def(),
        )
    }
    /// The task `divider` with values for its inputs, as data: to be run, launched or called.
    pub fn with(
        a: impl ::nebulakit::__private::IntoValue<f64>,
        b: impl ::nebulakit::__private::IntoValue<f64>,
    ) -> ::nebulakit::__private::Invocation<
        <Self as ::nebulakit::__private::Task>::Outputs,
    > {
        ::nebulakit::__private::Invocation::new(
            <Self as ::nebulakit::__private::Task>::def(),
            [
                ("a", ::nebulakit::__private::IntoValue::into_value(a)),
                ("b", ::nebulakit::__private::IntoValue::into_value(b)),
            ],
        )
    }
    /// Runs the task `divider` from a running task, whose context this is, when it is awaited.
    pub fn call(
        __nk_context: &impl ::nebulakit::__private::Calls,
        a: impl ::nebulakit::__private::IntoValue<f64>,
        b: impl ::nebulakit::__private::IntoValue<f64>,
    ) -> ::nebulakit::__private::Call<<Self as ::nebulakit::__private::Task>::Outputs> {
        ::nebulakit::__private::Call::new(
            __nk_context,
            ::nebulakit::__private::Invocation::new(
                <Self as ::nebulakit::__private::Task>::def(),
                [
                    ("a", ::nebulakit::__private::IntoValue::into_value(a)),
                    ("b", ::nebulakit::__private::IntoValue::into_value(b)),
                ],
            ),
        )
    }
    /// A closure that stands in for the task `divider` in a run of a test.
    pub fn mock<__NK, __NKGives>(
        __nk_closure: impl ::nebulakit::__private::Fn(
            f64,
            f64,
        ) -> __NKGives + ::nebulakit::__private::Send + ::nebulakit::__private::Sync + 'static,
    ) -> ::nebulakit::__private::Mock
    where
        Self: ::nebulakit::__private::Mocked<__NKGives, __NK>,
    {
        <Self as ::nebulakit::__private::Mocked<
            __NKGives,
            __NK,
        >>::mock(
            |__nk_inputs| ::nebulakit::__private::Ok((
                ::nebulakit::__private::taken::<Self, f64>(__nk_inputs, 0usize)?,
                ::nebulakit::__private::taken::<Self, f64>(__nk_inputs, 1usize)?,
            )),
            move |(a, b)| __nk_closure(a, b),
        )
    }
}
