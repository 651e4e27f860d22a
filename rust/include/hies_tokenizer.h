#pragma once

// The C ABI of the Hugging Face `tokenizers` crate. No panic unwinds through it, and it prints nothing. A tokenizer is immutable,
// so any number of threads may encode with one. Every text is UTF-8 with a length in bytes, not terminated by NUL.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hies_tokenizer hies_tokenizer;

// The results of functions. With any but HIES_TOKENIZER_OK, *error is set to one line, terminated by NUL, for
// hies_tokenizer_error_free.
enum {
  HIES_TOKENIZER_OK = 0,
  HIES_TOKENIZER_BAD_INPUT = 1,  // the document, a text or a length is invalid
  HIES_TOKENIZER_BUG = 2,        // the crate panicked
};

// One encoded text or pair: `count` ids, type ids and ends. Free it with hies_tokenizer_encoding_free.
typedef struct {
  int32_t* ids;
  int32_t* type_ids;
  size_t* ends;  // the end of each token as a byte offset, ascending; NULL from hies_tokenizer_encode
  size_t count;
  int32_t truncated;  // 1 if tokens were removed
} hies_tokenizer_encoding;

// Creates a tokenizer. `document` is the content of a tokenizer.json; its padding block, and of its truncation block all but the
// direction are ignored. `overrides` is a JSON object with these optional members:
//   "bert_normalizer": {"lowercase": bool, "strip_accents": bool or null, "handle_chinese_chars": bool}
//                   replaces the options of a BertNormalizer
//   "add_prefix_space": bool
//                   replaces that of a ByteLevel pre-tokenizer
//   "added_tokens": [{"content", "single_word", "lstrip", "rstrip", "normalized", "special", "only_if_known"}, …]
//                   are added if not yet there; those with only_if_known only if they are in the vocabulary
//   "truncate_left": bool
//                   true: truncation removes tokens from the start of a text
//   "class": what the tokenizer's class in transformers does, an object with these optional members:
//     "components": {"model", "normalizer", "pre_tokenizer", "post_processor"} or null
//                   replaces these parts, and drops the document's added tokens unless they are added again. They have the form of
//                   a tokenizer.json, but "model" has no vocabulary, and numbers of tokens are {"id_of": token}; a null
//                   post-processor stands for the document's. For a model of another type nothing is replaced.
//     "decoder_tokens": number or null
//                   how many of the first added_tokens stand in an added_tokens_decoder. Without one (null), the document's own
//                   added tokens are added with numbered_tokens before added_tokens, in the order of their ids
//     "numbered_tokens": [{"id", "content", "special"}, …]
//     "special_names": [token, …]: tokens that are special wherever they stand
//     "encode_special_tokens": bool: special tokens in a text are encoded like any text
//     "truncate_as_document": bool: the direction of truncation is that of the document, if it has one
//     "no_type_ids": bool: all type ids are 0
int hies_tokenizer_new(const char* document, size_t document_size, const char* overrides, size_t overrides_size,
                       hies_tokenizer** tokenizer, char** error);
void hies_tokenizer_free(hies_tokenizer* tokenizer);

// Encodes a text, or a pair if `pair` is not NULL, to at most `max_length` tokens, including special tokens; the longer text is
// truncated first.
int hies_tokenizer_encode(const hies_tokenizer* tokenizer, const char* text, size_t text_size, const char* pair, size_t pair_size,
                          size_t max_length, int special_tokens, hies_tokenizer_encoding* encoding, char** error);
// Encodes one text without special tokens and truncation, with ends. A long text is divided into pieces, where the tokenizer
// allows it, and encoded on `threads` threads (at least 1); the result does not depend on their number.
int hies_tokenizer_encode_text(const hies_tokenizer* tokenizer, const char* text, size_t text_size, size_t threads,
                               hies_tokenizer_encoding* encoding, char** error);
void hies_tokenizer_encoding_free(hies_tokenizer_encoding* encoding);

void hies_tokenizer_error_free(char* error);

// Returns the id of the token with this text in the vocabulary; -1 if there is none.
int32_t hies_tokenizer_id_of(const hies_tokenizer* tokenizer, const char* token, size_t token_size);
// Writes the first `capacity` bytes of a token's text in the vocabulary (for byte-level vocabularies of the decoded text), and
// returns how many bytes it has; 0 for an unknown id.
size_t hies_tokenizer_token_of(const hies_tokenizer* tokenizer, int32_t id, char* buffer, size_t capacity);
// Writes the first `capacity` bytes of a JSON text that describes all by which "class" changes ids, and returns how many bytes it
// has; 0 if it changes none. `buffer` may be NULL where capacity is 0.
size_t hies_tokenizer_differences(const hies_tokenizer* tokenizer, char* buffer, size_t capacity);
// Returns the number of distinct tokens, including added ones.
size_t hies_tokenizer_vocabulary_size(const hies_tokenizer* tokenizer);
// Returns the largest id plus one, which exceeds the vocabulary's size if ids have gaps.
size_t hies_tokenizer_id_bound(const hies_tokenizer* tokenizer);

#ifdef __cplusplus
}
#endif
