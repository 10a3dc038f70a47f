//! E-mail addresses.

use super::text::{ANY, ATOMIC, DIGIT, LETTER, Text, kind, trim};

/// The address in lower case, if it has the form of one.
pub(super) fn email(value: &str, text: &mut Text) {
    text.lower(trim(value), ANY);
    if !is_address(text.as_bytes()) {
        text.clear();
    }
}

/// `dot-atom@domain`, as [RFC 5322](https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1) has it without quotes, comments and
/// letters beyond ASCII; the domain has a dot.
fn is_address(text: &[u8]) -> bool {
    let (mut in_domain, mut has_dot) = (false, false);
    // A part begins as if a dot were before it, and ends as if one came behind it.
    let mut before = b'.';
    for byte in text {
        match *byte {
            b'@' if !in_domain && before != b'.' => {
                in_domain = true;
                before = b'.';
                continue;
            }
            b'.' if before != b'.' && !(in_domain && before == b'-') => has_dot |= in_domain,
            b'-' if in_domain && before != b'.' => {}
            other if kind(other) & (LETTER | DIGIT) != 0 => {}
            other if !in_domain && kind(other) & ATOMIC != 0 => {}
            _ => return false,
        }
        before = *byte;
    }
    has_dot && before != b'.' && before != b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_checked() {
        for address in ["a@b.c", "a.b+c@x-y.example", "o'neil@example.com", "a@1.2"] {
            assert!(is_address(address.as_bytes()), "{address}");
        }
        for text in
            ["", "@", "a@", "@b.c", "a@b", "a@@b.c", "a@b@c.d", ".a@b.c", "a.@b.c", "a@.b.c", "a@b.c.", "a@-b.c"]
        {
            assert!(!is_address(text.as_bytes()), "{text}");
        }
    }
}
