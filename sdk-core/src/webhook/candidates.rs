//! The signatures that a header offers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hex;

/// How many signatures a header may offer: a sender that rolls its secrets signs with the new one and with the ten old
/// ones that the largest of them keeps.
const MOST: usize = 16;

/// One signature as it stands in a header, and what it claims to be. It is decoded when it is compared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Candidate<'a> {
    HexMac(&'a str),
    Base64Mac(&'a str),
    Base64Ed25519(&'a str),
}

impl Candidate<'_> {
    /// The MAC of `N` bytes, `None` for anything else.
    pub(super) fn mac<const N: usize>(self) -> Option<[u8; N]> {
        match self {
            Self::HexMac(text) => hex::decode(text.as_bytes()),
            Self::Base64Mac(text) => decode(text),
            Self::Base64Ed25519(_) => None,
        }
    }

    /// The Ed25519 signature, `None` for anything else.
    pub(super) fn ed25519(self) -> Option<[u8; 64]> {
        match self {
            Self::Base64Ed25519(text) => decode(text),
            Self::HexMac(_) | Self::Base64Mac(_) => None,
        }
    }
}

/// Canonical base64 of exactly `N` bytes, at most 64.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // The longest text that fits is 88 characters, for which the decoder wants room for 66 bytes.
    let mut room = [0; 66];
    let length = STANDARD.decode_slice(text, &mut room).ok()?;
    room.get(..length)?.try_into().ok()
}

/// The signatures of one header, in its order.
#[derive(Debug, Default)]
pub(super) struct Candidates<'a> {
    list: [Option<Candidate<'a>>; MOST],
    count: usize,
}

impl<'a> Candidates<'a> {
    /// Adds one. More than there is room for are refused rather than left out: no sender makes so many.
    pub(super) fn push(&mut self, candidate: Candidate<'a>) -> Result<(), &'static str> {
        let place = self.list.get_mut(self.count).ok_or("offers more than 16 signatures")?;
        *place = Some(candidate);
        self.count += 1;
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Candidate<'a>> {
        self.list.iter().map_while(|candidate| *candidate)
    }
}

impl<'a> From<Candidate<'a>> for Candidates<'a> {
    fn from(only: Candidate<'a>) -> Self {
        let mut list = [None; MOST];
        list[0] = Some(only);
        Self { list, count: 1 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64_has_one_spelling() {
        let text = STANDARD.encode([0xff; 32]);
        assert_eq!(Candidate::Base64Mac(&text).mac(), Some([0xff; 32]));
        let unpadded = text.trim_end_matches('=');
        let loose_bits = text.replace("8=", "9=");
        let url_safe = text.replace('/', "_");
        for wrong in [unpadded, &loose_bits, &url_safe, &format!("{text}\n"), &format!("{text}{text}"), ""] {
            assert_eq!(Candidate::Base64Mac(wrong).mac::<32>(), None, "{wrong}");
        }
        assert_eq!(Candidate::Base64Mac(&text).ed25519(), None, "a kind is never taken for another");
    }

    #[test]
    fn the_seventeenth_signature_is_refused() {
        let mut candidates = Candidates::default();
        for _ in 0..MOST {
            candidates.push(Candidate::HexMac("")).unwrap();
        }
        assert!(candidates.push(Candidate::HexMac("")).is_err());
        assert_eq!(candidates.iter().count(), MOST);
    }

    proptest! {
        #[test]
        fn signatures_survive_and_no_text_panics(bytes in any::<[u8; 64]>(), text in ".{0,100}") {
            prop_assert_eq!(Candidate::Base64Ed25519(&STANDARD.encode(bytes)).ed25519(), Some(bytes));
            Candidate::Base64Ed25519(&text).ed25519();
            Candidate::Base64Mac(&text).mac::<32>();
            Candidate::HexMac(&text).mac::<64>();
        }
    }
}
