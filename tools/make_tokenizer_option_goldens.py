#!/usr/bin/env python3
"""Writes tests/golden/tokenizer_options.json: the ids that transformers' AutoTokenizer gives under the options and token files people have.

Run from the checkout with the packages of tools/requirements-goldens.txt; no test runs it. "documents" holds small tokenizer.json files.
A case names one of them with an "edit" (JSON merge patch, RFC 7386) or none, other files of the directory as texts, the model type, and
"ids" of each text or pair of texts of its document's "texts" (vocabulary files: those of the class); "type_ids" of the pairs.
"""

import json
import pathlib
import tempfile

import transformers

ROOT = pathlib.Path(__file__).resolve().parents[1]


def added(content, number, special=True, **flags):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": not special,
            "special": special} | flags


def begins_with(token, number):
    begin = {"SpecialToken": {"id": token, "type_id": 0}}
    return {"type": "TemplateProcessing", "single": [begin, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [begin, {"Sequence": {"id": "A", "type_id": 0}}, begin, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}}}


def llama():
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "▁t", "he", "▁the", "▁m", "ov", "ie", "▁mov", "▁movie", "th", "the",
              "▁▁", *"themovias.,X"]
    merges = ["▁ t", "h e", "▁t he", "▁ m", "o v", "i e", "▁m ov", "▁mov ie", "t h", "t he", "▁ ▁"]
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [added("<unk>", 0), added("<s>", 1), added("</s>", 2)],
            "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
                                                               {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
            "pre_tokenizer": None, "post_processor": begins_with("<s>", 1), "decoder": None,
            "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
                      "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                      "vocab": {token: number for number, token in enumerate(dict.fromkeys(tokens))}, "merges": merges}}


def bert_tokens():
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "movie", "Movie", "café", "cafe", "Café", "中", "文", "中文", "un", "##known", "##s", "[",
            "]", "u", ".", "mask"]


def bert():
    tokens = bert_tokens()
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [added(token, number) for number, token in enumerate(tokens[:5])],
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, "decoder": None,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                      "vocab": {token: number for number, token in enumerate(tokens)}}}


def byte_alphabet():
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + number) for number in range(len(rest))]


MERGES = ["t h", "th e", "Ġ the", "m o", "v i", "mo vi", "movi e", "Ġ movie", "i s", "Ġ is"]


def byte_level(first, post_processor):
    tokens = [*first, *byte_alphabet(), *("".join(merge.split(" ")) for merge in MERGES)]
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [added(token, number) for number, token in enumerate(first)],
            "normalizer": None, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
            "post_processor": post_processor, "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "",
                      "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                      "vocab": {token: number for number, token in enumerate(tokens)}, "merges": MERGES}}


def roberta():
    document = byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
                          {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False})
    document["added_tokens"][4]["lstrip"] = True
    return document


TEXTS = {
    "llama": ["the movie", "The movie was", " the  movie", "▁the", "the</s>the movie", "", "\n the", "<pad> the", "the [u] movie", ["the", "movie"]],
    "bert": ["the Movie", "the [u] movie", "the [U] movie", "Café café", "中文", "unknowns [MASK] .", "the[mask]", "", "x [v]s x", ["the", "movie [u]"]],
    "byte": ["the movie is", "The movie", " the", "the <mask> movie", "the<|endoftext|>the", "e\u0301 é 12345", "the [u] movie", "",
             ["the", "movie"]],
}
DOCUMENTS = {"llama": llama(), "bert": bert(), "roberta": roberta(), "gpt2": byte_level(["<|endoftext|>"], None),
             "qwen2": byte_level(["<|endoftext|>", "<|im_start|>"], None)}
TEXTS_OF = {"llama": "llama", "bert": "bert", "roberta": "byte", "gpt2": "byte", "qwen2": "byte"}
QWEN_SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

cases = []


def case(name, model_type, document=None, edit=None, config=None, files=None, model_config=None, max_length=None):
    """`config`: tokenizer_config.json; `document`: the tokenizer.json, or the vocabulary files of the class behind a dash ("-bert")."""
    files = dict(files or {})
    if config is not None:
        files["tokenizer_config.json"] = json.dumps(config)
    files["config.json"] = json.dumps({"model_type": model_type} | (model_config or {}))
    kind = document.lstrip("-")
    if document == "-bert" and "vocab.txt" not in files:
        files["vocab.txt"] = "\n".join(bert_tokens()) + "\n"
    if document in ("-roberta", "-gpt2", "-qwen2"):
        files["vocab.json"] = json.dumps(DOCUMENTS[kind]["model"]["vocab"])
        files["merges.txt"] = "#version: 0.2\n" + "\n".join(MERGES) + "\n"
    cases.append({"name": name, "model_type": model_type, "document": None if document.startswith("-") else document, "edit": edit or {},
                  "files": files, "texts": TEXTS_OF[kind]} | ({} if max_length is None else {"max_length": max_length}))


def token(content, **flags):
    return {"__type": "AddedToken"} | {key: value for key, value in added(content, 0, **flags).items() if key != "id"}


LLAMA = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
METASPACE = {"normalizer": None, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}}
FAST = {"tokenizer_class": "PreTrainedTokenizerFast"}
# Llama: what the class replaces, whatever tokenizer.json says.
for name, more in {"": {}, ", no prefix": {"add_prefix_space": False}, ", prefix": {"add_prefix_space": True}, ", prefix null": {"add_prefix_space": None},
                   ", legacy": {"legacy": True}, ", not legacy": {"legacy": False}, ", legacy null": {"legacy": None},
                   ", legacy without prefix": {"legacy": True, "add_prefix_space": False}, ", adds eos": {"add_eos_token": True},
                   ", adds no bos": {"add_bos_token": False}, ", do_lower_case": {"do_lower_case": True},
                   ", splits special tokens": {"split_special_tokens": True}}.items():
    case("llama" + name, "llama", "llama", config=LLAMA | more)
    case("llama as metaspace" + name, "llama", "llama", METASPACE, LLAMA | more)
case("llama, no class", "llama", "llama", config={"add_prefix_space": False, "legacy": True})
case("llama, fast class", "llama", "llama", config=FAST | {"add_prefix_space": False, "bos_token": "<s>"})
case("llama, class of config.json", "llama", "llama", config={"add_prefix_space": False}, model_config={"tokenizer_class": "LlamaTokenizerFast"})
case("llama, no config", "llama", "llama")
case("llama, no post-processor", "llama", "llama", {"post_processor": None}, LLAMA)
case("llama, pad token beyond the vocabulary", "llama", "llama", config=LLAMA | {"pad_token": "<pad>"})
case("llama, added_tokens.json", "llama", "llama", config=LLAMA, files={"added_tokens.json": json.dumps({"<pad>": 280, "[u]": 281})})
case("llama, code", "llama", "llama", config=LLAMA | {"tokenizer_class": "CodeLlamaTokenizer"})
case("llama, code without prefix", "llama", "llama", config=LLAMA | {"tokenizer_class": "CodeLlamaTokenizer", "add_prefix_space": False})
case("mistral, class of Llama", "mistral", "llama", config=LLAMA | {"add_prefix_space": False, "legacy": True})
case("llama, byte-level under the class of Llama", "llama", "gpt2", config=LLAMA | {"bos_token": "<|endoftext|>", "add_prefix_space": True})
case("llama, GPT-2's class", "llama", "gpt2", config={"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": True})
case("llama, class of Qwen2", "llama", "qwen2", config={"tokenizer_class": "Qwen2Tokenizer"})
# Added tokens: four files can name them.
U = {"[u]": 22}
SPECIAL = {"content": "[u]", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}
for kind, document in {"vocab.txt": "-bert", "tokenizer.json": "bert"}.items():
    case(f"{kind}, added_tokens.json", "bert", document, files={"added_tokens.json": json.dumps(U)})
    case(f"{kind}, added_tokens.json of a special token", "bert", document, config={"additional_special_tokens": ["[u]"]},
         files={"added_tokens.json": json.dumps(U)})
    case(f"{kind}, added_tokens.json out of order", "bert", document, files={"added_tokens.json": json.dumps({"[v]": 23, "[u]": 22})})
    case(f"{kind}, added_tokens.json with a gap", "bert", document, files={"added_tokens.json": json.dumps({"[v]": 31, "[u]": 29})})
    case(f"{kind}, added_tokens.json of what is there", "bert", document, files={"added_tokens.json": json.dumps({"[MASK]": 4, "un": 14})})
    case(f"{kind}, added_tokens.json beside a decoder", "bert", document, files={"added_tokens.json": json.dumps({"[v]": 22})},
         config={"added_tokens_decoder": {"22": {k: v for k, v in added("[u]", 0).items() if k != "id"}}})
    case(f"{kind}, added_tokens_decoder", "bert", document,
         config={"added_tokens_decoder": {"23": {"content": "[u]"}, "22": {"content": "[v]", "special": True, "single_word": True}}})
    case(f"{kind}, decoder strips", "bert", document, config={"added_tokens_decoder": {"22": SPECIAL | {"rstrip": True}}})
    case(f"{kind}, additional_special_tokens", "bert", document, config={"additional_special_tokens": ["[u]", token("[v]", lstrip=True)]})
    case(f"{kind}, extra_special_tokens as a list", "bert", document, config={"extra_special_tokens": ["[u]", "[v]"]})
    case(f"{kind}, extra_special_tokens as an object", "bert", document, config={"extra_special_tokens": {"image_token": "[u]", "x": "[v]"}})
    case(f"{kind}, extra and additional", "bert", document, config={"extra_special_tokens": ["[u]"], "additional_special_tokens": ["[v]"]})
    case(f"{kind}, a token of its own name", "bert", document, config={"image_token": "[u]"})
    case(f"{kind}, special_tokens_map.json", "bert", document,
         files={"special_tokens_map.json": json.dumps({"additional_special_tokens": ["[v]"], "mask_token": SPECIAL})})
    case(f"{kind}, map beside additional_special_tokens", "bert", document, config={"additional_special_tokens": ["[u]"]},
         files={"special_tokens_map.json": json.dumps({"additional_special_tokens": ["[v]"]})})
    case(f"{kind}, map with extra_special_tokens", "bert", document, config={"extra_special_tokens": ["[u]"]},
         files={"special_tokens_map.json": json.dumps({"extra_special_tokens": ["[v]"]})})
    case(f"{kind}, map with an object", "bert", document,
         files={"special_tokens_map.json": json.dumps({"extra_special_tokens": {"v": "[v]"}})})
    case(f"{kind}, map beside a decoder", "bert", document, config={"added_tokens_decoder": {"22": {"content": "[u]"}}},
         files={"special_tokens_map.json": json.dumps({"additional_special_tokens": ["[v]"]})})
    case(f"{kind}, normalized token", "bert", document, config={"added_tokens_decoder": {"22": {"content": "[U]", "normalized": True}}})
    case(f"{kind}, special token of the vocabulary under another name", "bert", document, config={"mask_token": "mask"})
    # BERT's class.
    for more in ({"do_lower_case": False}, {"strip_accents": False}, {"strip_accents": True, "do_lower_case": False}, {"tokenize_chinese_chars": False},
                 {"do_basic_tokenize": False}, {"add_prefix_space": True}, {"model_input_names": ["input_ids", "attention_mask"]}):
        case(f"{kind}, {json.dumps(more)}", "bert", document, config=more)
    case(f"{kind}, distilbert", "distilbert", document, config={"tokenizer_class": "DistilBertTokenizerFast", "do_lower_case": False})
case("vocab.txt, blank last line", "bert", "-bert", files={"vocab.txt": "\n".join(bert_tokens()) + "\n\n"})
case("vocab.txt, blank last line and an added token", "bert", "-bert",
     files={"vocab.txt": "\n".join(bert_tokens()) + "\n\n", "added_tokens.json": json.dumps({"[u]": 23})})
case("vocab.txt, CRLF", "bert", "-bert", files={"vocab.txt": "\r\n".join(bert_tokens()) + "\r\n"})
case("bert, fast class", "bert", "bert", {"normalizer": {"lowercase": False}}, FAST | {"do_lower_case": True})
case("bert, unknown class", "bert", "bert", {"normalizer": {"lowercase": False}}, {"tokenizer_class": "NoSuchTokenizer", "do_lower_case": True})
case("bert, other normalizer", "bert", "bert", {"normalizer": {"type": "Lowercase", "clean_text": None}})
case("bert, other post-processor", "bert", "bert", {"post_processor": begins_with("[MASK]", 4) | {"sep": None, "cls": None}})
case("bert, other pre-tokenizer", "bert", "bert", {"pre_tokenizer": {"type": "WhitespaceSplit"}})
case("bert, other word length", "bert", "bert", {"model": {"max_input_chars_per_word": 3}})
case("bert, token beyond the vocabulary in tokenizer.json", "bert", "bert", {"added_tokens": [*bert()["added_tokens"], added("[u]", 40)]})
case("bert, the same of the fast class", "bert", "bert", {"added_tokens": [*bert()["added_tokens"], added("[u]", 40)]}, FAST)
case("bert, decoder lacks a token of tokenizer.json", "bert", "bert", {"added_tokens": [*bert()["added_tokens"], added("[u]", 22)]},
     {"added_tokens_decoder": {"4": {k: v for k, v in added("[MASK]", 4).items() if k != "id"}}})
case("bert, the same of the fast class, decoder", "bert", "bert", {"added_tokens": [*bert()["added_tokens"], added("[u]", 22)]},
     FAST | {"added_tokens_decoder": {"23": {"content": "[v]"}}})
case("bert, fast class and added_tokens.json", "bert", "bert", config=FAST, files={"added_tokens.json": json.dumps(U)})
# Byte-level classes.
for kind in ("-roberta", "roberta"):
    for more in ({}, {"add_prefix_space": True}, {"trim_offsets": False}, {"add_bos_token": True, "add_eos_token": True}, {"mask_token": "<mask>"},
                 {"mask_token": token("<mask>", lstrip=True)}):
        case(f"{kind} {json.dumps(more)}", "roberta", kind, config=more)
for kind in ("-gpt2", "gpt2"):
    for more in ({}, {"add_prefix_space": True}, {"add_bos_token": True}, {"add_eos_token": True}, {"add_bos_token": True, "add_eos_token": True},
                 {"add_bos_token": False}):
        case(f"{kind} {json.dumps(more)}", "gpt2", kind, config=more)
for kind in ("-qwen2", "qwen2"):
    for more in ({}, {"add_prefix_space": True}, {"add_eos_token": True}, {"tokenizer_class": "LlamaTokenizer"}, FAST, {"tokenizer_class": "Qwen2Tokenizer"}):
        case(f"{kind} {json.dumps(more)}", "qwen2", kind, config=more)
    case(f"{kind}, qwen3", "qwen3", kind, config={"tokenizer_class": "Qwen2Tokenizer"})
case("qwen3, fast class", "qwen3", "qwen2", config=FAST)
for flags in ({"lstrip": True}, {"rstrip": True}, {"lstrip": True, "rstrip": True}, {"single_word": True}, {"special": True}):
    decoder = {"267": {"content": "[u]"} | flags, "268": {"content": "ovi"} | flags}
    case(f"gpt2, added tokens {json.dumps(flags)}", "gpt2", "gpt2", config={"added_tokens_decoder": decoder})
# Which end of a text is cut.
LEFT = {"truncation": {"direction": "Left", "max_length": 64, "strategy": "LongestFirst", "stride": 0}}
for kind, name in {"bert": "bert", "gpt2": "gpt2", "llama": "llama"}.items():
    for edit in ({}, LEFT):
        for more in ({}, {"truncation_side": "left"}, {"truncation_side": "right"}, {"model_max_length": 5}):
            case(f"{name}, cut, {json.dumps(edit)} {json.dumps(more)}", name, kind, edit, more | (LLAMA if name == "llama" else {}), max_length=4)


def merge(target, patch):
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        else:
            target[key] = merge({}, value) if isinstance(value, dict) else value
    return target


def measure(case):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, text in case["files"].items():
            (folder / name).write_bytes(text.encode())
        if case["document"] is not None:
            document = merge(json.loads(json.dumps(DOCUMENTS[case["document"]])), case["edit"])
            (folder / "tokenizer.json").write_text(json.dumps(document))
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        cut = {"truncation": True, "max_length": case["max_length"]} if "max_length" in case else {}
        encoded = [tokenizer(*(text if isinstance(text, list) else [text]), **cut) for text in TEXTS[case["texts"]]]
        case["class"] = type(tokenizer).__name__
        case["ids"] = [each["input_ids"] for each in encoded]
        # A model that reads type ids takes zeros where the tokenizer gives none.
        case["type_ids"] = encoded[-1].get("token_type_ids", [0] * len(encoded[-1]["input_ids"]))


def main():
    for each in cases:
        try:
            measure(each)
        except Exception as error:
            each["error"] = f"{type(error).__name__}: {error}"
            print(each["name"], "->", each["error"][:200])
    golden = {"made_with": f"transformers {transformers.__version__}", "documents": DOCUMENTS, "texts": TEXTS, "cases": [c for c in cases if "error" not in c]}
    (ROOT / "tests/golden/tokenizer_options.json").write_text(json.dumps(golden, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
