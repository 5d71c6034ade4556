//! clawstead from end to end: the built components over HTTP. One binary, so that the host is linked once.

mod events;
mod functions;
mod health;
mod operator;
mod pairing;
mod refusals;
mod restart;
mod story;
mod waiting_claim;
mod webhook;
mod workers;
