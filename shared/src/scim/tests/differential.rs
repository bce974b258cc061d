//! The filter reader against an independent one, the `scim_v2` crate.

use proptest::prelude::*;

use super::generate;
use crate::scim::filter::Filter;
use crate::scim::path::PatchPath;

/// One chain per operator: the other reader keeps no parentheses within a chain of the same operator.
fn flat(filter: Filter) -> Filter {
    fn join(terms: Vec<Filter>, open: fn(Filter) -> Result<Vec<Filter>, Filter>) -> Vec<Filter> {
        terms
            .into_iter()
            .flat_map(|term| match open(flat(term)) {
                Ok(inner) => inner,
                Err(other) => vec![other],
            })
            .collect()
    }
    match filter {
        Filter::And(terms) => Filter::And(join(terms, |f| match f {
            Filter::And(inner) => Ok(inner),
            other => Err(other),
        })),
        Filter::Or(terms) => Filter::Or(join(terms, |f| match f {
            Filter::Or(inner) => Ok(inner),
            other => Err(other),
        })),
        Filter::Not(inner) => Filter::Not(Box::new(flat(*inner))),
        Filter::Has { path, filter } => Filter::Has {
            path,
            filter: Box::new(flat(*filter)),
        },
        other @ (Filter::Compare { .. } | Filter::Present(_)) => other,
    }
}

/// What the other reader makes of a text, in our terms.
fn other(text: &str) -> Result<Filter, String> {
    let read: scim_v2::filter::Filter = text.parse().map_err(|e| format!("{text}: {e}"))?;
    let printed = read.to_string();
    Filter::parse(&printed)
        .map(flat)
        .map_err(|e| format!("{printed}: {e}"))
}

/// The same filter in upper case, and with wider spaces, outside of strings.
fn respelled(text: &str, upper: bool, wide: bool) -> String {
    let (mut out, mut quoted, mut escaped) = (String::new(), false, false);
    for word in text.split_inclusive([' ', '"', '\\']) {
        let keyword = [
            "eq ", "ne ", "co ", "sw ", "ew ", "gt ", "ge ", "lt ", "le ", "and ", "or ", "pr ",
        ];
        match (quoted, upper && keyword.contains(&word)) {
            (false, true) => out.push_str(&word.to_uppercase()),
            _ => out.push_str(word),
        }
        match word.chars().last() {
            Some('"') if !(escaped && word.len() == 1) => quoted = !quoted,
            Some(' ') if !quoted && wide => out.push(' '),
            _ => {}
        }
        escaped = word.ends_with('\\') && !(escaped && word.len() == 1);
    }
    out
}

proptest! {
    /// Both read what we print, and understand the same.
    #[test]
    fn both_readers_understand_what_we_print(filter in generate::filter()) {
        let text = filter.to_string();
        prop_assume!(text.len() <= 4096);
        prop_assert_eq!(other(&text).unwrap(), flat(filter), "{}", text);
    }

    /// Whatever the other reader takes, spelled in other cases and spaces, we take and understand alike.
    #[test]
    fn we_read_whatever_the_other_reads(
        filter in generate::filter(),
        upper in any::<bool>(),
        wide in any::<bool>(),
    ) {
        let text = respelled(&filter.to_string(), upper, wide);
        prop_assume!(text.len() <= 4096);
        if let Ok(wanted) = other(&text) {
            prop_assert_eq!(flat(Filter::parse(&text).map_err(|e| format!("{text}: {e}")).unwrap()), wanted);
        }
    }

    /// Token soup: where the other reader sees a filter, so do we, and the same one.
    #[test]
    fn we_read_token_soup_alike(words in prop::collection::vec(prop::sample::select(vec![
        "(", ")", "not", "and", "or", "pr", "eq", "co", "a", "b.c", "\"x\"", "\"\\\"\"", "1", "-2.5", "true", "null",
    ]), 1..14)) {
        let text = words.join(" ");
        if let Ok(wanted) = other(&text) {
            prop_assert_eq!(flat(Filter::parse(&text).map_err(|e| format!("{text}: {e}")).unwrap()), wanted);
        }
    }
}

#[test]
fn both_readers_know_the_examples_of_the_rfc() {
    for text in [
        r#"userName eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"userName sw "J""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
        r#"meta.lastModified ge "2011-05-13T04:42:34Z""#,
        r#"meta.lastModified lt "2011-05-13T04:42:34Z""#,
        r#"meta.lastModified le "2011-05-13T04:42:34Z""#,
        r#"title pr and userType eq "Employee""#,
        r#"title pr or userType eq "Intern""#,
        r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
        r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType eq "Employee" and (emails.type eq "work")"#,
        r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
        r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
    ] {
        assert_eq!(flat(Filter::parse(text).unwrap()), other(text).unwrap(), "{text}");
    }
    for text in [
        "members",
        "name.familyName",
        r#"addresses[type eq "work"]"#,
        r#"members[value eq "2819c223-7f76-453a-919d-413861904646"]"#,
        r#"members[value eq "2819c223-7f76-453a-919d-413861904646"].displayName"#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName",
    ] {
        let theirs: scim_v2::filter::PatchPath = text.parse().unwrap();
        assert_eq!(PatchPath::parse(text).unwrap().to_string(), theirs.to_string());
    }
}
