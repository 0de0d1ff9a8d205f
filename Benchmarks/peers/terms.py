"""Finding the terms of a dictionary in a text, beside the libraries that find many strings at once, in one run.

    scripts/peers terms [--terms N] [--bytes N] [--rounds N] [--json FILE]

The terms are lemmas of WordNet, drawn by seed; the text is the beginning of its glosses. The peers are the Aho-Corasick automata of ahocorasick_rs (Rust's aho-corasick)
and pyahocorasick (C), leftmost-longest. They get terms and text in small letters and compare letter by letter: they know neither where words end nor accents nor other
forms of a word, which Pinyon does, and their occurrences are so many more. Pinyon is measured without a language and in English, each round a process of its own; a figure is
the median of the rounds.
"""

import argparse
import json
import random
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import ahocorasick
import ahocorasick_rs

WORDNET = Path("/usr/share/wordnet")
PARTS = ("noun", "verb", "adj", "adv")


def lines(name):
    """Without the licence, which is indented."""
    return [line for part in PARTS for line in (WORDNET / f"{name}.{part}").read_text().splitlines() if not line.startswith(" ")]


def median(work, rounds):
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        found = work()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times), found


def rust(terms, text, rounds):
    matcher = ahocorasick_rs.AhoCorasick(terms, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)
    return median(lambda: len(matcher.find_matches_as_indexes(text)), rounds)


def c(terms, text, rounds):
    automaton = ahocorasick.Automaton()
    for number, term in enumerate(terms):
        automaton.add_word(term, number)
    automaton.make_automaton()
    return median(lambda: sum(1 for _ in automaton.iter_long(text)), rounds)


def pinyon(binary, terms, text, rounds, language):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "terms.jsonl").write_text("".join(json.dumps({"text": term}) + "\n" for term in terms))
        (Path(folder) / "text").write_text(text)
        command = [binary, "detect", "--terms", f"{folder}/terms.jsonl", "--text", f"{folder}/text", "--rounds", str(rounds), "--json"]
        row = json.loads(subprocess.run(command + (["--language", language] if language else []), check=True, capture_output=True).stdout)
    return row["median_ms"], row["occurrences"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pinyon-bench", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--terms", type=int, default=100_000)
    parser.add_argument("--bytes", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json")
    given = parser.parse_args()
    lemmas = sorted({line.split(" ", 1)[0].replace("_", " ") for line in lines("index")})
    terms = random.Random(1).sample(lemmas, min(given.terms, len(lemmas)))
    text = "\n".join(line.split(" | ", 1)[1].strip() for line in lines("data"))[: given.bytes]
    print(f"{len(terms)} terms in {len(text.encode())} bytes")
    engines = {
        "pinyon": lambda: pinyon(given.pinyon_bench, terms, text, 11, None),
        "pinyon, English": lambda: pinyon(given.pinyon_bench, terms, text, 11, "en"),
        "ahocorasick_rs": lambda: rust([term.lower() for term in terms], text.lower(), 3),
        "pyahocorasick": lambda: c([term.lower() for term in terms], text.lower(), 3),
    }
    rows = []
    for number in range(given.rounds):
        for name, measure in engines.items():
            milliseconds, occurrences = measure()
            rows.append({"round": number, "engine": name, "ms": milliseconds, "occurrences": occurrences})
    for name in engines:
        own = [row for row in rows if row["engine"] == name]
        print(f"  {name:16} {statistics.median(row['ms'] for row in own):8.1f} ms  {own[0]['occurrences']:8} occurrences")
    if given.json:
        Path(given.json).write_text("".join(json.dumps(row) + "\n" for row in rows))


main()
