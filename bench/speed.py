"""What authentication costs, in spk and in its peers: python -m bench.speed [ROUNDS]."""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.load import Load, Server, worker_memory
from bench.locker import other_writer
from bench.peer_servers import PEERS, peers, seed_spk, spk
from tests.postgres import run_postgres

BARE, KEY = "/api/v1/bench/bare", "/api/v1/bench/key"
Case = Callable[[], Load]


@contextmanager
def cases(directory: Path) -> Iterator[dict[str, Case]]:
    """All servers at once, idle but for the one that is asked; short turns, as the machine has moods."""
    few, many, elsewhere = (directory / name for name in ("few", "many", "elsewhere"))
    with ExitStack() as stack:
        database = stack.enter_context(run_postgres()).new_database()
        seed_spk(few, 1_000)
        seed_spk(many, 1_000_000)
        seed_spk(elsewhere, 1_000, database)
        servers = {
            "spk, 1,000 keys": stack.enter_context(spk(few)),
            "spk, 1,000,000 keys": stack.enter_context(spk(many)),
            "spk, PostgreSQL, 1,000 keys": stack.enter_context(spk(elsewhere, database_url=database)),
            "spk on the peers’ server, 1,000 keys": stack.enter_context(spk(few, "sync")),
        }
        found: dict[str, Case] = {}
        for name, server in servers.items():
            found |= pair(name, server, BARE, KEY)
        first = servers["spk, 1,000 keys"]
        first.load(KEY)
        memory = worker_memory(first.process.pid)
        say(f"- a start: {first.started_in:.1f} s; then a worker keeps {memory:.0f} MB")
        found["mistyped token"] = lambda: mistyped(first, few).load(KEY)
        found["another writer"] = lambda: beside_writer(first, few / "spk.db")
        for name, server in stack.enter_context(peers(directory, 1_000)).items():
            found |= pair(name, server, "/bare", "/key")
        yield found


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


def pair(name: str, server: Server, bare: str, key: str) -> dict[str, Case]:
    return {f"{name}: bare": lambda: server.load(bare), f"{name}: key": lambda: server.load(key)}


def mistyped(server: Server, directory: Path) -> Server:
    headers = directory / "mistyped.txt"
    right = (directory / "headers.txt").read_text().splitlines()
    headers.write_text("".join(f"{line[:-1]}{'1' if line[-1] == '0' else '0'}\n" for line in right))
    return Server(server.port, server.process, headers)


def beside_writer(server: Server, database: Path) -> Load:
    with other_writer(database):
        return server.load(KEY)


def run(rounds: int) -> dict[str, list[Load]]:
    seen: dict[str, list[Load]] = defaultdict(list)
    with TemporaryDirectory() as directory, cases(Path(directory)) as found:
        for case in found.values():
            case()  # warm up
        for number in range(rounds):
            for name, case in found.items():
                seen[name].append(case())
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return seen


def middle(seen: list[Load], figure: str) -> float:
    return float(median(getattr(load, figure) for load in seen))


def table(seen: dict[str, list[Load]]) -> Iterator[str]:
    yield "| | bare, requests/s | with a key | ratio | p99, ms | CPU for the key, µs |"
    yield "| --- | --- | --- | --- | --- | --- |"
    names = [name.removesuffix(": bare") for name in seen if name.endswith(": bare")]
    for name in names:
        bare, key = seen[f"{name}: bare"], seen[f"{name}: key"]
        ratio = median(k.rate / b.rate for b, k in zip(bare, key, strict=True))
        extra = median(k.cpu - b.cpu for b, k in zip(bare, key, strict=True))
        yield (
            f"| {name} | {middle(bare, 'rate'):,.0f} | {middle(key, 'rate'):,.0f} | {ratio:.2f} "
            f"| {middle(key, 'p99'):.0f} | {extra:.0f} |"
        )


def against(seen: dict[str, list[Load]], name: str, other: str, figure: str = "rate") -> float:
    pairs = zip(seen[name], seen[other], strict=True)
    return float(median(getattr(one, figure) / getattr(two, figure) for one, two in pairs))


def findings(seen: dict[str, list[Load]]) -> Iterator[str]:
    fastest = max((f"{name}: key" for name in PEERS), key=lambda name: middle(seen[name], "rate"))
    for name in ("spk on the peers’ server, 1,000 keys: key", "spk, 1,000 keys: key"):
        yield f"- {name} to {fastest}: {against(seen, name, fastest):.2f}"
    bare, key = "spk, 1,000 keys: bare", "spk, 1,000 keys: key"
    yield f"- a mistyped token to the bare view: {against(seen, 'mistyped token', bare):.2f}"
    yield f"- beside another writer to without: {against(seen, 'another writer', key):.2f} of the requests, "
    yield f"  {against(seen, 'another writer', key, 'p99'):.2f} of the p99"
    wrong = {name: sum(load.errors + load.refused for load in loads) for name, loads in seen.items()}
    yield f"- answers that were not wanted: {sum(wrong.values()) - wrong['mistyped token']}"


if __name__ == "__main__":
    results = run(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    say(*table(results), "", *findings(results))
