//! A long task that stops when it is told to, goes on where the former attempt ended, and reports.
//! Run it with `cargo run -p nebulakit-examples --bin checkpoints -- run simulate --steps 1000`.

use nebulakit::prelude::*;

/// Takes many steps, and can be taken off its machine at any of them.
#[task(retries = 5, interruptible, deck)]
fn simulate(ctx: Context, steps: u64) -> anyhow::Result<f64> {
    let saved = match ctx.checkpoint() {
        Some(checkpoint) => checkpoint.blocking().read()?,
        None => None,
    };
    let mut step = match saved {
        Some(saved) => std::str::from_utf8(&saved)?.parse()?,
        None => 0,
    };
    let mut value = 1.0;
    while step < steps {
        if ctx.is_cancelled() {
            if let Some(checkpoint) = ctx.checkpoint() {
                checkpoint.blocking().write(step.to_string())?;
            }
            return Err(anyhow::anyhow!("stopped at step {step} of {steps}")).recoverable();
        }
        value += 1.0 / (1.0 + value);
        step += 1;
    }
    ctx.stats().gauge("simulated_value", value);
    ctx.decks().table("Result", ["steps", "value"], [[steps.to_string(), value.to_string()]]);
    Ok(value)
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::simulate;
    use nebulakit::Cancellation;
    use nebulakit::testing::Harness;

    #[test]
    fn goes_on_where_the_former_attempt_ended() {
        let run = Harness::new().attempt(1).checkpoint("999").run_blocking(simulate::with(1000));
        assert_eq!(run.outputs, Ok(1.5));
        assert_eq!((run.stats, run.decks[0].0.as_str()), (vec!["simulated_value:1.5|g".to_owned()], "Result"));
    }

    #[test]
    fn saves_its_step_when_it_is_told_to_stop() {
        let cancellation = Cancellation::new();
        cancellation.cancel();
        let run = Harness::new().checkpoint("7").cancellation(&cancellation).run_blocking(simulate::with(1000));
        assert_eq!(run.outputs.unwrap_err().is_recoverable(), Some(true));
        assert_eq!(run.checkpoint.unwrap(), "7");
    }
}
