//! The question that Meta asks before it sends webhooks.

use std::fmt;

use acd_core::Secret;
use percent_encoding::percent_decode_str;
use subtle::ConstantTimeEq as _;

/// Why a challenge is not answered: reply with 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChallengeError {
    /// This is no challenge: a member of it is missing.
    Malformed,
    /// The verify token is another one than ours.
    WrongToken,
}

impl fmt::Display for ChallengeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => {
                "the request is no challenge: `hub.mode`, `hub.challenge` or `hub.verify_token` is missing"
            }
            Self::WrongToken => "the verify token is another one than that of this endpoint",
        })
    }
}

impl std::error::Error for ChallengeError {}

/// What to answer, with status 200 and nothing else in the body, to the `GET` by which Meta asks whether an endpoint
/// wants webhooks. `query` is the URL's, without the question mark; `verify_token` is the one that was given to Meta.
///
/// # Errors
/// A [`ChallengeError`] for which the answer is 403.
pub fn answer_challenge(query: &str, verify_token: &Secret) -> Result<String, ChallengeError> {
    let value = |name: &str| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        percent_decode_str(&pair.replace('+', " ")).decode_utf8().ok().map(|text| text.into_owned())
    };
    let (mode, challenge) = (value("hub.mode"), value("hub.challenge"));
    let (Some("subscribe"), Some(challenge), Some(token)) = (mode.as_deref(), challenge, value("hub.verify_token"))
    else {
        return Err(ChallengeError::Malformed);
    };
    let same = token.as_bytes().ct_eq(verify_token.expose().as_bytes());
    if bool::from(same) && !verify_token.is_blank() { Ok(challenge) } else { Err(ChallengeError::WrongToken) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_knows_the_token_is_answered() {
        let ask = |query: &str| answer_challenge(query, &Secret::from("let me in"));
        let query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=let%20me+in";
        assert_eq!(ask(query), Ok("1158201444".to_owned()));
        assert_eq!(ask(&query.replace("in", "out")), Err(ChallengeError::WrongToken));
        for query in
            ["", "hub.mode=subscribe", &query.replace("subscribe", "unsubscribe"), &query.replace("hub.c", "c")]
        {
            assert_eq!(ask(query), Err(ChallengeError::Malformed), "{query}");
        }
        let blank = answer_challenge("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", &Secret::from(""));
        assert_eq!(blank, Err(ChallengeError::WrongToken), "an endpoint without a token trusts nobody");
    }
}
