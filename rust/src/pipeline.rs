//! A tokenizer whose truncation is an argument of each call instead of a part of its state, so that threads can share it.

use crate::class::{Built, Class, ListedToken};
use crate::pieces::Cutter;
use serde::Deserialize;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use tokenizers::tokenizer::PostProcessor;
use tokenizers::utils::truncation::{
    truncate_encodings, TruncationDirection, TruncationParams, TruncationStrategy,
};
use tokenizers::{
    DecoderWrapper, Encoding, NormalizerWrapper, PostProcessorWrapper, PreTokenizerWrapper,
    Tokenizer,
};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Overrides {
    bert_normalizer: Option<BertNormalizerOverride>,
    add_prefix_space: Option<bool>,
    added_tokens: Vec<ListedToken>,
    truncate_left: bool,
    class: Class,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BertNormalizerOverride {
    lowercase: bool,
    strip_accents: Option<bool>,
    handle_chinese_chars: bool,
}

/// The added tokens of a tokenizer.json.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Document {
    added_tokens: Vec<NamedToken>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct NamedToken {
    content: String,
}

/// The crate takes time that grows with the square of an added token's length: minutes for one of a hundred kilobytes.
fn check_token(content: &str) -> Result<(), String> {
    const MOST_BYTES: usize = 1024;
    match content.len() > MOST_BYTES {
        true => Err(format!(
            "an added token has {} bytes, but at most {MOST_BYTES} are read",
            content.len()
        )),
        false => Ok(()),
    }
}

pub struct Pipeline {
    tokenizer: Tokenizer, // without its post-processor, because texts are truncated before it
    post_processor: Option<PostProcessorWrapper>,
    cutter: Option<Cutter>,
    direction: TruncationDirection,
    vocabulary_size: usize,
    id_bound: usize,
    differences: String,
    no_type_ids: bool,
}

impl Pipeline {
    pub fn new(document: &str, overrides: &str) -> Result<Self, String> {
        let overrides: Overrides = serde_json::from_str(overrides).map_err(|e| e.to_string())?;
        // The crate takes the last of several members of one name; here they are an error.
        let named: Document = serde_json::from_str(document).map_err(|e| e.to_string())?;
        let in_document = named.added_tokens.iter().map(|t| &t.content);
        let listed = overrides.added_tokens.iter().map(|t| &t.content);
        let numbered = overrides.class.numbered_tokens.iter().map(|t| &t.content);
        for content in in_document.chain(listed).chain(numbered) {
            check_token(content)?;
        }
        let mut document: Tokenizer = document.parse().map_err(|e| format!("{e}"))?;
        let left = document
            .get_truncation()
            .is_some_and(|t| t.direction == TruncationDirection::Left);
        document.with_truncation(None).map_err(|e| e.to_string())?;
        document.with_padding(None);
        replace_options(&mut document, &overrides);
        let Built {
            mut tokenizer,
            differences,
            truncate_left,
        } = overrides.class.build(
            document,
            &overrides.added_tokens,
            left,
            overrides.truncate_left,
        )?;
        let post_processor = tokenizer.get_post_processor().cloned();
        tokenizer.with_post_processor(None::<PostProcessorWrapper>);
        let vocabulary = tokenizer.get_vocab(true);
        if let Some((token, id)) = vocabulary
            .iter()
            .find(|(_, &id)| i32::try_from(id).is_err())
        {
            return Err(format!(
                "the token '{token}' has the id {id}, which no model has"
            ));
        }
        Ok(Self {
            direction: match truncate_left {
                true => TruncationDirection::Left,
                false => TruncationDirection::Right,
            },
            vocabulary_size: vocabulary.len(),
            id_bound: vocabulary.values().max().map_or(0, |&id| id as usize + 1),
            cutter: Cutter::new(&tokenizer),
            tokenizer,
            post_processor,
            differences,
            no_type_ids: overrides.class.no_type_ids,
        })
    }

    /// Returns the encoding, and true if tokens were removed. The steps are those of `TokenizerImpl::encode`, in its order.
    pub fn encode(
        &self,
        text: &str,
        pair: Option<&str>,
        max_length: usize,
        special_tokens: bool,
    ) -> Result<(Encoding, bool), String> {
        let added = match &self.post_processor {
            Some(processor) if special_tokens => processor.added_tokens(pair.is_some()),
            _ => 0,
        };
        // The crate computes max_length - added in unsigned numbers; when that wraps, it does not truncate at all.
        let room = max_length.checked_sub(added).ok_or_else(|| {
            format!("a maximum of {max_length} tokens leaves no room for {added} special tokens")
        })?;
        let first = self.sequence(text, 0)?;
        let second = pair.map(|pair| self.sequence(pair, 1)).transpose()?;
        let truncated = first.len() + second.as_ref().map_or(0, Encoding::len) > room;
        let (mut first, mut second) = (first, second);
        if truncated {
            let params = TruncationParams {
                direction: self.direction,
                max_length: room,
                strategy: TruncationStrategy::LongestFirst,
                stride: 0,
            };
            (first, second) =
                truncate_encodings(first, second, &params).map_err(|e| e.to_string())?;
            // The removed tokens would be post-processed too, every part of one text with every part of the other.
            first.take_overflowing();
            second.as_mut().map(Encoding::take_overflowing);
        }
        let mut encoding = match &self.post_processor {
            Some(processor) => processor
                .process(first, second, special_tokens)
                .map_err(|e| e.to_string())?,
            None => Encoding::merge(std::iter::once(first).chain(second), false),
        };
        // A template may name a text twice, for which no room was left.
        if encoding.len() > max_length {
            return Err(format!(
                "the post-processor gives {} tokens where at most {max_length} are wanted",
                encoding.len()
            ));
        }
        // A template writes ids of its own.
        if let Some(id) = encoding
            .get_ids()
            .iter()
            .find(|&&id| id as usize >= self.id_bound)
        {
            return Err(format!(
                "a special token has the id {id}, which the vocabulary does not have"
            ));
        }
        if self.no_type_ids {
            encoding.set_type_ids(vec![0; encoding.len()]);
        }
        Ok((encoding, truncated))
    }

    fn sequence(&self, text: &str, type_id: u32) -> Result<Encoding, String> {
        let mut encoding = self
            .tokenizer
            .encode_fast(text, false)
            .map_err(|e| e.to_string())?;
        encoding.set_type_ids(vec![type_id; encoding.len()]);
        Ok(encoding)
    }

    /// Encodes a text without special tokens and truncation. Returns the ids, and the end of each token as a byte offset. A long
    /// text may be encoded in pieces on `threads` threads; the result does not depend on their number.
    pub fn encode_text(
        &self,
        text: &str,
        threads: usize,
    ) -> Result<(Vec<u32>, Vec<usize>), String> {
        let pieces = match &self.cutter {
            Some(cutter) => cutter.pieces(text),
            None => Cutter::whole(text),
        };
        let next = AtomicUsize::new(0);
        let encoded = Mutex::new(vec![None; pieces.len()]);
        let work = || loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(piece) = pieces.get(i) else { return };
            let result = self.encode_piece(text, piece.clone());
            encoded.lock().unwrap()[i] = Some(result);
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.min(pieces.len()) {
                scope.spawn(work);
            }
            work();
        });
        let (mut ids, mut ends) = (Vec::new(), Vec::new());
        for piece in encoded.into_inner().unwrap() {
            let (piece_ids, piece_ends) = piece.expect("every piece was taken")?;
            ids.extend(piece_ids);
            ends.extend(piece_ends);
        }
        Ok((ids, ends))
    }

    fn encode_piece(
        &self,
        text: &str,
        piece: Range<usize>,
    ) -> Result<(Vec<u32>, Vec<usize>), String> {
        let encoding = self
            .tokenizer
            .encode(&text[piece.clone()], false)
            .map_err(|e| e.to_string())?;
        let mut behind = 0;
        let mut ends: Vec<usize> = encoding
            .get_offsets()
            .iter()
            .map(|&(_, end)| {
                behind = end.max(behind);
                piece.start + behind
            })
            .collect();
        // The space that replaces a dropped one ends where the dropped one did.
        let drops_space = self.cutter.as_ref().is_some_and(Cutter::drops_space);
        if piece.start > 0 && drops_space && encoding.get_tokens().first().is_some_and(|t| t == "▁")
        {
            ends[0] = piece.start;
        }
        Ok((encoding.get_ids().to_vec(), ends))
    }

    /// Returns a token's text in the vocabulary; for byte-level vocabularies the decoded text.
    pub fn token_of(&self, id: u32) -> Option<String> {
        let token = self.tokenizer.id_to_token(id)?;
        match self.tokenizer.get_decoder() {
            Some(DecoderWrapper::ByteLevel(_)) => self.tokenizer.decode(&[id], false).ok(),
            _ => Some(token),
        }
    }

    pub fn id_of(&self, token: &str) -> Option<u32> {
        self.tokenizer.token_to_id(token)
    }

    pub fn vocabulary_size(&self) -> usize {
        self.vocabulary_size
    }

    pub fn id_bound(&self) -> usize {
        self.id_bound
    }

    /// Returns how ids differ from what the document and the list of added tokens alone say, as JSON; empty if they do not.
    pub fn differences(&self) -> &str {
        &self.differences
    }
}

/// Replaces the options that a tokenizer class of transformers overrides after it has read tokenizer.json.
fn replace_options(tokenizer: &mut Tokenizer, overrides: &Overrides) {
    if let (Some(NormalizerWrapper::BertNormalizer(old)), Some(new)) =
        (tokenizer.get_normalizer(), &overrides.bert_normalizer)
    {
        let mut normalizer = *old;
        normalizer.lowercase = new.lowercase;
        normalizer.strip_accents = new.strip_accents;
        normalizer.handle_chinese_chars = new.handle_chinese_chars;
        tokenizer.with_normalizer(Some(normalizer));
    }
    if let (Some(PreTokenizerWrapper::ByteLevel(old)), Some(add_prefix_space)) =
        (tokenizer.get_pre_tokenizer(), overrides.add_prefix_space)
    {
        let byte_level = old.add_prefix_space(add_prefix_space);
        tokenizer.with_pre_tokenizer(Some(byte_level));
    }
}
