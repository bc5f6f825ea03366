"""The workflows of `benches/src/bin/onto_flyte.rs` as users of flytekit write them."""

from flytekit import dynamic, map_task, task, workflow


@task
def add(a: int, b: int) -> int:
    return a + b


@workflow
def chain_20() -> int:
    total = add(a=1, b=1)
    for _ in range(19):
        total = add(a=total, b=1)
    return total


@workflow
def map_20() -> list[int]:
    return map_task(add)(a=list(range(20)), b=list(range(20)))


@workflow
def map_100() -> list[int]:
    return map_task(add)(a=list(range(100)), b=list(range(100)))


@workflow
def map_500() -> list[int]:
    return map_task(add)(a=list(range(500)), b=list(range(500)))


@dynamic
def fan_out(most: int) -> list[int]:
    return [add(a=number, b=number) for number in range(most)]


@workflow
def dynamic_50() -> list[int]:
    return fan_out(most=50)


@workflow
def level_20(x: int) -> int:
    return add(a=x, b=1)


@workflow
def level_19(x: int) -> int:
    return level_20(x=add(a=x, b=1))


@workflow
def level_18(x: int) -> int:
    return level_19(x=add(a=x, b=1))


@workflow
def level_17(x: int) -> int:
    return level_18(x=add(a=x, b=1))


@workflow
def level_16(x: int) -> int:
    return level_17(x=add(a=x, b=1))


@workflow
def level_15(x: int) -> int:
    return level_16(x=add(a=x, b=1))


@workflow
def level_14(x: int) -> int:
    return level_15(x=add(a=x, b=1))


@workflow
def level_13(x: int) -> int:
    return level_14(x=add(a=x, b=1))


@workflow
def level_12(x: int) -> int:
    return level_13(x=add(a=x, b=1))


@workflow
def level_11(x: int) -> int:
    return level_12(x=add(a=x, b=1))


@workflow
def level_10(x: int) -> int:
    return level_11(x=add(a=x, b=1))


@workflow
def level_9(x: int) -> int:
    return level_10(x=add(a=x, b=1))


@workflow
def level_8(x: int) -> int:
    return level_9(x=add(a=x, b=1))


@workflow
def level_7(x: int) -> int:
    return level_8(x=add(a=x, b=1))


@workflow
def level_6(x: int) -> int:
    return level_7(x=add(a=x, b=1))


@workflow
def level_5(x: int) -> int:
    return level_6(x=add(a=x, b=1))


@workflow
def level_4(x: int) -> int:
    return level_5(x=add(a=x, b=1))


@workflow
def level_3(x: int) -> int:
    return level_4(x=add(a=x, b=1))


@workflow
def level_2(x: int) -> int:
    return level_3(x=add(a=x, b=1))


@workflow
def level_1(x: int) -> int:
    return level_2(x=add(a=x, b=1))


@workflow
def nested_20() -> int:
    return level_1(x=1)
