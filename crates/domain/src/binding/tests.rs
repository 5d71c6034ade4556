use super::*;

fn account(telegram_user_id: &str) -> Account {
    Account { bot_id: "7".into(), telegram_user_id: telegram_user_id.into(), telegram_chat_id: telegram_user_id.into() }
}

fn binding(binding_id: &str, consumer_user_id: &str, telegram_user_id: &str) -> Binding {
    Binding {
        binding_id: binding_id.into(),
        consumer_user_id: consumer_user_id.into(),
        agent_key: "a".into(),
        conversation_id: "c".into(),
        bot_id: Some("7".into()),
        telegram_user_id: Some(telegram_user_id.into()),
        telegram_chat_id: Some(telegram_user_id.into()),
        source: Source::Api,
        metadata: BTreeMap::from([("displayName".to_owned(), "Ada".to_owned())]),
        bound_at: 0,
        revoked_at: None,
        blocked_at: None,
        stream_version: 1,
    }
}

fn wanted(telegram_user_id: &str) -> Bind {
    Bind { consumer_user_id: "u".into(), agent_key: "a".into(), account: Some(account(telegram_user_id)), ..Bind::default() }
}

fn ended(wanted: &Bind, own: Option<Binding>, of_account: Option<Binding>) -> Vec<String> {
    match bind(wanted, own, of_account, "c".into()).unwrap() {
        Bound::Anew { ended, .. } => ended.into_iter().map(|binding| binding.binding_id).collect(),
        Bound::Already { .. } => panic!("bound already"),
    }
}

#[test]
fn a_new_account_ends_the_old_one_and_each_binding_ends_once() {
    assert_eq!(ended(&wanted("5"), None, None), Vec::<String>::new());
    assert_eq!(ended(&wanted("6"), Some(binding("x", "u", "5")), None), ["x"]);
    assert_eq!(ended(&wanted("6"), Some(binding("x", "u", "5")), Some(binding("y", "u", "6"))), ["x", "y"]);
    let by_pairing = Bind { pairing_id: Some("p".into()), ..wanted("5") };
    assert_eq!(ended(&by_pairing, Some(binding("x", "u", "5")), Some(binding("x", "u", "5"))), ["x"]);
}

#[test]
fn the_same_binding_again_changes_nothing() {
    let own = binding("x", "u", "5");
    let bound = bind(&wanted("5"), Some(own.clone()), Some(own.clone()), "c".into()).unwrap();
    assert_eq!(bound, Bound::Already { binding: Box::new(own), news: None });
}

/// W31: what the app told of a user is not lost by binding him again.
#[test]
fn w31_what_was_told_of_a_binding_stays_and_what_is_new_is_added() {
    let own = binding("x", "u", "5");
    let told = BTreeMap::from([("companyId".to_owned(), "7".to_owned())]);
    let again = Bind { metadata: told.clone(), ..wanted("5") };
    let bound = bind(&again, Some(own.clone()), Some(own.clone()), "c".into()).unwrap();
    assert_eq!(
        bound,
        Bound::Already { binding: Box::new(own.clone()), news: Some(BindingEvent::BindingAnnotated { metadata: told.clone() }) }
    );

    let other = Bind { metadata: told, ..wanted("6") };
    let Bound::Anew { made: BindingEvent::BindingMade { metadata, .. }, .. } = bind(&other, Some(own), None, "c".into()).unwrap()
    else {
        panic!("not bound anew")
    };
    assert_eq!(metadata.keys().collect::<Vec<_>>(), ["companyId", "displayName"]);
}

/// W05: a binding to a group would make every member the user.
#[test]
fn w05_only_a_private_chat_is_bound() {
    let group = Account { telegram_chat_id: "-100".into(), ..account("5") };
    let refusal = bind(&Bind { account: Some(group), ..wanted("5") }, None, None, "c".into()).unwrap_err();
    assert_eq!(refusal.field, Some("telegram_chat_id"));
}

/// W21: what comes from outside has a length.
#[test]
fn w21_metadata_has_bounds() {
    let long = BTreeMap::from([("displayName".to_owned(), "x".repeat(2_000))]);
    let many = (0..40).map(|number| (format!("n{number}"), String::new())).collect();
    for metadata in [long, many, BTreeMap::from([("a b".to_owned(), String::new())])] {
        let refusal = bind(&Bind { metadata, ..wanted("5") }, None, None, "c".into()).unwrap_err();
        assert_eq!(refusal.field, Some("metadata"));
    }
}

#[test]
fn an_account_of_another_user_is_not_taken_over() {
    let refusal = bind(&wanted("5"), None, Some(binding("x", "somebody else", "5")), "c".into()).unwrap_err();
    assert_eq!(refusal.code, "account_of_another_user");
}
