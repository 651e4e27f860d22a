//! Where a long text may be cut so that the tokens of its pieces are those of the text.
//!
//! A SentencePiece-like BPE (Llama 2) sees a whole text as one word. But where no token of its vocabulary has a space behind another
//! character, no merge crosses the place before a space: the pieces are merged as they would be in the text, each on its own.

use serde_json::{json, to_value, Value};
use std::ops::Range;
use tokenizers::{ModelWrapper, Tokenizer};

const SPACE: char = '▁';
const LEAST_BYTES: usize = 1 << 16;

/// What a tokenizer does with the space that a piece begins with.
#[derive(Clone, Copy, PartialEq)]
enum Space {
    Kept,
    /// A space is put before every text; the piece must come without its own.
    Added,
}

/// Of a tokenizer whose texts can be cut.
pub struct Cutter {
    space: Space,
    added_tokens: Vec<String>,
}

impl Cutter {
    pub fn new(tokenizer: &Tokenizer) -> Option<Self> {
        let ModelWrapper::BPE(model) = tokenizer.get_model() else {
            return None;
        };
        let plain = model.dropout.is_none()
            && !model.ignore_merges
            && model.continuing_subword_prefix.is_none()
            && model.end_of_word_suffix.is_none();
        let added = tokenizer.get_added_tokens_decoder();
        if !plain
            || added.values().any(|t| {
                // Those with spaces may be looked for where spaces are marks already.
                t.lstrip || t.rstrip || t.single_word || t.content.contains([' ', SPACE])
            })
        {
            return None;
        }
        let vocabulary = tokenizer.get_vocab(false);
        let inside = |token: &String| token.trim_start_matches(SPACE).contains(SPACE);
        if !vocabulary.contains_key(&SPACE.to_string()) || vocabulary.keys().any(inside) {
            return None;
        }
        Some(Self {
            space: treatment_of_space(tokenizer)?,
            added_tokens: added.values().map(|t| t.content.clone()).collect(),
        })
    }

    /// Ascending, not overlapping; one for a short text. A dropped space stands between two pieces.
    pub fn pieces(&self, text: &str) -> Vec<Range<usize>> {
        if text.len() < 2 * LEAST_BYTES || self.added_tokens.iter().any(|t| text.contains(t)) {
            return Self::whole(text);
        }
        let dropped = usize::from(self.space == Space::Added);
        let (bytes, mut pieces, mut begin) = (text.as_bytes(), Vec::new(), 0);
        while text.len() - begin >= 2 * LEAST_BYTES {
            let least = begin + LEAST_BYTES;
            let cut =
                (least..text.len() - 1).find(|&at| bytes[at] == b' ' && !ends_in_space(bytes, at));
            let Some(cut) = cut else { break };
            pieces.push(begin..cut);
            begin = cut + dropped;
        }
        pieces.push(begin..text.len());
        pieces
    }

    pub fn whole(text: &str) -> Vec<Range<usize>> {
        std::iter::once(0..text.len()).collect()
    }

    /// Whether the first token of a later piece may stand for a space before it alone.
    pub fn drops_space(&self) -> bool {
        self.space == Space::Added
    }
}

fn ends_in_space(bytes: &[u8], end: usize) -> bool {
    let mut utf8 = [0; 4];
    bytes[..end].ends_with(b" ") || bytes[..end].ends_with(SPACE.encode_utf8(&mut utf8).as_bytes())
}

fn treatment_of_space(tokenizer: &Tokenizer) -> Option<Space> {
    let normalizer = to_value(tokenizer.get_normalizer()).ok()?;
    let mut pre_tokenizer = to_value(tokenizer.get_pre_tokenizer()).ok()?;
    if let Some(fields) = pre_tokenizer.as_object_mut() {
        fields.remove("prepend_scheme"); // nothing is put before a space, whichever it is
    }
    let splits_nothing = json!({"type": "Metaspace", "replacement": SPACE, "split": false});
    let prepends = json!({"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": SPACE},
        {"type": "Replace", "pattern": {"String": " "}, "content": SPACE}]});
    if normalizer == Value::Null && pre_tokenizer == splits_nothing {
        return Some(Space::Kept);
    }
    (normalizer == prepends && pre_tokenizer == Value::Null).then_some(Space::Added)
}
