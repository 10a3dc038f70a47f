//! What a rule may say.

use acd_platform::attribution::CreateConversionRule;

use super::money::LARGEST;
use crate::ads::conditions;
use crate::kernel::check::{invalid, text};
use crate::kernel::problem::Result;

const NAME_BYTES: usize = 512;

/// Refuses a rule that could not be stored, or could never count.
pub(super) fn rule(rule: &CreateConversionRule) -> Result<()> {
    text("name", &rule.name, 1..=100)?;
    text("event", &rule.event, 1..=NAME_BYTES)?;
    if rule.event.len() > NAME_BYTES {
        return Err(invalid("event", "must have at most 512 bytes, as names of events do"));
    }
    for (field, property) in [
        ("value_property", &rule.value_property),
        ("currency_property", &rule.currency_property),
        ("order_property", &rule.order_property),
    ] {
        if let Some(property) = property {
            text(field, property, 1..=200)?;
        }
    }
    conditions::check(&rule.conditions)?;
    if rule.amount_minor.is_some_and(|amount| !(0..=LARGEST).contains(&amount)) {
        return Err(invalid("amount_minor", "must lie between 0 and 1000000000000000"));
    }
    let code = |currency: &String| currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    if rule.currency.as_ref().is_some_and(|currency| !code(currency)) {
        return Err(invalid("currency", "must be three capital letters of ISO 4217, as USD"));
    }
    let has_amount = rule.amount_minor.is_some() || rule.value_property.is_some();
    if has_amount && rule.currency.is_none() && rule.currency_property.is_none() {
        return Err(invalid("currency", "give it or currency_property: an amount without a currency cannot be summed"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use acd_platform::attribution::Effect;
    use acd_platform::conditions::{Condition, Operator};

    use super::*;

    fn sale() -> CreateConversionRule {
        CreateConversionRule::ecommerce("Sale", "Order Completed", Effect::Conversion)
    }

    #[test]
    fn refusals_name_the_field() {
        assert!(rule(&sale()).is_ok());
        for (bad, field) in [
            (CreateConversionRule { name: String::new(), ..sale() }, "name"),
            (CreateConversionRule { name: "a\0".to_owned(), ..sale() }, "name"),
            (CreateConversionRule { event: "é".repeat(300), ..sale() }, "event"),
            (CreateConversionRule { value_property: Some(String::new()), ..sale() }, "value_property"),
            (CreateConversionRule { amount_minor: Some(-1), ..sale() }, "amount_minor"),
            (CreateConversionRule { amount_minor: Some(LARGEST + 1), ..sale() }, "amount_minor"),
            (CreateConversionRule { currency: Some("usd".to_owned()), ..sale() }, "currency"),
            (CreateConversionRule { currency_property: None, ..sale() }, "currency"),
            (
                CreateConversionRule {
                    conditions: vec![Condition::new("properties.plan", Operator::Exists, 1)],
                    ..sale()
                },
                "conditions[0].value",
            ),
        ] {
            let problem = rule(&bad).unwrap_err();
            assert!(problem.status == 422 && problem.detail.starts_with(field), "{field}: {}", problem.detail);
        }
    }
}
