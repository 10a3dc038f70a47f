//! Headers as they cross the boundary: lines of name, colon and value.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Those that HTTP cannot carry are left out: nobody sent them.
pub(crate) fn from_lines(lines: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines.lines().filter_map(|line| line.split_once(':')) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            // Twice the same header is for the reader to judge.
            headers.append(name, value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_colons_and_a_name_may_come_twice() {
        let headers = from_lines("date:Mon, 12:00:00\nset-cookie:a=1\nset-cookie:b=2\nno header\nbad name:x\n");
        assert_eq!(headers["date"], "Mon, 12:00:00");
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
        assert_eq!(headers.len(), 3);
    }
}
