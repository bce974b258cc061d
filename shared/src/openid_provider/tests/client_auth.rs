//! Client authentication, and the ways around it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::support::{ISSUER, client, client_id, form, keys, now, public_client, settings};
use crate::jose::{Algorithm, SigningKey, jws};
use crate::openid_provider::client_auth::{
    ASSERTION_TYPE, Authenticated, ClientAuthError, Method, Presented,
};
use crate::openid_provider::client_settings::ClientSettings;
use crate::openid_provider::clients::AppClient;
use crate::openid_provider::error::OAuthErrorCode;
use crate::openid_provider::params::Parameters;
use crate::redacted::Secret;

const TOKEN: &str = "https://auth.example.com/oauth2/token";
const OURS: [&str; 2] = [ISSUER, TOKEN];

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn authenticate(
    header: Option<&str>,
    form: &Parameters,
    client: Option<&AppClient>,
) -> Result<Authenticated, ClientAuthError> {
    Presented::read(header, form)?.authenticate(client, &OURS, now())
}

#[test]
fn gh_01_basic_and_post_prove_a_secret() {
    let (client, secret) = client();
    let header = basic("app-1", secret.expose());
    let done = authenticate(Some(&header), &form(&[]), Some(&client)).unwrap();
    assert_eq!(
        (done.client_id, done.method, done.assertion),
        (client_id(), Method::SecretBasic, None)
    );
    let same_id = form(&[("client_id", "app-1")]);
    authenticate(Some(&header), &same_id, Some(&client)).unwrap();
    let body = form(&[("client_id", "app-1"), ("client_secret", secret.expose())]);
    assert_eq!(
        authenticate(None, &body, Some(&client)).unwrap().method,
        Method::SecretPost
    );
}

#[test]
fn basic_halves_are_form_decoded() {
    let (client, secret) = client();
    let encoded = secret.expose().replace('_', "%5F");
    let header = basic("app%2D1", &encoded).replace("Basic", "bAsIc");
    authenticate(Some(&header), &form(&[]), Some(&client)).unwrap();
    for broken in [
        "Basic",
        "Basic !",
        "Bearer abc",
        "Basic YXBwLTE",
        "Digest x",
        &basic("app-1", "%zz"),
    ] {
        let error = Presented::read(Some(broken), &form(&[])).map(|_| ()).unwrap_err();
        assert_eq!(error, ClientAuthError::MalformedBasic, "{broken}");
        assert_eq!(error.answer().error.status(), 401);
    }
}

#[test]
fn a_public_client_proves_nothing_and_must_not_present_a_secret() {
    let public = public_client();
    let body = form(&[("client_id", "app-1")]);
    assert_eq!(
        authenticate(None, &body, Some(&public)).unwrap().method,
        Method::None
    );
    let with_secret = form(&[("client_id", "app-1"), ("client_secret", "x")]);
    assert!(authenticate(None, &with_secret, Some(&public)).is_err());
    assert_eq!(
        authenticate(None, &body, Some(&client().0)).unwrap_err(),
        ClientAuthError::MethodNotRegistered,
        "a confidential client cannot act as a public one"
    );
}

#[test]
fn more_than_one_method_is_refused_also_when_all_are_right() {
    let (client, secret) = client();
    let header = basic("app-1", secret.expose());
    let post = form(&[("client_id", "app-1"), ("client_secret", secret.expose())]);
    let cases = [
        (Some(header.as_str()), post),
        (
            Some(header.as_str()),
            form(&[
                ("client_assertion", "x"),
                ("client_assertion_type", ASSERTION_TYPE),
            ]),
        ),
        (
            None,
            form(&[("client_secret", "x"), ("client_assertion_type", ASSERTION_TYPE)]),
        ),
    ];
    for (header, form) in cases {
        let error = authenticate(header, &form, Some(&client)).unwrap_err();
        assert_eq!(error, ClientAuthError::SeveralMethods);
        assert_eq!(error.answer().error, OAuthErrorCode::InvalidRequest);
    }
    let other = form(&[("client_id", "app-2")]);
    let error = authenticate(Some(&header), &other, Some(&client)).unwrap_err();
    assert_eq!(error, ClientAuthError::ClientIdMismatch);
    let twice = Parameters::parse("client_id=app-1&client_id=app-2").unwrap();
    assert_eq!(
        authenticate(None, &twice, Some(&client)).unwrap_err().code(),
        "client_auth_repeated_parameter"
    );
    assert_eq!(
        authenticate(None, &form(&[]), None).unwrap_err(),
        ClientAuthError::Missing
    );
}

#[test]
fn unknown_client_wrong_secret_and_wrong_method_are_answered_alike() {
    let (client, _) = client();
    let header = basic("app-1", "wrong");
    let no_secrets = AppClient::register(client_id(), &settings("confidential"), now()).unwrap();
    let unknown = authenticate(Some(&header), &form(&[]), None).unwrap_err();
    let wrong = authenticate(Some(&header), &form(&[]), Some(&client)).unwrap_err();
    let method = authenticate(Some(&header), &form(&[]), Some(&no_secrets)).unwrap_err();
    let ill_formed = authenticate(Some(&basic("app 1", "x")), &form(&[]), None).unwrap_err();
    let assertion = assertion_error(&|_| {}, None);
    assert_eq!(unknown, ClientAuthError::UnknownClient);
    assert_eq!(wrong, ClientAuthError::WrongSecret);
    for error in [&wrong, &method, &ill_formed, &assertion] {
        assert_eq!(error.answer(), unknown.answer(), "{error:?}");
    }
    assert_eq!(unknown.answer().error.status(), 401);
}

#[test]
fn a_secret_of_another_client_is_no_secret() {
    let (mut other, secret) = client();
    other.id = crate::domain::ids::ClientId::parse("app-2").unwrap();
    let header = basic("app-1", secret.expose());
    assert!(
        authenticate(Some(&header), &form(&[]), Some(&other)).is_err(),
        "the registry entry must be the named one"
    );
}

fn key() -> &'static SigningKey {
    keys().signing(Algorithm::Es256).unwrap()
}

fn jwt_client() -> AppClient {
    let settings = ClientSettings {
        jwks: Some(json!({"keys": [key().public()]})),
        ..settings("confidential")
    };
    AppClient::register(client_id(), &settings, now()).unwrap()
}

fn claims() -> Value {
    let at = now().timestamp();
    json!({"iss": "app-1", "sub": "app-1", "aud": TOKEN, "exp": at + 60, "iat": at, "jti": "once"})
}

fn assertion_form(assertion: &str) -> Parameters {
    form(&[
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ])
}

fn assertion_error(change: &dyn Fn(&mut Value), client: Option<&AppClient>) -> ClientAuthError {
    let mut claims = claims();
    change(&mut claims);
    let assertion = jws::sign(key(), "JWT", &claims.to_string()).unwrap();
    authenticate(None, &assertion_form(&assertion), client).unwrap_err()
}

#[test]
fn gh_01_private_key_jwt_proves_a_key_and_names_its_one_use() {
    let client = jwt_client();
    let done = |claims: &Value| {
        let assertion = jws::sign(key(), "JWT", &claims.to_string()).unwrap();
        authenticate(None, &assertion_form(&assertion), Some(&client)).unwrap()
    };
    let first = done(&claims());
    assert_eq!(
        (first.client_id.clone(), first.method),
        (client_id(), Method::PrivateKeyJwt)
    );
    let first = first.assertion.unwrap();
    assert_eq!(first.remember_until.timestamp(), now().timestamp() + 120);
    let replayed = done(&claims()).assertion.unwrap();
    assert_eq!(
        first.key, replayed.key,
        "the same jti is the same one-time key: the store refuses it"
    );
    let mut other = claims();
    other["jti"] = json!("twice");
    other["aud"] = json!([ISSUER, TOKEN]);
    other["exp"] = json!(now().timestamp() as f64 + 59.5);
    assert_ne!(done(&other).assertion.unwrap().key, first.key);
}

#[test]
fn attacks_on_private_key_jwt_are_refused_by_name() {
    let client = jwt_client();
    let at = now().timestamp();
    type Change<'a> = Box<dyn Fn(&mut Value) + 'a>;
    let set = |name: &'static str, value: Value| -> Change<'_> { Box::new(move |c| c[name] = value.clone()) };
    let drop = |name: &'static str| -> Change<'_> {
        Box::new(move |c| {
            c.as_object_mut().unwrap().remove(name);
        })
    };
    let cases: Vec<(Change<'_>, &str)> = vec![
        (
            set("aud", json!("https://other.example/token")),
            "assertion_audience",
        ),
        (
            set("aud", json!([TOKEN, "https://other.example/token"])),
            "assertion_audience",
        ),
        (set("aud", json!([])), "assertion_audience"),
        (
            set("aud", json!("https://auth.example.com/")),
            "assertion_audience",
        ),
        (drop("aud"), "assertion_claims"),
        (set("iss", json!("app-2")), "assertion_subject"),
        (set("exp", json!(at - 60)), "assertion_expired"),
        (set("exp", json!(at + 3600)), "assertion_too_long"),
        (set("exp", json!(1e300)), "assertion_claims"),
        (drop("exp"), "assertion_claims"),
        (set("nbf", json!(at + 120)), "assertion_not_yet"),
        (set("iat", json!(at + 120)), "assertion_not_yet"),
        (drop("jti"), "assertion_claims"),
        (set("jti", json!("")), "assertion_jti"),
        (set("jti", json!("x".repeat(257))), "assertion_jti"),
    ];
    for (change, code) in cases {
        let error = assertion_error(&*change, Some(&client));
        assert_eq!(error.code(), code);
        assert_eq!(error.answer().error, OAuthErrorCode::InvalidClient);
    }
    assert_eq!(
        assertion_error(&|c| c["sub"] = json!("app-2"), Some(&client)),
        ClientAuthError::UnknownClient
    );
    let no_keys = &super::support::client().0;
    assert_eq!(
        assertion_error(&|_| {}, Some(no_keys)).code(),
        "assertion_no_keys"
    );
}

#[test]
fn an_assertion_by_another_key_or_none_is_refused() {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let client = jwt_client();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let attacker = keys().signing(Algorithm::Rs256).unwrap();
    let by_attacker = jws::sign(attacker, "JWT", &claims().to_string()).unwrap();
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims()));
    let embedded = {
        let input = format!(
            "{}.{}",
            part(&json!({"alg": "RS256", "jwk": attacker.public()})),
            part(&claims())
        );
        format!(
            "{input}.{}",
            URL_SAFE_NO_PAD.encode(attacker.sign_bytes(input.as_bytes()).unwrap())
        )
    };
    for (assertion, code) in [
        (by_attacker, "jws_unknown_key"),
        (unsigned, "jws_unsigned"),
        (embedded, "jws_embedded_key"),
        ("x".to_owned(), "jws_malformed"),
        (String::new(), "jws_malformed"),
    ] {
        let error = authenticate(None, &assertion_form(&assertion), Some(&client)).unwrap_err();
        assert_eq!(error.code(), code);
    }
    let good = jws::sign(key(), "JWT", &claims().to_string()).unwrap();
    let other_type = form(&[("client_assertion_type", "jwt"), ("client_assertion", &good)]);
    assert_eq!(
        authenticate(None, &other_type, Some(&client)).unwrap_err(),
        ClientAuthError::AssertionType
    );
    let no_type = form(&[("client_assertion", &good)]);
    assert_eq!(
        authenticate(None, &no_type, Some(&client)).unwrap_err(),
        ClientAuthError::AssertionType
    );
}

#[test]
fn presented_secrets_never_show() {
    let error = authenticate(
        None,
        &form(&[("client_id", "app-1"), ("client_secret", "hunter2")]),
        None,
    )
    .unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter2"));
    assert_eq!(format!("{:?}", Secret::new("hunter2")), "[redacted]");
}
