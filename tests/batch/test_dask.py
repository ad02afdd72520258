"""A batch on a Dask cluster, and under any executor: the same verdicts in the same order, whatever a file does."""

from __future__ import annotations

import csv
import json
import os
import pickle
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dask import config as dask_config
from distributed import Client
from support.inbox_by_hand import Member, mail, named, raw_zip

from xlsform.batch import dask, dask_connection, worker
from xlsform.batch.keyless import verified
from xlsform.batch.validate import validate
from xlsform.batch.worker import JobSpec, judge_chunk
from xlsform.cli import cli
from xlsform.demo.samples import samples_folder
from xlsform.errors import UsageError
from xlsform.form.template import load
from xlsform.inbox import Incoming
from xlsform.projects import Project
from xlsform.reading import Limits
from xlsform.verdict.judge import Judge
from xlsform.verdict.verdict import Options, Verdict
from xlsform.workbook.issue_projects import issue_project
from xlsform.workbook.locks import lock_for

ROOT = Path(__file__).parents[2]
FAULTLESS = (samples_folder() / "faultless.xlsx").read_bytes()
DEAD, LATE = "DEAD", "LATE"


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    """A scheduler that takes a task for a killer at once, and two workers."""
    with a_cluster("n_workers=2", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as (process, address):
        yield address
        process.stdin.close()
        process.wait(30)


@contextmanager
def a_cluster(workers: str, **environment: str) -> Iterator[tuple[Any, str]]:
    """Start a cluster in a process of its own: whoever forks, as the tests of other modules do, has no threads."""
    code = f"""
from distributed import LocalCluster
if __name__ == "__main__":
    more = {{"dashboard_address": ":0", "protocol": "tcp", "silence_logs": 50}}
    with LocalCluster({workers}, threads_per_worker=1, **more) as local:
        print(local.scheduler_address.replace("tcp", "dask"), flush=True)
        input()
"""
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    command = [sys.executable, "-c", code]
    env = {**os.environ, **environment, "PYTHONPATH": path}
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.fixture(scope="module")
def issued() -> dict[str, bytes]:
    """A workbook of each of some projects, signed with a key."""
    lock = lock_for("x")
    return {
        code: issue_project(load("mof-2020"), project(code), lock, year=2021, key=b"k") for code in (DEAD, LATE, "001")
    }


def project(code: str) -> Project:
    return Project(code, f"项目{code}", "某局", "某站", "", {}, (), {}, 2)


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register, a project list, what was issued by them, and what came back: among it what nobody issued."""
    folder = tmp_path_factory.mktemp("round")
    with (folder / "list.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerow(["项目编码", "项目名称", "实施单位", "全年预算数"])
        csv.writer(file).writerows([f"{number:03}", f"项目{number}", "某站", 9] for number in range(30))
    generate: list[str | Path] = [
        "generate",
        "mof-2020",
        "--projects",
        folder / "list.csv",
        "--year",
        "2025",
        "--register",
        folder / "r.db",
    ]
    result = run(*generate, "-o", folder / "returns", env={"XLSFORM_PASSWORD": "x"})
    assert result.exit_code == 0, result.output
    returns = folder / "returns"
    for path in samples_folder().glob("*.xlsx"):
        shutil.copy(path, returns)
    (returns / "m.eml").write_bytes(mail(named("x.xlsx", FAULTLESS)))
    (returns / "z.zip").write_bytes(raw_zip(Member(b"a.xlsx", FAULTLESS), Member(b"b.xlsx", b"no workbook")))
    (returns / "broken.xlsx").write_bytes(FAULTLESS[:5000])
    return folder


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> Any:
    return CliRunner().invoke(cli, ["--lang", "en", *map(str, arguments)], env=env)


@pytest.mark.slow
@pytest.mark.parametrize("more", ["", "--projects", "--register"])
def test_the_report_is_the_same_byte_for_byte(more: str, engine: str, inbox: Path, tmp_path: Path) -> None:
    reports = []
    for number, way in enumerate((["--jobs", "1"], ["--jobs", "2"], ["--engine", engine])):
        register = shutil.copy(inbox / "r.db", tmp_path / f"{number}.db")
        options: dict[str, list[str | Path]] = {
            "--projects": ["--projects", inbox / "list.csv"],
            "--register": ["--register", register],
            "": [],
        }
        # The second time it is remembered.
        for _ in range(2 if more == "--register" and way[0] == "--engine" else 1):
            result = run("validate", inbox / "returns", *options[more], *way, "--format", "jsonl")
            assert (result.exit_code, result.stderr) == (1, "")
            reports.append(result.stdout)
    if more == "--register":
        kept = [extracted_in(tmp_path / f"{number}.db") for number in range(3)]
        assert kept[0] == kept[1] == kept[2]
        # Nothing can be taken out of what is no workbook, and of a form whose sheet is gone.
        assert sum(map(bool, kept[0].values())) >= 30 + 11
        assert not kept[0][str(inbox / "returns" / "broken.xlsx")]
    assert len(set(reports)) == 1
    statuses = [json.loads(line)["status"] for line in reports[0].splitlines()]
    assert statuses.count("unreadable") == 2
    assert len(statuses) >= 30 + 11 + 4


def extracted_in(register: Path) -> dict[str, str]:
    """Return the data that a register keeps of each return, by its origin."""
    with closing(sqlite3.connect(register)) as database:
        return dict(database.execute("SELECT origin, extracted FROM returns"))


@pytest.mark.slow
def test_the_summary_is_the_same(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for name, way in (("a.xlsx", ["--jobs", "2"]), ("b.xlsx", ["--engine", engine])):
        assert run("summarize", samples_folder(), *way, "-o", tmp_path / name).exit_code == 0
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


class Deadly(dict[str, Project]):
    """A project list that some projects' returns do not survive being looked up in."""

    def __contains__(self, code: object) -> bool:
        if code == DEAD:
            os._exit(3)
        if code == LATE:
            time.sleep(60)
        return super().__contains__(code)


#: In so many seconds a process starts and judges a file, also where others keep the machine busy.
DEADLY = Options(projects=Deadly({"001": project("001")}), limits=Limits(seconds=4))


def batch(issued: dict[str, bytes], bad: dict[int, str], count: int) -> list[Incoming]:
    return [Incoming(f"{n:03}", f"{n}.xlsx", issued[bad.get(n, "001")], None, "") for n in range(count)]


def bad_ones_alone(verdicts: Sequence[Verdict], bad: dict[int, str]) -> None:
    assert [each.path for each in verdicts] == [f"{n:03}" for n in range(len(verdicts))]
    told = {n: str(each.findings[0].message) for n, each in enumerate(verdicts) if each.status == "unreadable"}
    assert told.keys() == bad.keys()
    for number, code in bad.items():
        assert ("made the reader fail" if code == DEAD else "no verdict within 4 seconds") in told[number]


@pytest.mark.slow
def test_a_file_that_kills_or_hangs_costs_its_own_verdict(engine: str, issued: dict[str, bytes]) -> None:
    bad = {1: DEAD, 3: LATE}
    with dask_connection.connected(engine) as connected:
        judged = validate(batch(issued, bad, 4), DEADLY, cluster=connected)
        bad_ones_alone([each.verdict for each in judged], bad)


def deadly_to_workers(spec: JobSpec, files: Sequence[Incoming]) -> list[Verdict]:
    """Judge as ever, but for one file, of which the worker itself dies."""
    if any(each.origin == "018" for each in files):
        os._exit(3)
    return judge_chunk(spec, files)


@pytest.mark.slow
def test_a_worker_that_dies_costs_one_file(
    engine: str, issued: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "judge_chunk", deadly_to_workers)
    with dask_connection.connected(engine) as connected:
        verdicts = [each.verdict for each in validate(batch(issued, {}, 20), Options(), cluster=connected)]
    bad_ones_alone(verdicts, {18: DEAD})
    assert [each for n, each in enumerate(verdicts) if n != 18] == [
        each.verdict for n, each in enumerate(validate(batch(issued, {}, 20), Options())) if n != 18
    ]


@pytest.mark.slow
def test_only_a_few_files_are_in_memory(engine: str, issued: dict[str, bytes]) -> None:
    taken = 0

    def counted() -> Iterator[Incoming]:
        nonlocal taken
        for taken in range(1, 1001):
            yield Incoming(f"{taken:03}", f"{taken}.xlsx", issued["001"], None, "")

    with dask_connection.connected(engine) as connected:
        for number, _ in enumerate(validate(counted(), Options(), cluster=connected), 1):
            assert taken - number <= 16 * (4 * 2 + 2)
            if number == 200:
                break
        # What was sent is not remembered either.
        assert not connected.client.scheduler_comm.recent_message_log


@pytest.mark.slow
@pytest.mark.parametrize(
    ("executor", "bad"),
    [(lambda: ThreadPoolExecutor(2), {1: DEAD}), (lambda: ProcessPoolExecutor(1, get_context("spawn")), {})],
    ids=["threads", "processes"],
)
def test_any_executor_will_do(executor: Any, bad: dict[int, str], issued: dict[str, bytes]) -> None:
    pool: Executor
    with executor() as pool:
        futures = [
            pool.submit(judge_chunk, JobSpec.of(DEADLY), files)
            for files in (batch(issued, bad, 3), batch(issued, {}, 20))
        ]
        first, second = (each.result() for each in futures)
    bad_ones_alone(first, bad)
    judge = Judge(DEADLY)
    assert second == [judge.verdict(each) for each in batch(issued, {}, 20)]


def test_processes_end_with_what_they_judge_by(issued: dict[str, bytes]) -> None:
    spec = JobSpec.of(Options())
    judge_chunk(spec, batch(issued, {}, 1))
    (process,) = (child for pool in spec._idle for child in pool._processes.values())
    judge_chunk(spec, batch(issued, {}, 1))
    assert process.is_alive()
    del spec
    process.join(20)
    assert not process.is_alive()


# --- what is sent


def test_the_key_stays_here(issued: dict[str, bytes]) -> None:
    """What is signed with it, and what is not, is judged as if it had gone along."""
    key = b"k"
    genuine = issued["001"]
    files = [Incoming("0", "a.xlsx", genuine, None, ""), Incoming("1", "b.xlsx", FAULTLESS, None, "")]
    for options in (Options(keys=(key,)), Options(keys=(b"another",))):
        spec, forged = JobSpec.of(options), JobSpec.of(options, forged=True)
        assert spec.make().options.keys == ()
        assert forged.make().options.keys not in ((), (key,), (b"another",))
        for file in files:
            verdict = verified(spec.make().verdict(file), options.keys)
            whole = verdict or forged.make().verdict(file)
            assert whole == Judge(options).verdict(file)
            assert (verdict is None) == (options.keys != (key,) or file is files[1])


def test_nothing_of_what_is_sent_shows(issued: dict[str, bytes]) -> None:
    secret = b"swordfish-swordfish"
    spec = JobSpec.of(Options(keys=(secret,)))
    sent = pickle.dumps(spec)
    assert secret not in sent
    assert secret not in zlib.decompress(spec._packed)
    assert repr(spec._packed) not in repr(spec)
    assert "PK" not in repr(batch(issued, {}, 1))


def test_a_template_of_ones_own_goes_along(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(
        json.dumps(json.loads((ROOT / "templates/mof-2020.json").read_text("utf-8")) | {"id": "own"}), "utf-8"
    )
    spec = JobSpec.of(Options(template=str(path)))
    expected = Judge(Options(template=str(path))).form
    path.unlink()
    found = spec.make().form
    assert found is not None
    assert expected is not None
    assert (found.id, found.digest) == ("own", expected.digest)


# --- what goes wrong


@pytest.mark.parametrize(
    "given",
    [
        "ray://127.0.0.1:8786",
        "dask:/x",
        "dask://",
        "dask://host",
        "dask://host:99999",
        "dask://u:p@h:1",
        "dask://h:1/x",
        "h:1",
    ],
)
def test_what_is_no_address_of_a_scheduler(given: str) -> None:
    result = run("validate", samples_folder(), "--engine", given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"--engine {given}: expected is the address of a Dask scheduler, dask://HOST:PORT\n"


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of something that listens, and never says a word."""
    monkeypatch.setattr(dask_connection, "_CONNECT", 0.5)
    monkeypatch.setattr(dask_connection, "_CLOSE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.slow
def test_nobody_answers(mute: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    for port in (mute, closed):
        result = run("validate", samples_folder(), "--engine", f"dask://127.0.0.1:{port}")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"dask://127.0.0.1:{port}: no Dask scheduler answers there (")
        assert result.stderr.count("\n") == 1


def test_certificates_of_dasks_configuration_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def nobody(address: str, **_: object) -> None:
        asked.append(address)
        raise OSError("nobody")

    monkeypatch.setattr("distributed.Client", nobody)
    for more in ({}, {"distributed.comm.tls.client.cert": "own.pem"}):
        with dask_config.set(more):
            result = run("validate", samples_folder(), "--engine", "dask://h:1")
        assert result.stderr == "dask://h:1: no Dask scheduler answers there (nobody)\n"
    assert asked == ["tcp://h:1", "tls://h:1"]


def test_without_dask_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run("summarize", samples_folder(), "--engine", "dask://h:1", "-o", "x.xlsx")
    assert (result.exit_code, result.stderr) == (2, "--engine dask://h:1 needs Dask: pip install 'xlsform[dask]'\n")


def test_processes_here_or_a_cluster() -> None:
    result = run("validate", samples_folder(), "--engine", "dask://h:1", "--jobs", "2")
    assert result.exit_code == 2
    assert "with --engine leave it out" in result.stderr


@pytest.mark.slow
def test_another_version_is_refused(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(worker, "__version__", "9.9")
        result = run("validate", samples_folder(), "--engine", engine)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the worker tcp://127.0.0.1" in result.stderr
    assert "(9.9+" in result.stderr
    assert f"but: {worker.version()}." in result.stderr


@pytest.mark.slow
def test_a_worker_of_another_version_that_joins_late_is_refused(
    engine: str, issued: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with dask_connection.connected(engine) as connected:
        monkeypatch.setattr(worker, "__version__", "9.9")
        with pytest.raises(UsageError, match="a worker does not have the same xlsform"):
            list(connected.validate(batch(issued, {}, 1), Options(), lambda _: None))


class Manned:
    """A client whose cluster grows and empties."""

    def __init__(self) -> None:
        self.threads: dict[str, int] = {}

    def nthreads(self) -> dict[str, int]:
        return self.threads


def test_more_is_read_ahead_when_workers_join_and_a_deserted_cluster_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    client: Any = Manned()
    client.threads = {"a": 1}
    connected = dask.Cluster(client, "dask://h:1")
    few = connected.ahead()
    client.threads = {"a": 1, "b": 8}
    now += 2
    assert connected.ahead() == 9 * few
    client.threads = {}
    now += 59
    assert connected.ahead() == few
    now += 2
    with pytest.raises(UsageError, match="the cluster has no worker"):
        connected.ahead()


@pytest.mark.slow
def test_a_cluster_without_workers() -> None:
    with a_cluster("n_workers=0") as (_, address):
        result = run("validate", samples_folder(), "--engine", address)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the cluster has no worker" in result.stderr


def started(engine: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "xlsform",
            "--lang",
            "en",
            "validate",
            str(folder),
            "--engine",
            engine,
            "--format",
            "jsonl",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for number in range(400):
        (folder / f"{number:03}.xlsx").write_bytes(FAULTLESS)
    return folder


@pytest.mark.slow
def test_ctrl_c_ends_it_and_leaves_nothing_to_the_cluster(engine: str, many: Path) -> None:
    process = started(engine, many)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert said.startswith("interrupted;")
    assert said.count("\n") == 1
    with Client(engine.replace("dask", "tcp"), set_as_default=False) as client:
        deadline = time.monotonic() + 20
        while any(client.processing().values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(client.processing().values())


@pytest.mark.slow
def test_a_scheduler_that_goes_away(many: Path) -> None:
    with a_cluster("n_workers=1, processes=False") as (other, address):
        process = started(address, many)
        assert process.stdout is not None
        process.stdout.readline()
        other.kill()
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert "the connection is lost" in said
    assert said.count("\n") == 1
