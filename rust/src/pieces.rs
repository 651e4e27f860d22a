//! Divides a long text into pieces whose tokens are those of the whole text.
//!
//! A SentencePiece-like BPE (Llama 2) treats a whole text as one word. If no token of its vocabulary has a space after another
//! character, no merge crosses the position before a space, so the pieces between such positions have the same merges alone as in
//! the text.

use serde_json::{json, to_value, Value};
use std::ops::Range;
use tokenizers::{ModelWrapper, Tokenizer};

const SPACE: char = '▁';
const MIN_BYTES: usize = 1 << 16;

/// How a tokenizer treats the space at the start of a piece.
#[derive(Clone, Copy, PartialEq)]
enum Space {
    Kept,
    /// The tokenizer adds a space before every text, so the piece must not have its own.
    Added,
}

/// Divides the texts of a tokenizer for which that is possible.
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
                // Added tokens with spaces may be matched after spaces have been replaced.
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

    /// Returns the byte ranges of the pieces, ascending and disjoint; one for a short text. Between two pieces there is a dropped
    /// space.
    pub fn pieces(&self, text: &str) -> Vec<Range<usize>> {
        if text.len() < 2 * MIN_BYTES || self.added_tokens.iter().any(|t| text.contains(t)) {
            return Self::whole(text);
        }
        let dropped = usize::from(self.space == Space::Added);
        let (bytes, mut pieces, mut begin) = (text.as_bytes(), Vec::new(), 0);
        while text.len() - begin >= 2 * MIN_BYTES {
            let least = begin + MIN_BYTES;
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

    /// Returns true if the first token of a later piece may be the dropped space before it.
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
        fields.remove("prepend_scheme"); // no scheme adds anything before a space
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
