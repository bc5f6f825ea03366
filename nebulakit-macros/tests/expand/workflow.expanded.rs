//! Expansion of the file of the same name; written by the test `expansions`.

/// Doubles twice.
pub fn quadruple(x: Promise<i64>, times: Promise<i64>) -> Promise<i64> {
    double::node(double::node(x), times)
}
/// The workflow `quadruple`; the function of the same name stays an ordinary function.
#[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
pub struct quadruple {}
#[allow(deprecated, non_upper_case_globals, unused_qualifications)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_path: &__nk::str = __nk::concat!(__nk::module_path!(), "::quadruple");
    const __nk_name: [__nk::u8; __nk::dotted_len(__nk_path)] = __nk::dotted(__nk_path);
    #[allow(dead_code)]
    impl quadruple {
        /// The name by which the workflow is run and registered.
        pub const NAME: &'static __nk::str = __nk::text(&__nk_name);
    }
    static __nk_input_0: __nk::Param<i64> = __nk::Param::<
        i64,
    >::new("x", "What is doubled.");
    static __nk_input_1: __nk::Param<i64> = __nk::Param::<i64>::new("times", "")
        .default(|| 2);
    static __nk_workflow: __nk::WorkflowDef = __nk::WorkflowDef::of::<
        quadruple,
    >(__nk::WorkflowParts {
        name: __nk::text(&__nk_name),
        doc: "Doubles twice.",
        at: (__nk::file!(), __nk::line!()),
        params: &[&__nk_input_0, &__nk_input_1],
        outputs: __nk::workflow_output_names::<quadruple>(&[]),
        keep_going: true,
        interruptible: __nk::None,
        launch: __nk::None,
        build: || __nk::Built::new::<
            quadruple,
        >(
            quadruple(
                __nk::input(&__nk_workflow, 0u32),
                __nk::input(&__nk_workflow, 1u32),
            ),
            {
                #[allow(unused_variables)]
                let x: Promise<i64> = __nk::input(&__nk_workflow, 0u32);
                #[allow(unused_variables)]
                let times: Promise<i64> = __nk::input(&__nk_workflow, 1u32);
                __nk::Some(__nk::handler(clean_up::node(x, Failure)))
            },
        ),
    });
    impl __nk::SealedWorkflow for quadruple {
        type Gives = <Promise<i64> as __nk::WorkflowReturn>::Outputs;
        type Returned = Promise<i64>;
        fn data() -> &'static __nk::WorkflowDef {
            &__nk_workflow
        }
    }
    __nk::inventory::submit! {
        __nk::RegisteredWorkflow(& __nk_workflow)
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
impl quadruple {
    /// A node of the workflow `quadruple`, in a workflow.
    #[track_caller]
    pub fn node(
        x: impl ::nebulakit::__private::IntoPromise<i64>,
        times: impl ::nebulakit::__private::IntoPromise<
            ::nebulakit::__private::OrDefault<i64>,
        >,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::Workflow>::Outputs,
    > {
        #[allow(unused_mut)]
        let mut __nk_making = ::nebulakit::__private::Making::new(2usize);
        ::nebulakit::__private::Making::one(&mut __nk_making, x);
        ::nebulakit::__private::Making::one(&mut __nk_making, times);
        ::nebulakit::__private::Making::workflow_node(
            __nk_making,
            <Self as ::nebulakit::__private::Workflow>::def(),
        )
    }
    /// The workflow `quadruple` for each element of the lists that are given, in a workflow.
    #[track_caller]
    pub fn map<__NK0, __NK1>(
        x: __NK0,
        times: __NK1,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::WorkflowLists<__NK0>>::Each,
    >
    where
        Self: ::nebulakit::__private::WorkflowLists<__NK0>,
        __NK0: ::nebulakit::__private::IntoEach<i64>,
        __NK1: ::nebulakit::__private::IntoEach<::nebulakit::__private::OrDefault<i64>>,
        <<__NK0 as ::nebulakit::__private::IntoEach<
            i64,
        >>::Mode as ::nebulakit::__private::Mode>::Or<
            <<__NK1 as ::nebulakit::__private::IntoEach<
                ::nebulakit::__private::OrDefault<i64>,
            >>::Mode as ::nebulakit::__private::Mode>::Or<::nebulakit::__private::Same>,
        >: ::nebulakit::__private::SomeList,
    {
        let mut __nk_making = ::nebulakit::__private::Making::new(2usize);
        ::nebulakit::__private::Making::each(&mut __nk_making, x);
        ::nebulakit::__private::Making::each(&mut __nk_making, times);
        ::nebulakit::__private::Making::workflow_map(
            __nk_making,
            <Self as ::nebulakit::__private::Workflow>::def(),
        )
    }
    /// The workflow `quadruple` with values for its inputs, as data: to be run or launched.
    pub fn with(
        x: impl ::nebulakit::__private::IntoValue<i64>,
        times: impl ::nebulakit::__private::IntoValue<
            ::nebulakit::__private::OrDefault<i64>,
        >,
    ) -> ::nebulakit::__private::Invocation<
        <Self as ::nebulakit::__private::Workflow>::Outputs,
    > {
        ::nebulakit::__private::Invocation::new(
            <Self as ::nebulakit::__private::Workflow>::def(),
            [
                ("x", ::nebulakit::__private::IntoValue::into_value(x)),
                ("times", ::nebulakit::__private::IntoValue::into_value(times)),
            ],
        )
    }
    #[doc(hidden)]
    pub fn call<__NK, __NK0, __NK1>(
        __nk_context: &__NK,
        x: __NK0,
        times: __NK1,
    ) -> ::nebulakit::__private::Call<
        <Self as ::nebulakit::__private::Workflow>::Outputs,
    >
    where
        ::nebulakit::__private::Refused<
            __NK,
            quadruple,
        >: ::nebulakit::__private::WorkflowsAreNodes,
    {
        let _ = __nk_context;
        let _ = x;
        let _ = times;
        ::nebulakit::__private::unreachable!()
    }
    /// The graph of the workflow `quadruple`, or everything that is wrong with it.
    pub fn graph() -> ::nebulakit::__private::FullResult<
        ::nebulakit::__private::Graph,
        ::nebulakit::__private::Problems,
    > {
        ::nebulakit::__private::WorkflowDef::graph(
            <Self as ::nebulakit::__private::Workflow>::def(),
        )
    }
}
