//! The SAML identity providers whose ways are known (SE-11).

use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};

use super::query::page_of;
use super::{Answer, json as answer};
use crate::domain::connection::SamlPreset;
use crate::saml::presets;

/// `GET …/saml-presets`
pub(super) async fn list(uri: Uri) -> Answer {
    let page = page_of(&uri, &SamlPreset::ALL, |preset| preset.name().to_owned(), shown)?;
    Ok(answer(StatusCode::OK, &page))
}

fn shown(preset: &SamlPreset) -> Value {
    let defaults = presets::defaults(*preset);
    json!({
        "preset": preset,
        "title": preset.title(),
        "signs": defaults.signs.name(),
        "name_id_format": defaults.name_id_format,
        "subject": defaults.subject,
        "attributes": defaults.attributes,
        "idp_initiated": defaults.idp_initiated,
    })
}
