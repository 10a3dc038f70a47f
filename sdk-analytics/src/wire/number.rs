//! Which numbers can be stored. Client and server ask this one question, so that what the one queues the other stores.

/// Longest number in characters; a 64-bit float needs no more than 310 before the point.
pub const MAX_NUMBER_CHARS: usize = 400;

/// Half way from the largest float to the next power of two, 2^1024 - 2^970, which is where numbers begin that have no nearest
/// float: 309 digits, all of them before the point.
const TOO_LARGE: &[u8] = b"1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179775872070963302864166928\
     8791094655554785194040263065748867150582068190890200070838367627385484581771153176447573027006985557136695962284291\
     4819860834936475292719074168444365510704342711559699508093042880177904174497792";
const LARGEST_PLACES: i32 = 309;

/// Half way from zero to the smallest float, 2^-1075, up to which a number's nearest float is zero: the first
/// [`MAX_NUMBER_CHARS`] of its 752 digits, behind 323 zeros.
const VANISHING: &[u8] = b"2470328229206232720882843964341106861825299013071623822127928412503377536351043759326499181808179961898982823477228\
     5886546332835517796989819938739800539093906315035659515570226392290858392449105184435931802849936536152500319370457\
     6782492193656236698636584807570015857692699037063119282795585513329278343384093519780155312465972635795746227664652\
     7282722005637400648549997709659947045402082816622623785";
const SMALLEST_PLACES: i32 = -323;

/// Whether a JSON number has at most [`MAX_NUMBER_CHARS`] characters and a nearest 64-bit float that is finite, and zero for zero
/// alone. Of characters that are no number it may say either.
///
/// ```
/// use acd_analytics::wire::number_fits;
///
/// assert!(number_fits(b"1.7976931348623157e308") && !number_fits(b"1.8e308"));
/// assert!(number_fits(b"5e-324") && !number_fits(b"1e-400"));
/// ```
#[must_use]
pub fn number_fits(number: &[u8]) -> bool {
    let exponent_at = number.iter().position(|byte| matches!(byte, b'e' | b'E'));
    // Most numbers are short and plain, and those always fit.
    if exponent_at.is_none() && number.len() <= 15 {
        return true;
    }
    if number.len() > MAX_NUMBER_CHARS {
        return false;
    }
    // By the digits: what makes floats of them is ten times as large, and a page would have to load it.
    let (mantissa, exponent) = number.split_at(exponent_at.unwrap_or(number.len()));
    let mantissa = if let [b'-', rest @ ..] = mantissa { rest } else { mantissa };
    let whole = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
    let digits = [&mantissa[..whole], mantissa.get(whole + 1..).unwrap_or_default()].concat();
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let digits = &digits[zeros..];
    let (mut magnitude, mut is_small) = (0, false);
    for byte in exponent {
        match byte {
            // Beyond this nothing depends on how large it is.
            b'0'..=b'9' if magnitude < 10_000 => magnitude = magnitude * 10 + i32::from(byte - b'0'),
            b'-' => is_small = true,
            _ => {}
        }
    }
    let exponent = if is_small { -magnitude } else { magnitude };
    // The number is 0.d times ten to the power of so many, d beginning with another digit than zero.
    let places = whole as i32 - zeros as i32 + exponent;
    match places {
        _ if digits.is_empty() => true,
        LARGEST_PLACES => digits < TOO_LARGE,
        SMALLEST_PLACES => digits > VANISHING,
        places => (SMALLEST_PLACES..LARGEST_PLACES).contains(&places),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reader of floats says.
    fn is_read(number: &str) -> bool {
        let float: f64 = number.parse().unwrap();
        let mantissa = number.split(['e', 'E']).next().unwrap();
        let has_vanished = float == 0.0 && mantissa.contains(|digit: char| ('1'..='9').contains(&digit));
        float.is_finite() && !has_vanished && number.len() <= MAX_NUMBER_CHARS
    }

    /// `digits` with the point after some of them, or zeros before them, and the exponent that keeps them where they were.
    fn written(digits: &str, places: i32, shift: usize) -> String {
        let (whole, fraction) = digits.split_at(shift.clamp(1, digits.len()));
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{whole}{point}{fraction}e{}", places - whole.len() as i32)
    }

    proptest! {
        #[test]
        fn numbers_fit_as_a_reader_of_floats_has_it(
            number in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        ) {
            prop_assert_eq!(number_fits(number.as_bytes()), is_read(&number), "{}", number);
        }

        #[test]
        fn numbers_fit_as_a_reader_of_floats_has_it_where_it_is_close(
            large in any::<bool>(),
            shared in 0..395_usize,
            rest in "[0-9]{0,9}",
            places in -1..2_i32,
            shift in 0..400_usize,
            is_negative in any::<bool>(),
        ) {
            let (edge, edge_places) = if large { (TOO_LARGE, LARGEST_PLACES) } else { (VANISHING, SMALLEST_PLACES) };
            let shared = str::from_utf8(&edge[..shared.clamp(1, edge.len())]).unwrap();
            let number = written(&format!("{shared}{rest}"), edge_places + places, shift);
            let number = if is_negative { format!("-{number}") } else { number };
            prop_assert_eq!(number_fits(number.as_bytes()), is_read(&number), "{}", number);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), number in "[0-9.eE+-]{0,40}") {
            let _ = (number_fits(&bytes), number_fits(number.as_bytes()));
        }
    }

    #[test]
    fn the_edges_are_where_the_nearest_float_changes() {
        let stepped = |digits: &[u8], by: i8| {
            let (last, others) = digits.split_last().unwrap();
            String::from_utf8([others, &[last.strict_add_signed(by)]].concat()).unwrap()
        };
        let below = stepped(TOO_LARGE, -1);
        assert!(below.parse::<f64>().unwrap().is_finite() && number_fits(below.as_bytes()));
        let edge = stepped(TOO_LARGE, 0);
        assert!(edge.parse::<f64>().unwrap().is_infinite() && !number_fits(edge.as_bytes()));
        let is_nought = |digits: &str| format!("{digits}e-{}", 323 + digits.len()).parse::<f64>().unwrap() == 0.0;
        assert!(is_nought(&stepped(VANISHING, 0)) && !is_nought(&stepped(VANISHING, 1)));
    }

    #[test]
    fn numbers_of_either_side() {
        let (long, longer) = ("1".repeat(309), format!("0.{}1", "0".repeat(398)));
        for number in [
            "0",
            "-0",
            "1e308",
            "1.7976931348623158e308",
            "4.9e-324",
            "2.5e-324",
            "0e999999999999999999999",
            "0.000e400",
            &long,
        ] {
            assert!(number_fits(number.as_bytes()), "{number}");
        }
        assert!(number_fits("0".repeat(400).as_bytes()) && !number_fits("0".repeat(401).as_bytes()));
        for number in [
            "1e309",
            "1.8e308",
            "1.7976931348623159e308",
            "1e-400",
            "2.4e-324",
            "-1E+99999999999999999999",
            "1e-99999999999999999999",
            "0.001e312",
            &longer,
        ] {
            assert!(!number_fits(number.as_bytes()), "{number}");
        }
    }
}
