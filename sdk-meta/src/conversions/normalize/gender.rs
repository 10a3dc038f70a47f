//! Words for female and male.

use super::text::{Text, trim};

/// `f` or `m`.
pub(super) fn gender(value: &str) -> Option<Text> {
    let text = Text::lower(trim(value));
    match text.as_bytes() {
        b"f" | b"female" | b"woman" | b"girl" | b"lady" | b"miss" | b"ms" | b"mrs" | b"madam" | b"ma'am"
        | b"daughter" | b"mother" | b"mom" | b"mama" | b"mommy" | b"aunt" | b"niece" | b"sister" | b"wife"
        | b"girlfriend" | b"bride" | b"widow" | b"queen" | b"princess" | b"duchess" | b"countess" | b"empress"
        | b"goddess" | b"maiden" | b"lass" | b"gal" | b"chick" | b"dame" | b"belle" | b"she" | b"her" | b"hers"
        | b"herself" => Some("f".into()),
        b"m" | b"male" | b"man" | b"boy" | b"gentleman" | b"guy" | b"sir" | b"mister" | b"mr" | b"son" | b"father"
        | b"dad" | b"daddy" | b"papa" | b"uncle" | b"nephew" | b"brother" | b"husband" | b"boyfriend" | b"groom"
        | b"widower" | b"king" | b"prince" | b"duke" | b"count" | b"emperor" | b"god" | b"lord" | b"lad"
        | b"fellow" | b"chap" | b"bloke" | b"dude" | b"he" | b"him" | b"his" | b"himself" => Some("m".into()),
        _ => None,
    }
}
