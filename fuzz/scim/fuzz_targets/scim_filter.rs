//! The filter reader on arbitrary text: it never panics; what it takes is printed and read back as the same, and can
//! be bound and asked.
//!
//! `fuzz/run 180 scim_filter`
#![no_main]

use gatehouse_scim_fuzz::scim::filter::{Filter, FilterError, Matcher, Scope, lookups};
use gatehouse_scim_fuzz::scim::schema::ResourceKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(filter) = Filter::parse(text) else {
        return;
    };
    match Filter::parse(&filter.to_string()) {
        Ok(again) => assert!(again == filter, "printed and read back, the filter is another"),
        // Quotes, and a comparison behind brackets put into them, may take it over a limit.
        Err(FilterError::TooLong(_) | FilterError::TooDeep { .. }) => {}
        Err(error) => panic!("what was printed is refused: {error}"),
    }
    for kind in ResourceKind::ALL {
        let _ = lookups(&filter, kind);
        for scope in [Scope::One, Scope::Several] {
            if let Ok(matcher) = Matcher::compile(&filter, kind, scope) {
                let _ = matcher.matches(&serde_json::Map::new());
            }
        }
    }
});
