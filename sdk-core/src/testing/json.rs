/// Texts that make JSON when they are put together, or what is nearly JSON: for tests of what reads it.
///
/// ```
/// use acd_core::{json::Json, testing::JSON_PIECES};
///
/// let taken = JSON_PIECES.iter().filter(|piece| Json::read(piece.as_bytes()).is_some()).count();
/// assert!(taken > 5 && taken < JSON_PIECES.len());
/// ```
pub const JSON_PIECES: [&str; 33] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    r#""a""#,
    r#""ä""#,
    r#""\n""#,
    r#""\ud83d\ude00""#,
    r#""\x""#,
    r#""\u12g4""#,
    "\"\t\"",
    "\"",
    "\\",
    "0",
    "-1",
    "01",
    "1.5",
    "1.",
    "-",
    "1e5",
    "1E+",
    "-0.0e-9",
    "1e999",
    "null",
    "true",
    "false",
    "nul",
    " ",
    "\n",
    "\t",
    "\u{c}",
];
