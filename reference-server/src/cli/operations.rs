//! `acd operations`.

use acd_core::Operation;
use comfy_table::{ContentArrangement, Table, presets};

use super::CliResult;
use super::output::say;

/// Prints every call that the SDK can make, by name.
pub(super) fn run() -> CliResult {
    let mut all: Vec<Operation> = acd_analytics::operations::ALL
        .iter()
        .copied()
        .chain(acd_meta::operations())
        .chain(acd_platform::operations())
        .collect();
    all.sort_by_key(Operation::name);
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["operation", "method", "path", "safety", "cost", "pools", "timeout"]);
    for operation in &all {
        table.add_row([
            operation.name(),
            operation.method().as_str(),
            operation.path(),
            operation.safety().as_str(),
            &operation.cost_units().to_string(),
            &operation.limit_pools().join(", "),
            operation.timeout_class().as_str(),
        ]);
    }
    say!("{table}");
    say!(
        "safety: safe and idempotent calls are repeated after a failure, keyed ones with the same idempotency key, unsafe"
    );
    say!("ones only when they surely never left. cost: units that each attempt takes from its pools.");
    Ok(())
}
