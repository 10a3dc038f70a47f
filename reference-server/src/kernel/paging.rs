//! Cursors of lists that are ordered by a time-ordered id, or by that and a product.

use acd_platform::{Page, ProductSlug};
use base64::Engine;
use base64::alphabet;
use base64::engine::{GeneralPurpose, general_purpose};
use uuid::Uuid;

use super::problem::{Problem, Result};

/// The last of 22 characters holds four bits too many; whatever they are, the cursor is one, as its pattern says.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&alphabet::URL_SAFE, general_purpose::NO_PAD.with_decode_allow_trailing_bits(true));

/// Reads `limit`, refusing what the documentation excludes.
pub fn limit(asked: Option<u16>, default: u16, max: u16) -> Result<i64> {
    match asked {
        None => Ok(i64::from(default)),
        Some(limit) if (1..=max).contains(&limit) => Ok(i64::from(limit)),
        Some(limit) => Err(Problem::bad_request("invalid_query", format!("limit: {limit} is not between 1 and {max}"))),
    }
}

/// Reads the cursor of the page before: the id after which to go on.
pub fn read_cursor(cursor: Option<&str>) -> Result<Option<Uuid>> {
    cursor.map(|text| id_of(text).ok_or_else(refuse_cursor)).transpose()
}

/// Reads the cursor of a page of [`page_by_two`]: the id and the product after which to go on.
pub fn read_cursor_of_two(cursor: Option<&str>) -> Result<Option<(Uuid, ProductSlug)>> {
    let read = |text: &str| {
        let (id, product) = text.split_once('.')?;
        Some((id_of(id)?, product.parse().ok()?))
    };
    cursor.map(|text| read(text).ok_or_else(refuse_cursor)).transpose()
}

fn id_of(text: &str) -> Option<Uuid> {
    BASE64.decode(text).ok().and_then(|bytes| Uuid::from_slice(&bytes).ok())
}

fn refuse_cursor() -> Problem {
    Problem::bad_request("invalid_cursor", "cursor: give back next_cursor of the page before, unchanged")
}

/// Cuts a list that was read one row too long, and makes the cursor of the next page.
pub fn page<R, T>(rows: Vec<R>, limit: i64, id: impl Fn(&R) -> Uuid, map: impl FnMut(R) -> T) -> Page<T> {
    cut(rows, limit, |row| BASE64.encode(id(row)), map)
}

/// The same for a list that is ordered by an id and then by a product.
pub fn page_by_two<R, T>(
    rows: Vec<R>,
    limit: i64,
    order: impl Fn(&R) -> (Uuid, &str),
    map: impl FnMut(R) -> T,
) -> Page<T> {
    let cursor = |row: &R| {
        let (id, product) = order(row);
        format!("{}.{product}", BASE64.encode(id))
    };
    cut(rows, limit, cursor, map)
}

fn cut<R, T>(mut rows: Vec<R>, limit: i64, cursor: impl Fn(&R) -> String, map: impl FnMut(R) -> T) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(cursor);
    Page { data: rows.into_iter().map(map).collect(), next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_goes_round_and_garbage_is_refused() {
        let ids: Vec<Uuid> = (0..3).map(Uuid::from_u128).collect();
        let page = page(ids.clone(), 2, |id| *id, |id| id);
        assert_eq!(page.data, ids[..2]);
        assert_eq!(read_cursor(page.next_cursor.as_deref()).unwrap(), Some(ids[1]));
        assert_eq!(super::page(ids, 3, |id| *id, |id| id).next_cursor, None);
        for garbage in ["", "x", "AAAA", "%%%"] {
            assert_eq!(read_cursor(Some(garbage)).unwrap_err().code, "invalid_cursor");
        }
    }

    #[test]
    fn every_text_of_the_stated_form_is_a_cursor() {
        assert!(read_cursor(Some("_-zZ09AAAAAAAAAAAAAAA_")).unwrap().is_some());
    }

    #[test]
    fn a_cursor_of_two_goes_round_and_garbage_is_refused() {
        let rows = vec![(Uuid::from_u128(1), "pct"), (Uuid::from_u128(1), "portal28")];
        let page = page_by_two(rows.clone(), 1, |row| *row, |row| row);
        let cursor = read_cursor_of_two(page.next_cursor.as_deref()).unwrap().unwrap();
        assert_eq!((cursor.0, cursor.1.as_str()), rows[0]);
        for garbage in ["", ".", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA.", "AAAA.pct"] {
            assert_eq!(read_cursor_of_two(Some(garbage)).unwrap_err().code, "invalid_cursor");
        }
    }
}
