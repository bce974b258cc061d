#![allow(clippy::unwrap_used)]

use futures_util::FutureExt;
use http_body_util::BodyExt;

use super::*;
use crate::http::reference::Reference;

/// What an attacker would like to see unescaped.
const EVIL: &str = r#""><script>alert(1)</script><b x='"#;

fn pages(base: &str) -> Pages {
    let variables = [
        ("GATEHOUSE_BASE_URL", base),
        ("GATEHOUSE_DIRECTORY_TABLE", "Directory"),
        ("GATEHOUSE_EPHEMERAL_TABLE", "Ephemeral"),
        ("GATEHOUSE_SECRETS_PREFIX", "gatehouse"),
        ("GATEHOUSE_PRODUCT_NAME", "Acme <Cloud>"),
        (
            "GATEHOUSE_SIBLINGS",
            r#"[{"name":"United States","url":"https://us.example.com/sign-in"}]"#,
        ),
    ];
    let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Pages::new(&Config::from_env(owned).unwrap())
}

fn deployed() -> Pages {
    pages("https://login.example.com")
}

fn reference() -> Reference {
    Reference::parse("7K3Q-M9XZ-2PBW").unwrap()
}

/// Status, policy and text of an answer.
fn seen(response: Response<Body>) -> (u16, String, String) {
    let status = response.status().as_u16();
    let policy = response
        .headers()
        .get("content-security-policy")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let bytes = response
        .into_body()
        .collect()
        .now_or_never()
        .unwrap()
        .unwrap()
        .to_bytes();
    (status, policy, String::from_utf8(bytes.to_vec()).unwrap())
}

/// One of each page, with the evil text wherever a caller can put text.
fn evil_pages() -> Vec<Response<Body>> {
    let pages = deployed();
    let reference = reference();
    let hidden = &[("attempt", EVIL), (EVIL, "x")];
    let (email, organization, problem) = (EVIL, EVIL, Some(EVIL));
    vec![
        pages.error(
            StatusCode::BAD_REQUEST,
            &ErrorPage {
                title: EVIL,
                message: EVIL,
                reference: &reference,
                again: Some(EVIL),
            },
        ),
        pages.denied(&DeniedPage {
            reason: DenyReason::SeatsUsed,
            organization,
            contact: Some(EVIL),
            reference: &reference,
        }),
        pages.sign_in(&SignInPage {
            action: EVIL,
            hidden,
            email,
            problem,
        }),
        pages.choice(&ChoicePage {
            action: EVIL,
            hidden,
            connections: &[ConnectionChoice {
                id: EVIL,
                name: EVIL,
                organization,
            }],
        }),
        pages.continue_as(&ContinueAsPage {
            action: EVIL,
            hidden,
            email,
            organization,
        }),
        pages.auto_post(&AutoPostPage {
            action: EVIL,
            fields: hidden,
        }),
        pages.link_code(&LinkCodePage {
            action: EVIL,
            hidden,
            email,
            organization,
            problem,
        }),
        pages.sign_out(&SignOutPage { action: EVIL, hidden }),
        pages.notice(&NoticePage {
            title: EVIL,
            message: EVIL,
        }),
    ]
}

#[test]
fn every_page_escapes_what_it_shows() {
    for response in evil_pages() {
        let (_, _, html) = seen(response);
        assert!(
            !html.contains("<script>alert") && !html.contains("<b x="),
            "{html}"
        );
        assert!(html.contains("&#60;script&#62;alert(1)"), "{html}");
        assert!(html.contains("Acme &#60;Cloud&#62;"), "{html}");
    }
}

#[test]
fn every_page_has_the_headers_and_loads_nothing() {
    for response in evil_pages() {
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ] {
            assert_eq!(response.headers().get(name).unwrap(), value, "{name}");
        }
        let (_, policy, html) = seen(response);
        let start = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-";
        assert!(
            policy.starts_with(start) && policy.contains("form-action"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        for loading in ["<img", "<link", "<iframe", "src=", "@import", "style=", "onload"] {
            assert!(!html.contains(loading), "{loading}");
        }
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{html}");
    }
}

/// The sources that a browser would compute for the page's inline elements.
fn source_of(html: &str, element: &str) -> Option<String> {
    let (_, rest) = html.split_once(&format!("<{element}>"))?;
    let (content, _) = rest.split_once(&format!("</{element}>"))?;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, content.as_bytes());
    Some(format!(
        "'sha256-{}'",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hash)
    ))
}

#[test]
fn the_policy_allows_exactly_the_style_and_script_that_the_page_has() {
    let fields = &[("SAMLRequest", "PHg+"), ("RelayState", "abc")];
    let action = "https://idp.example.com/sso?x=1&y=2";
    let (_, policy, html) = seen(deployed().auto_post(&AutoPostPage { action, fields }));
    assert!(
        policy.contains(&format!("style-src {}", source_of(&html, "style").unwrap())),
        "{policy}"
    );
    assert!(
        policy.contains(&format!("script-src {}", source_of(&html, "script").unwrap())),
        "{policy}"
    );
    let (_, policy, html) = seen(deployed().notice(&NoticePage {
        title: "Done",
        message: "Done.",
    }));
    assert!(
        policy.contains(&format!("style-src {}", source_of(&html, "style").unwrap())),
        "{policy}"
    );
    assert!(
        !policy.contains("script-src") && !html.contains("<script"),
        "{policy}"
    );
}

#[test]
fn se_14_the_self_sending_page_posts_to_the_provider_and_has_a_button() {
    let fields = &[("SAMLRequest", "PHg+&"), ("RelayState", "abc")];
    let page = AutoPostPage {
        action: "https://idp.example.com/sso?x=1&y=2",
        fields,
    };
    let (status, policy, html) = seen(deployed().auto_post(&page));
    assert_eq!(status, 200);
    assert!(policy.ends_with("form-action https:"), "{policy}");
    assert!(
        html.contains(r#"<form method="post" action="https://idp.example.com/sso?x=1&#38;y=2">"#),
        "{html}"
    );
    assert!(
        html.contains(r#"<input type="hidden" name="SAMLRequest" value="PHg+&#38;">"#),
        "{html}"
    );
    assert!(
        html.contains(r#"<input type="hidden" name="RelayState" value="abc">"#),
        "{html}"
    );
    assert!(
        html.contains(r#"<button type="submit">Continue</button>"#),
        "{html}"
    );
}

#[test]
fn a_self_sending_form_reaches_one_http_origin_or_none() {
    let policy_for = |action| seen(deployed().auto_post(&AutoPostPage { action, fields: &[] })).1;
    let local = policy_for("http://127.0.0.1:8401/sso?x=1");
    assert!(local.ends_with("; form-action http://127.0.0.1:8401"), "{local}");
    for action in [
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "https:",
        "",
    ] {
        let policy = policy_for(action);
        assert!(
            policy.ends_with("form-action 'none'") && !policy.contains("script-src"),
            "{action}: {policy}"
        );
    }
}

#[test]
fn a_sign_in_form_leads_over_https_and_locally_over_loopback_too() {
    let page = SignInPage {
        action: "/sign-in",
        hidden: &[],
        email: "",
        problem: None,
    };
    let (_, policy, _) = seen(deployed().sign_in(&page));
    assert!(policy.ends_with("; form-action 'self' https:"), "{policy}");
    let (_, policy, _) = seen(pages("http://localhost:8400").sign_in(&page));
    assert!(
        policy.ends_with("; form-action 'self' https: http://localhost:* http://127.0.0.1:*"),
        "{policy}"
    );
}

#[test]
fn aq_27_the_sign_in_page_links_to_sibling_deployments() {
    let page = SignInPage {
        action: "/sign-in",
        hidden: &[("attempt", "t")],
        email: "jane@acme.com",
        problem: None,
    };
    let (status, _, html) = seen(deployed().sign_in(&page));
    assert_eq!(status, 200);
    assert!(
        html.contains(r#"<a href="https://us.example.com/sign-in">United States</a>"#),
        "{html}"
    );
    assert!(
        html.contains(r#"value="jane@acme.com""#) && html.contains(r#"<label for="email">"#),
        "{html}"
    );
    assert!(!html.contains("role=\"alert\""), "{html}");
}

#[test]
fn a_problem_is_told_beside_its_field() {
    let problem = Some("That is no e-mail address.");
    let page = SignInPage {
        action: "/sign-in",
        hidden: &[],
        email: "x",
        problem,
    };
    let (status, _, html) = seen(deployed().sign_in(&page));
    assert_eq!(status, 422);
    assert!(
        html.contains(r#"aria-invalid="true" aria-describedby="problem""#),
        "{html}"
    );
    assert!(
        html.contains(r#"<p id="problem" class="problem" role="alert">That is no e-mail address.</p>"#),
        "{html}"
    );
}

#[test]
fn ch_11_continue_as_shows_a_masked_address() {
    let page = ContinueAsPage {
        action: "/sign-in/confirm",
        hidden: &[("result", "t")],
        email: "alice.secret@acme.com",
        organization: "Acme",
    };
    let (_, _, html) = seen(deployed().continue_as(&page));
    assert!(
        html.contains("Continue as <strong>a\u{2026}@acme.com</strong> at Acme?"),
        "{html}"
    );
    assert!(!html.contains("alice"), "{html}");
}

#[test]
fn se_04_the_link_page_masks_the_address_and_takes_a_code() {
    let page = LinkCodePage {
        action: "/sign-in/link",
        hidden: &[("result", "t")],
        email: "alice@acme.com",
        organization: "Acme",
        problem: None,
    };
    let (status, _, html) = seen(deployed().link_code(&page));
    assert_eq!(status, 200);
    assert!(
        html.contains("a\u{2026}@acme.com") && !html.contains("alice"),
        "{html}"
    );
    assert!(
        html.contains(r#"name="code""#) && html.contains(r#"autocomplete="one-time-code""#),
        "{html}"
    );
}

fn denied(reason: DenyReason, contact: Option<&str>) -> String {
    let reference = reference();
    let page = DeniedPage {
        reason,
        organization: "Acme",
        contact,
        reference: &reference,
    };
    let (status, _, html) = seen(deployed().denied(&page));
    assert_eq!(status, 403);
    assert!(html.contains("Reference <code>7K3Q-M9XZ-2PBW</code>"), "{html}");
    html
}

#[test]
fn il_06_a_full_tenant_names_whom_to_ask() {
    let named = denied(DenyReason::SeatsUsed, Some("it@acme.com"));
    assert!(
        named.contains("Acme has used all the seats it has booked"),
        "{named}"
    );
    assert!(
        named.contains("Ask <strong>it@acme.com</strong> to free or book a seat."),
        "{named}"
    );
    let unnamed = denied(DenyReason::SeatsUsed, None);
    assert!(
        unnamed.contains("Ask an account admin of <strong>Acme</strong> to free or book a seat."),
        "{unnamed}"
    );
}

#[test]
fn il_35_a_missing_attribute_sends_the_person_to_an_account_admin() {
    let page = denied(DenyReason::ProvisionAttributeMissing, None);
    assert!(
        page.contains("Ask an account admin of <strong>Acme</strong> to give you access."),
        "{page}"
    );
}

#[test]
fn gh_04_an_error_page_is_short_and_has_the_reference() {
    let reference = reference();
    let page = ErrorPage {
        title: "Sign-in failed",
        message: "Start again.",
        reference: &reference,
        again: Some("/login"),
    };
    let (status, policy, html) = seen(deployed().error(StatusCode::BAD_REQUEST, &page));
    assert_eq!(status, 400);
    assert!(policy.ends_with("form-action 'none'"), "{policy}");
    assert!(
        html.contains(r#"<a class="button" href="/login">Try again</a>"#),
        "{html}"
    );
    assert!(html.contains("<code>7K3Q-M9XZ-2PBW</code>"), "{html}");
}
