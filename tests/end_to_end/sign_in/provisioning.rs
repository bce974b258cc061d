//! Just-in-time provisioning (ilert, Checkly), through the ACS.

use gatehouse::domain::tenant::{ForeignAddresses, Tenant};
use gatehouse::domain::user::User;
use gatehouse_tests::{Answer, Visitor, World};

/// Signs somebody in and gives the user that came of it.
async fn provisioned(visitor: &Visitor) -> (World, User) {
    let world = World::deployed().await;
    let tokens = world.tokens(&world.browser(), visitor).await;
    let users = world.users().await;
    assert_eq!(tokens.claims["sub"], users[0].id.as_str());
    let user = users[0].clone();
    (world, user)
}

async fn refused(change: impl FnOnce(&mut Tenant), visitor: &Visitor) -> (World, Answer) {
    let mut world = World::deployed().await;
    world.set_tenant(change).await;
    let answer = world.sign_in(&world.browser(), visitor).await;
    (world, answer)
}

/// Off by default; then nobody is made, and the page says whom to ask.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_04_provisioning_is_off_by_default() {
    assert!(!gatehouse::domain::tenant::TenantSettings::default().provision_on_sign_in);
    let off = |tenant: &mut Tenant| {
        tenant.settings.provision_on_sign_in = false;
        tenant.settings.admin_contact = Some("Ada, ada@acme.com".to_owned());
    };
    let (world, answer) = refused(off, &Visitor::new("new@acme.com")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (403, "user_unknown")
    );
    assert!(answer.body.contains("Ada, ada@acme.com"), "{}", answer.body);
    assert!(world.users().await.is_empty());
}

/// CH-08: with an app that takes registrations, an unknown person goes there with a one-time code; no user is made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_08_an_unknown_person_goes_to_the_apps_registration() {
    let mut world = World::deployed().await;
    world
        .set_tenant(|tenant| tenant.settings.provision_on_sign_in = false)
        .await;
    world
        .set_client(|settings| settings["registration_uri"] = "https://app.example.com/register".into())
        .await;
    let answer = world
        .sign_in(
            &world.browser(),
            &Visitor::new("new@acme.com").with("firstName", "New"),
        )
        .await;
    assert_eq!(answer.status, 303);
    assert!(
        answer
            .raw_location()
            .starts_with("https://app.example.com/register?code=")
    );
    let code = answer.parameter("code").unwrap();
    assert!(world.users().await.is_empty());
    let redeemed = world
        .app_json("/sign-in/registration", &serde_json::json!({ "code": code }))
        .await;
    assert_eq!(redeemed.status, 200, "{}", redeemed.body);
    let told = redeemed.json();
    assert_eq!(told["email"], "new@acme.com");
    assert_eq!(told["email_verified"], true);
    assert_eq!(told["attributes"]["firstName"][0], "New");
    let again = world
        .app_json("/sign-in/registration", &serde_json::json!({ "code": code }))
        .await;
    assert_eq!(
        (again.status.as_u16(), again.json()["code"].as_str()),
        (400, Some("registration_code_invalid"))
    );
}

/// The role is the tenant's setting, else the catalogue's default.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_05_the_role_of_a_new_user_is_a_tenant_setting() {
    let (_, user) = provisioned(&Visitor::new("a@acme.com")).await;
    assert_eq!(user.role, "STAKEHOLDER");
    let mut world = World::deployed().await;
    world
        .set_tenant(|tenant| tenant.settings.default_role = Some("RESPONDER".to_owned()))
        .await;
    let tokens = world.tokens(&world.browser(), &Visitor::new("b@acme.com")).await;
    assert_eq!(tokens.claims["role"], "RESPONDER");
}

/// SE-05 and CH-12: the owner's default role is what new members get.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_05_new_members_get_the_tenants_default_role() {
    let mut world = World::deployed().await;
    for role in ["USER", "GUEST"] {
        world
            .set_tenant(|tenant| tenant.settings.default_role = Some(role.to_owned()))
            .await;
        let visitor = Visitor::new(&format!("{}@acme.com", role.to_lowercase()));
        assert_eq!(
            world.tokens(&world.browser(), &visitor).await.claims["role"],
            role
        );
    }
}

/// Provisioning stops when the booked seats are used up; the page names whom to ask; people who are in stay in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_06_provisioning_stops_when_the_seats_are_used_up() {
    let mut world = World::deployed().await;
    world
        .set_tenant(|tenant| {
            tenant.seats = Some(1);
            tenant.settings.admin_contact = Some("Ada in room 5".to_owned());
        })
        .await;
    world
        .tokens(&world.browser(), &Visitor::new("first@acme.com"))
        .await;
    let second = world
        .sign_in(&world.browser(), &Visitor::new("second@acme.com"))
        .await;
    assert_eq!(
        (second.status.as_u16(), second.code().as_str()),
        (403, "seats_used_up")
    );
    assert!(second.body.contains("Ada in room 5"), "{}", second.body);
    assert_eq!(world.users().await.len(), 1);
    world
        .tokens(&world.browser(), &Visitor::new("first@acme.com"))
        .await;
    let first = world.users().await[0].id.clone();
    world.change_user(&first, |user| user.active = false).await;
    world
        .tokens(&world.browser(), &Visitor::new("second@acme.com"))
        .await;
}

/// Every attribute is read by its exact, case-sensitive name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_20_attributes_are_read_at_the_first_sign_in() {
    let visitor = Visitor::new("ada@acme.com")
        .with("firstName", "Augusta")
        .with("lastName", "King")
        .with("position", "Analyst")
        .with("department", "Engines")
        .with("role", "USER")
        .with("userProfileImage", "https://img.example.com/ada.png")
        .with("Department", "wrong case");
    let (_, user) = provisioned(&visitor).await;
    assert_eq!(user.details.given_name.as_deref(), Some("Augusta"));
    assert_eq!(user.details.family_name.as_deref(), Some("King"));
    assert_eq!(user.details.position.as_deref(), Some("Analyst"));
    assert_eq!(user.details.department.as_deref(), Some("Engines"));
    assert_eq!(
        user.details.picture.as_deref(),
        Some("https://img.example.com/ada.png")
    );
    assert_eq!(user.role, "USER");
}

/// Malformed values and forbidden pairs never block: each takes its own default, and the event says which.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_21_malformed_values_fall_back_and_never_block() {
    let visitor = Visitor::new("ada@acme.com")
        .with("role", "WIZARD")
        .with("userProfileImage", "not a url")
        .with("mobileNumber", "abc");
    let (_, user) = provisioned(&visitor).await;
    assert_eq!(user.role, "STAKEHOLDER");
    assert_eq!(user.details.picture, None);
    assert_eq!(user.details.mobile, None);
}

/// A national number counts only with its region, and is stored as E.164.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_28_a_national_mobile_number_becomes_e164() {
    let number = Visitor::new("ada@acme.com").with("mobileNumber", "0221 123 123");
    let (_, user) = provisioned(&number.clone().with("mobileRegionCode", "DE")).await;
    assert_eq!(user.details.mobile.as_deref(), Some("+49221123123"));
    let (_, without) = provisioned(&number).await;
    assert_eq!(without.details.mobile, None);
}

/// An unknown team is made, and the person joins it; the next one joins the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_32_an_unknown_team_is_made_and_joined() {
    let world = World::deployed().await;
    for (email, name) in [("a@acme.com", "Night shift"), ("b@acme.com", "NIGHT SHIFT")] {
        let visitor = Visitor::new(email)
            .with("teamName", name)
            .with("teamRole", "USER")
            .with("role", "USER");
        let claims = world.tokens(&world.browser(), &visitor).await.claims;
        assert_eq!(claims["teams"][0]["name"], "Night shift");
        assert_eq!(claims["teams"][0]["role"], "USER");
    }
    assert_eq!(
        world
            .gatehouse
            .store
            .tenant(&world.tenant.id)
            .teams()
            .await
            .unwrap()
            .len(),
        1
    );
}

/// The attribute must be present for a user to be made; who exists already is not blocked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn il_35_the_provision_attribute_must_be_present() {
    let wanted = |tenant: &mut Tenant| {
        tenant.settings.check_provision_attribute = Some("gatehouse access".to_owned());
        tenant.settings.admin_contact = Some("the help desk".to_owned());
    };
    let (world, answer) = refused(wanted, &Visitor::new("new@acme.com")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (403, "provision_attribute_missing")
    );
    assert!(answer.body.contains("the help desk"), "{}", answer.body);
    assert!(world.users().await.is_empty());
    world
        .tokens(
            &world.browser(),
            &Visitor::new("new@acme.com").with("gatehouse access", "any"),
        )
        .await;
    world
        .tokens(&world.browser(), &Visitor::new("new@acme.com"))
        .await;
}

/// The names of the attributes can be mapped per connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_22_attributes_can_be_mapped_per_connection() {
    let mut world = World::deployed().await;
    world
        .set_connection(|connection| {
            connection.attributes.email = Some("mail".to_owned());
            connection.attributes.first_name = Some("givenName".to_owned());
        })
        .await;
    let visitor = Visitor::new("not-an-address")
        .with("mail", "Ada@acme.com")
        .with("givenName", "Ada");
    let claims = world.tokens(&world.browser(), &visitor).await.claims;
    assert_eq!(claims["email"], "Ada@acme.com");
    assert_eq!(claims["given_name"], "Ada");
}

/// CH-04: attribute `email`, then the claim URI, then the NameID.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_04_the_email_comes_from_the_attribute_else_from_the_name_id() {
    let claim = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    for (visitor, wanted) in [
        (Visitor::new("id@acme.com"), "id@acme.com"),
        (
            Visitor::new("id@acme.com").with(claim, "claim@acme.com"),
            "claim@acme.com",
        ),
        (
            Visitor::new("id@acme.com")
                .with(claim, "claim@acme.com")
                .with("email", "own@acme.com"),
            "own@acme.com",
        ),
    ] {
        let (_, user) = provisioned(&visitor).await;
        assert_eq!(user.email.unwrap().as_str(), wanted);
    }
}

/// GH-05: an address outside the proven domains makes nobody, and is believed by nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_05_a_foreign_address_is_refused_unless_admitted_and_never_verified() {
    let (world, answer) = refused(|_| {}, &Visitor::new("eve@elsewhere.com")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (403, "foreign_address")
    );
    assert!(world.users().await.is_empty());
    let mut world = World::deployed().await;
    world
        .set_tenant(|tenant| tenant.settings.foreign_addresses = ForeignAddresses::Admit)
        .await;
    let claims = world
        .tokens(&world.browser(), &Visitor::new("eve@elsewhere.com"))
        .await
        .claims;
    assert_eq!(claims["email"], "eve@elsewhere.com");
    assert_ne!(claims["email_verified"], true);
}
