"""Writes the reference data of the tokenizer and of the local encoder.

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install -r Tests/EmbeddingTests/Reference/requirements.txt
    /tmp/reference/bin/python Tests/EmbeddingTests/Reference/make.py FOLDER

FOLDER is that of all-MiniLM-L6-v2, as `pinyon model install` puts it. Writes, beside this file:

  lines.jsonl     texts: real ones in many languages, out of Django's catalogs, and hard ones, made here
  tokens.u16      the identifiers of each line's tokens, little-endian, behind their number
  scalars.u32     for each block of 256 Unicode scalars the CRC-32 of the identifiers of "a" + scalar + "b"
  sentences.jsonl texts whose vectors are compared
  vectors.f32     their vectors, little-endian

Tokens are those of Hugging Face's tokenizers, cut as sentence-transformers cuts; vectors those of sentence-transformers in single precision, one text
at a time. The same packages write the same files, but for the last bits of vectors on another processor.
"""

import json
import os
import re
import sys
import zlib
from pathlib import Path

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["HF_HUB_OFFLINE"] = "1"

import django
import numpy
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
LINES_PER_LANGUAGE = 48
BYTES_MIN = 24
BLOCK = 256

HARD = [
    "a", ".", "?!", "  ", "\t\n", "-", "[CLS]", "[SEP]", "before [SEP] after", "[MASK] is [UNK] and [PAD]", "[cls] [ CLS ] [CLS", "a[SEP]b", "[CLS][CLS]",
    "x" * 99, "x" * 100, "x" * 101, "é" * 100, "e\u0301" * 100, "e\u0301" * 101, "antidisestablishmentarianism", "unbelievability's", "don't won't can't",
    "foo\u00a0bar", "foo\u3000bar", "foo\u2009bar", "foo\u200bbar", "foo\u200dbar", "foo\ufeffbar", "soft\u00adhyphen", "line\u2028separator\u2029paragraph",
    "tab\there", "cr\r\nlf", "vt\u000bff\u000c", "nul\u0000nul", "bell\u0007bell", "esc\u001b[31mred", "del\u007fdel", "c1\u0085\u009fc1", "repl\ufffdrepl",
    "private\ue000use\U000f0000", "tag\U000e0041tag", "noncharacter\uffff\U0010ffff", "\ud7ff\ue000",
    "\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", "\U0001f44d\U0001f3fd ok", "\U0001f1ea\U0001f1fa flag", "heart\u2764\ufe0f", "1\ufe0f\u20e3 key",
    "ŻÓŁĆ żółć", "İstanbul ISTANBUL ıi", "STRASSE Straße ẞ", "ΣΊΣΥΦΟΣ σίσυφος ς", "ǅ ǈ ǋ ǲ", "ﬁ ﬂ ﬃ ﬅ", "Å Å A\u030a", "Ω Ω", "ﷺ ﷽", "㈱ ㍿ ㎏ ㏒", "ｆｕｌｌ ＷＩＤＴＨ １２３",
    "ｶﾀｶﾅ ﾊﾝｶｸ", "한글 한글", "各国 言語のテキスト", "中文没有空格也要分开", "日本語、中国語。韓国語！", "𠀀𠮷𪚥 extension", "豈更車", "\u3400\u4db5\u9fa5\u9fff", "กำลังทำงาน", "นํ้าใจ", "क्षत्रिय ज्ञान", "বাংলা ভাষা", "தமிழ் மொழி", "ქართული ენა", "ᲥᲐᲠᲗᲣᲚᲘ",
    "հայերեն լեզու", "አማርኛ ቋንቋ", "עִבְרִית מְנֻקֶּדֶת", "العَرَبِيَّةُ مُشَكَّلَةٌ", "ـــكشيدةـــ", "១២៣ ខ្មែរ", "မြန်မာ", "བོད་སྐད", "ᏣᎳᎩ ꭰꭱꭲ", "ᚠᚢᚦ ᛒ", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛", "Ⅷ ⅷ ① ½ ²", "№ ™ © ® ℃", "₿ € £ ¥ ₹ $",
    "«quotes» „low“ “high” ‘single’ ‚low‘", "em—dash en–dash minus−hyphen‐", "dots… and·middle•bullet", "a+b=c<d>e|f~g`h^i", "/path/to/file.txt C:\\path", "user@example.com https://example.com/?q=1&b=2#x",
    "__init__ snake_case camelCase kebab-case", "3.14159 1,000,000 1e-5 0x1F", "12:30 2026-11-27T00:00:00Z", "¡Hola! ¿Qué?", "；：、。！？", "〈〉《》「」『』【】", "٪ ؟ ، ؛", "।॥", "༄༅", "a\u0300\u0301\u0302\u0303\u0304", "\u0301start", "\u0b85\u0bcd",
    "o\u0338 \u0338o", "D\u0323\u0307 \u1e0d\u0307 \u1e0b\u0323", "x" * 300, "word " * 300, "字" * 300, "é " * 300, "\U0001f600" * 200, "[SEP] " * 300,
]


def catalog(path):
    """The longer translations in a catalog, in their order; those with several forms are left out."""
    for entry in re.split(r"\n\n", path.read_text(encoding="utf-8")):
        match = re.search(r'^msgstr ((?:".*"\n?)+)', entry, re.MULTILINE)
        if match and not entry.startswith("#~"):
            text = "".join(json.loads(part) for part in re.findall(r'".*"', match.group(1)))
            if len(text.encode("utf-8")) >= BYTES_MIN and "Content-Type" not in text:
                yield text


def real_lines():
    root = Path(django.__file__).parent
    seen = set()
    for language in sorted((root / "conf/locale").iterdir()):
        taken = 0
        for name in ["contrib/admin/locale/{}/LC_MESSAGES/django.po", "conf/locale/{}/LC_MESSAGES/django.po"]:
            path = root / name.format(language.name)
            limit = LINES_PER_LANGUAGE // 2 if "admin" in name else LINES_PER_LANGUAGE
            for text in catalog(path) if path.exists() else ():
                if taken < limit and text not in seen:
                    seen.add(text)
                    taken += 1
                    yield text


def write_lines(name, lines):
    with open(HERE / name, "w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def scalars(tokenizer):
    for start in range(0, 0x110000, BLOCK):
        texts = ["a" + chr(code) + "b" for code in range(start, start + BLOCK) if not 0xD800 <= code <= 0xDFFF]
        crc = 0
        for encoding in tokenizer.encode_batch(texts):
            crc = zlib.crc32(numpy.array(encoding.ids, dtype="<u2").tobytes(), crc)
        yield crc


def main(folder):
    model = SentenceTransformer(folder, device="cpu")
    tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(model.max_seq_length)

    lines = list(real_lines()) + HARD
    write_lines("lines.jsonl", lines)
    with open(HERE / "tokens.u16", "wb") as file:
        for encoding in tokenizer.encode_batch(lines):
            file.write(numpy.array([len(encoding.ids)] + encoding.ids, dtype="<u2").tobytes())
    numpy.array(list(scalars(tokenizer)), dtype="<u4").tofile(HERE / "scalars.u32")

    spread = lines[:: len(lines) // 130]
    long = [" ".join(lines[start : start + count]) for start, count in zip(range(0, 4000, 100), [3, 5, 8, 13, 40] * 8)]
    sentences = [text for text in dict.fromkeys(spread + HARD + long) if text.strip(" \t\r\n\x0b\x0c\x85\u00a0\u2009\u2028\u2029\u3000")]
    write_lines("sentences.jsonl", sentences)
    vectors = numpy.stack([model.encode(text, normalize_embeddings=True) for text in sentences])
    vectors.astype("<f4").tofile(HERE / "vectors.f32")
    print(len(lines), "lines,", len(sentences), "sentences,", model.max_seq_length, "tokens at most")


torch.set_num_threads(1)
main(sys.argv[1].rstrip("/"))
