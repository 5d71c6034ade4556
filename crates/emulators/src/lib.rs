//! Stand-ins for everything clawstead talks to, good enough to run the product without an account.
//!
//! [`telegram::Telegram`] is a Bot API: it takes calls from bots and delivers updates to webhooks as
//! Telegram does. [`fly::Fly`] is a Machines API whose machines run [`worker::Worker`], a worker that
//! speaks the wire protocol of the existing image and echoes what it is told. All three are libraries
//! first: tests start them on a free port and drop them again, and a simulation calls them without any socket.

pub mod faults;
pub mod fly;
pub mod simulation;
pub mod telegram;
pub mod web;
pub mod worker;

mod clock;
mod ids;
mod server;
mod store;
mod tasks;

pub use faults::Fault;
pub use fly::{Fly, FlyOptions, MachineView};
pub use telegram::{Bot, Delivery, Outcome, Sent, Telegram, TelegramOptions};
pub use worker::{Engine, Exit, Shutdown, Step, Worker};
