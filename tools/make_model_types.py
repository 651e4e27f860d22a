#!/usr/bin/env python3
"""Rewrites src/hies/arch/known_model_types.def from the installed transformers: every model type that its AutoConfig knows.

`python tools/make_model_types.py transformers-5.0.0-py3-none-any.whl` (`pip download --no-deps transformers==5.0.0`). Display names are those of
MODEL_NAMES_MAPPING, which releases after 5.0 do not have; newer models get the name of their class.
"""

import ast
import pathlib
import sys
import zipfile

import transformers
from transformers.models.auto import configuration_auto

# Model types of transformers 4 that 5 does not have, and of models whose code is on the Hub.
OTHERS = {
    "baichuan": "Baichuan", "bort": "BORT", "chatglm": "ChatGLM", "deta": "DETA", "efficientformer": "EfficientFormer", "ernie_m": "ErnieM",
    "gptsan-japanese": "GPTSAN-japanese", "graphormer": "Graphormer", "internlm": "InternLM", "internlm2": "InternLM2", "jukebox": "Jukebox",
    "mctct": "M-CTC-T", "mega": "MEGA", "nat": "NAT", "nezha": "Nezha", "nomic_bert": "NomicBERT", "open-llama": "OpenLlama", "qdqbert": "QDQBert",
    "qwen": "Qwen", "realm": "REALM", "retribert": "RetriBERT", "speech_to_text_2": "Speech2Text2", "trajectory_transformer": "Trajectory Transformer",
    "transfo-xl": "Transformer-XL", "tvlt": "TVLT", "van": "VAN", "vit_hybrid": "ViT Hybrid", "xlm-prophetnet": "XLM-ProphetNet",
}
TARGET = pathlib.Path(__file__).resolve().parents[1] / "src/hies/arch/known_model_types.def"


def names_mapping(wheel):
    """MODEL_NAMES_MAPPING of a wheel: a call of OrderedDict with a list of pairs."""
    source = zipfile.ZipFile(wheel).read("transformers/models/auto/configuration_auto.py")
    for node in ast.parse(source).body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and "MODEL_NAMES_MAPPING" in ast.unparse(node).split("=")[0]:
            return dict(ast.literal_eval(node.value.args[0]))
    sys.exit(f"error: {wheel} has no MODEL_NAMES_MAPPING")


def main(wheel):
    classes = {name: config.removesuffix("Config") for name, config in configuration_auto.CONFIG_MAPPING_NAMES.items()}
    titles = OTHERS | classes | names_mapping(wheel)
    types = OTHERS.keys() | classes.keys()
    lines = [f"// The model types of transformers {transformers.__version__}, those of transformers 4 before it and a few others, sorted, with their",
             "// names in transformers' documentation. Written by tools/make_model_types.py: MODEL_TYPE(name, display name)."]
    for name in sorted(types, key=str.encode):
        title = titles[name]
        assert not set('"\\\n') & set(name + title), name
        lines.append(f'MODEL_TYPE("{name}", "{title}")')
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(types)} model types of transformers {transformers.__version__}")


if __name__ == "__main__":
    main(sys.argv[1])
