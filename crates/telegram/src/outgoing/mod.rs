//! Text on its way to Telegram: cut to what one message holds, and freed of markup that Telegram refuses.

mod piece;
mod split;

use piece::{Piece, pieces_of_html};

pub use split::{TEXT_UNITS_MAX, split, split_html};

/// The text of HTML as Telegram would show it, for when Telegram refuses the HTML. What is no tag of the Bot API stays as it is.
#[must_use]
pub fn without_markup(html: &str) -> String {
    let shown = |piece: &Piece<'_>| match piece {
        Piece::Text { shown, .. } => Some(*shown),
        Piece::Open { .. } | Piece::Close { .. } => None,
    };
    pieces_of_html(html).iter().filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tags_and_entities_of_the_bot_api_are_taken_away() {
        let cases = [
            ("<b>bold</b> and <a href=\"https://x.org/?a=1\">a link</a>", "bold and a link"),
            ("a &lt; b &amp;&amp; c &gt; d &quot;e&quot; &#39;f&#x27;", "a < b && c > d \"e\" 'f'"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
            ("<made-up>x</made-up> &nbsp; &", "<made-up>x</made-up> &nbsp; &"),
            ("<b>never closed", "never closed"),
            ("a<b", "a<b"),
            ("<pre><code class=\"language-rust\">fn</code></pre>", "fn"),
        ];
        for (html, plain) in cases {
            assert_eq!(without_markup(html), plain, "{html}");
        }
    }
}
