//! What holds for all metadata.

#![allow(clippy::unwrap_used)]

use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::saml::metadata::idp::LogoutEndpoint;
use crate::saml::metadata::{duration, text};

fn endpoint() -> impl Strategy<Value = EndpointUrl> {
    "https://[a-z]{1,20}\\.example(:[1-9][0-9]{2})?/[A-Za-z0-9/._~%+-]{0,30}(\\?[a-z]{1,5}=[a-z0-9&=;]{0,20})?"
        .prop_filter_map("an address", |text| EndpointUrl::parse(&text, EndpointPolicy::Https).ok())
}

fn logout() -> impl Strategy<Value = Option<LogoutEndpoint>> {
    prop::option::of(
        (endpoint(), prop::option::of(endpoint())).prop_map(|(location, response_location)| LogoutEndpoint {
            location,
            response_location,
        }),
    )
}

prop_compose! {
    fn metadata()(
        entity_id in "[!-~äöü€]{1,60}",
        redirect in endpoint(),
        post in prop::option::of(endpoint()),
        post_only in any::<bool>(),
        slo_redirect in logout(),
        slo_post in logout(),
        count in 1_usize..=3,
        want_authn_requests_signed in any::<bool>(),
        name_id_formats in prop::sample::subsequence(NameIdFormat::ALL.to_vec(), 0..=7),
        valid_until in prop::option::of(0_i64..4_000_000_000_000),
        cache_seconds in prop::option::of(0_u64..3_000_000_000),
        error_url in prop::option::of(endpoint()),
    ) -> IdpMetadata {
        let (sso_redirect_url, sso_post_url) = match (post, post_only) {
            (Some(post), true) => (None, Some(post)),
            (post, _) => (Some(redirect), post),
        };
        IdpMetadata {
            entity_id,
            sso_redirect_url,
            sso_post_url,
            slo_redirect,
            slo_post,
            certificates: certificates().iter().take(count).cloned().collect(),
            want_authn_requests_signed,
            name_id_formats,
            valid_until: valid_until.and_then(DateTime::from_timestamp_millis),
            cache_seconds,
            error_url,
        }
    }
}

proptest! {
    #[test]
    fn se_21_printed_and_read_it_is_the_same(wanted in metadata()) {
        let ReadMetadata { metadata, findings } = read(&wanted.to_xml());
        prop_assert_eq!(&metadata, &wanted);
        prop_assert_eq!(findings, []);
        let json = serde_json::to_string(&wanted).unwrap();
        prop_assert_eq!(serde_json::from_str::<IdpMetadata>(&json).unwrap(), wanted);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = idp::parse(&bytes, ReadOptions::default());
    }

    #[test]
    fn any_markup_is_read_without_panic(pieces in prop::collection::vec(
        prop::sample::select(vec![
            "<", ">", "/>", "</", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<!", "&", "&amp;", "&#x", ";", "\"", "'",
            "=", " ", "md:EntityDescriptor", "md:IDPSSODescriptor", "xmlns:md=", "urn:oasis:names:tc:SAML:2.0:metadata",
            "entityID", "a", "ä", "\u{0}", "\u{feff}", "\r\n",
        ]), 0..60,
    )) {
        let _ = idp::parse(pieces.concat().as_bytes(), ReadOptions::default());
    }

    #[test]
    fn damaged_metadata_is_read_without_panic(
        wanted in metadata(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = wanted.to_xml().into_bytes();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut.index(bytes.len()).max(place));
        let _ = idp::parse(&bytes, ReadOptions::default());
    }

    #[test]
    fn mending_leaves_well_formed_text_alone(text in "[ -~ä]{0,80}") {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        prop_assert_eq!(text::mend_ampersands(&escaped).unwrap(), (std::borrow::Cow::Borrowed(escaped.as_str()), 0));
    }

    #[test]
    fn mending_twice_is_mending_once(text in "[&#x0-9a-z;<!\\[\\]>CDAT -]{0,80}") {
        let (once, _) = text::mend_ampersands(&text).unwrap();
        let (twice, count) = text::mend_ampersands(&once).unwrap();
        prop_assert_eq!((twice.into_owned(), count), (once.into_owned(), 0));
    }

    #[test]
    fn signed_metadata_verifies_whatever_it_says(wanted in metadata()) {
        let xml = wanted.to_signed_xml("_x", &signer()).unwrap();
        prop_assert!(verifies(&xml, &first().certificate));
        prop_assert_eq!(read(&xml).metadata, wanted);
    }

    #[test]
    fn any_duration_and_date_is_read_without_panic(text in "[PYMDTHS0-9.:Z+ -]{0,30}", free in ".{0,20}") {
        let _ = (duration::seconds(&text), duration::date_time(&text), duration::seconds(&free), duration::date_time(&free));
    }
}

#[test]
fn durations_are_those_of_xml_schema() {
    for (text, seconds) in [
        ("P7D", 604_800),
        ("PT6H", 21_600),
        ("PT604800S", 604_800),
        ("P0Y0M7DT0H0M0.000S", 604_800),
        (
            " P1Y2M3DT4H5M6.5S ",
            365 * 86_400 + 60 * 86_400 + 3 * 86_400 + 4 * 3600 + 5 * 60 + 6,
        ),
        ("P99999999999999999999999Y", 100 * 365 * 86_400),
    ] {
        assert_eq!(duration::seconds(text), Some(seconds), "{text}");
    }
    for text in [
        "", "P", "PT", "7D", "-P1D", "P1S", "PT1D", "P1D1Y", "P1DT", "P-1D", "P1.5D", "PT.5S", "PT1.S", "P1",
        "PÄ1D", "P1Dä",
    ] {
        assert_eq!(duration::seconds(text), None, "{text}");
    }
    let date = |text| duration::date_time(text).map(|at| at.to_rfc3339());
    assert_eq!(date("2026-03-01T12:00:00Z").unwrap(), "2026-03-01T12:00:00+00:00");
    assert_eq!(
        date("2026-03-01T12:00:00.123+02:00").unwrap(),
        "2026-03-01T10:00:00.123+00:00"
    );
    assert_eq!(date("2026-03-01T12:00:00").unwrap(), "2026-03-01T12:00:00+00:00");
    assert_eq!(date("2026-03-01"), None);
}
