//! What a tokenizer class of transformers 5 makes of a tokenizer.json. Its own classes keep the vocabulary and build all around it
//! anew; `PreTrainedTokenizerFast` takes the file as it stands. Both add tokens that other files name.

use crate::components::{Components, Differences};
use serde::Deserialize;
use serde_json::{json, to_value, Value};
use std::collections::{BTreeMap, HashSet};
use tokenizers::{AddedToken, Tokenizer};

/// An entry of "added_tokens" in include/hies_tokenizer.h.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedToken {
    pub content: String,
    single_word: bool,
    lstrip: bool,
    rstrip: bool,
    normalized: bool,
    special: bool,
    only_if_known: bool,
}

impl ListedToken {
    fn token(&self) -> AddedToken {
        AddedToken::from(self.content.clone(), self.special)
            .single_word(self.single_word)
            .lstrip(self.lstrip)
            .rstrip(self.rstrip)
            .normalized(self.normalized)
    }
}

/// An entry of added_tokens.json.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberedToken {
    id: u32,
    pub content: String,
    special: bool,
}

/// "class" in include/hies_tokenizer.h.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Class {
    components: Option<Components>,
    decoder_tokens: Option<usize>,
    pub numbered_tokens: Vec<NumberedToken>,
    special_names: Vec<String>,
    encode_special_tokens: bool,
    truncate_as_document: bool,
    pub no_type_ids: bool,
}

/// A tokenizer, and how its ids differ from what the document and the list of tokens alone say.
pub struct Built {
    pub tokenizer: Tokenizer,
    pub differences: String,
    pub truncate_left: bool,
}

impl Class {
    pub fn build(
        &self,
        document: Tokenizer,
        listed: &[ListedToken],
        document_truncates_left: bool,
        truncate_left: bool,
    ) -> Result<Built, String> {
        let mut differences = Differences::new();
        let file_tokens: BTreeMap<u32, AddedToken> =
            document.get_added_tokens_decoder().into_iter().collect();
        let components = self.components.as_ref().filter(|c| c.fit(&document));
        let mut tokenizer = match components {
            Some(components) => components.rebuild(&document, &mut differences)?,
            None => document,
        };
        self.add_tokens(&mut tokenizer, &file_tokens, listed);
        if let Some(value) = changed_tokens(&tokenizer, &file_tokens, listed) {
            differences.insert("added_tokens".to_string(), value);
        }
        if let Some(components) = components {
            components.set_post_processor(&mut tokenizer, &mut differences)?;
        }
        if self.encode_special_tokens {
            tokenizer.set_encode_special_tokens(true);
            differences.insert("encode_special_tokens".to_string(), true.into());
        }
        if self.no_type_ids {
            differences.insert("type_ids".to_string(), false.into());
        }
        let left = match self.truncate_as_document {
            true => document_truncates_left,
            false => truncate_left,
        };
        if left != truncate_left {
            differences.insert("truncate_left".to_string(), left.into());
        }
        Ok(Built {
            tokenizer,
            differences: match differences.is_empty() {
                true => String::new(),
                false => Value::from(differences).to_string(),
            },
            truncate_left: left,
        })
    }

    /// Adds the tokens of added_tokens_decoder, or without one those of added_tokens.json and of the document, by their ids; then
    /// the special tokens that are not among them.
    fn add_tokens(
        &self,
        tokenizer: &mut Tokenizer,
        file_tokens: &BTreeMap<u32, AddedToken>,
        listed: &[ListedToken],
    ) {
        let first = self.decoder_tokens.unwrap_or(0).min(listed.len());
        let mut tokens: Vec<AddedToken> = match self.decoder_tokens {
            Some(_) => listed[..first].iter().map(ListedToken::token).collect(),
            None => {
                let numbered = self.numbered_tokens.iter().map(|t| {
                    let token = AddedToken::from(t.content.clone(), t.special);
                    (t.id, token)
                });
                let mut by_id: BTreeMap<u32, AddedToken> = numbered.collect();
                by_id.extend(file_tokens.iter().map(|(&id, t)| (id, t.clone())));
                by_id.into_values().collect()
            }
        };
        let special_names: HashSet<&String> = self.special_names.iter().collect();
        for token in &mut tokens {
            token.special |= special_names.contains(&token.content);
        }
        let mut known: HashSet<String> = tokens.iter().map(|t| t.content.clone()).collect();
        known.extend(
            tokenizer
                .get_added_tokens_decoder()
                .into_values()
                .map(|t| t.content),
        );
        for token in &listed[first..] {
            let skipped = token.only_if_known && tokenizer.token_to_id(&token.content).is_none();
            if !skipped && known.insert(token.content.clone()) {
                tokens.push(token.token());
            }
        }
        tokenizer.add_tokens(&tokens);
    }
}

/// Returns the added tokens if they are not those of the document and the list.
fn changed_tokens(
    tokenizer: &Tokenizer,
    file_tokens: &BTreeMap<u32, AddedToken>,
    listed: &[ListedToken],
) -> Option<Value> {
    let all: BTreeMap<u32, AddedToken> = tokenizer.get_added_tokens_decoder().into_iter().collect();
    let names: HashSet<&String> = listed.iter().map(|each| &each.content).collect();
    let usual = |(id, token): (&u32, &AddedToken)| match file_tokens.get(id) {
        Some(old) => old.content == token.content,
        None => names.contains(&token.content),
    };
    let same = all.iter().all(usual) && file_tokens.keys().all(|id| all.contains_key(id));
    (!same).then(|| {
        let entries = all
            .iter()
            .map(|(id, token)| json!([id, to_value(token).unwrap_or_default()]));
        Value::Array(entries.collect())
    })
}
