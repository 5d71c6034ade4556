//! Templates, sent to an agent in the name of a user.

use clawstead_domain::binding::Bind;
use clawstead_domain::template::{Change, Draft, Template};
use clawstead_operations::queue::{self, Page, Said, Sent, UserMessage};
use clawstead_operations::templates::{self, Templates};
use clawstead_operations::{OperationError, bindings};
use futures::executor::block_on;
use serde_json::json;

use crate::world::{AGENT, World, refused};

fn with_ada() -> World {
    let world = World::with_agent();
    let wanted = Bind { consumer_user_id: "ada".to_owned(), agent_key: AGENT.to_owned(), ..Bind::default() };
    block_on(bindings::make(&world.cx(), &wanted, None)).unwrap();
    world
}

fn template(world: &World, title: &str, text: &str) -> Template {
    let draft = Draft { title: title.into(), text: text.into(), enabled: true, by: "carol".into(), ..Draft::default() };
    block_on(templates::create(&world.cx(), &draft)).unwrap()
}

fn send(world: &World, template_id: &str, key: Option<&str>, hash: Option<&str>) -> Result<Sent, OperationError> {
    let message = UserMessage::new("ada", AGENT, Said::Template(template_id.to_owned()));
    let message = UserMessage { request_hash: hash.map(str::to_owned), ..message };
    block_on(queue::send_as_user(&world.cx(), &message, key.map(str::to_owned)))
}

fn uses(world: &World) -> Vec<(String, i64)> {
    let page = block_on(templates::list(&world.cx(), Templates::default(), 10)).unwrap();
    page.templates.into_iter().map(|template| (template.title, template.usage_count)).collect()
}

#[test]
fn a12_templates_are_listed_by_how_often_they_were_sent() {
    let world = with_ada();
    let (one, two) = (template(&world, "One", "first text"), template(&world, "Two", "second text"));
    for (template, used) in [(&one, 1), (&one, 2), (&two, 1)] {
        world.wait(1_000);
        assert_eq!(send(&world, &template.template_id, None, None).unwrap().usage_count, Some(used));
    }
    assert_eq!(uses(&world), [("One".to_owned(), 2), ("Two".to_owned(), 1)]);
    let found = block_on(queue::user_messages(&world.cx(), "ada", AGENT, None, 10)).unwrap();
    let texts: Vec<_> = found.iter().map(|item| item.message["text"].clone()).collect();
    assert_eq!(texts, ["second text", "first text", "first text"]);
    let metadata =
        json!({"consumerUserId": "ada", "source": "message_template", "templateId": two.template_id, "templateKey": "two"});
    assert_eq!(found[0].message["metadata"], metadata);
    let after = block_on(templates::get(&world.cx(), &one.template_id)).unwrap();
    assert_eq!((after.updated_at, after.updated_by), (one.updated_at, one.updated_by), "to be sent is no change");
}

#[test]
fn w32_a_template_sent_again_under_its_key_is_one_message_and_one_use() {
    let world = with_ada();
    let template_id = template(&world, "One", "first text").template_id;
    let first = send(&world, &template_id, Some("k"), Some("h")).unwrap();
    for _ in 0..3 {
        let again = send(&world, &template_id, Some("k"), Some("h")).unwrap();
        assert_eq!((&again.accepted.message_id, again.accepted.repeated), (&first.accepted.message_id, true));
        assert_eq!(again.usage_count, Some(1));
    }
    assert_eq!((world.count("MessageEnqueued"), uses(&world)), (1, vec![("One".to_owned(), 1)]));
    assert_eq!(refused(send(&world, &template_id, Some("k"), Some("other"))), "idempotency_key_reused");
    send(&world, &template_id, None, None).unwrap();
    assert_eq!(uses(&world), [("One".to_owned(), 2)], "without a key, twice is meant");
}

#[test]
fn w32_the_first_outcome_is_given_also_when_the_template_or_the_binding_is_gone() {
    let world = with_ada();
    let template_id = template(&world, "One", "first text").template_id;
    let first = send(&world, &template_id, Some("k"), None).unwrap().accepted.message_id;
    block_on(templates::delete(&world.cx(), &template_id)).unwrap();
    let again = send(&world, &template_id, Some("k"), None).unwrap();
    assert_eq!((again.accepted.message_id, again.usage_count), (first.clone(), None));
    assert_eq!(refused(send(&world, &template_id, Some("another"), None)), "template_not_found");
    block_on(bindings::revoke_of_user(&world.cx(), "ada", "test")).unwrap();
    assert_eq!(send(&world, &template_id, Some("k"), None).unwrap().accepted.message_id, first);
}

#[test]
fn w32_a_text_sent_again_under_its_key_is_one_message() {
    let world = with_ada();
    let hi = UserMessage::new("ada", AGENT, Said::Text("hi".to_owned()));
    let send = || block_on(queue::send_as_user(&world.cx(), &hi, Some("k".to_owned()))).unwrap();
    let (first, again) = (send(), send());
    assert_eq!((again.accepted.message_id, again.accepted.repeated), (first.accepted.message_id, true));
    assert_eq!(first.usage_count, None);
    let sent = world.last("MessageEnqueued");
    assert_eq!(sent["metadata"]["source"], "user_agent_api");
    assert_eq!(block_on(queue::user_messages(&world.cx(), "ada", AGENT, None, 10)).unwrap().len(), 1);
}

#[test]
fn a_template_that_is_disabled_or_gone_is_not_sent_and_that_is_said_before_anything_else() {
    let world = World::with_agent();
    let template_id = template(&world, "One", "first text").template_id;
    assert_eq!(refused(send(&world, &template_id, None, None)), "no_active_binding");
    let off = Change { enabled: Some(false), by: "carol".into(), ..Change::default() };
    block_on(templates::change(&world.cx(), &template_id, &off)).unwrap();
    assert_eq!(refused(send(&world, &template_id, None, None)), "template_not_found");
    assert_eq!(refused(send(&world, "nothing", None, None)), "template_not_found");
    assert_eq!(world.count("MessageEnqueued"), 0);
}

#[test]
fn metadata_of_a_message_counts_no_use() {
    let world = with_ada();
    let template_id = template(&world, "One", "first text").template_id;
    let metadata = [("templateId".to_owned(), template_id), ("source".to_owned(), "message_template".to_owned())];
    let hi = UserMessage::new("ada", AGENT, Said::Text("hi".to_owned()));
    let pretends = UserMessage { metadata: metadata.into(), ..hi };
    block_on(queue::send_as_user(&world.cx(), &pretends, None)).unwrap();
    assert_eq!(uses(&world), [("One".to_owned(), 0)]);
    assert_eq!(block_on(queue::messages(&world.cx(), &conversation(&world), None, Page::Newest, 9)).unwrap().len(), 1);
}

fn conversation(world: &World) -> String {
    block_on(bindings::newest_of_user(&world.cx(), "ada")).unwrap().unwrap().conversation_id
}
