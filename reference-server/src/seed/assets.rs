//! The files that users made.

use chrono::TimeDelta;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::calendar::{ACTIVE_DAYS, Day};
use super::people::{People, User};
use super::random::Random;
use super::rows::AssetRow;

/// Files made on each day.
const A_DAY: i64 = 5;
/// A file belongs to somebody who signed up in the days just before.
const OWNED_WITHIN: i64 = 60;

/// The files of the days in which every owner is among the seeded users.
pub(super) fn assets(people: &People, until: Day) -> Vec<AssetRow> {
    let days = until.0 - (ACTIVE_DAYS - OWNED_WITHIN)..until.0;
    days.flat_map(|day| (0..A_DAY).filter_map(move |nth| asset(people, Day(day), nth))).collect()
}

fn asset(people: &People, day: Day, nth: i64) -> Option<AssetRow> {
    let mut random = Random::of("asset", [day.0, nth]);
    let owner: &User = random.one_of(people.signed_up(day.before(OWNED_WITHIN), day.before(1)));
    let made = |adoption: &&super::people::Adoption| adoption.usable(day) && adoption.product.asset.is_some();
    let product = owner.adoptions.iter().find(made)?.product;
    let kind = product.asset?;
    let created_at = day.start() + TimeDelta::milliseconds(random.between(0, 86_399_999));
    let hash = Sha256::digest(format!("{} {} {nth}", product.slug, day.0));
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let (extension, thousand_bytes) = match kind {
        "video" => ("mp4", random.between(2_000, 90_000)),
        "image" => ("png", random.between(40, 4_000)),
        "audio" | "voice" => ("mp3", random.between(200, 9_000)),
        "font" => ("woff2", random.between(20, 200)),
        _ => ("pdf", random.between(30, 3_000)),
    };
    let seen = matches!(kind, "video" | "image");
    let base = format!("https://assets.{}/{}", product.domain, &hash[..32]);
    Some(AssetRow {
        id: random.uuid_at(created_at),
        product: product.slug,
        owner_id: owner.id,
        kind,
        source: random.pick(&["upload", "render", "generated", "import"]),
        content_hash: format!("\\x{hash}"),
        size_bytes: thousand_bytes * 1_000 + random.between(0, 999),
        url: format!("{base}.{extension}"),
        thumbnail_url: seen.then(|| format!("{base}.thumbnail.jpg")),
        metadata: match kind {
            "video" => json!({ "width": 1080, "height": 1920, "seconds": random.between(6, 90) }),
            "image" => json!({ "width": 1200, "height": 1200 }),
            "audio" | "voice" => json!({ "seconds": random.between(3, 240), "sample_rate": 44_100 }),
            _ => json!({ "pages": random.between(1, 120) }),
        },
        created_at,
        updated_at: created_at,
    })
}
