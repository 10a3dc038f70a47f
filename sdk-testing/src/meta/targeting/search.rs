//! Finding the ids that targetings are made of:
//! <https://developers.facebook.com/docs/marketing-api/audiences/reference/targeting-search> and
//! <https://developers.facebook.com/docs/marketing-api/audiences/reference/detailed-targeting>.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::params::as_text;
use super::catalogue::{Catalogue, Choice, catalogue};

/// Rows unless `limit` says otherwise.
const ROWS: usize = 8;
/// What `/search` looks for, by its parameter `type`.
const TYPES: [&str; 12] = [
    "adgeolocation",
    "adgeolocationmeta",
    "adcountry",
    "adlocale",
    "adinterest",
    "adinterestsuggestion",
    "adinterestvalid",
    "adtargetingcategory",
    "adeducationschool",
    "adeducationmajor",
    "adworkemployer",
    "adworkposition",
];
/// The kinds of places.
const PLACES: [&str; 7] = ["country", "country_group", "region", "city", "zip", "geo_market", "electoral_district"];
/// The lists of a targeting that `class=demographics` stands for.
const DEMOGRAPHICS: [&str; 4] = ["life_events", "industries", "income", "family_statuses"];

/// `GET /search`.
pub(in super::super) fn search(call: &Call) -> Result<Value, GraphError> {
    let kind = call.params.text("type").ok_or_else(|| GraphError::missing("type"))?.to_ascii_lowercase();
    let all = catalogue();
    let of =
        |list: &'static [&'static str]| all.options.iter().filter(move |option| list.contains(&option.kind.as_str()));
    let named = |list| -> Result<Vec<Value>, GraphError> {
        let query = query(call)?;
        Ok(of(list).filter(|option| is_found(&option.name, &query)).map(Choice::shown).collect())
    };
    let rows = match kind.as_str() {
        "adgeolocationmeta" => return Ok(json!({ "data": metadata(call, all) })),
        "adgeolocation" => places(call, all, &call.params.texts("location_types"))?,
        "adcountry" => places(call, all, &["country".to_owned()])?,
        "adlocale" => {
            let query = query(call)?;
            let found = all.locales.iter().filter(|(_, name)| is_found(name, &query));
            found.map(|(key, name)| json!({ "key": key, "name": name })).collect()
        }
        "adinterest" => named(&["interests"])?,
        "adinterestsuggestion" => {
            let known = call.params.texts("interest_list");
            if known.is_empty() {
                return Err(GraphError::missing("interest_list"));
            }
            suggested(all, |option| known.contains(&option.name))
                .into_iter()
                .filter(|option| option.kind == "interests")
                .map(Choice::shown)
                .collect()
        }
        "adinterestvalid" => valid_interests(call, all)?,
        "adtargetingcategory" => {
            let class = call.params.text("class").ok_or_else(|| GraphError::missing("class"))?;
            let is_in = |option: &&Choice| {
                option.kind == class || (class == "demographics" && DEMOGRAPHICS.contains(&option.kind.as_str()))
            };
            all.options.iter().filter(is_in).map(Choice::shown).collect()
        }
        "adeducationschool" => coverage(named(&["education_schools"])?),
        "adeducationmajor" => coverage(named(&["education_majors"])?),
        "adworkemployer" => coverage(named(&["work_employers"])?),
        "adworkposition" => coverage(named(&["work_positions"])?),
        _ => return Err(GraphError::invalid("type", format!("must be one of {{{}}}", TYPES.join(", ")))),
    };
    limited(call, rows)
}

/// `GET /act_{account}/targetingsearch` and its siblings; none for another edge.
pub(in super::super) fn detailed(call: &Call, edge: &str) -> Result<Option<Value>, GraphError> {
    let all = catalogue();
    let listed = || call.params.json("targeting_list").and_then(|list| list.as_array().cloned()).unwrap_or_default();
    let rows = match edge {
        "targetingsearch" => {
            let query = query(call)?;
            all.options.iter().filter(|option| is_found(&option.name, &query)).collect()
        }
        "targetingbrowse" => all.options.iter().collect(),
        "targetingsuggestions" => {
            let known: Vec<String> = listed().iter().filter_map(|item| item.get("id").map(as_text)).collect();
            if known.is_empty() {
                return Err(GraphError::missing("targeting_list"));
            }
            suggested(all, |option| known.contains(&option.id))
        }
        "targetingvalidation" => return validated(call, all, &listed()).map(Some),
        _ => return Ok(None),
    };
    let kinds = match call.params.text("limit_type") {
        Some(kind) => vec![kind],
        None => call.params.texts("whitelisted_types"),
    };
    let is_wanted = |option: &&Choice| kinds.is_empty() || kinds.contains(&option.kind);
    limited(call, rows.into_iter().filter(is_wanted).map(Choice::shown).collect()).map(Some)
}

/// What is asked for, also nothing; a search without it is refused.
fn query(call: &Call) -> Result<String, GraphError> {
    if call.params.names().any(|name| name == "q") {
        return Ok(call.params.text("q").unwrap_or_default().to_lowercase());
    }
    Err(GraphError::missing("q"))
}

/// Whether a word of the name begins as asked.
fn is_found(name: &str, query: &str) -> bool {
    let name = name.to_lowercase();
    name.starts_with(query) || name.match_indices(query).any(|(at, _)| name[..at].ends_with([' ', '-', '(']))
}

fn limited(call: &Call, mut rows: Vec<Value>) -> Result<Value, GraphError> {
    let limit = match call.params.text("limit") {
        None => ROWS,
        Some(text) => text.parse().map_err(|_| GraphError::invalid("limit", "must be a number"))?,
    };
    rows.truncate(limit);
    Ok(json!({ "data": rows }))
}

fn places(call: &Call, all: &Catalogue, kinds: &[String]) -> Result<Vec<Value>, GraphError> {
    if let Some(kind) = kinds.iter().find(|kind| !PLACES.contains(&kind.as_str())) {
        let problem = format!("must hold only {{{}}} - got \"{kind}\"", PLACES.join(", "));
        return Err(GraphError::invalid("location_types", problem));
    }
    let query = query(call)?;
    let is_wanted = |kind: &str| kinds.is_empty() || kinds.iter().any(|wanted| wanted == kind);
    let (country, region) = (call.params.text("country_code"), call.params.text("region_id"));
    let mut rows = Vec::new();
    if is_wanted("country") && country.is_none() && region.is_none() {
        let by_code = call.params.flag("match_country_code");
        let fits = |code: &str, name: &str| is_found(name, &query) || (by_code && code.eq_ignore_ascii_case(&query));
        let found = all.countries.iter().filter(|(code, (name, _))| fits(code, name));
        rows.extend(found.map(|(code, (name, _))| show_country(code, name)));
    }
    if is_wanted("country_group") && country.is_none() && region.is_none() {
        let found = all.country_groups.iter().filter(|(_, (name, _))| is_found(name, &query));
        rows.extend(found.map(|(key, (name, countries))| show_group(key, name, countries)));
    }
    let is_in = |own: Option<&Value>, wanted: Option<&String>| {
        wanted.is_none_or(|wanted| own.map(as_text).as_ref() == Some(wanted))
    };
    let found = all.places.iter().filter(|place| {
        is_wanted(&place.kind)
            && is_found(&place.name, &query)
            && is_in(place.text("country_code"), country.as_ref())
            && is_in(place.text("region_id"), region.as_ref())
    });
    rows.extend(found.map(super::catalogue::Place::shown));
    Ok(rows)
}

fn show_country(code: &str, name: &str) -> Value {
    json!({ "key": code, "name": name, "type": "country", "supports_region": true, "supports_city": true })
}

fn show_group(key: &str, name: &str, countries: &[String]) -> Value {
    json!({
        "key": key, "name": name, "type": "country_group", "country_codes": countries, "is_worldwide": false,
        "supports_region": true, "supports_city": true,
    })
}

/// What is known of places by their keys.
fn metadata(call: &Call, all: &Catalogue) -> Value {
    let mut found = serde_json::Map::new();
    for (list, kind) in [("countries", "country"), ("regions", "region"), ("cities", "city"), ("zips", "zip")] {
        let mut rows = serde_json::Map::new();
        for key in call.params.texts(list) {
            let row = match (kind, all.countries.get(&key)) {
                ("country", Some((name, _))) => Some(show_country(&key, name)),
                _ => all.places.iter().find(|place| place.kind == kind && place.key == key).map(|place| place.shown()),
            };
            rows.extend(row.map(|row| (key, row)));
        }
        if !rows.is_empty() {
            found.insert(list.to_owned(), Value::Object(rows));
        }
    }
    Value::Object(found)
}

/// What stands beside what is known already.
fn suggested(all: &Catalogue, is_known: impl Fn(&Choice) -> bool) -> Vec<&Choice> {
    let group = |option: &Choice| option.path.iter().take(2).cloned().collect::<Vec<_>>();
    let groups: Vec<_> = all.options.iter().filter(|option| is_known(option)).map(group).collect();
    all.options.iter().filter(|option| !is_known(option) && groups.contains(&group(option))).collect()
}

fn valid_interests(call: &Call, all: &Catalogue) -> Result<Vec<Value>, GraphError> {
    let interests = || all.options.iter().filter(|option| option.kind == "interests");
    let show = |option: Option<&Choice>, name: &str, value: &str| match option {
        Some(option) => json!({ "id": option.id, "name": option.name, "valid": true, "audience_size": option.people }),
        None => json!({ name: value, "valid": false }),
    };
    let (names, ids) = (call.params.texts("interest_list"), call.params.texts("interest_fbid_list"));
    if names.is_empty() && ids.is_empty() {
        return Err(GraphError::missing("interest_list"));
    }
    let by_name = names.iter().map(|name| show(interests().find(|option| option.name == *name), "name", name));
    let by_id = ids.iter().map(|id| show(interests().find(|option| option.id == *id), "id", id));
    Ok(by_name.chain(by_id).collect())
}

/// As older lists give the number of people.
fn coverage(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        let size = row["audience_size_lower_bound"].take();
        *row = json!({ "id": row["id"], "name": row["name"], "coverage": size });
    }
    rows
}

fn validated(call: &Call, all: &Catalogue, listed: &[Value]) -> Result<Value, GraphError> {
    let mut rows = Vec::new();
    let mut show = |option: Option<&Choice>, id: Option<String>, name: Option<String>, kind: Option<String>| {
        let known = option.map(Choice::shown);
        let mut row = known.unwrap_or_else(|| json!({ "id": id, "name": name, "type": kind }));
        row["valid"] = json!(option.is_some());
        rows.push(row);
    };
    for id in call.params.texts("id_list") {
        show(all.option(&id), Some(id), None, None);
    }
    for name in call.params.texts("name_list") {
        show(all.options.iter().find(|option| option.name == name), None, Some(name), None);
    }
    for item in listed {
        let (id, kind) = (item.get("id").map(as_text), item.get("type").map(as_text));
        let option = id.as_deref().and_then(|id| all.option(id));
        let option = option.filter(|option| kind.as_ref().is_none_or(|kind| *kind == option.kind));
        show(option, id, item.get("name").map(as_text), kind);
    }
    if rows.is_empty() {
        return Err(GraphError::missing("targeting_list"));
    }
    Ok(json!({ "data": rows }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_by_how_they_begin() {
        for (name, query, expected) in [
            ("United Kingdom", "king", true),
            ("United Kingdom", "un", true),
            ("United Kingdom", "ingdom", false),
            ("Türkiye", "tü", true),
            ("Parents (All)", "all", true),
            ("Japan", "", true),
        ] {
            assert_eq!(is_found(name, query), expected, "{name} {query}");
        }
    }
}
