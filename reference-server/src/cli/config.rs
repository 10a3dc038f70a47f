//! `acd config`.

use comfy_table::{ContentArrangement, Table, presets};

use super::output::say;
use super::{CliResult, Context};
use crate::config::SETTINGS;

/// Prints every setting, its value and where that comes from.
pub(super) fn run(context: &Context) -> CliResult {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["setting", "value", "from", "what it does"]);
    for setting in SETTINGS {
        let (value, place) = match context.config.origins.get(setting.name) {
            Some((value, place)) => (value.as_str(), place.as_str()),
            None => (setting.default, "default"),
        };
        table.add_row([setting.name, value, place, setting.help]);
    }
    say!("{table}");
    say!("In the file a setting has its name in lower case without ACD_, for example: listen = \"127.0.0.1:4400\"");
    Ok(())
}
