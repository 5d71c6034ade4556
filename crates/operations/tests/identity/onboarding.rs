use clawstead_operations::ingress::{Outcome, authenticate};
use clawstead_operations::{bindings, bots};
use futures::executor::block_on;

use crate::telegram::{self, ADA, BOT_ID, TOKEN};
use crate::world::{AGENT, World, bot};

#[test]
fn a_user_is_onboarded_from_the_agent_to_the_first_message() {
    let world = World::with_agent();
    let transport = telegram::agreeing(BOT_ID, "helper_bot");
    let linked = world.link(&transport, AGENT, TOKEN).unwrap();
    assert!(linked.new && linked.bot.webhook.set);
    let secret = telegram::webhook(&transport)["secret_token"].as_str().unwrap().to_owned();

    let pairing = world.pairing("ada");
    assert_eq!(pairing.deep_link, format!("https://t.me/helper_bot?start={}", pairing.code));
    assert_eq!(world.state(&pairing.pairing_id), "pending");

    let authenticated = block_on(authenticate(&world.cx(), &world.keys, BOT_ID, Some(&secret))).unwrap();
    assert_eq!(authenticated, Some(bot()));
    let start = telegram::text(1, ADA, &format!("/start {}", pairing.code));
    assert_eq!(world.receive(&start).unwrap(), Outcome::Paired);
    assert_eq!(world.state(&pairing.pairing_id), "used");

    let Outcome::Enqueued { message_id } = world.receive(&telegram::text(2, ADA, "Good morning")).unwrap() else {
        panic!("not enqueued");
    };
    let message = world.log().pop().unwrap();
    let binding = block_on(bindings::list(&world.cx(), "ada", None, 10)).unwrap().remove(0);
    assert_eq!(message.stream, format!("conversation-{}", binding.conversation_id));
    assert_eq!((message.data["message_id"].as_str(), message.data["text"].as_str()), (Some(&*message_id), Some("Good morning")));

    let story = [
        "AgentConfigured",
        "SecretImported",
        "BotLinked",
        "SecretImported",
        "WebhookRequested",
        "WebhookConfigured",
        "PairingCreated",
        "BindingMade",
        "PairingUsed",
        "ReplyQueued",
        "MessageEnqueued",
    ];
    assert_eq!(world.story(), story);
}

#[test]
fn no_secret_is_in_the_log_and_none_is_shown() {
    let world = World::with_agent();
    let transport = telegram::agreeing(BOT_ID, "helper_bot");
    let linked = world.link(&transport, AGENT, TOKEN).unwrap();
    let webhook_secret = telegram::webhook(&transport)["secret_token"].as_str().unwrap().to_owned();
    let code = world.pairing("ada").code;
    world.receive(&telegram::text(1, ADA, &format!("/start {code}"))).unwrap();

    let listed = block_on(bots::list(&world.cx(), "", 10)).unwrap();
    let shown = format!("{:?} {linked:?} {}", world.log(), serde_json::to_string(&listed).unwrap());
    for secret in [TOKEN, "AAfirst-token", &webhook_secret, &code] {
        assert!(!shown.contains(secret));
    }
}
