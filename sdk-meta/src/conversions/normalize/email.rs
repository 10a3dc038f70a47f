//! E-mail addresses.

use super::text::{Text, trim};

/// The address in lower case, if it has the form of one.
pub(super) fn email(value: &str) -> Option<Text> {
    let text = Text::lower(trim(value));
    is_address(text.as_bytes()).then_some(text)
}

/// `dot-atom@domain`, as [RFC 5322](https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1) has it without quotes, comments and
/// letters beyond ASCII; the domain has a dot.
fn is_address(text: &[u8]) -> bool {
    let mut halves = text.split(|byte| *byte == b'@');
    let (Some(local), Some(domain), None) = (halves.next(), halves.next(), halves.next()) else { return false };
    local.split(|byte| *byte == b'.').all(is_atom)
        && domain.contains(&b'.')
        && domain.split(|b| *b == b'.').all(is_label)
}

fn is_atom(atom: &[u8]) -> bool {
    !atom.is_empty() && atom.iter().all(|byte| ATOM[usize::from(*byte)])
}

/// What an atom is made of.
const ATOM: [bool; 256] = {
    let mut atom = [false; 256];
    let others = b"_!#$%&'*+/=?^`{|}~-";
    let mut at = 0;
    while at < atom.len() {
        atom[at] = (at as u8).is_ascii_alphanumeric();
        at += 1;
    }
    at = 0;
    while at < others.len() {
        atom[others[at] as usize] = true;
        at += 1;
    }
    atom
};

fn is_label(label: &[u8]) -> bool {
    let (Some(first), Some(last)) = (label.first(), label.last()) else { return false };
    first.is_ascii_alphanumeric()
        && last.is_ascii_alphanumeric()
        && label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
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
