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
        bound_at: 0,
        revoked_at: None,
        stream_version: 1,
    }
}

fn wanted(telegram_user_id: &str) -> Bind {
    Bind { consumer_user_id: "u".into(), agent_key: "a".into(), account: Some(account(telegram_user_id)), pairing_id: None }
}

fn ended(wanted: &Bind, own: Option<Binding>, of_account: Option<Binding>) -> Vec<String> {
    match bind(wanted, own, of_account, "c".into()).unwrap() {
        Bound::Anew { ended, .. } => ended.into_iter().map(|binding| binding.binding_id).collect(),
        Bound::Already(_) => panic!("bound already"),
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
    assert_eq!(bind(&wanted("5"), Some(own.clone()), Some(own.clone()), "c".into()).unwrap(), Bound::Already(own));
}

#[test]
fn an_account_of_another_user_is_not_taken_over() {
    let refusal = bind(&wanted("5"), None, Some(binding("x", "somebody else", "5")), "c".into()).unwrap_err();
    assert_eq!(refusal.code, "account_of_another_user");
}
