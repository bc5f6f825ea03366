//! Expansion of the file of the same name; written by the test `expansions`.

/// Every night at two.
fn nightly(time: Promise<SystemTime>) -> Promise<i64> {
    daily::node(time, "eu")
}
/// The launch plan `nightly`; the function of the same name stays an ordinary function.
#[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
struct nightly {}
#[allow(deprecated, non_upper_case_globals, unused_qualifications)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_path: &__nk::str = __nk::concat!(__nk::module_path!(), "::nightly");
    const __nk_name: [__nk::u8; __nk::dotted_len(__nk_path)] = __nk::dotted(__nk_path);
    #[allow(dead_code)]
    impl nightly {
        /// The name by which the launch plan is run and registered.
        pub const NAME: &'static __nk::str = __nk::text(&__nk_name);
    }
    static __nk_input_0: __nk::Param<SystemTime> = __nk::Param::<
        SystemTime,
    >::new("time", "");
    #[allow(clippy::needless_update)]
    static __nk_launch: __nk::LaunchOptions = __nk::LaunchOptions {
        schedule: __nk::Some(__nk::LaunchSchedule::Cron("0 2 * * *")),
        kickoff: __nk::Some("time"),
        labels: &[("team", "data")],
        active: true,
        ..__nk::LaunchOptions::NONE
    };
    static __nk_workflow: __nk::WorkflowDef = __nk::WorkflowDef::of::<
        nightly,
    >(__nk::WorkflowParts {
        name: __nk::text(&__nk_name),
        doc: "Every night at two.",
        at: (__nk::file!(), __nk::line!()),
        params: &[&__nk_input_0],
        outputs: __nk::workflow_output_names::<nightly>(&[]),
        keep_going: false,
        interruptible: __nk::None,
        launch: __nk::Some(&__nk_launch),
        build: || __nk::Built::new::<
            nightly,
        >(nightly(__nk::input(&__nk_workflow, 0u32)), __nk::None),
    });
    impl __nk::SealedWorkflow for nightly {
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
impl nightly {
    /// A node of the launch plan `nightly`, in a workflow.
    #[track_caller]
    pub fn node(
        time: impl ::nebulakit::__private::IntoPromise<SystemTime>,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::Workflow>::Outputs,
    > {
        #[allow(unused_mut)]
        let mut __nk_making = ::nebulakit::__private::Making::new(1usize);
        ::nebulakit::__private::Making::one(&mut __nk_making, time);
        ::nebulakit::__private::Making::workflow_node(
            __nk_making,
            <Self as ::nebulakit::__private::Workflow>::def(),
        )
    }
    #[doc(hidden)]
    pub fn map<__NK0>(
        time: __NK0,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::WorkflowLists<__NK0>>::Each,
    >
    where
        ::nebulakit::__private::Refused<
            __NK0,
            nightly,
        >: ::nebulakit::__private::MapsWorkflows,
        Self: ::nebulakit::__private::WorkflowLists<__NK0>,
    {
        let _ = time;
        ::nebulakit::__private::unreachable!()
    }
    /// The launch plan `nightly` with values for its inputs, as data: to be run or launched.
    pub fn with(
        time: impl ::nebulakit::__private::IntoValue<SystemTime>,
    ) -> ::nebulakit::__private::Invocation<
        <Self as ::nebulakit::__private::Workflow>::Outputs,
    > {
        ::nebulakit::__private::Invocation::new(
            <Self as ::nebulakit::__private::Workflow>::def(),
            [("time", ::nebulakit::__private::IntoValue::into_value(time))],
        )
    }
    #[doc(hidden)]
    pub fn call<__NK, __NK0>(
        __nk_context: &__NK,
        time: __NK0,
    ) -> ::nebulakit::__private::Call<
        <Self as ::nebulakit::__private::Workflow>::Outputs,
    >
    where
        ::nebulakit::__private::Refused<
            __NK,
            nightly,
        >: ::nebulakit::__private::WorkflowsAreNodes,
    {
        let _ = __nk_context;
        let _ = time;
        ::nebulakit::__private::unreachable!()
    }
    /// The graph of the launch plan `nightly`, or everything that is wrong with it.
    pub fn graph() -> ::nebulakit::__private::FullResult<
        ::nebulakit::__private::Graph,
        ::nebulakit::__private::Problems,
    > {
        ::nebulakit::__private::WorkflowDef::graph(
            <Self as ::nebulakit::__private::Workflow>::def(),
        )
    }
}
