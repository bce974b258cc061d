//! Import of the members that the app has already.

use gatehouse::domain::ids::{TenantId, UserId};
use gatehouse_local::http_client::{Fault, When};
use gatehouse_tests::admin::Caller;
use gatehouse_tests::{Answer, Api, problem};
use serde_json::{Value, json};

async fn begin(owner: &Caller, parts: u32) -> String {
    let begun = owner
        .post("/owner/v1/member-imports", &json!({ "parts": parts }))
        .await;
    assert_eq!(begun.status, 201, "{}", begun.body);
    format!(
        "/owner/v1/member-imports/{}",
        begun.json()["id"].as_str().unwrap()
    )
}

async fn csv(owner: &Caller, import: &str, part: u32, text: &str) -> Answer {
    owner
        .put_as(&format!("{import}/parts/{part}"), "text/csv; charset=utf-8", text)
        .await
}

fn refused(part: &Value) -> Vec<(u64, String)> {
    let lines = part["refused"].as_array().unwrap().iter();
    lines
        .map(|line| {
            (
                line["line"].as_u64().unwrap(),
                line["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

/// CH-10: the app's members are imported as CSV and as JSON, in parts: bad lines are named by number and code, good ones
/// are kept, and how far it came is shown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_existing_members_are_imported_in_parts() {
    let api = Api::start().await;
    let owner = api.owner(&api.tenant("Acme", json!({})).await);
    let import = begin(&owner, 2).await;
    let text = "email,given_name,role\r\n\
        ada@acme.com,Ada,ADMIN\r\n\
        no address,Bob,USER\r\n\
        cy@acme.com,Cy,EMPEROR\r\n\
        ADA@acme.com,Again,USER\r\n\
        dan@acme.com\r\n\
        eve@acme.com,Eve,\r\n";
    let part = csv(&owner, &import, 1, text).await;
    assert_eq!(part.status, 200, "{}", part.body);
    let shown = part.json();
    assert_eq!(
        (&shown["state"], &shown["lines"], &shown["made"]),
        (&json!("done"), &json!(6), &json!(2))
    );
    let wanted = [
        (3, "invalid_email"),
        (4, "role_unknown"),
        (5, "user_name_taken"),
        (6, "line_fields"),
    ];
    assert_eq!(
        refused(&shown),
        wanted.map(|(line, code)| (line, code.to_owned()))
    );
    assert!(
        !part.body.contains("no address") && !part.body.contains("EMPEROR"),
        "what came is not repeated"
    );
    let progress = owner.get(&import).await.json();
    assert_eq!(
        (&progress["state"], &progress["parts_done"]),
        (&json!("under_way"), &json!(1))
    );

    let list = json!({ "members": [{ "email": "fay@acme.com", "position": "Pilot" }, { "mail": "x" }, 7] });
    let part = owner
        .put_as(
            &format!("{import}/parts/2"),
            "application/json",
            &list.to_string(),
        )
        .await;
    assert_eq!(part.status, 200, "{}", part.body);
    let wanted = [(2, "line_malformed"), (3, "line_malformed")];
    assert_eq!(
        refused(&part.json()),
        wanted.map(|(line, code)| (line, code.to_owned()))
    );
    assert_eq!(owner.get(&format!("{import}/parts/2")).await.json(), part.json());
    let done = owner.get(&import).await.json();
    let told =
        ["state", "parts_done", "lines", "lines_done", "made", "refused"].map(|name| done[name].clone());
    assert_eq!(
        told,
        [json!("done"), json!(2), json!(9), json!(9), json!(3), json!(6)]
    );
    let listed = owner.get("/owner/v1/members").await.json();
    let mut people = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["email"].as_str().unwrap())
        .collect::<Vec<_>>();
    people.sort_unstable();
    assert_eq!(people, ["ada@acme.com", "eve@acme.com", "fay@acme.com"]);
    let fay = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["email"] == "fay@acme.com")
        .unwrap();
    assert_eq!(
        (&fay["position"], &fay["source"]),
        (&json!("Pilot"), &json!("manual"))
    );
    let imports = owner.get("/owner/v1/member-imports").await.json();
    assert_eq!(imports["items"].as_array().unwrap().len(), 1);
}

/// CH-10: a part can be sent again, at once and after a cut in the middle: nobody is made twice, nobody is left out, and
/// another part under the same number is refused. What was removed since does not come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ch_10_an_import_goes_on_where_it_was_cut() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let import = begin(&owner, 1).await;
    let lines = (0..60)
        .map(|nth| format!("u{nth:02}@acme.com\n"))
        .collect::<String>();
    let text = format!("email\n{lines}");
    // The table fails for good in the middle of a part: the request ends, and what it made is there.
    let when = When::operation("TransactWriteItems").after(40);
    let fault = api.local.faults().inject(when, Fault::DropConnection);
    let cut = csv(&owner, &import, 1, &text).await;
    assert!(cut.status.is_server_error(), "{} {}", cut.status, cut.body);
    fault.withdraw();
    let so_far = owner.get(&import).await.json();
    assert!(so_far["lines_done"].as_u64().unwrap() < 60, "{so_far}");

    let again = csv(&owner, &import, 1, &text).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let shown = again.json();
    assert_eq!(
        (&shown["made"], &shown["refused"], &shown["state"]),
        (&json!(60), &json!([]), &json!("done"))
    );
    let handle = api.gatehouse.store.tenant(&TenantId::parse(&acme.id).unwrap());
    assert_eq!(handle.users(None, 100).await.unwrap().len(), 60);

    let other = csv(&owner, &import, 1, "email\nintruder@acme.com\n").await;
    assert_eq!(other.problem(), problem(409, "import_part_differs"));
    let first = handle.users(None, 1).await.unwrap().remove(0);
    let path = format!("/owner/v1/members/{}", first.id);
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(
        csv(&owner, &import, 1, &text).await.json(),
        shown,
        "answered alike"
    );
    assert_eq!(
        owner.get(&path).await.status,
        404,
        "whoever was removed stays removed"
    );
    let gone = handle
        .user(&UserId::parse(first.id.as_str()).unwrap())
        .await
        .unwrap();
    assert!(gone.unwrap().tombstone);

    // Five times at once: each line makes one member.
    let import = begin(&owner, 1).await;
    let text = text.replace("@acme.com", "@acme.example");
    let sent = (0..5).map(|_| csv(&owner, &import, 1, &text));
    for answer in futures_util::future::join_all(sent).await {
        assert!(
            [200, 409].contains(&answer.status.as_u16()),
            "{} {}",
            answer.status,
            answer.body
        );
    }
    let ended = csv(&owner, &import, 1, &text).await.json();
    assert_eq!((&ended["made"], &ended["refused"]), (&json!(60), &json!([])));
}

/// Imports: what is no table, no part, no import or another's is refused by name; seats hold line by line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_attack_imports_are_read_strictly() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({ "seats": 2 })).await;
    let other = api.tenant("Other", json!({})).await;
    let owner = api.owner(&acme);
    for wrong in [0, 1_001] {
        let refused = owner
            .post("/owner/v1/member-imports", &json!({ "parts": wrong }))
            .await;
        assert_eq!(refused.problem(), problem(422, "setting_invalid"));
    }
    let import = begin(&owner, 2).await;
    let theirs = csv(&api.owner(&other), &import, 1, "email\na@acme.com\n").await;
    assert_eq!(theirs.problem(), problem(404, "import_not_found"));
    for part in ["0", "3", "x", "-1", "+1", "1.0", "99999999999"] {
        let answer = owner
            .put_as(&format!("{import}/parts/{part}"), "text/csv", "email\n")
            .await;
        assert_eq!(answer.problem(), problem(404, "import_part_not_found"), "{part}");
    }
    let long = "x".repeat(2_000);
    for id in [long.as_str(), "none", "a%23b", "%2e%2e"] {
        let answer = owner.get(&format!("/owner/v1/member-imports/{id}")).await;
        assert_eq!(answer.status, 404, "{id}");
    }
    let header = csv(&owner, &import, 1, "mail\na@acme.com\n").await;
    assert_eq!(header.problem(), problem(422, "import_header"));
    let kind = owner
        .put_as(&format!("{import}/parts/1"), "text/plain", "email\n")
        .await;
    assert_eq!(kind.problem(), problem(415, "content_type_unsupported"));
    let shape = owner
        .put_as(&format!("{import}/parts/1"), "application/json", "[]")
        .await;
    assert_eq!(shape.problem(), problem(400, "body_malformed"));
    let huge = format!("email\n{}", "a".repeat(1024 * 1024));
    assert_eq!(
        csv(&owner, &import, 1, &huge).await.problem(),
        problem(413, "body_too_large")
    );
    let many = format!("email\n{}", "a@acme.com\n".repeat(501));
    assert_eq!(
        csv(&owner, &import, 1, &many).await.problem(),
        problem(409, "limit_reached")
    );
    assert_eq!(
        owner.get(&import).await.json()["lines"],
        0,
        "nothing of it was taken"
    );

    let seats = csv(&owner, &import, 1, "email\na@acme.com\nb@acme.com\nc@acme.com\n")
        .await
        .json();
    assert_eq!(refused(&seats), [(4, "seats_used_up".to_owned())]);
    let empty = csv(&owner, &import, 2, "email\n").await.json();
    assert_eq!((&empty["state"], &empty["lines"]), (&json!("done"), &json!(0)));
    assert_eq!(owner.get(&import).await.json()["state"], "done");
}
