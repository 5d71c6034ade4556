//! For whom a limited key may ask.

use clawstead_domain::agent::Configure;
use clawstead_domain::binding::Bind;
use clawstead_domain::conversation::Enqueue;
use clawstead_domain::template::Draft;
use clawstead_operations::{agents, bindings, queue, templates};
use clawstead_service::reach::{Named, check};
use clawstead_service::{About, Operation, Permission, Principal, Problem};
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::world::{World, company_key, key};

/// What Ada and Björn have with the agent `a`.
struct Theirs {
    world: World,
    conversation: String,
    binding: String,
    message: String,
}

fn theirs() -> Theirs {
    let world = World::new();
    for agent in ["a", "b"] {
        block_on(agents::configure(&world.cx(), agent, &Configure::default())).unwrap();
    }
    let bind = |user: &str| {
        let wanted = Bind { consumer_user_id: user.to_owned(), agent_key: "a".to_owned(), ..Bind::default() };
        block_on(bindings::make(&world.cx(), &wanted, None)).unwrap().binding
    };
    let (_, bjorns) = (bind("ada"), bind("bjorn"));
    let hello = Enqueue {
        conversation_id: bjorns.conversation_id.clone(),
        agent_key: "a".to_owned(),
        provider: "app".to_owned(),
        provider_user_id: "bjorn".to_owned(),
        text: "hi".to_owned(),
        ..Enqueue::default()
    };
    let message = block_on(queue::enqueue(&world.cx(), &hello, None)).unwrap().message_id;
    Theirs { conversation: bjorns.conversation_id, binding: bjorns.binding_id, message, world }
}

fn ask(world: &World, principal: &Principal, operation: Operation, names: &Value) -> Result<(), Problem> {
    let mut named = Named::default();
    named.object(names);
    block_on(check(&world.cx(), principal, operation, &named))
}

fn may(world: &World, principal: &Principal, operation: Operation, names: &Value) -> bool {
    ask(world, principal, operation, names).is_ok()
}

#[test]
fn whose_it_is_is_found_out_by_whatever_is_named() {
    let Theirs { world, conversation, binding, message } = theirs();
    let (of_ada, of_bjorn) = (key(None, Some(&["ada"])), key(None, Some(&["bjorn"])));
    for (operation, names) in [
        (Operation::GetConversation, json!({"conversation_id": conversation})),
        (Operation::GetConversation, json!({"conversationId": conversation})),
        (Operation::GetBinding, json!({"binding_id": binding})),
        (Operation::GetMessage, json!({"message_id": message})),
        (Operation::GetUserAgent, json!({"consumer_user_id": "bjorn", "agent_key": "a"})),
        (Operation::EnqueueMessage, json!({"consumer_user_id": "bjorn", "conversation_id": conversation})),
    ] {
        assert!(may(&world, &of_bjorn, operation, &names), "{names}");
        assert!(!may(&world, &of_ada, operation, &names), "{names}");
    }
}

#[test]
fn one_name_within_reach_does_not_cover_for_another() {
    let Theirs { world, conversation, .. } = theirs();
    let of_ada = key(None, Some(&["ada"]));
    let both = json!({"consumer_user_id": "ada", "conversation_id": conversation});
    assert!(!may(&world, &of_ada, Operation::EnqueueMessage, &both));
    let mut twice = Named::default();
    twice.add("consumer_user_id", "ada");
    twice.add("consumer_user_id", "bjorn");
    assert!(block_on(check(&world.cx(), &of_ada, Operation::ListBindings, &twice)).is_err());
}

#[test]
fn what_names_nobody_and_what_does_not_exist_is_nobodys() {
    let Theirs { world, .. } = theirs();
    let limited = key(Some(&["a"]), Some(&["ada"]));
    for names in [json!({}), json!({"agent_key": "a"}), json!({"message_id": "nothing"}), json!({"binding_id": "nothing"})] {
        assert!(!may(&world, &limited, Operation::GetMessage, &names), "{names}");
    }
    assert!(may(&world, &key(None, None), Operation::GetMessage, &json!({})), "who is not limited is not asked");
    assert!(may(&world, &limited, Operation::ListEvents, &json!({})), "it is shown what is its own");
}

#[test]
fn w07_an_agent_is_for_keys_of_the_agent_and_not_for_keys_of_some_of_its_users() {
    let Theirs { world, .. } = theirs();
    let names = json!({"agent_key": "a"});
    assert!(may(&world, &key(Some(&["a"]), None), Operation::UnlinkBot, &names));
    assert!(!may(&world, &key(Some(&["b"]), None), Operation::UnlinkBot, &names));
    assert!(!may(&world, &key(Some(&["a"]), Some(&["ada"])), Operation::UnlinkBot, &names));
}

#[test]
fn w08_w24_every_operation_says_whom_it_is_about_and_what_is_about_everybody_is_for_no_limited_key() {
    let Theirs { world, conversation, message, .. } = theirs();
    let everything =
        json!({"agent_key": "a", "consumer_user_id": "bjorn", "conversation_id": conversation, "message_id": message});
    let limited = key(Some(&["a"]), Some(&["bjorn"]));
    for &operation in Operation::ALL {
        let expected = matches!(operation.permission(), Permission::Service(_, About::User | About::Audience | About::Several));
        assert_eq!(may(&world, &limited, operation, &everything), expected, "{}", operation.name());
    }
}

const OF_TEMPLATES: [Operation; 5] = [
    Operation::CreateTemplate,
    Operation::ListTemplates,
    Operation::GetTemplate,
    Operation::ChangeTemplate,
    Operation::DeleteTemplate,
];

/// The templates of Acme, Initech and nobody.
fn three(world: &World) -> [String; 3] {
    [Some("acme"), Some("initech"), None].map(|company| {
        let company_id = company.map(str::to_owned);
        let draft = Draft { company_id, title: "t".into(), text: "t".into(), by: "ada".into(), ..Draft::default() };
        block_on(templates::create(&world.cx(), &draft)).unwrap().template_id
    })
}

#[test]
fn w59_a_template_is_for_keys_of_its_company_and_for_those_without_a_limit() {
    let Theirs { world, .. } = theirs();
    let [acmes, initechs, nobodys] = three(&world);
    let (of_acme, of_initech) = (company_key(&["acme"]), company_key(&["initech"]));
    for operation in OF_TEMPLATES {
        for (mine, principal) in [(&acmes, &of_acme), (&initechs, &of_initech)] {
            for template_id in [&acmes, &initechs, &nobodys] {
                let asked = ask(&world, principal, operation, &json!({"templateId": template_id}));
                let code = asked.map_err(|problem| problem.code);
                assert_eq!(code, if template_id == mine { Ok(()) } else { Err("template_not_found") }, "{}", operation.name());
            }
            assert!(may(&world, principal, operation, &json!({})));
            assert!(!may(&world, principal, operation, &json!({"company_id": "umbrella"})));
            assert!(may(&world, &key(None, None), operation, &json!({"template_id": mine, "company_id": "umbrella"})));
        }
    }
}

#[test]
fn w59_a_key_of_some_agents_or_users_only_manages_no_templates_and_sends_nobodys() {
    let Theirs { world, .. } = theirs();
    let [acmes, _, nobodys] = three(&world);
    for limited in [key(Some(&["a"]), None), key(None, Some(&["ada"]))] {
        for operation in OF_TEMPLATES {
            for names in [json!({}), json!({"template_id": nobodys}), json!({"company_id": "acme"})] {
                assert!(!may(&world, &limited, operation, &names), "{} {names}", operation.name());
            }
        }
        let said = |template_id: &str| json!({"consumer_user_id": "ada", "agent_key": "a", "template_id": template_id});
        assert!(may(&world, &limited, Operation::SendMessage, &said(&nobodys)));
        assert!(!may(&world, &limited, Operation::SendMessage, &said(&acmes)));
    }
}

#[test]
fn p4_a_broadcast_is_for_keys_that_name_agents_or_users_and_for_those_without_a_limit() {
    let Theirs { world, .. } = theirs();
    for whole in [key(None, None), Principal::Operator] {
        assert!(may(&world, &whole, Operation::SendBroadcast, &json!({"company_id": "acme"})));
    }
    for limited in [key(Some(&["a"]), None), key(None, Some(&["ada"]))] {
        assert!(may(&world, &limited, Operation::SendBroadcast, &json!({})));
        assert!(!may(&world, &limited, Operation::SendBroadcast, &json!({"company_id": "acme"})), "it is of no company");
    }
    assert!(!may(&world, &company_key(&["acme"]), Operation::SendBroadcast, &json!({})), "whose users are not known");
}

#[test]
fn a_key_of_one_company_need_not_name_it_and_one_of_several_must() {
    let company = |principal: &Principal, named: Option<&str>| {
        principal.company(named.map(str::to_owned)).map_err(|problem| problem.field.unwrap_or_default())
    };
    let acme = || Some("acme".to_owned());
    assert_eq!(company(&company_key(&["acme"]), None), Ok(acme()));
    assert_eq!(company(&company_key(&["acme", "initech"]), None), Err("company_id".to_owned()));
    assert_eq!(company(&company_key(&["acme", "initech"]), Some("acme")), Ok(acme()));
    for unlimited in [key(None, None), Principal::Operator] {
        assert_eq!(company(&unlimited, None), Ok(None), "nobody's");
        assert_eq!(company(&unlimited, Some("acme")), Ok(acme()));
    }
}
