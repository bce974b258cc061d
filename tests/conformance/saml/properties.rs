//! Whatever is posted, nothing panics, and nothing verifies as anything else than what was signed.

use std::sync::LazyLock;

use gatehouse::saml::response::VerifiedResponse;
use gatehouse_local::demo_idp::issue::{Sign, form_value};
use proptest::prelude::*;

use super::world::{Connection, encrypted, signed, xml};

/// Genuine messages of every kind with what they verify as.
static GENUINE: LazyLock<Vec<(String, VerifiedResponse)>> = LazyLock::new(|| {
    let kinds = [Sign::Assertion, Sign::Response, Sign::Both];
    let plain = kinds.iter().map(|sign| xml(&signed(*sign)));
    let hidden = kinds.iter().map(|sign| xml(&encrypted(*sign)));
    plain
        .chain(hidden)
        .map(|text| {
            let read = Connection::default().read(&form_value(&text)).unwrap();
            (text, read)
        })
        .collect()
});

/// One edit of a text.
#[derive(Clone, Debug)]
enum Edit {
    Replace(usize, u8),
    Delete(usize, usize),
    Insert(usize, &'static str),
    Copy(usize, usize, usize),
}

/// Pieces that mean something to a parser.
const PIECES: [&str; 16] = [
    "<",
    ">",
    "\"",
    "/",
    "&",
    "&#60;",
    "<!--x-->",
    "<x/>",
    "<![CDATA[x]]>",
    " xmlns:saml=\"urn:x\"",
    " ID=\"_assertion-1\"",
    "</saml:Issuer>",
    "<saml:NameID>eve@acme.example</saml:NameID>",
    "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
    "<saml:AudienceRestriction/>",
    "\u{feff}",
];

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let at = 0..12_000usize;
    let edit = prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (at.clone(), 1..80usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (at.clone(), prop::sample::select(&PIECES[..])).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        (at.clone(), 1..3_000usize, at).prop_map(|(from, length, to)| Edit::Copy(from, length, to)),
    ];
    prop::collection::vec(edit, 1..4)
}

/// Applies edits at positions wrapped into the text.
fn apply(text: &str, edits: &[Edit]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for edit in edits {
        let length = bytes.len();
        match edit {
            Edit::Replace(at, byte) => bytes[at % length] = *byte,
            Edit::Delete(at, count) => {
                let at = at % length;
                bytes.drain(at..(at + count).min(length - 1).max(at));
            }
            Edit::Insert(at, piece) => {
                let at = at % length;
                bytes.splice(at..at, piece.bytes());
            }
            Edit::Copy(from, count, to) => {
                let from = from % length;
                let copied = bytes[from..(from + count).min(length)].to_vec();
                let to = to % length;
                bytes.splice(to..to, copied);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_verifies(form in "\\PC{0,400}") {
        prop_assert!(Connection::default().read(&form).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_verify(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        use base64::Engine;
        let form = base64::engine::general_purpose::STANDARD.encode(bytes);
        prop_assert!(Connection::default().read(&form).is_err());
    }

    #[test]
    fn arbitrary_markup_never_verifies(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        prop_assert!(Connection::default().read(&form_value(&pieces.concat())).is_err());
    }

    #[test]
    fn an_altered_response_is_refused_or_means_the_same(kind in 0..6usize, edits in edits()) {
        use base64::Engine;
        let (text, genuine) = &GENUINE[kind];
        let form = base64::engine::general_purpose::STANDARD.encode(apply(text, &edits));
        if let Ok(read) = Connection::default().read(&form) {
            prop_assert_eq!(&read, genuine);
        }
    }
}
