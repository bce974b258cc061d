//! ID tokens, true and false.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use gatehouse::http::api::merge_patch;
use gatehouse::jose::SigningKey;
use serde_json::{Value, json};

use super::{Behaviour, Grant, Signing, http, keys};

/// The ID token of a grant, as the provider behaves.
pub(super) fn id_token(
    behaviour: &Behaviour,
    grant: &Grant,
    access_token: &str,
    now: DateTime<Utc>,
) -> String {
    let claims = claims(behaviour, grant, access_token, now);
    let key = match &behaviour.signing {
        Signing::Key(number) => &keys()[*number],
        Signing::None | Signing::Hmac(_) | Signing::Broken => &keys()[0],
    };
    let mut header = json!({
        "alg": key.algorithm().name(),
        "typ": "JWT",
        "kid": key.public().kid(),
    });
    match &behaviour.signing {
        Signing::None => header = json!({ "alg": "none", "typ": "JWT" }),
        Signing::Hmac(_) => header["alg"] = json!("HS256"),
        Signing::Key(_) | Signing::Broken => {}
    }
    merge_patch(&mut header, &behaviour.header_patch);
    let input = format!("{}.{}", http::encoded(&header), http::encoded(&claims));
    format!(
        "{input}.{}",
        URL_SAFE_NO_PAD.encode(signature(&behaviour.signing, key, &input))
    )
}

fn signature(signing: &Signing, key: &SigningKey, input: &str) -> Vec<u8> {
    match signing {
        Signing::Key(_) => key.sign_bytes(input.as_bytes()).unwrap(),
        Signing::None => Vec::new(),
        Signing::Hmac(secret) => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
            hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
        }
        Signing::Broken => key.sign_bytes(b"something else").unwrap(),
    }
}

fn claims(behaviour: &Behaviour, grant: &Grant, access_token: &str, now: DateTime<Utc>) -> Value {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    let half = hash.as_ref().get(..16).unwrap();
    let mut claims = json!({
        "iss": behaviour.issuer,
        "aud": behaviour.client.id,
        "iat": now.timestamp(),
        "exp": now.timestamp() + 3600,
        "auth_time": now.timestamp(),
        "at_hash": URL_SAFE_NO_PAD.encode(half),
    });
    if let Some(nonce) = grant.request.get("nonce") {
        claims["nonce"] = json!(nonce);
    }
    let mut person = grant.person.clone();
    for name in &behaviour.only_in_userinfo {
        person.as_object_mut().unwrap().remove(*name);
    }
    merge_patch(&mut claims, &person);
    merge_patch(&mut claims, &behaviour.claims_patch);
    claims
}
