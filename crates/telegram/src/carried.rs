//! What a message carries besides words, as a note in brackets.

use crate::media_of;
use crate::safe::{NAME_CHARS_MAX, QUOTE_CHARS_MAX, on_one_line};
use crate::update::{Checklist, Contact, Dice, Game, Line, Location, Message, Poll, Sticker, Venue};

/// So many answers of a poll, or things to do, are told.
const LINES_MAX: usize = 30;

/// The note about what a message carries; `None` when it carries nothing, as service messages do. A venue comes with its location, and so
/// stands before it.
pub(crate) fn carried_note(message: &Message) -> Option<String> {
    media_note(message)
        .or_else(|| message.sticker.as_ref().map(sticker_note))
        .or_else(|| message.venue.as_ref().map(venue_note))
        .or_else(|| message.location.as_ref().map(location_note))
        .or_else(|| message.contact.as_ref().map(contact_note))
        .or_else(|| message.dice.as_ref().map(dice_note))
        .or_else(|| message.poll.as_ref().map(poll_note))
        .or_else(|| message.checklist.as_ref().map(checklist_note))
        .or_else(|| message.game.as_ref().map(game_note))
        .or_else(|| unread_note(message))
}

fn media_note(message: &Message) -> Option<String> {
    let mut kinds: Vec<&str> = media_of(message).iter().map(|media| media.kind.name()).collect();
    if message.video_note.is_some() {
        kinds.push("video note");
    }
    (!kinds.is_empty()).then(|| format!("[telegram media] {} message", kinds.join(" + ")))
}

/// What we see to be there and do not look into.
fn unread_note(message: &Message) -> Option<String> {
    let kinds = [
        ("live photo", message.live_photo),
        ("paid media", message.paid_media),
        ("story", message.story),
        ("rich message", message.rich_message),
    ];
    let (kind, _) = kinds.into_iter().find(|(_, present)| present.is_some())?;
    Some(format!("[telegram {kind}]"))
}

fn sticker_note(sticker: &Sticker) -> String {
    match &sticker.emoji {
        Some(emoji) => format!("[telegram sticker] {}", on_one_line(emoji, NAME_CHARS_MAX)),
        None => "[telegram sticker]".to_owned(),
    }
}

fn venue_note(venue: &Venue) -> String {
    let (title, address) = (on_one_line(&venue.title, NAME_CHARS_MAX), on_one_line(&venue.address, QUOTE_CHARS_MAX));
    format!("[telegram venue] {title}, {address} ({}, {})", venue.location.latitude, venue.location.longitude)
}

fn location_note(location: &Location) -> String {
    format!("[telegram location] {}, {}", location.latitude, location.longitude)
}

fn contact_note(contact: &Contact) -> String {
    let last_name = contact.last_name.as_deref().unwrap_or_default();
    let name = on_one_line(&format!("{} {last_name}", contact.first_name), NAME_CHARS_MAX);
    format!("[telegram contact] {name}, {}", on_one_line(&contact.phone_number, NAME_CHARS_MAX))
}

fn dice_note(dice: &Dice) -> String {
    format!("[telegram dice] {} {}", on_one_line(&dice.emoji, NAME_CHARS_MAX), dice.value)
}

fn poll_note(poll: &Poll) -> String {
    with_lines("poll", &poll.question, &poll.options)
}

fn checklist_note(checklist: &Checklist) -> String {
    with_lines("checklist", &checklist.title, &checklist.tasks)
}

fn game_note(game: &Game) -> String {
    format!("[telegram game] {}", on_one_line(&game.title, NAME_CHARS_MAX))
}

fn with_lines(kind: &str, title: &str, lines: &[Line]) -> String {
    let title = format!("[telegram {kind}] {}", on_one_line(title, QUOTE_CHARS_MAX));
    let lines = lines.iter().take(LINES_MAX).map(|line| format!("- {}", on_one_line(&line.text, QUOTE_CHARS_MAX)));
    [title].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}
