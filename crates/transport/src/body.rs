use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::TransportError;

/// A whole answer is handed on in pieces of so many bytes.
const PIECE_BYTES: usize = 64 * 1024;

type Next = Pin<Box<dyn Future<Output = Result<Option<Vec<u8>>, TransportError>>>>;

/// The body of an answer, as it comes.
pub struct Body(Box<dyn FnMut() -> Next>);

impl Body {
    /// A body that gives what `next` gives.
    pub fn new<F>(mut next: impl FnMut() -> F + 'static) -> Self
    where
        F: Future<Output = Result<Option<Vec<u8>>, TransportError>> + 'static,
    {
        Self(Box::new(move || Box::pin(next())))
    }

    /// A body that is here already.
    #[must_use]
    pub fn whole(bytes: Vec<u8>) -> Self {
        let mut rest = bytes;
        Self::new(move || {
            let later = rest.split_off(rest.len().min(PIECE_BYTES));
            let now = std::mem::replace(&mut rest, later);
            std::future::ready(Ok((!now.is_empty()).then_some(now)))
        })
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// When the rest does not come.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        (self.0)().await
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Body")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn a_whole_body_comes_in_pieces_and_ends() {
        let mut body = Body::whole(vec![7; PIECE_BYTES + 1]);
        let lengths = block_on(async {
            let mut lengths = Vec::new();
            while let Some(bytes) = body.next().await.unwrap() {
                lengths.push(bytes.len());
            }
            lengths
        });
        assert_eq!(lengths, [PIECE_BYTES, 1]);
        assert_eq!(block_on(body.next()), Ok(None));
    }
}
