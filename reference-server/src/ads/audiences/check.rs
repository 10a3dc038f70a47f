//! Checks of what a request says of an audience.

use acd_platform::ads::audiences::{AudiencePerson, AudienceSource, CreateHubLookalike};

use crate::kernel::check;
use crate::kernel::problem::Result;

/// The longest name of an event and the longest id, in bytes.
const MOST_BYTES: usize = 512;
const MOST_PEOPLE: usize = 10_000;

pub(super) fn name(name: &str) -> Result<()> {
    check::text("name", name, 1..=100)
}

pub(super) fn source(source: &AudienceSource) -> Result<()> {
    match source {
        AudienceSource::Event { event, within_days, at_least } => {
            short("source.event", event)?;
            if !(1..=180).contains(within_days) {
                return Err(check::invalid("source.within_days", "must be from 1 to 180"));
            }
            if !(1..=1_000_000).contains(at_least) {
                return Err(check::invalid("source.at_least", "must be from 1 to 1000000"));
            }
        }
        AudienceSource::Entitled { plans } => {
            if plans.len() > 10 {
                return Err(check::invalid("source.plans", "names 10 plans at most"));
            }
        }
        AudienceSource::People { people } => {
            if !(1..=MOST_PEOPLE).contains(&people.len()) {
                return Err(check::invalid("source.people", "names 1 to 10000 people"));
            }
            for (at, person) in people.iter().enumerate() {
                let (AudiencePerson::UserId(id) | AudiencePerson::AnonymousId(id) | AudiencePerson::Email(id)) = person
                else {
                    return Err(check::invalid(&format!("source.people[{at}]"), "is named by an id of no known kind"));
                };
                short(&format!("source.people[{at}]"), id)?;
            }
        }
        _ => return Err(check::invalid("source.kind", "is none that this server knows")),
    }
    Ok(())
}

pub(super) fn renew_hours(hours: u32) -> Result<i32> {
    match i32::try_from(hours) {
        Ok(number) if (1..=720).contains(&hours) => Ok(number),
        _ => Err(check::invalid("renew_hours", "must be from 1 to 720")),
    }
}

pub(super) fn lookalike(new: &CreateHubLookalike) -> Result<()> {
    name(&new.name)?;
    if new.country.len() != 2 || !new.country.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(check::invalid("country", "must be two capital letters of ISO 3166-1"));
    }
    if !(1..=20).contains(&new.ratio_percent) {
        return Err(check::invalid("ratio_percent", "must be from 1 to 20"));
    }
    Ok(())
}

fn short(field: &str, text: &str) -> Result<()> {
    if (1..=MOST_BYTES).contains(&text.len()) && !text.contains('\0') {
        return Ok(());
    }
    Err(check::invalid(field, "must have 1 to 512 bytes, none of them NUL"))
}
