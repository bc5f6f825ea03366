//! Expansion of the file of the same name; written by the test `expansions`.

#[doc(hidden)]
#[allow(
    dead_code,
    deprecated,
    unreachable_pub,
    unused_variables,
    private_bounds,
    private_interfaces,
    clippy::too_many_arguments
)]
pub fn ellipse_area(a: f64, b: f64) -> f64
where
    for<'__nk> ellipse_area: ::nebulakit::__private::HasBody,
{
    ::nebulakit::__private::unreachable!()
}
/// The task `ellipse_area`; its code is elsewhere.
#[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
pub struct ellipse_area {}
#[allow(deprecated, non_upper_case_globals, unused_qualifications)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_path: &__nk::str = __nk::concat!(__nk::module_path!(), "::ellipse_area");
    const __nk_name: [__nk::u8; __nk::dotted_len(__nk_path)] = __nk::dotted(__nk_path);
    #[allow(dead_code)]
    impl ellipse_area {
        /// The name by which the task is run and registered.
        pub const NAME: &'static __nk::str = __nk::text(&__nk_name);
    }
    static __nk_input_0: __nk::Param<f64> = __nk::Param::<f64>::new("a", "")
        .as_file()
        .as_text();
    static __nk_input_1: __nk::Param<f64> = __nk::Param::<f64>::new("b", "")
        .as_file()
        .as_text()
        .default(|| 1.0);
    #[allow(clippy::needless_update)]
    static __nk_options: __nk::TaskOptions = __nk::TaskOptions {
        network: true,
        ..__nk::TaskOptions::NONE
    };
    static __nk_container: __nk::ContainerSpec = __nk::ContainerSpec {
        image: "ghcr.io/me/ellipse:1",
        command: &["/bin/area", "{{.inputs.a}}", "{{.inputs.b}}", "/out"],
        input_path: __nk::ContainerSpec::INPUT_PATH,
        output_path: "/out",
        format: __nk::DataFormat::Proto,
    };
    const _: () = __nk::outputs_as_files::<ellipse_area>();
    static __nk_task: __nk::TaskDef = __nk::TaskDef::of::<
        ellipse_area,
    >(__nk::TaskParts {
            name: __nk::text(&__nk_name),
            doc: "The area of an ellipse.",
            at: (__nk::file!(), __nk::line!()),
            params: &[&__nk_input_0, &__nk_input_1],
            outputs: __nk::output_names::<ellipse_area>(&[]),
            options: &__nk_options,
            is_async: false,
            prepare: __nk::without_body,
        })
        .in_container(&__nk_container, false);
    impl __nk::Sealed for ellipse_area {
        type Gives = <f64 as __nk::TaskReturn>::Outputs;
        type Returned = f64;
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
impl ellipse_area {
    /// A node of the task `ellipse_area`, in a workflow.
    #[track_caller]
    pub fn node(
        a: impl ::nebulakit::__private::IntoPromise<f64>,
        b: impl ::nebulakit::__private::IntoPromise<
            ::nebulakit::__private::OrDefault<f64>,
        >,
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
    /// The task `ellipse_area` for each element of the lists that are given, in a workflow.
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
        __NK1: ::nebulakit::__private::IntoEach<::nebulakit::__private::OrDefault<f64>>,
        <<__NK0 as ::nebulakit::__private::IntoEach<
            f64,
        >>::Mode as ::nebulakit::__private::Mode>::Or<
            <<__NK1 as ::nebulakit::__private::IntoEach<
                ::nebulakit::__private::OrDefault<f64>,
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
    /// The task `ellipse_area` with values for its inputs, as data: to be run, launched or called.
    pub fn with(
        a: impl ::nebulakit::__private::IntoValue<f64>,
        b: impl ::nebulakit::__private::IntoValue<::nebulakit::__private::OrDefault<f64>>,
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
    /// Runs the task `ellipse_area` from a running task, whose context this is, when it is awaited.
    pub fn call(
        __nk_context: &impl ::nebulakit::__private::Calls,
        a: impl ::nebulakit::__private::IntoValue<f64>,
        b: impl ::nebulakit::__private::IntoValue<::nebulakit::__private::OrDefault<f64>>,
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
    /// A closure that stands in for the task `ellipse_area` in a run of a test.
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
