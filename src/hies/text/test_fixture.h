#pragma once

#include <filesystem>
#include <string_view>

#include "hies/base/test_files.h"

namespace hies::text {

// A temporary tokenizer directory for one test.
class Fixture {
 public:
  const std::filesystem::path& dir() const { return folder_.path(); }
  Fixture& write(std::string_view name, std::string_view text) {
    folder_.write(name, text);
    return *this;
  }

  // [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4, then: a 5 b 6 c 7 d 8 ##s 9 cafe 10 café 11 Paris 12 paris 13 中 14 . 15
  Fixture& write_bert_vocabulary() {
    return write("vocab.txt",
                 "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\n##s\ncafe\ncaf\xC3\xA9\nParis\nparis\n\xE4\xB8\xAD\n.\n");
  }
  // <s> 0, <pad> 1, </s> 2, <unk> 3, then: a 4, b 5, Ġ 6, ab 7, Ġa 8, Ġab 9, Ã 10, © 11, <mask> 12
  Fixture& write_roberta_vocabulary() {
    write(
        "vocab.json",
        R"({"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"\u0120":6,"ab":7,"\u0120a":8,"\u0120ab":9,"\u00c3":10,"\u00a9":11,"<mask>":12})");
    return write("merges.txt", "#version: 0.2\na b\n\xC4\xA0 a\n\xC4\xA0 ab\n");
  }

 private:
  TestFolder folder_;
};

}  // namespace hies::text
