from __future__ import annotations

import hashlib

import pytest

from perfgate.measure.command.name import command_digest, default_benchmark_name


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python job.py", "job"),
        ("python3.11 path/to/job.py --rows 5", "job"),
        ("/usr/bin/python3 -X dev -W error job.py", "job"),
        ("python -Wignore -OO job.py", "job"),
        ("python -I -m pkg.mod --x", "pkg.mod"),
        ("python -Im pkg.mod", "pkg.mod"),
        ("python -mpkg.mod", "pkg.mod"),
        ("python -c pass", "python"),
        ("python3 -Ic pass", "python3"),
        ("python", "python"),
        ("python -", "python"),
        ("python -- -odd.py", "-odd"),
        ("pypy3 job.py", "job"),
        ("./bench.sh --x", "bench"),
        ("bench", "bench"),
        ("./tool-1.2", "tool-1.2"),
        ("./.hidden", ".hidden"),
        ("node app.js", "app"),
        ("node -r ./setup.js --inspect app.mjs", "app"),
        ("node --eval 1", "node"),
        ("node -e 1", "node"),
        ("bash -x run.sh", "run"),
        ("bash -lc make", "bash"),
        ("sh -c make", "sh"),
        ("sh -o pipefail run.sh", "run"),
        ("zsh run.zsh", "run"),
        ("dash run.sh", "run"),
        ("ruby -I lib bench.rb", "bench"),
        ("ruby -Ilib -e 1", "ruby"),
        ("perl -w bench.pl", "bench"),
        ("perl -e 1", "perl"),
        ("Rscript --vanilla model.R", "model"),
        ("Rscript -e 1", "Rscript"),
        ("java -Xmx1g -jar build/app.jar x", "app"),
        ("java -cp a.jar:b.jar org.bench.Main", "org.bench.Main"),
        ("java -version", "java"),
        ("env A=b C=d python job.py", "job"),
        ("env -i -u HOME PATH=/bin ./bench.sh", "bench"),
        ("env", "env"),
        ("env A=b", "env"),
        ("uv run job.py", "job"),
        ("uv run --with numpy --no-sync python job.py", "job"),
        ("uv run -m pkg.mod", "pkg.mod"),
        ("uv run -- bench", "bench"),
        ("uv sync", "uv"),
        ("poetry run python -m pkg", "pkg"),
        ("poetry run", "poetry"),
        ("time -p python job.py", "job"),
        ("/usr/bin/time -f %e ./bench.sh", "bench"),
        ("nice -n 5 python job.py", "job"),
        ("nice -19 node app.js", "app"),
        ("env X=1 nice time uv run python -m a.b", "a.b"),
        ("pythonista run", "pythonista"),
        ("python.exe job.py", "job"),
    ],
)
def test_a_command_is_named_after_what_it_runs(command, name):
    assert default_benchmark_name(command.split()) == name


def test_the_digest_tells_commands_apart_by_every_argument():
    assert command_digest(["a", "b c"]) == hashlib.sha256(b"a\0b c").hexdigest()[:12]
    assert len({command_digest(argv) for argv in (["a b"], ["a", "b"], ["a", "b", ""], ["ab"])}) == 4
    assert command_digest(["\udcff"]) == hashlib.sha256(b"\xff").hexdigest()[:12]
