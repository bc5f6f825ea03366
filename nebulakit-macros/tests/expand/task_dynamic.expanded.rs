//! Expansion of the file of the same name; written by the test `expansions`.

async fn fan_out(xs: Vec<i64>) -> anyhow::Result<Promise<i64>> {
    Ok(sum::node(xs))
}
/// The task `fan_out`; the function of the same name stays an ordinary function.
#[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
struct fan_out {}
#[allow(deprecated, non_upper_case_globals, unused_qualifications)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_path: &__nk::str = __nk::concat!(__nk::module_path!(), "::fan_out");
    const __nk_name: [__nk::u8; __nk::dotted_len(__nk_path)] = __nk::dotted(__nk_path);
    #[allow(dead_code)]
    impl fan_out {
        /// The name by which the task is run and registered.
        pub const NAME: &'static __nk::str = __nk::text(&__nk_name);
    }
    static __nk_input_0: __nk::Param<Vec<i64>> = __nk::Param::<Vec<i64>>::new("xs", "");
    #[allow(clippy::needless_update)]
    static __nk_options: __nk::TaskOptions = __nk::TaskOptions {
        strategy: __nk::Some(__nk::Strategy::Process),
        ..__nk::TaskOptions::NONE
    };
    static __nk_task: __nk::TaskDef = __nk::TaskDef::of::<
        fan_out,
    >(__nk::TaskParts {
            name: __nk::text(&__nk_name),
            doc: "",
            at: (__nk::file!(), __nk::line!()),
            digests: (638045024051513968u64, 2462098789453045842u64),
            params: &[&__nk_input_0],
            outputs: __nk::output_names::<fan_out>(&[]),
            options: &__nk_options,
            is_async: true,
            prepare: |__nk_inputs, _| {
                let __nk_0 = __nk::Param::take(&__nk_input_0, __nk_inputs)?;
                __nk::Ok(__nk::future::<fan_out>(__nk::dynamic(fan_out(__nk_0))))
            },
        })
        .grown_by(__nk::futures);
    impl __nk::Sealed for fan_out {
        type Gives = <anyhow::Result<Promise<i64>> as __nk::DynamicReturn>::Outputs;
        type Returned = __nk::Dynamic<anyhow::Result<Promise<i64>>>;
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
impl fan_out {
    /// A node of the task `fan_out`, in a workflow.
    #[track_caller]
    pub fn node(
        xs: impl ::nebulakit::__private::IntoPromise<Vec<i64>>,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::Task>::Outputs,
    > {
        #[allow(unused_mut)]
        let mut __nk_making = ::nebulakit::__private::Making::new(1usize);
        ::nebulakit::__private::Making::one(&mut __nk_making, xs);
        ::nebulakit::__private::Making::task_node(
            __nk_making,
            <Self as ::nebulakit::__private::Task>::def(),
        )
    }
    /// The task `fan_out` for each element of the lists that are given, in a workflow.
    #[track_caller]
    pub fn map<__NK0>(
        xs: __NK0,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::TaskLists<__NK0>>::Each,
    >
    where
        Self: ::nebulakit::__private::TaskLists<__NK0>,
        __NK0: ::nebulakit::__private::IntoEach<Vec<i64>>,
        <<__NK0 as ::nebulakit::__private::IntoEach<
            Vec<i64>,
        >>::Mode as ::nebulakit::__private::Mode>::Or<
            ::nebulakit::__private::Same,
        >: ::nebulakit::__private::SomeList,
    {
        let mut __nk_making = ::nebulakit::__private::Making::new(1usize);
        ::nebulakit::__private::Making::each(&mut __nk_making, xs);
        ::nebulakit::__private::Making::task_map(
            __nk_making,
            <Self as ::nebulakit::__private::Task>::def(),
        )
    }
    /// The task `fan_out` with values for its inputs, as data: to be run, launched or called.
    pub fn with(
        xs: impl ::nebulakit::__private::IntoValue<Vec<i64>>,
    ) -> ::nebulakit::__private::Invocation<
        <Self as ::nebulakit::__private::Task>::Outputs,
    > {
        ::nebulakit::__private::Invocation::new(
            <Self as ::nebulakit::__private::Task>::def(),
            [("xs", ::nebulakit::__private::IntoValue::into_value(xs))],
        )
    }
    /// Runs the task `fan_out` from a running task, whose context this is, when it is awaited.
    pub fn call(
        __nk_context: &impl ::nebulakit::__private::Calls,
        xs: impl ::nebulakit::__private::IntoValue<Vec<i64>>,
    ) -> ::nebulakit::__private::Call<<Self as ::nebulakit::__private::Task>::Outputs> {
        ::nebulakit::__private::Call::new(
            __nk_context,
            ::nebulakit::__private::Invocation::new(
                <Self as ::nebulakit::__private::Task>::def(),
                [("xs", ::nebulakit::__private::IntoValue::into_value(xs))],
            ),
        )
    }
    /// A closure that stands in for the task `fan_out` in a run of a test.
    pub fn mock<__NK, __NKGives>(
        __nk_closure: impl ::nebulakit::__private::Fn(
            Vec<i64>,
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
                ::nebulakit::__private::taken::<Self, Vec<i64>>(__nk_inputs, 0usize)?,
            )),
            move |(xs,)| __nk_closure(xs),
        )
    }
}
