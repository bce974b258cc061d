#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use chrono::TimeDelta;

use super::*;

const DEPLOYED: [(&str, &str); 4] = [
    ("GATEHOUSE_BASE_URL", "https://login.example.com"),
    ("GATEHOUSE_DIRECTORY_TABLE", "Directory"),
    ("GATEHOUSE_EPHEMERAL_TABLE", "Ephemeral"),
    ("GATEHOUSE_SECRETS_PREFIX", "gatehouse/production"),
];

/// The deployed configuration with some variables set, replaced or, by an empty value, taken away.
fn with(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let all = DEPLOYED.iter().chain(changes);
    Config::from_env(all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn problems(changes: &[(&str, &str)]) -> Vec<&'static str> {
    with(changes)
        .unwrap_err()
        .problems
        .iter()
        .map(|problem| problem.variable)
        .collect()
}

#[test]
fn the_smallest_deployment_takes_the_documented_defaults() {
    let config = with(&[]).unwrap();
    assert_eq!(config.base_url.as_str(), "https://login.example.com");
    assert_eq!(config.session_lifetime, TimeDelta::days(14));
    assert_eq!(config.access_lifetime, TimeDelta::hours(20));
    assert_eq!(config.role_catalogue.default_role().as_str(), "MEMBER");
    assert_eq!(config.endpoints, Endpoints::default());
    assert!(config.siblings.is_empty() && !config.allow_loopback_http);
    assert_eq!(
        (config.mail_sender, config.event_bus, config.operator_key_sha256),
        (None, None, None)
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let error = with(&[
        ("GATEHOUSE_BASE_URL", "http://login.example.com"),
        ("GATEHOUSE_DIRECTORY_TABLE", ""),
        ("GATEHOUSE_SESSION_HOURS", "soon"),
        ("GATEHOUSE_MAIL_SENDER", "nobody"),
        ("GATEHOUSE_ROLE_CATALOGUE", "{"),
        ("GATEHOUSE_SIBLINGS", "[{}]"),
    ])
    .unwrap_err();
    let named: Vec<_> = error.problems.iter().map(|problem| problem.variable).collect();
    assert_eq!(
        named,
        [
            "GATEHOUSE_BASE_URL",
            "GATEHOUSE_DIRECTORY_TABLE",
            "GATEHOUSE_SIBLINGS",
            "GATEHOUSE_SESSION_HOURS",
            "GATEHOUSE_ROLE_CATALOGUE",
            "GATEHOUSE_MAIL_SENDER",
        ]
    );
    let text = error.to_string();
    assert!(text.starts_with("the configuration has 6 problem(s)"), "{text}");
    assert!(
        text.contains("GATEHOUSE_DIRECTORY_TABLE: missing; wanted a DynamoDB table name"),
        "{text}"
    );
    assert_eq!(error.code(), "configuration_invalid");
}

#[test]
fn an_empty_environment_names_every_required_variable() {
    let error = Config::from_env(std::iter::empty()).unwrap_err();
    let named: Vec<_> = error.problems.iter().map(|problem| problem.variable).collect();
    assert_eq!(named, DEPLOYED.map(|(name, _)| name));
}

#[test]
fn a_base_url_is_an_https_origin_or_http_on_loopback() {
    for (text, loopback, origin) in [
        ("https://login.example.com/", false, "https://login.example.com"),
        (
            "https://LOGIN.example.com:8443",
            false,
            "https://login.example.com:8443",
        ),
        (
            "https://login.example.com:443",
            false,
            "https://login.example.com",
        ),
        ("http://localhost:8400", true, "http://localhost:8400"),
        ("http://127.0.0.1:8400/", true, "http://127.0.0.1:8400"),
        ("http://[::1]:8400", true, "http://[::1]:8400"),
        ("http://a.localhost", true, "http://a.localhost"),
        // https on loopback keeps the deployed cookies.
        ("https://localhost", false, "https://localhost"),
    ] {
        let base = BaseUrl::parse(text).unwrap();
        assert_eq!((base.is_loopback(), base.as_str()), (loopback, origin), "{text}");
    }
    assert_eq!(
        BaseUrl::parse("https://a.example").unwrap().at("/sign-in"),
        "https://a.example/sign-in"
    );
    for text in [
        "http://login.example.com",
        "http://localhost.example.com",
        "http://notlocalhost",
        "ftp://a.example",
        "login.example.com",
        "",
        "https://",
        "https://a.example/path",
        "https://a.example?x",
        "https://a.example/#x",
        "https://user@a.example",
        "http://10.0.0.1",
        "javascript:alert(1)",
    ] {
        assert!(BaseUrl::parse(text).is_err(), "{text}");
    }
}

#[test]
fn local_switches_are_refused_in_a_deployment() {
    let hash = "ab".repeat(32);
    let local = [
        ("GATEHOUSE_LOCAL_OPERATOR_KEY_SHA256", hash.as_str()),
        ("GATEHOUSE_LOCAL_ALLOW_LOOPBACK_HTTP", "true"),
    ];
    let names = local.map(|(name, _)| name);
    assert_eq!(problems(&local), names);
    let https_loopback = [
        local[0],
        local[1],
        ("GATEHOUSE_BASE_URL", "https://localhost:8400"),
    ];
    assert_eq!(problems(&https_loopback), names);
    let config = with(&[
        local[0],
        local[1],
        ("GATEHOUSE_BASE_URL", "http://localhost:8400"),
    ])
    .unwrap();
    assert_eq!(config.operator_key_sha256, Some([0xab; 32]));
    assert!(config.allow_loopback_http);
}

#[test]
fn a_local_key_is_given_as_its_hash() {
    let local = ("GATEHOUSE_BASE_URL", "http://localhost:8400");
    for text in ["secret", &"a".repeat(63), &"g".repeat(64), &"é".repeat(32)] {
        let found = problems(&[local, ("GATEHOUSE_LOCAL_OPERATOR_KEY_SHA256", text)]);
        assert_eq!(found, ["GATEHOUSE_LOCAL_OPERATOR_KEY_SHA256"], "{text}");
    }
    let error = with(&[local, ("GATEHOUSE_LOCAL_OPERATOR_KEY_SHA256", "my-secret-key")]).unwrap_err();
    assert!(!error.to_string().contains("my-secret-key"));
}

#[test]
fn endpoints_fall_back_to_the_common_one_and_refuse_plain_http_elsewhere() {
    let endpoints = with(&[
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9000"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9001"),
    ])
    .unwrap()
    .endpoints;
    assert_eq!(endpoints.dynamodb.as_deref(), Some("http://127.0.0.1:9001"));
    assert_eq!(
        endpoints.secrets_manager.as_deref(),
        Some("http://127.0.0.1:9000")
    );
    assert_eq!(endpoints.ses.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!(endpoints.event_bridge.as_deref(), Some("http://127.0.0.1:9000"));
    assert_eq!(
        problems(&[("AWS_ENDPOINT_URL", "http://10.0.0.1:9000")]),
        ["AWS_ENDPOINT_URL"]
    );
}

#[test]
fn aq_27_siblings_have_a_name_and_an_https_address() {
    let two = r#"[{"name":"Europe","url":"https://eu.example.com/sign-in"},{"name":"US","url":"https://us.example.com"}]"#;
    let siblings = with(&[("GATEHOUSE_SIBLINGS", two)]).unwrap().siblings;
    let names: Vec<_> = siblings.iter().map(|sibling| sibling.name.as_str()).collect();
    assert_eq!(names, ["Europe", "US"]);
    for text in [
        r#"{"name":"x"}"#,
        r#"[{"name":"","url":"https://eu.example.com"}]"#,
        r#"[{"name":"x","url":"http://eu.example.com"}]"#,
        r#"[{"name":"x","url":"javascript:alert(1)"}]"#,
        r#"[{"name":"x","url":"https://user:pw@eu.example.com"}]"#,
        r#"[{"name":"x","url":"https://eu.example.com","more":1}]"#,
    ] {
        assert_eq!(
            problems(&[("GATEHOUSE_SIBLINGS", text)]),
            ["GATEHOUSE_SIBLINGS"],
            "{text}"
        );
    }
}

#[test]
fn se_07_the_session_lifetime_is_configurable_within_bounds() {
    let config = with(&[("GATEHOUSE_SESSION_HOURS", "48"), ("GATEHOUSE_ACCESS_HOURS", "8")]).unwrap();
    assert_eq!(config.session_lifetime, TimeDelta::hours(48));
    assert_eq!(config.access_lifetime, TimeDelta::hours(8));
    for text in ["0", "-1", "2161", "1.5", "14d", "99999999999999999999"] {
        assert_eq!(
            problems(&[("GATEHOUSE_SESSION_HOURS", text)]),
            ["GATEHOUSE_SESSION_HOURS"],
            "{text}"
        );
    }
}

#[test]
fn table_names_and_prefixes_are_checked() {
    let arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/Directory";
    assert_eq!(
        with(&[("GATEHOUSE_DIRECTORY_TABLE", arn)])
            .unwrap()
            .directory_table,
        arn
    );
    for name in ["ab", "a b c", "Direc\u{1}tory"] {
        assert_eq!(
            problems(&[("GATEHOUSE_DIRECTORY_TABLE", name)]),
            ["GATEHOUSE_DIRECTORY_TABLE"],
            "{name}"
        );
    }
    for prefix in ["/gatehouse", "gatehouse/", "gate house", "gatehouse*"] {
        assert_eq!(
            problems(&[("GATEHOUSE_SECRETS_PREFIX", prefix)]),
            ["GATEHOUSE_SECRETS_PREFIX"],
            "{prefix}"
        );
    }
}
