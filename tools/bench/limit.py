"""The time that the necessary matrix products take at the machine's measured peak."""

import json
from pathlib import Path

# The explanation of the limit in docs/performance.md.
EXPLANATION = (
    "The limit: the products with weight matrices that the result needs, at that peak: all layers in full but the last, of which all tokens' keys "
    "and values and the rest only of first tokens are needed; for HIS + AE also all tokens' last queries, and the backward pass from the logits to "
    "the first layer's heads, without gradients of weights. Of a language model: all layers and the vocabulary in full, and the same for the backward pass.")


class Sizes:
    def __init__(self, model):
        config = json.loads((Path(model) / "config.json").read_text())
        self.layers, square = config["num_hidden_layers"], 2 * config["hidden_size"] ** 2
        self.square = square  # FLOPs of one token through one square matrix
        self.feed_forward = 4 * config["hidden_size"] * config["intermediate_size"]
        self.full = 4 * square + self.feed_forward
        self.last_of_sequence = 3 * square + self.feed_forward  # one for the pooler

    def evaluation(self, tokens, sequences):
        return tokens * ((self.layers - 1) * self.full + 2 * self.square) + sequences * self.last_of_sequence

    def scoring(self, tokens, sequences):
        back_to_first = self.square + self.feed_forward  # its query, key and value would lead to embeddings, which no result needs
        back = tokens * ((self.layers - 2) * self.full + back_to_first + 2 * self.square) + sequences * self.last_of_sequence
        return self.evaluation(tokens, sequences) + tokens * self.square + back


class VisionSizes(Sizes):
    """The FLOPs of an image classifier: those of a text model, with the patches as embedding and without a pooler."""

    def __init__(self, model):
        super().__init__(model)
        config = json.loads((Path(model) / "config.json").read_text())
        self.patch = 2 * config["hidden_size"] * config["num_channels"] * config["patch_size"] ** 2
        self.last_of_sequence -= self.square

    def evaluation(self, tokens, sequences):
        return super().evaluation(tokens, sequences) + (tokens - sequences) * self.patch


class DecoderSizes:
    """The FLOPs of a LLaMA, which needs every token of every layer and every token's logits."""

    def __init__(self, model):
        config = json.loads((Path(model) / "config.json").read_text())
        width, head = config["hidden_size"], config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
        self.layers = config["num_hidden_layers"]
        self.into_heads = 2 * width * head * (config["num_attention_heads"] + 2 * config["num_key_value_heads"])
        self.rest = 2 * width * (head * config["num_attention_heads"] + 3 * config["intermediate_size"])
        self.vocabulary = 2 * width * config["vocab_size"]

    def evaluation(self, tokens, _sequences):
        return tokens * (self.layers * (self.into_heads + self.rest) + self.vocabulary)

    def scoring(self, tokens, sequences):
        return 2 * self.evaluation(tokens, sequences) - tokens * self.into_heads  # the first layer's lead to embeddings, which no result needs
