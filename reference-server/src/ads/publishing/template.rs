//! What becomes of a template when its variables get their values.

use std::collections::BTreeMap;

use acd_platform::AssetId;
use acd_platform::ads::publications::{PublicationPlan, TemplateUse};
use acd_platform::ads::templates::{AdTemplate, TemplateVariable, VariableKind};
use chrono::DateTime;
use serde_json::{Map, Value};

use super::plan;
use crate::kernel::check;
use crate::kernel::problem::Result;

const VARIABLES: usize = 50;
const ROWS: usize = 100;
const NAME_CHARS: usize = 50;
const TEXT_CHARS: usize = 5_000;
const UTM_CHARS: usize = 200;
const PLAN_BYTES: usize = 256 * 1024;

/// A value with what it may be.
#[derive(Clone, Copy)]
struct Given<'a> {
    kind: VariableKind,
    value: &'a str,
}

type Values<'a> = BTreeMap<&'a str, Given<'a>>;

/// Checks variables and plan of a template: with values of each kind the plan is one.
pub(super) fn check(variables: &[TemplateVariable], plan: &Map<String, Value>) -> Result<()> {
    if variables.len() > VARIABLES {
        return Err(check::invalid("variables", &format!("has {} entries; wanted are at most 50", variables.len())));
    }
    check::object("plan", plan, PLAN_BYTES)?;
    let mut samples = Values::new();
    for (at, variable) in variables.iter().enumerate() {
        let place = format!("variables[{at}]");
        let letter_first = variable.name.starts_with(|first: char| first.is_ascii_lowercase());
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !letter_first || variable.name.len() > NAME_CHARS || !variable.name.bytes().all(is_plain) {
            let why = "must be a lower-case letter and up to 49 of those, digits and underscores";
            return Err(check::invalid(&format!("{place}.name"), why));
        }
        if let Some(value) = &variable.default {
            check_value(&format!("{place}.default"), variable.kind, value)?;
        }
        let value = variable.default.as_deref().unwrap_or_else(|| sample(variable.kind));
        if samples.insert(&variable.name, Given { kind: variable.kind, value }).is_some() {
            return Err(check::invalid(&format!("{place}.name"), "is the name of another variable too"));
        }
    }
    plan::check(read(filled(plan, &samples, "variables do not name it")?)?).map(drop)
}

/// The plan of a template with these values.
pub(super) fn expand(template: &AdTemplate, using: &TemplateUse) -> Result<PublicationPlan> {
    if using.rows.len() > ROWS {
        return Err(check::invalid(
            "template.rows",
            &format!("has {} entries; wanted are at most 100", using.rows.len()),
        ));
    }
    let declared: BTreeMap<&str, &TemplateVariable> =
        template.variables.iter().map(|variable| (variable.name.as_str(), variable)).collect();
    let mut common = Values::new();
    for variable in &template.variables {
        if let Some(value) = &variable.default {
            common.insert(&variable.name, Given { kind: variable.kind, value });
        }
    }
    add(&mut common, &declared, &using.values, "template.values")?;
    if using.rows.is_empty() {
        return read(filled(&template.plan, &common, "give it a value in template.values")?);
    }
    let (repeated, mut once): (Map<_, _>, Map<_, _>) =
        template.plan.clone().into_iter().partition(|(name, _)| name == "creatives" || name == "ads");
    once = filled(&once, &common, "rows do not count here: give it a value in template.values")?;
    let mut creatives = Vec::new();
    let mut ads = Vec::new();
    for (at, row) in using.rows.iter().enumerate() {
        let mut values = common.clone();
        add(&mut values, &declared, row, &format!("template.rows[{at}]"))?;
        let mut made = filled(&repeated, &values, &format!("give it a value in template.rows[{at}]"))?;
        number(&mut made, at + 1);
        for (name, list) in [("creatives", &mut creatives), ("ads", &mut ads)] {
            if let Some(Value::Array(entries)) = made.remove(name) {
                list.extend(entries);
            }
        }
    }
    once.insert("creatives".to_owned(), Value::Array(creatives));
    once.insert("ads".to_owned(), Value::Array(ads));
    read(once)
}

/// Puts the number of its row after the keys of what a row makes.
fn number(made: &mut Map<String, Value>, row: usize) {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let mut keys = Vec::new();
    for creative in made.get_mut("creatives").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(key) = text(creative.get("key")) {
            creative["key"] = format!("{key}-{row}").into();
            keys.push(key);
        }
    }
    for ad in made.get_mut("ads").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(key) = text(ad.get("key")) {
            ad["key"] = format!("{key}-{row}").into();
        }
        let shown = ad.pointer_mut("/object/creative/creative_id");
        if let Some(shown) = shown
            && let Some(key) = shown.as_str().filter(|key| keys.iter().any(|known| known == key))
        {
            *shown = format!("{key}-{row}").into();
        }
    }
}

fn add<'a>(
    values: &mut Values<'a>,
    declared: &BTreeMap<&'a str, &'a TemplateVariable>,
    given: &'a BTreeMap<String, String>,
    place: &str,
) -> Result<()> {
    for (name, value) in given {
        let place = format!("{place}.{name}");
        let Some(variable) = declared.get(name.as_str()) else {
            return Err(check::invalid(&place, "the template has no such variable"));
        };
        check_value(&place, variable.kind, value)?;
        values.insert(&variable.name, Given { kind: variable.kind, value });
    }
    Ok(())
}

fn check_value(place: &str, kind: VariableKind, value: &str) -> Result<()> {
    let fits = |fits: bool, why: &str| if fits { Ok(()) } else { Err(check::invalid(place, why)) };
    match kind {
        VariableKind::Link => check::url(place, value),
        VariableKind::Utm => check::text(place, value, 1..=UTM_CHARS),
        VariableKind::Number => fits(value.parse::<i64>().is_ok(), "must be a whole number"),
        VariableKind::Time => fits(DateTime::parse_from_rfc3339(value).is_ok(), "must be a time by RFC 3339"),
        VariableKind::Asset => fits(value.parse::<AssetId>().is_ok(), "must be the id of an asset"),
        _ => check::text(place, value, 1..=TEXT_CHARS),
    }
}

/// A value that fits every place where one of this kind makes sense.
fn sample(kind: VariableKind) -> &'static str {
    match kind {
        VariableKind::Link => "https://example.com/",
        VariableKind::Time => "2026-01-01T00:00:00Z",
        VariableKind::Asset => "ast_00000000000000000000000000000000",
        _ => "1",
    }
}

fn read(plan: Map<String, Value>) -> Result<PublicationPlan> {
    serde_path_to_error::deserialize(Value::Object(plan)).map_err(|error| {
        let place = format!("plan.{}", error.path());
        check::invalid(&place, &error.into_inner().to_string())
    })
}

fn filled(plan: &Map<String, Value>, values: &Values<'_>, remedy: &str) -> Result<Map<String, Value>> {
    plan.iter().map(|(name, value)| Ok((name.clone(), fill(value, values, remedy)?))).collect()
}

fn fill(value: &Value, values: &Values<'_>, remedy: &str) -> Result<Value> {
    match value {
        Value::String(text) => fill_text(text, values, remedy),
        Value::Array(entries) => {
            entries.iter().map(|entry| fill(entry, values, remedy)).collect::<Result<_>>().map(Value::Array)
        }
        Value::Object(fields) => filled(fields, values, remedy).map(Value::Object),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.clone()),
    }
}

/// Puts values into a text, each once: what a value itself says is no variable.
fn fill_text(text: &str, values: &Values<'_>, remedy: &str) -> Result<Value> {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            made.push_str(before);
            made.push_str("${");
            rest = &from[2..];
            continue;
        }
        let Some((name, after)) = from[2..].split_once('}') else {
            return Err(check::invalid("plan", "has `${` without `}`; write `$${` for one that is no variable"));
        };
        let Some(given) = values.get(name) else {
            return Err(check::invalid("plan", &format!("uses `${{{name}}}`: {remedy}")));
        };
        if text.len() == name.len() + 3
            && given.kind == VariableKind::Number
            && let Ok(number) = given.value.parse::<i64>()
        {
            return Ok(number.into());
        }
        made.push_str(before);
        made.push_str(given.value);
        rest = after;
    }
    made.push_str(rest);
    Ok(made.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn template(plan: Value) -> AdTemplate {
        let variable = |name: &str, kind| TemplateVariable::new(name, kind);
        AdTemplate {
            id: uuid::Uuid::nil().into(),
            product: "pct".parse().unwrap(),
            name: "t".to_owned(),
            variables: vec![
                variable("campaign", VariableKind::Text),
                variable("budget", VariableKind::Number),
                variable("page", VariableKind::Link),
                TemplateVariable { default: Some("Hello".to_owned()), ..variable("headline", VariableKind::Text) },
            ],
            plan: plan.as_object().unwrap().clone(),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn whole() -> AdTemplate {
        template(json!({
            "campaign": { "name": "${campaign} $${x} {{ad.id}}", "objective": "OUTCOME_TRAFFIC", "special_ad_categories": [],
                "daily_budget": "${budget}" },
            "ad_sets": [{ "key": "all", "object": { "name": "A", "campaign_id": "campaign", "optimization_goal": "LINK_CLICKS",
                "billing_event": "IMPRESSIONS", "targeting": { "age_min": "${budget}" } } }],
            "creatives": [{ "key": "c", "object": { "object_story_spec": { "page_id": "4", "link_data": {
                "link": "${page}?x=1", "name": "${headline}" } } } }],
            "ads": [{ "key": "ad", "object": { "name": "${headline}", "adset_id": "all", "creative": { "creative_id": "c" } } }],
        }))
    }

    fn using() -> TemplateUse {
        TemplateUse::new(uuid::Uuid::nil().into())
            .value("campaign", "Spring ${budget}")
            .value("budget", "18")
            .value("page", "https://pct.tools/")
    }

    fn written(plan: &PublicationPlan) -> Value {
        serde_json::to_value(plan).unwrap()
    }

    #[test]
    fn variables_get_their_values_once_and_numbers_stay_numbers() {
        let plan = written(&expand(&whole(), &using()).unwrap());
        assert_eq!(plan["campaign"]["name"], "Spring ${budget} ${x} {{ad.id}}");
        assert_eq!(plan["campaign"]["daily_budget"], 18);
        assert_eq!(plan["ad_sets"][0]["object"]["targeting"]["age_min"], 18);
        let link = &plan["creatives"][0]["object"]["object_story_spec"]["link_data"];
        assert_eq!((&link["link"], &link["name"]), (&json!("https://pct.tools/?x=1"), &json!("Hello")));
    }

    #[test]
    fn each_row_makes_its_own_ads_and_creatives() {
        let rows = using().row([("headline", "First")]).row([("page", "https://pct.tools/b")]);
        let plan = written(&expand(&whole(), &rows).unwrap());
        let keys: Vec<_> = ["creatives", "ads"].map(|list| plan[list].as_array().unwrap().clone()).concat();
        let keys: Vec<_> = keys.iter().map(|entry| entry["key"].as_str().unwrap().to_owned()).collect();
        assert_eq!(keys, ["c-1", "c-2", "ad-1", "ad-2"]);
        let shown: Vec<_> = (0..2).map(|at| plan["ads"][at]["object"]["creative"]["creative_id"].clone()).collect();
        assert_eq!(shown, ["c-1", "c-2"]);
        let names: Vec<_> = (0..2).map(|at| plan["ads"][at]["object"]["name"].clone()).collect();
        assert_eq!(names, ["First", "Hello"]);
        plan::check(serde_json::from_value(plan).unwrap()).unwrap();
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let told = |using: &TemplateUse| expand(&whole(), using).unwrap_err().detail.into_owned();
        for (wrong, place) in [
            (using().value("nothing", "x"), "template.values.nothing: the template has no such variable"),
            (using().value("budget", "1.5"), "template.values.budget: must be a whole number"),
            (using().value("page", "javascript:alert(1)"), "template.values.page: must be an http"),
            (using().value("headline", "a\0"), "template.values.headline: must have"),
            (using().row([("page", "x")]), "template.rows[0].page: must be an http"),
        ] {
            assert!(told(&wrong).starts_with(place), "{}", told(&wrong));
        }
        let mut missing = using();
        missing.values.remove("campaign");
        assert_eq!(told(&missing), "plan: uses `${campaign}`: give it a value in template.values");
        let only_in_rows = missing.row([("campaign", "x")]);
        assert!(told(&only_in_rows).contains("rows do not count here"), "{}", told(&only_in_rows));
    }

    #[test]
    fn a_template_is_checked_before_it_is_used() {
        let whole = whole();
        check(&whole.variables, &whole.plan).unwrap();
        let told = |variables: &[TemplateVariable], plan: &Map<String, Value>| {
            check(variables, plan).unwrap_err().detail.into_owned()
        };
        assert!(told(&[], &whole.plan).contains("variables do not name it"));
        let mut twice = whole.variables.clone();
        twice.push(twice[0].clone());
        assert!(told(&twice, &whole.plan).starts_with("variables[4].name: is the name of another"));
        let named = |name: &str| [TemplateVariable::new(name, VariableKind::Text)];
        assert!(told(&named("A"), &whole.plan).starts_with("variables[0].name: must be"));
        let bad_default = TemplateVariable { default: Some("x".to_owned()), ..whole.variables[1].clone() };
        assert!(told(&[bad_default], &whole.plan).starts_with("variables[0].default: must be a whole"));
        let mut open = whole.plan.clone();
        open.insert("utm".to_owned(), json!({ "source": "${x", "medium": "m", "campaign": "c" }));
        assert!(told(&whole.variables, &open).contains("without `}`"));
        let mut unknown = whole.plan;
        unknown.insert("adds".to_owned(), json!([]));
        assert!(told(&whole.variables, &unknown).contains("adds"));
    }

    proptest! {
        #[test]
        fn a_value_stands_in_its_place_as_it_is(value in ".*", before in "[^$]*", after in "[^$]*") {
            let values = Values::from([("v", Given { kind: VariableKind::Text, value: &value })]);
            let made = fill_text(&format!("{before}${{v}}{after}"), &values, "").unwrap();
            prop_assert_eq!(made, format!("{before}{value}{after}"));
        }

        #[test]
        fn no_text_breaks_it(text in ".*") {
            let values = Values::from([("v", Given { kind: VariableKind::Number, value: "1" })]);
            let _ = fill_text(&text, &values, "");
        }
    }
}
