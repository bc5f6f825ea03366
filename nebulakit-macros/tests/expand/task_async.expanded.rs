//! Expansion of the file of the same name; written by the test `expansions`.

#[cfg(unix)]
async fn split(
    ctx: Context,
    corpus: Directory,
    parts: i64,
    r#type: String,
) -> Result<Vec<File>, Oops> {
    ctx.split(corpus, parts, r#type).await
}
#[cfg(unix)]
/// The task `split`; the function of the same name stays an ordinary function.
#[allow(non_camel_case_types, dead_code, missing_debug_implementations)]
struct split {}
#[allow(deprecated, non_upper_case_globals, unused_qualifications)]
const _: () = {
    use ::nebulakit::__private as __nk;
    const __nk_path: &__nk::str = __nk::concat!(__nk::module_path!(), "::split");
    const __nk_name: [__nk::u8; __nk::dotted_len(__nk_path)] = __nk::dotted(__nk_path);
    #[allow(dead_code)]
    impl split {
        /// The name by which the task is run and registered.
        pub const NAME: &'static __nk::str = __nk::text(&__nk_name);
    }
    static __nk_input_0: __nk::Param<Directory> = __nk::Param::<
        Directory,
    >::new("corpus", "");
    static __nk_input_1: __nk::Param<i64> = __nk::Param::<i64>::new("parts", "")
        .default(|| 8);
    static __nk_input_2: __nk::Param<String> = __nk::Param::<String>::new("type", "")
        .default(|| __nk::Into::into("txt"));
    static __nk_task: __nk::TaskDef = __nk::TaskDef::of::<
        split,
    >(__nk::TaskParts {
        name: __nk::text(&__nk_name),
        doc: "",
        at: (__nk::file!(), __nk::line!()),
        params: &[&__nk_input_0, &__nk_input_1, &__nk_input_2],
        outputs: __nk::output_names::<split>(&[]),
        options: &__nk::NO_OPTIONS,
        is_async: true,
        prepare: |__nk_inputs, __nk_context| {
            let __nk_0 = __nk::Param::take(&__nk_input_0, __nk_inputs)?;
            let __nk_1 = __nk::Param::take(&__nk_input_1, __nk_inputs)?;
            let __nk_2 = __nk::Param::take(&__nk_input_2, __nk_inputs)?;
            __nk::Ok(__nk::future::<split>(split(__nk_context, __nk_0, __nk_1, __nk_2)))
        },
    });
    impl __nk::Sealed for split {
        type Gives = <Result<Vec<File>, Oops> as __nk::TaskReturn>::Outputs;
        type Returned = Result<Vec<File>, Oops>;
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
impl split {
    /// A node of the task `split`, in a workflow.
    #[track_caller]
    pub fn node(
        corpus: impl ::nebulakit::__private::IntoPromise<Directory>,
        parts: impl ::nebulakit::__private::IntoPromise<
            ::nebulakit::__private::OrDefault<i64>,
        >,
        r#type: impl ::nebulakit::__private::IntoPromise<
            ::nebulakit::__private::OrDefault<String>,
        >,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::Task>::Outputs,
    > {
        #[allow(unused_mut)]
        let mut __nk_making = ::nebulakit::__private::Making::new(3usize);
        ::nebulakit::__private::Making::one(&mut __nk_making, corpus);
        ::nebulakit::__private::Making::one(&mut __nk_making, parts);
        ::nebulakit::__private::Making::one(&mut __nk_making, r#type);
        ::nebulakit::__private::Making::task_node(
            __nk_making,
            <Self as ::nebulakit::__private::Task>::def(),
        )
    }
    /// The task `split` for each element of the lists that are given, in a workflow.
    #[track_caller]
    pub fn map<__NK0, __NK1, __NK2>(
        corpus: __NK0,
        parts: __NK1,
        r#type: __NK2,
    ) -> ::nebulakit::__private::Promise<
        <Self as ::nebulakit::__private::TaskLists<__NK0>>::Each,
    >
    where
        Self: ::nebulakit::__private::TaskLists<__NK0>,
        __NK0: ::nebulakit::__private::IntoEach<Directory>,
        __NK1: ::nebulakit::__private::IntoEach<::nebulakit::__private::OrDefault<i64>>,
        __NK2: ::nebulakit::__private::IntoEach<
            ::nebulakit::__private::OrDefault<String>,
        >,
        <<__NK0 as ::nebulakit::__private::IntoEach<
            Directory,
        >>::Mode as ::nebulakit::__private::Mode>::Or<
            <<__NK1 as ::nebulakit::__private::IntoEach<
                ::nebulakit::__private::OrDefault<i64>,
            >>::Mode as ::nebulakit::__private::Mode>::Or<
                <<__NK2 as ::nebulakit::__private::IntoEach<
                    ::nebulakit::__private::OrDefault<String>,
                >>::Mode as ::nebulakit::__private::Mode>::Or<
                    ::nebulakit::__private::Same,
                >,
            >,
        >: ::nebulakit::__private::SomeList,
    {
        let mut __nk_making = ::nebulakit::__private::Making::new(3usize);
        ::nebulakit::__private::Making::each(&mut __nk_making, corpus);
        ::nebulakit::__private::Making::each(&mut __nk_making, parts);
        ::nebulakit::__private::Making::each(&mut __nk_making, r#type);
        ::nebulakit::__private::Making::task_map(
            __nk_making,
            <Self as ::nebulakit::__private::Task>::def(),
        )
    }
    /// The task `split` with values for its inputs, as data: to be run, launched or called.
    pub fn with(
        corpus: impl ::nebulakit::__private::IntoValue<Directory>,
        parts: impl ::nebulakit::__private::IntoValue<
            ::nebulakit::__private::OrDefault<i64>,
        >,
        r#type: impl ::nebulakit::__private::IntoValue<
            ::nebulakit::__private::OrDefault<String>,
        >,
    ) -> ::nebulakit::__private::Invocation<
        <Self as ::nebulakit::__private::Task>::Outputs,
    > {
        ::nebulakit::__private::Invocation::new(
            <Self as ::nebulakit::__private::Task>::def(),
            [
                ("corpus", ::nebulakit::__private::IntoValue::into_value(corpus)),
                ("parts", ::nebulakit::__private::IntoValue::into_value(parts)),
                ("type", ::nebulakit::__private::IntoValue::into_value(r#type)),
            ],
        )
    }
    /// Runs the task `split` from a running task, whose context this is, when it is awaited.
    pub fn call(
        __nk_context: &impl ::nebulakit::__private::Calls,
        corpus: impl ::nebulakit::__private::IntoValue<Directory>,
        parts: impl ::nebulakit::__private::IntoValue<
            ::nebulakit::__private::OrDefault<i64>,
        >,
        r#type: impl ::nebulakit::__private::IntoValue<
            ::nebulakit::__private::OrDefault<String>,
        >,
    ) -> ::nebulakit::__private::Call<<Self as ::nebulakit::__private::Task>::Outputs> {
        ::nebulakit::__private::Call::new(
            __nk_context,
            ::nebulakit::__private::Invocation::new(
                <Self as ::nebulakit::__private::Task>::def(),
                [
                    ("corpus", ::nebulakit::__private::IntoValue::into_value(corpus)),
                    ("parts", ::nebulakit::__private::IntoValue::into_value(parts)),
                    ("type", ::nebulakit::__private::IntoValue::into_value(r#type)),
                ],
            ),
        )
    }
    /// A closure that stands in for the task `split` in a run of a test.
    pub fn mock<__NK, __NKGives>(
        __nk_closure: impl ::nebulakit::__private::Fn(
            Directory,
            i64,
            String,
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
                ::nebulakit::__private::taken::<Self, Directory>(__nk_inputs, 0usize)?,
                ::nebulakit::__private::taken::<Self, i64>(__nk_inputs, 1usize)?,
                ::nebulakit::__private::taken::<Self, String>(__nk_inputs, 2usize)?,
            )),
            move |(corpus, parts, r#type)| __nk_closure(corpus, parts, r#type),
        )
    }
}
