//! A Telegram that shows what it is sent, hands out files, and makes trouble when told to.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::task::Poll;

use clawstead_transport::{Body, Transport, TransportError};
use serde_json::{Value, json};

/// What it answers instead of doing what it is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// Wait for so many seconds.
    Wait(u64),
    /// No, with this status.
    No(u16),
    /// It is done, and the answer is lost.
    LostAnswer,
    /// Nothing is done, and there is no answer.
    NoAnswer,
}

#[derive(Default)]
pub(crate) struct Api {
    /// Chat, text and parse mode of what it shows.
    shown: RefCell<Vec<(i64, String, String)>>,
    troubles: RefCell<VecDeque<(&'static str, Trouble)>>,
    files: RefCell<BTreeMap<String, File>>,
    /// Methods that were called, and `download`.
    calls: RefCell<Vec<String>>,
}

struct File {
    said: u64,
    bytes: Vec<u8>,
    breaks_off: bool,
}

impl Api {
    /// The next call of the method meets this trouble.
    pub(crate) fn trouble(&self, method: &'static str, trouble: Trouble) {
        self.troubles.borrow_mut().push_back((method, trouble));
    }

    /// There is such a file.
    pub(crate) fn file(&self, file_id: &str, bytes: &[u8]) {
        self.file_that_lies(file_id, bytes.len() as u64, bytes);
    }

    /// There is a file that is said to have another length.
    pub(crate) fn file_that_lies(&self, file_id: &str, said: u64, bytes: &[u8]) {
        let file = File { said, bytes: bytes.to_vec(), breaks_off: false };
        self.files.borrow_mut().insert(file_id.to_owned(), file);
    }

    /// The next download of the file ends in the middle.
    pub(crate) fn break_off(&self, file_id: &str) {
        self.files.borrow_mut().get_mut(file_id).unwrap().breaks_off = true;
    }

    /// What a chat shows, oldest first.
    pub(crate) fn texts(&self, chat_id: i64) -> Vec<String> {
        self.shown.borrow().iter().filter(|(chat, ..)| *chat == chat_id).map(|(_, text, _)| text.clone()).collect()
    }

    /// Parse modes of what it shows.
    pub(crate) fn modes(&self) -> Vec<String> {
        self.shown.borrow().iter().map(|(.., mode)| mode.clone()).collect()
    }

    /// How often a method was called.
    pub(crate) fn calls(&self, method: &str) -> usize {
        self.calls.borrow().iter().filter(|called| *called == method).count()
    }

    fn meet(&self, method: &str) -> Option<Trouble> {
        let mut troubles = self.troubles.borrow_mut();
        let at = troubles.iter().position(|(of, _)| *of == method)?;
        troubles.remove(at).map(|(_, trouble)| trouble)
    }

    fn done(&self, method: &str, asked: &Value) -> (u16, Value) {
        match method {
            "sendMessage" => {
                let chat_id = asked["chat_id"].as_i64().unwrap();
                let text = asked["text"].as_str().unwrap().to_owned();
                assert!((1..=4096).contains(&text.encode_utf16().count()), "Telegram would refuse the length");
                self.shown.borrow_mut().push((chat_id, text, asked["parse_mode"].as_str().unwrap_or_default().to_owned()));
                let number = self.shown.borrow().len();
                let chat = json!({"id": chat_id, "type": "private"});
                (200, json!({"ok": true, "result": {"message_id": number, "date": 1, "chat": chat}}))
            }
            "getFile" => match self.files.borrow().get(asked["file_id"].as_str().unwrap()) {
                Some(file) => {
                    let path = asked["file_id"].clone();
                    let file = json!({"file_id": path, "file_unique_id": "u", "file_size": file.said, "file_path": path});
                    (200, json!({"ok": true, "result": file}))
                }
                None => (400, json!({"ok": false, "error_code": 400, "description": "Bad Request: wrong file_id"})),
            },
            other => panic!("nobody should call {other}"),
        }
    }
}

impl Transport for Api {
    async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, TransportError> {
        let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
        self.calls.borrow_mut().push(method.clone());
        // Whoever else runs gets on meanwhile.
        let mut waited = 0;
        poll_fn(|context| {
            waited += 1;
            context.waker().wake_by_ref();
            if waited > 20 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let asked: Value = serde_json::from_slice(request.body()).unwrap();
        let (status, body) = match self.meet(&method) {
            None => self.done(&method, &asked),
            Some(Trouble::Wait(seconds)) => {
                (429, json!({"ok": false, "error_code": 429, "description": "", "parameters": {"retry_after": seconds}}))
            }
            Some(Trouble::No(status)) => (status, json!({"ok": false, "error_code": status, "description": "no"})),
            Some(Trouble::LostAnswer) => {
                self.done(&method, &asked);
                return Err(TransportError::Interrupted);
            }
            Some(Trouble::NoAnswer) => return Err(TransportError::Timeout),
        };
        Ok(http::Response::builder().status(status).body(body.to_string().into_bytes()).unwrap())
    }

    async fn open(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Body>, TransportError> {
        self.calls.borrow_mut().push("download".to_owned());
        let mut files = self.files.borrow_mut();
        let file = files.get_mut(request.uri().path().rsplit('/').next().unwrap()).unwrap();
        let breaks_off = std::mem::take(&mut file.breaks_off);
        let mut pieces: VecDeque<Vec<u8>> = file.bytes.chunks(100_000).map(<[u8]>::to_vec).collect();
        let half = pieces.len() / 2;
        let body = Body::new(move || {
            let next = if breaks_off && pieces.len() <= half { Err(TransportError::Interrupted) } else { Ok(pieces.pop_front()) };
            std::future::ready(next)
        });
        Ok(http::Response::new(body))
    }
}
