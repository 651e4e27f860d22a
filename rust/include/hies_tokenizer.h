#pragma once

// The Hugging Face `tokenizers` crate as a C ABI. Nothing unwinds through it and nothing is printed. A tokenizer is never changed
// once made, so any number of threads may encode with one. Every text is UTF-8 with a length, not terminated.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hies_tokenizer hies_tokenizer;

// What a function returns; anything but HIES_TOKENIZER_OK sets *error to one terminated line, for hies_tokenizer_error_free.
enum {
  HIES_TOKENIZER_OK = 0,
  HIES_TOKENIZER_BAD_INPUT = 1,  // the document, a text or a length is wrong
  HIES_TOKENIZER_BUG = 2,        // the crate panicked
};

// One encoded text or pair: `count` ids and as many type ids and ends. For hies_tokenizer_encoding_free.
typedef struct {
  int32_t* ids;
  int32_t* type_ids;
  size_t* ends;  // NULL unless asked for: the byte of the text behind the token; never less than that of the token before
  size_t count;
  int32_t truncated;  // 1 when tokens were cut off
} hies_tokenizer_encoding;

// `document` is the content of a tokenizer.json; its truncation and padding blocks are ignored. `overrides` is a JSON object:
//   "bert_normalizer": {"lowercase": bool, "strip_accents": bool or null, "handle_chinese_chars": bool}  replaces a BertNormalizer
//   "add_prefix_space": bool                                                                     replaces that of a ByteLevel
//   "added_tokens": [{"content", "single_word", "lstrip", "rstrip", "normalized", "special", "only_if_known"}, …]
//                   added where not yet there; those marked only_if_known where they are in the vocabulary
//   "truncate_left": bool                                                                        which end truncation cuts
// each optional.
int hies_tokenizer_new(const char* document, size_t document_size, const char* overrides, size_t overrides_size,
                       hies_tokenizer** tokenizer, char** error);
void hies_tokenizer_free(hies_tokenizer* tokenizer);

// `pair` may be NULL. At most `max_length` tokens, special ones included, cut longest first.
int hies_tokenizer_encode(const hies_tokenizer* tokenizer, const char* text, size_t text_size, const char* pair, size_t pair_size,
                          size_t max_length, int special_tokens, hies_tokenizer_encoding* encoding, char** error);
// One text as it is, without special tokens and uncut, with ends. A long text whose pieces can be encoded each on its own is, on
// `threads` threads (at least 1); the result does not depend on them.
int hies_tokenizer_encode_text(const hies_tokenizer* tokenizer, const char* text, size_t text_size, size_t threads,
                               hies_tokenizer_encoding* encoding, char** error);
void hies_tokenizer_encoding_free(hies_tokenizer_encoding* encoding);

void hies_tokenizer_error_free(char* error);

// The id of the token that is written so; -1 when there is none.
int32_t hies_tokenizer_id_of(const hies_tokenizer* tokenizer, const char* token, size_t token_size);
// Writes the first `capacity` bytes of the token, as it is written (of byte-level vocabularies: the text that it stands for), and
// returns how many it has; 0 when there is no such id.
size_t hies_tokenizer_token_of(const hies_tokenizer* tokenizer, int32_t id, char* buffer, size_t capacity);
// The number of distinct tokens, added ones included.
size_t hies_tokenizer_vocabulary_size(const hies_tokenizer* tokenizer);
// The largest id plus one: more than the vocabulary's size where ids have gaps.
size_t hies_tokenizer_id_bound(const hies_tokenizer* tokenizer);

#ifdef __cplusplus
}
#endif
