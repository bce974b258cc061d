#![allow(clippy::unwrap_used)]

use super::*;

fn deployed() -> Cookies {
    Cookies::new(&BaseUrl::parse("https://login.example.com").unwrap())
}

fn local() -> Cookies {
    Cookies::new(&BaseUrl::parse("http://localhost:8400").unwrap())
}

fn lines(lines: &[&str]) -> HeaderMap {
    lines
        .iter()
        .map(|line| (header::COOKIE, HeaderValue::from_str(line).unwrap()))
        .collect()
}

fn read(cookies: Cookies, sent: &[&str]) -> Option<String> {
    let found = cookies.read(&lines(sent), CookieName::Session);
    found.map(|secret| secret.expose().to_owned())
}

#[test]
fn deployed_cookies_are_bound_to_the_host_and_secure() {
    let value = Secret::new("abc-_1.2~3");
    let browser = deployed().set_browser(&value).unwrap();
    assert_eq!(
        browser,
        "__Host-gatehouse_browser=abc-_1.2~3; Path=/; HttpOnly; SameSite=None; Secure"
    );
    let session = deployed().set_session(&value, TimeDelta::days(14)).unwrap();
    let expected =
        "__Host-gatehouse_session=abc-_1.2~3; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=1209600";
    assert_eq!(session, expected);
    assert!(session.is_sensitive() && !format!("{session:?}").contains("abc"));
}

#[test]
fn loopback_cookies_are_unprefixed_and_lax() {
    let value = Secret::new("abc");
    let browser = local().set_browser(&value).unwrap();
    assert_eq!(browser, "gatehouse_browser=abc; Path=/; HttpOnly; SameSite=Lax");
    let session = local().set_session(&value, TimeDelta::hours(1)).unwrap();
    assert_eq!(
        session,
        "gatehouse_session=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600"
    );
}

#[test]
fn a_cleared_cookie_has_the_attributes_it_was_set_with() {
    let cleared = deployed().clear(CookieName::Session).unwrap();
    assert_eq!(
        cleared,
        "__Host-gatehouse_session=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
    );
}

#[test]
fn a_value_that_would_break_the_header_is_not_set() {
    for value in [
        "",
        "a b",
        "a;b",
        "a\r\nSet-Cookie: x=y",
        "a,b",
        "\u{e9}",
        &"a".repeat(2_049),
    ] {
        assert!(deployed().set_browser(&Secret::new(value)).is_none(), "{value:?}");
    }
}

#[test]
fn a_cookie_is_found_among_others() {
    let name = "__Host-gatehouse_session";
    let sent = format!("a=b; {name}=abc ; c=d");
    assert_eq!(read(deployed(), &[&sent]).as_deref(), Some("abc"));
    assert_eq!(
        read(deployed(), &["a=b", &format!("{name}=abc")]).as_deref(),
        Some("abc")
    );
    assert_eq!(read(deployed(), &["gatehouse_session=abc"]), None);
    assert_eq!(read(local(), &[&sent]), None);
    assert_eq!(
        read(deployed(), &[&format!("x{name}=abc; {name}x=abc; {name}")]),
        None
    );
    assert_eq!(read(deployed(), &[]), None);
}

#[test]
fn a_doubled_cookie_counts_as_absent_unless_both_say_the_same() {
    let both = |first: &str, second: &str| format!("gatehouse_session={first}; gatehouse_session={second}");
    assert_eq!(read(local(), &[&both("mine", "planted")]), None);
    assert_eq!(
        read(local(), &["gatehouse_session=mine", "gatehouse_session=planted"]),
        None
    );
    assert_eq!(read(local(), &[&both("mine", "")]), None);
    assert_eq!(read(local(), &[&both("mine", "mine")]).as_deref(), Some("mine"));
}

#[test]
fn a_value_that_we_could_not_have_made_counts_as_absent() {
    for value in ["", "a b", "\"abc\"", "a=b", "a,b", "%61", &"a".repeat(2_049)] {
        assert_eq!(
            read(local(), &[&format!("gatehouse_session={value}")]),
            None,
            "{value}"
        );
    }
    let mut headers = HeaderMap::new();
    headers.insert(
        header::COOKIE,
        HeaderValue::from_bytes(b"gatehouse_session=ab\xff").unwrap(),
    );
    assert!(local().read(&headers, CookieName::Session).is_none());
}
