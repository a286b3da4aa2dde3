"""`perfgate collect --engine`: the same bytes by one process, by several, and by a Dask cluster; and from S3."""

import os
import re
import subprocess
import sys

import pytest
from scale_cases import CONFIG, content_of, rows_of, write_parts

_CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """A Dask cluster of two processes; ended by closing its stdin."""
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "cluster.py").write_text(_CLUSTER)
    with open(folder / "stderr", "w") as stderr:
        running = subprocess.Popen(
            [sys.executable, "cluster.py"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        try:
            yield running.stdout.readline().strip()
        finally:
            running.stdin.close()
            running.stdout.close()
            try:
                running.wait(timeout=30)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@pytest.fixture
def parts(project):
    project.write("perfgate.toml", CONFIG)
    rows = rows_of(11, 4_000)
    write_parts(rows, [700, 1500, 1501], "parquet", project.path("logs"))
    project.write("whole.jsonl", content_of(rows, "jsonl"))
    return project


def test_one_process_several_and_a_cluster_write_the_same_bytes(parts, scheduler):
    found = []
    for words in (["whole.jsonl"], ["logs"], ["--engine", "dask", "--scheduler", scheduler, "logs/*.parquet"]):
        engine = [] if "--engine" in words else ["--engine", "local"]
        done = parts.cli("collect", *engine, "--by", "day", *words, "-o", "profile.json")
        assert done.code == 0, str(done)
        assert "2026-11-28" in done.stdout
        found.append(parts.path("profile.json").read_bytes())
    assert found[0] == found[1] == found[2]


def test_check_compare_and_canary_read_the_profile(parts):
    rows = rows_of(11, 4_000)
    for name, first in (("old", 0), ("new", 100)):
        parts.write(f"{name}.jsonl", content_of(rows[first:], "jsonl"))
        assert parts.cli("collect", "--engine", "local", f"{name}.jsonl", "-o", f"{name}.json").code == 0
    checked = parts.cli("check", "--baseline", "old.json", "--current", "new.json", "--format", "json")
    assert checked.code in {0, 1}, str(checked)
    assert parts.cli("compare", "old.json", "new.json").code == 0
    canary = parts.cli("canary", "--baseline", "old.json", "--canary", "new.json")
    assert "requests" in canary.stdout, str(canary)
    assert canary.code in {0, 1, 2}
    assert "run-invalid" not in canary.stderr


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--scheduler", "tcp://h:1", "x"], "--scheduler needs --engine"),
        (["--by", "day", "x"], "--by needs --engine"),
        (["--engine", "local", "--scheduler", "tcp://h:1", "x"], "--scheduler needs --engine dask"),
        (["--engine", "dask", "x"], "--engine dask needs --scheduler"),
        (["--engine", "local", "--shard", "1/2", "x"], "--shard and --engine exclude each other"),
        (["--engine", "local", "--from", "k6", "logs"], "--from and --engine exclude each other"),
        (["--engine", "local", "--map", "nothing", "logs"], 'there is no map "nothing"'),
        (["--engine", "local", "none-*.parquet"], "none-*.parquet: no file matches"),
    ],
)
def test_what_makes_no_sense_is_one_error(parts, words, fault):
    done = parts.cli("collect", *words, "-o", "profile.json")
    assert done.code == 2, str(done)
    assert done.stderr.count("cannot decide: ") == 1, str(done)
    assert fault in done.stderr.splitlines()[0], str(done)
    assert "Traceback" not in done.stderr
    assert not parts.path("profile.json").exists()


@pytest.fixture
def bucket(parts):
    """An S3 on loopback that holds the parts: what the environment says of it."""
    server = pytest.importorskip("moto.server", reason="moto[server] is not installed")
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    files = s3fs.S3FileSystem(
        endpoint_url=f"http://{host}:{port}", key="key", secret="hunter2", skip_instance_cache=True
    )
    files.mkdir("logs")
    for path in sorted(parts.path("logs").iterdir()):
        files.put(str(path), f'logs/day\'s "1"/{path.name}')
    yield environment
    running.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_object_storage_gives_the_bytes_of_the_disk(parts, bucket):
    assert parts.cli("collect", "--engine", "local", "logs", "-o", "disk.json").code == 0
    done = parts.cli("collect", "--engine", "local", 's3://logs/day\'s "1"/*.parquet', "-o", "s3.json", env=bucket)
    assert done.code == 0, str(done)
    assert parts.path("s3.json").read_bytes() == parts.path("disk.json").read_bytes()
    missing = parts.cli("collect", "--engine", "local", "s3://logs/none.parquet", env=bucket)
    assert (missing.code, "s3://logs/none.parquet does not exist" in missing.stderr) == (2, True), str(missing)
    nobody = {name: value for name, value in bucket.items() if "KEY" not in name}
    refused = parts.cli("collect", "--engine", "local", 's3://logs/day\'s "1"/part-000.parquet', env=nobody)
    assert refused.code == 2, str(refused)
    assert "the credentials were refused, or there are none" in refused.stderr, str(refused)
    assert "hunter2" not in refused.stdout + refused.stderr


def test_without_the_extra_the_error_says_what_to_install(parts):
    parts.write("blocked/duckdb.py", "raise ImportError('not here')\n")
    done = parts.cli("collect", "--engine", "local", "logs", env={"PYTHONPATH": str(parts.path("blocked"))})
    assert done.code == 2, str(done)
    assert re.match(r"cannot decide: duckdb is not installed: --engine needs it \[extra-missing\]", done.stderr), str(
        done
    )
    assert "perfgate[scale]" in done.stderr


def test_collect_without_an_engine_imports_none_of_its_libraries(parts):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "perfgate", "collect", "whole.jsonl"],
        cwd=parts.root, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    assert not re.search(r"\| +(duckdb|fsspec|distributed|numpy)$", done.stderr, re.MULTILINE)
