//! Templates: made by managers, used by everybody, offline too.

use switchboard_core::{CoreError, ErrorCode, NewContact, Role, Template, TemplateQuery};
use switchboard_e2e::{Operator, TestServer, Visitor};
use switchboard_server::UserChange;

fn template(title: &str, text: &str) -> Template {
    Template {
        group: None,
        category: Some("Orders".into()),
        language: Some("en".into()),
        title: title.into(),
        text: text.into(),
        keywords: String::new(),
    }
}

async fn promote(server: &TestServer, name: &str, role: Role) {
    let admin = server.admin();
    let user = admin.find_user(name).await.unwrap();
    admin.change_user(user, UserChange { role: Some(role), ..UserChange::default() }).await.unwrap();
}

fn titles(operator: &Operator, query: &TemplateQuery) -> Vec<String> {
    operator
        .core
        .templates(query)
        .map(|picker| picker.rows.into_iter().map(|row| row.title).collect())
        .unwrap_or_default()
}

async fn until_titles(operator: &Operator, wanted: &[&str]) {
    operator
        .until("the templates", |operator| (titles(operator, &TemplateQuery::default()) == wanted).then_some(()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f16_f18_managers_make_templates_of_their_group_and_everybody_of_it_uses_them() {
    let server = TestServer::start(&["Anna", "Mona", "Olga", "Xenia"]).await;
    promote(&server, "Mona", Role::Manager).await;
    promote(&server, "Olga", Role::SystemOwner).await;
    let admin = server.admin();
    let (group, other) = (admin.find_group("Company").await.unwrap(), admin.create_group("Elsewhere").await.unwrap());
    let xenia = admin.find_user("Xenia").await.unwrap();
    admin.change_user(xenia, UserChange { group: Some(other), ..UserChange::default() }).await.unwrap();
    let (anna, mona, olga, xenia) = tokio::join!(
        server.operator("Anna"),
        server.operator("Mona"),
        server.operator("Olga"),
        server.operator("Xenia")
    );
    let ours = Template { group: Some(group), ..template("Where is it", "It left us today.") };
    let refused = |code| Err(CoreError::Rejected(code));
    assert_eq!(anna.core.create_template(ours.clone()).await.map(drop), refused(ErrorCode::Forbidden));
    assert!(!anna.core.templates(&TemplateQuery::default()).unwrap().can_create);
    let id = mona.core.create_template(ours.clone()).await.unwrap();
    until_titles(&anna, &["Where is it"]).await;
    until_titles(&olga, &["Where is it"]).await;
    assert!(titles(&xenia, &TemplateQuery::default()).is_empty(), "another group's");
    // The company's are a system owner's.
    assert_eq!(mona.core.create_template(template("Bye", "Good bye.")).await.map(drop), refused(ErrorCode::Forbidden));
    olga.core.create_template(template("Bye", "Good bye.")).await.unwrap();
    until_titles(&xenia, &["Bye"]).await;
    // Of two who change it the second is told.
    let changed = Template { title: "Where is my parcel".into(), ..ours.clone() };
    mona.core.change_template(id, 1, changed.clone()).await.unwrap();
    assert_eq!(olga.core.change_template(id, 1, ours.clone()).await, refused(ErrorCode::Changed));
    until_titles(&anna, &["Bye", "Where is my parcel"]).await;
    mona.core.delete_template(id, 2).await.unwrap();
    until_titles(&anna, &["Bye"]).await;
    // Who comes into the group has its templates, and who leaves it no longer.
    mona.core.create_template(ours).await.unwrap();
    until_titles(&anna, &["Bye", "Where is it"]).await;
    let anna_id = admin.find_user("Anna").await.unwrap();
    admin.change_user(anna_id, UserChange { group: Some(other), ..UserChange::default() }).await.unwrap();
    until_titles(&anna, &["Bye"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f22_f23_f24_a_template_fills_the_composer_and_is_not_sent_before_its_variables_are_filled() {
    let server = TestServer::start(&["Anna", "Olga"]).await;
    promote(&server, "Olga", Role::SystemOwner).await;
    let cut = server.proxy().await;
    let (anna, olga) = tokio::join!(server.operator_through(&cut, "Anna"), server.operator("Olga"));
    let bad = template("Shoes", "Size {{contact.shoe_size}}?");
    match olga.core.create_template(bad).await {
        Err(CoreError::InvalidInput(why)) => assert!(why.contains("contact.shoe_size"), "{why}"),
        other => panic!("{other:?}"),
    }
    let text = "Dear {{contact.first_name}}, {{user.name}} of {{queue.name}} here. Your number is {{contact.phone}}?";
    let id = olga.core.create_template(template("Hello", text)).await.unwrap();
    until_titles(&anna, &["Hello"]).await;
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("hi").await.unwrap();
    let chat = anna.until_offered("hi").await.chat;
    let maria = NewContact { name: "Maria López".into(), email: None, phone: None };
    anna.done(anna.core.add_contact(chat, maria).await).await;
    anna.until("named", |anna| anna.inbox().iter().any(|row| row.contact_name.is_some()).then_some(())).await;
    // Offline, like everything else of them.
    cut.refuse();
    let filled = anna.core.fill_template(chat, id).unwrap();
    assert_eq!(filled.text, "Dear Maria, Anna of Sales here. Your number is {{contact.phone}}?");
    assert_eq!(filled.unfilled, ["contact.phone"]);
    assert!(anna.timeline(chat).iter().all(|row| !row.mine), "nothing is sent by it");
    assert_eq!(
        anna.core.reply(chat, &filled.text).await.map(drop),
        Err(CoreError::Rejected(ErrorCode::UnfilledVariable))
    );
    let edited = filled.text.replace("{{contact.phone}}", "+49 30 1");
    anna.core.reply(chat, &edited).await.unwrap();
    cut.allow();
    anna.core.wake();
    visitor.hear(&edited).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn f19_f20_f21_f25_search_tabs_and_languages_combine_and_the_customers_language_comes_first() {
    let server = TestServer::start(&["Anna", "Olga"]).await;
    promote(&server, "Olga", Role::SystemOwner).await;
    let (anna, olga) = tokio::join!(server.operator("Anna"), server.operator("Olga"));
    let make = |title: &str, text: &str, category: &str, language: &str| Template {
        category: Some(category.into()),
        language: Some(language.into()),
        ..template(title, text)
    };
    for it in [
        make("Delivery", "Your parcel arrives in two days.", "Orders", "en"),
        make("Доставка", "Ваша посылка придёт через два дня.", "Orders", "ru"),
        make("Refund", "The money is on its way back.", "Money", "en"),
        make("Возврат", "Деньги уже возвращаются на карту.", "Money", "ru"),
    ] {
        olga.core.create_template(it).await.unwrap();
    }
    let all = |anna: &Operator| titles(anna, &TemplateQuery::default()).len();
    anna.until("all four", |anna| (all(anna) == 4).then_some(())).await;
    let query = |search: &str, category: Option<&str>, language: Option<&str>| TemplateQuery {
        search: search.into(),
        category: category.map(str::to_owned),
        language: language.map(str::to_owned),
        chat: None,
    };
    assert_eq!(titles(&anna, &query("", Some("Money"), Some("ru"))), ["Возврат"]);
    assert_eq!(titles(&anna, &query("пос", None, None)), ["Доставка"]);
    assert!(titles(&anna, &query("пос", Some("Money"), None)).is_empty());
    let picker = anna.core.templates(&TemplateQuery::default()).unwrap();
    assert_eq!(
        (picker.categories, picker.languages),
        (vec!["Money".to_owned(), "Orders".to_owned()], vec!["en".to_owned(), "ru".to_owned()])
    );
    let mut visitor = Visitor::open(server.addr(), server.channel_key()).await.unwrap();
    visitor.say("Здравствуйте, когда вы вернёте мне деньги за заказ?").await.unwrap();
    let chat = anna.until_offered("Здравствуйте, когда вы вернёте мне деньги за заказ?").await.chat;
    let picker = anna.core.templates(&TemplateQuery { chat: Some(chat), ..TemplateQuery::default() }).unwrap();
    assert_eq!(picker.customer_language.as_deref(), Some("ru"));
    assert_eq!((picker.rows.len(), picker.rows[0].title.as_str()), (4, "Возврат"), "it only reorders");
}
