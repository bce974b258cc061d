//! Conditions and statements.

use chrono::TimeDelta;

use super::super::world::{edit, now, part};
use super::{Case, changed_assertion, changed_issue};

/// All of them. The instants are the first that are refused, skew included.
pub fn cases() -> Vec<Case> {
    vec![
        changed_assertion("conditions_missing", |xml| {
            let conditions = part(&xml, "<saml:Conditions", "</saml:Conditions>").to_owned();
            edit(&xml, &conditions, "")
        }),
        changed_assertion("condition_unknown", |xml| {
            edit(
                &xml,
                "</saml:Conditions>",
                "<saml:Condition xsi:type=\"x\"/></saml:Conditions>",
            )
        }),
        changed_issue("assertion_not_yet_valid", |issue| {
            issue.not_before = now() + TimeDelta::minutes(3) + TimeDelta::milliseconds(1);
        }),
        changed_assertion("assertion_expired", |xml| {
            let conditions = part(&xml, "<saml:Conditions", ">").to_owned();
            edit(
                &xml,
                &conditions,
                &edit(&conditions, "2026-03-01T12:04:58", "2026-03-01T11:57:00"),
            )
        }),
        changed_assertion("audience_missing", |xml| {
            let restriction =
                part(&xml, "<saml:AudienceRestriction>", "</saml:AudienceRestriction>").to_owned();
            edit(&xml, &restriction, "<saml:OneTimeUse/>")
        }),
        changed_issue("audience_mismatch", |issue| issue.audience.push('/')),
        changed_assertion("timestamp_malformed", |xml| {
            edit(&xml, "NotBefore=\"2026", "NotBefore=\"26")
        }),
        changed_assertion("authn_statement_missing", |xml| {
            let statement = part(&xml, "<saml:AuthnStatement", "</saml:AuthnStatement>").to_owned();
            edit(&xml, &statement, "")
        }),
        changed_issue("authn_instant_in_future", |issue| {
            issue.authn_instant = now() + TimeDelta::minutes(4)
        }),
        changed_issue("session_expired", |issue| {
            issue.session_not_on_or_after = Some(now() - TimeDelta::minutes(3));
        }),
        changed_assertion("attribute_unnamed", |xml| {
            edit(&xml, "Name=\"groups\"", "FriendlyName=\"groups\"")
        }),
    ]
}
