#![allow(clippy::unwrap_used, reason = "test code")]

use super::{MAX_DEPTH, prescan};

fn code(xml: &str) -> &'static str {
    prescan(xml).map_or_else(|refusal| refusal.code(), |_| "ok")
}

#[test]
fn declaration_is_absent_or_one_zero_in_utf_8() {
    assert_eq!(
        prescan("\u{feff}<?xml version='1.0' encoding=\"utf-8\" standalone='no'?><a/>").unwrap(),
        "<a/>"
    );
    assert_eq!(code("<?xml version=\"1.0\"?><a/>"), "ok");
    for bad in [
        "<?xml version=\"1.1\"?><a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>",
        "<?xml encoding=\"UTF-8\"?><a/>",
        "<?xml version=\"1.0\" version=\"1.0\"?><a/>",
        "<?xml ?><a/>",
        "<?xml version=1.0?><a/>",
    ] {
        assert_eq!(code(bad), "xml_declaration", "{bad}");
    }
    assert_eq!(code(" <?xml version=\"1.0\"?><a/>"), "xml_processing_instruction");
    assert_eq!(
        code("<?xml-stylesheet href=\"x\"?><a/>"),
        "xml_processing_instruction"
    );
}

#[test]
fn depth_is_bounded_before_any_recursive_walk() {
    let fits = format!("{}{}", "<a>".repeat(MAX_DEPTH), "</a>".repeat(MAX_DEPTH));
    assert_eq!(code(&fits), "ok");
    assert_eq!(code(&format!("<a>{fits}</a>")), "xml_too_deep");
    assert_eq!(code(&"<a>".repeat(20_000)), "xml_too_deep");
}

#[test]
fn a_greater_than_inside_quotes_ends_no_tag() {
    assert_eq!(code("<a b=\"></a><!--\"/>"), "ok");
    assert_eq!(code("<a b='\"' c=\"'\"><!-- --></a>"), "xml_comment");
}

#[test]
fn cdata_hides_no_markup_and_no_end() {
    assert_eq!(code("<a><![CDATA[<!DOCTYPE x>]]></a>"), "ok");
    assert_eq!(code("<a><![CDATA[ ]]><!DOCTYPE x></a>"), "xml_dtd");
    assert_eq!(code("<a><![CDATA[ "), "xml_malformed");
}

#[test]
fn tag_attribute_and_node_limits() {
    let many = |n: usize| (0..n).map(|i| format!(" a{i}=''")).collect::<String>();
    assert_eq!(code(&format!("<a{}/>", many(64))), "ok");
    assert_eq!(code(&format!("<a{}/>", many(65))), "xml_too_many_attributes");
    assert_eq!(
        code(&format!("<a b=\"{}\"/>", "x".repeat(16 * 1024))),
        "xml_tag_too_large"
    );
    assert_eq!(
        code(&format!("<a>{}</a>", "<b/>".repeat(17_000))),
        "xml_too_many_nodes"
    );
    assert_eq!(
        code(&format!("<a>{}</a>", "x".repeat(256 * 1024))),
        "message_too_large"
    );
    assert_eq!(code("<a b='x\ty'/>"), "xml_attribute_whitespace");
    assert_eq!(code("<a\n\tb='x'/>"), "ok");
}

#[test]
fn namespaces_in_scope_are_bounded_but_not_their_number() {
    let declaring = |n: usize| (0..n).map(|i| format!(" xmlns:n{i}='u'")).collect::<String>();
    let nested = |levels: usize| {
        let open = format!("<a{}>", declaring(32)).repeat(levels);
        format!("{open}{}", "</a>".repeat(levels))
    };
    assert_eq!(code(&nested(4)), "ok");
    assert_eq!(code(&nested(5)), "xml_too_many_namespaces");
    let beside = format!("<b{}/>", declaring(32)).repeat(100);
    assert_eq!(code(&format!("<a>{beside}</a>")), "ok");
    assert_eq!(code(&format!("<a xmlns=\"xmlns xmlns\">{}</a>", nested(3))), "ok");
}
