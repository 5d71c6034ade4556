//! Snapshots and files on a real database, in this process. Names that begin with `w…` are weak spots of the existing system
//! (queue-worker.md section 17) that are gone here.

mod attachments;
mod collecting;
mod growth;
mod links;
mod restoring;
mod transfers;
mod uploads;
mod world;
