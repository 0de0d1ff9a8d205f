"""Sentences a second of the local encoder and of its peers, in one run on the same sentences.

    scripts/peers embedding [--rounds N] [--seconds N] [--json FILE]

The peers are onnxruntime in single precision and with dynamic 8-bit weights, and torch in single precision and bfloat16, each on two threads. All begin
with texts and end with normalized vectors, so everybody's tokenizer is counted. Peers get their sentences sorted by length, in batches of 8, 32 and 96,
and the best of these counts. Rounds are interleaved; a figure is the median of its rounds.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Set for another machine, these slow every BLAS down. They must go before anything is loaded.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1", RAYON_NUM_THREADS="2", TOKENIZERS_PARALLELISM="true")

import numpy
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from transformers import AutoModel

HERE = Path(__file__).resolve().parent
SETS = ("short", "long")
BATCHES = (8, 32, 96)
THREADS = 2
TOKENS_MAX = 256


class Peer:
    def __init__(self, name, tokenizer, forward):
        self.name = name
        self.tokenizer = tokenizer
        self.forward = forward
        self.rates = {name: [] for name in SETS}
        self.batch = {}

    def embed(self, texts, size):
        vectors = []
        for start in range(0, len(texts), size):
            encodings = self.tokenizer.encode_batch(texts[start : start + size])
            ids = numpy.array([encoding.ids for encoding in encodings], dtype=numpy.int64)
            mask = numpy.array([encoding.attention_mask for encoding in encodings], dtype=numpy.int64)
            hidden = self.forward(ids, mask)
            mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
            vectors.append(mean / numpy.linalg.norm(mean, axis=1, keepdims=True))
        return numpy.concatenate(vectors)

    def rate(self, texts, size, seconds):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            count += len(self.embed(texts, size))
        return count / (time.perf_counter() - start)

    def measure(self, name, texts, seconds):
        if name not in self.batch:
            self.batch[name] = max(BATCHES, key=lambda size: self.rate(texts, size, seconds / 2))
        self.rates[name].append(self.rate(texts, self.batch[name], seconds))


class Hidden(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, mask):
        return self.model(input_ids=ids, attention_mask=mask).last_hidden_state


def onnx_files(folder, cache):
    single, eight = cache / "model-f32.onnx", cache / "model-int8.onnx"
    if not eight.exists():
        model = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
        example = torch.ones(2, 8, dtype=torch.long)
        axes = {"ids": {0: "texts", 1: "tokens"}, "mask": {0: "texts", 1: "tokens"}, "hidden": {0: "texts", 1: "tokens"}}
        torch.onnx.export(
            Hidden(model), (example, example), str(single), input_names=["ids", "mask"], output_names=["hidden"], dynamic_axes=axes, dynamo=False
        )
        quantize_dynamic(str(single), str(eight), weight_type=QuantType.QInt8)
    return single, eight


def onnx_forward(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})[0]


def torch_forward(folder, kind):
    model = AutoModel.from_pretrained(folder, attn_implementation="sdpa").eval().to(kind)

    def forward(ids, mask):
        with torch.inference_mode():
            return model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state.float().numpy()

    return forward


def ours(arguments):
    """One round of every precision: name → set → sentences a second."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        command = [arguments.pinyon_bench, "embedding", "--model", arguments.model, "--threads", str(THREADS), "--rounds", "1"]
        command += ["--seconds", str(arguments.seconds), "--peers", str(HERE), "--only", "rates", "--json", file.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rows = [json.loads(line) for line in Path(file.name).read_text().splitlines()]
    # Which of two kernels is the faster may change from round to round.
    return [(re.sub(r"(pinyon \w+), [^(]*", r"\1 ", row["name"]).strip(), row["set"], row["sentences_per_second"]) for row in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--pinyon-bench", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--json")
    arguments = parser.parse_args()

    torch.set_num_threads(THREADS)
    tokenizer = Tokenizer.from_file(arguments.model + "/tokenizer.json")
    tokenizer.enable_truncation(TOKENS_MAX)
    tokenizer.enable_padding()
    single, eight = onnx_files(arguments.model, Path(arguments.cache))
    peers = [
        Peer("onnxruntime f32", tokenizer, onnx_forward(single)),
        Peer("onnxruntime int8, dynamic", tokenizer, onnx_forward(eight)),
        Peer("torch f32", tokenizer, torch_forward(arguments.model, torch.float32)),
        Peer("torch bf16", tokenizer, torch_forward(arguments.model, torch.bfloat16)),
    ]
    texts = {name: [json.loads(line) for line in open(HERE / f"{name}.jsonl")] for name in SETS}
    tokens = {name: sum(len(tokenizer.encode(text).ids) for text in texts[name]) / len(texts[name]) for name in SETS}
    for name in SETS:
        texts[name].sort(key=lambda text: len(tokenizer.encode(text).ids))
    reference = {name: peers[0].embed(texts[name], 32) for name in SETS}
    cosines = {peer.name: min(float((peer.embed(texts[name], 32) * reference[name]).sum(1).min()) for name in SETS) for peer in peers}

    rates = {}
    for number in range(arguments.rounds):
        for name, set_, rate in ours(arguments):
            rates.setdefault(name, {}).setdefault(set_, []).append(rate)
        for peer in peers:
            for name in SETS:
                peer.measure(name, texts[name], arguments.seconds)
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
    for peer in peers:
        rates[peer.name] = peer.rates
    show(rates, tokens, cosines, peers, arguments)


def show(rates, tokens, cosines, peers, arguments):
    median = {name: {set_: statistics.median(rounds) for set_, rounds in sets.items()} for name, sets in rates.items()}
    best = {set_: max(median[peer.name][set_] for peer in peers) for set_ in SETS}
    base = {set_: median["onnxruntime f32"][set_] for set_ in SETS}
    print(f"\nsentences a second on {THREADS} threads; median of {arguments.rounds} rounds of {arguments.seconds} s, tokenizers included")
    header = "".join(f"{f'~{tokens[set_]:.0f} tokens':>13}{'/ ort f32':>11}{'/ best peer':>13}" for set_ in SETS)
    print(f"{'':36}{header}  least cosine")
    for name, sets in median.items():
        cells = "".join(f"{sets[set_]:13.0f}{sets[set_] / base[set_]:11.2f}{sets[set_] / best[set_]:13.2f}" for set_ in SETS)
        print(f"{name:36}{cells}" + (f"{cosines[name]:14.5f}" if name in cosines else ""))
    print()
    for what, word, least in (("our default", "(default)", 1.5), ("our f32", " f32", 0.8)):
        name = next(name for name in median if name.startswith("pinyon") and word in name)
        ratios = [median[name][set_] / base[set_] for set_ in SETS]
        verdict = "met" if min(ratios) >= least else "NOT met"
        print(f"{what} / onnxruntime f32: {ratios[0]:.2f} and {ratios[1]:.2f}, at least {least} wanted: {verdict}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"tokens": tokens, "rates": rates, "median": median}, indent=1) + "\n")


main()
