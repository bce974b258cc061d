use super::*;

#[test]
fn options_are_read_by_the_names_the_form_shows() {
    for (index, field) in ["sign", "encrypt"].into_iter().enumerate() {
        for (name, _) in &ResponseOptions::default().choices()[index] {
            let chosen: ResponseOptions = serde_urlencoded::from_str(&format!("{field}={name}")).unwrap();
            let in_force: Vec<_> = chosen.choices()[index]
                .iter()
                .filter(|(_, chosen)| *chosen)
                .map(|(name, _)| *name)
                .collect();
            assert_eq!(in_force, [*name]);
        }
    }
    assert!(serde_urlencoded::from_str::<ResponseOptions>("sign=nothing").is_err());
}

#[test]
fn what_is_no_authn_request_is_refused() {
    for xml in [
        "",
        "<a/>",
        "<a ID=\"1\"/>",
        "<a ID=\"1\" AssertionConsumerServiceURL=\"x\"/>",
        "not xml",
    ] {
        assert!(Asked::read(xml).is_err(), "{xml}");
    }
}
