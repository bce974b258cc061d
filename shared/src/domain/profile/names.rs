//! Names parsed from an e-mail address, for people whose provider sends none (IL-20).

use super::MAX_NAME;
use crate::domain::email::EmailAddress;

/// What an address tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

/// `jane.van-dyke+x@acme.com` is Jane Van-Dyke; `info@acme.com` is Info without a last name.
pub(super) fn from_address(address: &EmailAddress) -> Parsed {
    let untagged = address.local_part().split('+').next().unwrap_or_default();
    let mut words = untagged
        .split(['.', '_'])
        .map(|word| word.trim_matches(|c: char| !c.is_alphabetic()))
        .filter(|word| !word.is_empty())
        .map(capitalised);
    let first = words.next();
    let last = words.collect::<Vec<_>>().join(" ");
    Parsed {
        first: first.map(shortened),
        last: (!last.is_empty()).then(|| shortened(last)),
    }
}

/// Every part between hyphens and apostrophes begins with a capital; the rest stays as it is.
fn capitalised(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut begins = true;
    for c in word.chars() {
        if begins {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        begins = matches!(c, '-' | '\'');
    }
    out
}

fn shortened(name: String) -> String {
    name.chars().take(MAX_NAME).collect()
}
