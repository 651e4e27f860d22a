//! The parts of a tokenizer that its class in transformers 5 builds around the vocabulary.

use serde::Deserialize;
use serde_json::{json, to_value, Value};
use tokenizers::models::bpe::BPE;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::{
    Encoding, Model, ModelWrapper, NormalizerWrapper, PostProcessor, PostProcessorWrapper,
    PreTokenizerWrapper, Token, Tokenizer,
};

/// What a tokenizer has otherwise than its document, by the names of a tokenizer.json.
pub type Differences = serde_json::Map<String, Value>;

/// The parts of a tokenizer that its class builds. `model` names the kind of model that it is for, and has its options.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Components {
    model: ModelOptions,
    normalizer: Value,
    pre_tokenizer: Value,
    /// None: that of the document.
    post_processor: Option<Value>,
}

#[derive(Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
enum ModelOptions {
    WordPiece {
        unk_token: String,
    },
    BPE {
        unk_token: Option<String>,
        fuse_unk: bool,
        byte_fallback: bool,
    },
}

impl Components {
    /// Returns true if the class is for the kind of model that the document has. Otherwise the document stands for itself.
    pub fn fit(&self, document: &Tokenizer) -> bool {
        matches!(
            (document.get_model(), &self.model),
            (ModelWrapper::WordPiece(_), ModelOptions::WordPiece { .. })
                | (ModelWrapper::BPE(_), ModelOptions::BPE { .. })
        )
    }

    /// Returns a tokenizer without added tokens, and inserts what it has otherwise than the document.
    pub fn rebuild(
        &self,
        document: &Tokenizer,
        differences: &mut Differences,
    ) -> Result<Tokenizer, String> {
        let model = match (document.get_model(), &self.model) {
            (ModelWrapper::WordPiece(old), ModelOptions::WordPiece { unk_token }) => {
                let mut new: WordPiece = old.clone();
                new.unk_token = unk_token.clone();
                new.continuing_subword_prefix = "##".to_string();
                new.max_input_chars_per_word = 100;
                note(
                    differences,
                    "model",
                    word_piece_options(old),
                    word_piece_options(&new),
                );
                ModelWrapper::WordPiece(new)
            }
            (
                ModelWrapper::BPE(old),
                ModelOptions::BPE {
                    unk_token,
                    fuse_unk,
                    byte_fallback,
                },
            ) => {
                let mut new: BPE = old.clone();
                new.dropout = None;
                new.unk_token = unk_token.clone();
                new.continuing_subword_prefix = None;
                new.end_of_word_suffix = None;
                new.fuse_unk = *fuse_unk;
                new.byte_fallback = *byte_fallback;
                new.ignore_merges = false;
                note(differences, "model", bpe_options(old), bpe_options(&new));
                ModelWrapper::BPE(new)
            }
            _ => return Err("the class is for another kind of model".to_string()),
        };
        let mut tokenizer = Tokenizer::new(model);
        let normalizer: Option<NormalizerWrapper> = read(&self.normalizer)?;
        note(
            differences,
            "normalizer",
            to_value(document.get_normalizer()),
            to_value(&normalizer),
        );
        tokenizer.with_normalizer(normalizer);
        let pre_tokenizer: Option<PreTokenizerWrapper> = read(&self.pre_tokenizer)?;
        note(
            differences,
            "pre_tokenizer",
            to_value(document.get_pre_tokenizer()),
            to_value(&pre_tokenizer),
        );
        tokenizer.with_pre_tokenizer(pre_tokenizer);
        tokenizer.with_post_processor(document.get_post_processor().cloned());
        tokenizer.with_decoder(document.get_decoder().cloned());
        Ok(tokenizer)
    }

    pub fn set_post_processor(
        &self,
        tokenizer: &mut Tokenizer,
        differences: &mut Differences,
    ) -> Result<(), String> {
        let Some(template) = &self.post_processor else {
            return Ok(());
        };
        let new: PostProcessorWrapper = filled(template, tokenizer)?;
        let old = tokenizer.get_post_processor();
        // Processors of other kinds and with other texts for the same ids are not told apart.
        if old.is_none_or(|old| probes(old) != probes(&new)) {
            differences.insert(
                "post_processor".to_string(),
                to_value(&new).unwrap_or_default(),
            );
            tokenizer.with_post_processor(Some(new));
        }
        Ok(())
    }
}

fn read<T: for<'de> Deserialize<'de>>(value: &Value) -> Result<Option<T>, String> {
    serde_json::from_value(value.clone()).map_err(|e| e.to_string())
}

/// Inserts the new options unless they are the old ones.
fn note(
    differences: &mut Differences,
    name: &str,
    old: serde_json::Result<Value>,
    new: serde_json::Result<Value>,
) {
    let (old, new) = (
        without_offsets(old.unwrap_or_default()),
        without_offsets(new.unwrap_or_default()),
    );
    if old != new {
        differences.insert(name.to_string(), new);
    }
}

/// Removes what changes offsets only, not ids.
fn without_offsets(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.remove("trim_offsets");
            for member in members.values_mut() {
                *member = without_offsets(member.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_offsets(item.take());
            }
        }
        _ => {}
    }
    value
}

fn word_piece_options(model: &WordPiece) -> serde_json::Result<Value> {
    Ok(json!([
        model.unk_token,
        model.continuing_subword_prefix,
        model.max_input_chars_per_word
    ]))
}

fn bpe_options(model: &BPE) -> serde_json::Result<Value> {
    let affix = |affix: &Option<String>| affix.clone().filter(|text| !text.is_empty());
    // With a token for every byte nothing is unknown, and without an unknown token nothing is fused.
    let all_bytes = model.byte_fallback && has_all_bytes(model);
    let unknown = model.unk_token.clone().filter(|_| !all_bytes);
    Ok(json!([
        model.dropout,
        affix(&model.continuing_subword_prefix),
        affix(&model.end_of_word_suffix),
        unknown.is_some() && model.fuse_unk,
        unknown,
        model.byte_fallback,
        model.ignore_merges
    ]))
}

fn has_all_bytes(model: &BPE) -> bool {
    (0..=255u8).all(|byte| model.token_to_id(&format!("<0x{byte:02X}>")).is_some())
}

fn unknown(token: &str) -> String {
    format!(
        "the tokenizer's class puts '{token}' into every text, but it is not in the vocabulary: name \
         another in tokenizer_config.json, or PreTrainedTokenizerFast as tokenizer_class"
    )
}

/// Reads a post-processor whose tokens stand for their ids: {"id_of": TOKEN} becomes the number.
fn filled(template: &Value, tokenizer: &Tokenizer) -> Result<PostProcessorWrapper, String> {
    fn fill(value: &mut Value, tokenizer: &Tokenizer) -> Result<(), String> {
        if let Some(token) = value.get("id_of").and_then(Value::as_str) {
            let id = tokenizer.token_to_id(token);
            *value = id.ok_or_else(|| unknown(token))?.into();
            return Ok(());
        }
        match value {
            Value::Object(members) => members.values_mut().try_for_each(|m| fill(m, tokenizer)),
            Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, tokenizer)),
            _ => Ok(()),
        }
    }
    let mut value = template.clone();
    fill(&mut value, tokenizer)?;
    serde_json::from_value(value).map_err(|e| e.to_string())
}

/// Returns what a post-processor makes of a text and of a pair: ids and type ids.
fn probes(processor: &PostProcessorWrapper) -> Vec<Option<(Vec<u32>, Vec<u32>)>> {
    let text = |id: u32, type_id: u32| {
        Encoding::from_tokens(vec![Token::new(id, "x".to_string(), (0, 1))], type_id)
    };
    let process = |pair: Option<Encoding>| {
        let encoding = processor.process(text(u32::MAX, 0), pair, true).ok()?;
        Some((
            encoding.get_ids().to_vec(),
            encoding.get_type_ids().to_vec(),
        ))
    };
    vec![process(None), process(Some(text(u32::MAX - 1, 1)))]
}
