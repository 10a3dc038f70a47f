//! Words for female and male.

use super::text::{Text, trim};

/// `f` or `m`.
pub(super) fn gender(value: &str) -> Option<Text> {
    let text = Text::lower(trim(value));
    match text.as_str().as_ref() {
        "f" | "female" | "woman" | "girl" | "lady" | "miss" | "ms" | "mrs" | "madam" | "ma'am" | "daughter"
        | "mother" | "mom" | "mama" | "mommy" | "aunt" | "niece" | "sister" | "wife" | "girlfriend" | "bride"
        | "widow" | "queen" | "princess" | "duchess" | "countess" | "empress" | "goddess" | "maiden" | "lass"
        | "gal" | "chick" | "dame" | "belle" | "she" | "her" | "hers" | "herself" => Some("f".into()),
        "m" | "male" | "man" | "boy" | "gentleman" | "guy" | "sir" | "mister" | "mr" | "son" | "father" | "dad"
        | "daddy" | "papa" | "uncle" | "nephew" | "brother" | "husband" | "boyfriend" | "groom" | "widower"
        | "king" | "prince" | "duke" | "count" | "emperor" | "god" | "lord" | "lad" | "fellow" | "chap" | "bloke"
        | "dude" | "he" | "him" | "his" | "himself" => Some("m".into()),
        _ => None,
    }
}
