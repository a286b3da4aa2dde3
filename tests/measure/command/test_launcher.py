"""One launcher runs command after command, each as if it were the only one."""

from __future__ import annotations

import ast
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from measured_programs import ROOT, children, is_alive, wait_until

from perfgate.measure.command import launcher as program
from perfgate.measure.command.run import Launcher, _encode

MB = 1_000_000


@pytest.fixture
def launcher():
    """A launcher, closed in the end, with nothing of it left."""
    before, others = len(os.listdir("/proc/self/fd")), children()
    with Launcher() as started:
        yield started
    assert len(os.listdir("/proc/self/fd")) == before
    assert children() <= others


def shell(launcher, text, *words, **how):
    """Run a text in a shell and return its stderr."""
    result = launcher.run(["sh", "-c", text, "sh", *words], **how)
    assert result.is_ok(), result
    return result.stderr_tail


def value(launcher, expression, *words, **how):
    """Return the value of a Python expression in a program of the launcher's."""
    code = f"import os, sys, signal, resource\nprint(repr({expression}), file=sys.stderr)"
    result = launcher.run([sys.executable, "-I", "-S", "-c", code, *words], **how)
    assert result.is_ok(), result
    return ast.literal_eval(result.stderr_tail)


def parent(launcher):
    """Return the number of the process that starts the commands."""
    return int(shell(launcher, "echo $PPID >&2"))


# The requests


words = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=9)
names = st.text(st.characters(exclude_characters="\0=", codec="utf-8"), min_size=1, max_size=9)


@given(argv=st.lists(words, min_size=1, max_size=5), environ=st.dictionaries(names, words, max_size=5))
def test_the_launcher_receives_the_words_and_variables_that_were_sent(argv, environ):
    ours, theirs = socket.socketpair()
    with ours, theirs, open(os.devnull) as null:
        content = _encode(argv, environ)
        socket.send_fds(ours, [b"%08x" % len(content) + content], [null.fileno()] * 3)
        found, variables, descriptors = program._receive(theirs)
        for descriptor in descriptors:
            os.close(descriptor)
    assert found == [os.fsencode(word) for word in argv]
    assert variables == {os.fsencode(name): os.fsencode(text) for name, text in environ.items()}


@pytest.mark.parametrize("sent", [b"", b"000", b"00000009", b"000000091\0tr"], ids=repr)
def test_a_request_that_breaks_off_is_the_last_one(sent):
    ours, theirs = socket.socketpair()
    with theirs, open(os.devnull) as null:
        with ours:
            if sent:
                socket.send_fds(ours, [sent], [null.fileno()])
        assert program._receive(theirs) is None


def test_arguments_and_variables_arrive_as_they_are(launcher):
    argv = ["", " ", "a b", "*", "$HOME", "\n", "=", "é", "\udcff", "x" * 100_000]
    assert value(launcher, "sys.argv[1:]", *argv[:-1]) == argv[:-1]
    assert value(launcher, "len(sys.argv[1])", argv[-1]) == 100_000
    env = {"EMPTY": "", "LINES": "a\nb", "EQUALS": "=a=", "BYTES": "\udcfe", "LC_ALL": "C.UTF-8"}
    assert value(launcher, "dict(os.environ)", env=env) == env
    assert value(launcher, "dict(os.environ)", env={"LC_ALL": "C"}) == {"LC_ALL": "C"}
    assert value(launcher, "dict(os.environ)") == dict(os.environ)


@pytest.mark.parametrize("env", [None, {"A": "a\0b"}], ids=["word", "variable"])
def test_a_nul_is_refused_before_anything_starts(launcher, env):
    with pytest.raises(ValueError, match="null byte"):
        launcher.run(["true" if env else "tr\0ue"], env=env)
    assert launcher._process is None


def test_a_request_beyond_all_systems_is_refused(launcher):
    with pytest.raises(OSError, match="Argument list too long"):
        launcher.run(["true"], env={"A": "x" * (1 << 24)})
    assert launcher.run(["true"], env={"A": "x" * (1 << 23)}).error == "true: Argument list too long"
    assert launcher.run(["true"]).is_ok()


def test_a_program_is_searched_where_its_own_environment_says(launcher, tmp_path):
    for number in "12":
        folder = tmp_path / number
        folder.mkdir()
        (folder / "tool").write_text(f"#!/bin/sh\necho {number} >&2\n")
        (folder / "tool").chmod(0o755)
    found = [launcher.run(["tool"], env={"PATH": f"{tmp_path}/{number}"}).stderr_tail for number in "121"]
    assert found == ["1\n", "2\n", "1\n"]
    assert launcher.run(["tool"], env={}).not_found
    assert launcher.run(["true"], env={}).is_ok()  # without PATH the system's own
    assert launcher.run(["1/tool"], cwd=tmp_path).stderr_tail == "1\n"


# What a command starts with


def test_the_working_folder_is_that_of_each_run_and_is_left_at_once(launcher, tmp_path, monkeypatch):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    folders = [value(launcher, "os.getcwd()", cwd=folder) for folder in (tmp_path / "one", "other", None)]
    assert folders == [f"{tmp_path}/one", f"{tmp_path}/other", str(tmp_path)]
    assert os.readlink(f"/proc/{parent(launcher)}/cwd") == "/"
    monkeypatch.chdir("one")
    assert value(launcher, "os.getcwd()") == f"{tmp_path}/one"


def test_a_folder_that_is_missing_is_an_error_of_the_caller_and_the_launcher_goes_on(launcher, tmp_path):
    stays = parent(launcher)
    (tmp_path / "file").touch()
    for name, kind in (("gone", FileNotFoundError), ("file", NotADirectoryError)):
        with pytest.raises(kind, match=name):
            launcher.run(["true"], cwd=tmp_path / name)
    assert parent(launcher) == stays


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter any folder")
def test_a_folder_that_may_not_be_entered_is_an_error_of_the_caller(launcher, tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    with pytest.raises(PermissionError, match="closed"):
        launcher.run(["true"], cwd=tmp_path / "closed")


def test_a_command_has_three_open_files_and_reads_nothing(launcher):
    with open(os.devnull) as null:
        held = os.dup2(null.fileno(), 99)  # inherited by any child that does not close it
    listing = "sorted(n for n in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + n))"
    try:
        for _ in range(2):
            assert value(launcher, listing) == ["0", "1", "2"]
            assert value(launcher, "[os.readlink('/proc/self/fd/%d' % n) for n in (0, 1)]") == [os.devnull] * 2
            assert value(launcher, "os.read(0, 1)") == b""
    finally:
        os.close(held)


def test_the_launcher_holds_no_file_of_an_earlier_command(launcher):
    starter = parent(launcher)
    held = {name: os.readlink(f"/proc/{starter}/fd/{name}") for name in os.listdir(f"/proc/{starter}/fd")}
    assert held.pop("0").startswith("socket:")
    assert held == {"1": os.devnull, "2": os.devnull}


def test_commands_share_the_group_of_the_launcher_and_lead_none(launcher):
    code = "(os.getpid(), os.getppid(), os.getpgid(0), os.getsid(0))"
    seen = [value(launcher, code) for _ in range(3)]
    for own, starter, group, session in seen:
        assert group == starter != own
        assert session == os.getsid(0)
    assert len({starter for _, starter, _, _ in seen}) == 1
    assert value(launcher, "os.setsid() or os.getsid(0) == os.getpid()")  # the leader of a group could not


def signals(text, *states):
    """Return sets of signals as bits, out of a text of the kernel's; without the two that the C library keeps."""
    lines = dict(line.split(":") for line in text.splitlines() if line.startswith("Sig"))
    return [int(lines[state], 16) & ~(3 << 31) for state in states]


def test_signals_are_neither_ignored_nor_blocked_by_the_launcher(launcher):
    ignored, blocked = signals(Path("/proc/self/status").read_text(), "SigIgn", "SigBlk")
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python itself ignores them
        ignored &= ~(1 << number - 1)
    for _ in range(2):
        assert signals(shell(launcher, "cat /proc/self/status >&2"), "SigIgn", "SigBlk") == [ignored, blocked]


def in_a_process(code):
    """Return what a Python program prints that has a `launcher`."""
    lines = f"""
        import os, signal, sys, resource, time
        from perfgate.measure.command.run import Launcher
        launcher = Launcher()
        {textwrap.indent(textwrap.dedent(code), " " * 8).strip()}
        launcher.close()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(lines)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_what_perfgate_was_made_to_ignore_or_block_is_passed_on_as_before():
    found = in_a_process("""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        print(launcher.run(["cat", "/proc/self/status"], keep_output=True).output)
    """)
    ignored, blocked = signals(found, "SigIgn", "SigBlk")
    assert ignored >> signal.SIGHUP - 1 & 1
    assert not ignored >> signal.SIGINT - 1 & 1
    assert blocked >> signal.SIGUSR1 - 1 & 1


def test_a_command_is_measured_where_the_end_of_children_is_ignored():
    found = in_a_process("""
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        print(launcher.run(["sh", "-c", "exit 3"]).exit_code)
    """)
    assert found == "3"


def test_limits_and_the_mask_of_files_are_those_of_perfgate(launcher):
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    limits = value(launcher, f"[resource.getrlimit(getattr(resource, n)) for n in {names}]")
    assert limits == [resource.getrlimit(getattr(resource, name)) for name in names]
    ours = os.umask(0o22)
    os.umask(ours)
    assert value(launcher, "os.umask(0)") == ours


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_perfgate_without_standard_streams_measures_as_well(closed, tmp_path):
    code = f"""
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        from perfgate.measure.command.run import Launcher
        with Launcher() as launcher:
            found = [launcher.run(["sh", "-c", "echo out; echo err >&2; exit 3"], keep_output=True) for _ in range(3)]
        with open("found", "w") as file:
            print({{(f.output.strip(), f.stderr_tail, f.exit_code) for f in found}}, file=file)
    """
    (tmp_path / "code.py").write_text(textwrap.dedent(code))
    subprocess.run(["sh", "-c", f"exec {sys.executable} -S code.py {closed}"], check=True)
    assert ast.literal_eval((tmp_path / "found").read_text()) == {("out", "err\n", 3)}


# How a command ends


def test_each_end_is_reported_as_that_of_its_own_command(launcher):
    ends = []
    for text in ("exit 0", "exit 3", "kill -9 $$", "exit 255", "kill -TERM $$", "no-such-command", "exit 0"):
        result = launcher.run(["sh", "-c", text])
        ends.append(result.signal or result.exit_code)
    assert ends == [0, 3, 9, 255, 15, 127, 0]
    assert launcher.run(["no-such-command"]).not_found
    assert launcher.run(["true"]).is_ok()


@pytest.fixture
def heard():
    """SIGHUP is not ignored, as it is below nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
def test_a_signal_of_a_command_to_its_group_is_its_own_end(launcher, name):
    stays = parent(launcher)
    result = launcher.run(["sh", "-c", f"kill -{name} 0; sleep 9"])
    assert (result.signal, result.error) == (getattr(signal, f"SIG{name}"), None)
    assert parent(launcher) == stays


@pytest.mark.parametrize(
    "change",
    [
        *("renice -n 7 -p $PPID", "prlimit --pid $PPID --nofile=40:40", "taskset -cp 0 $PPID", "chrt -b -p 0 $PPID"),
        "echo 500 > /proc/$PPID/oom_score_adj",
    ],
)
def test_what_a_command_changes_for_those_after_it_ends_the_launcher(launcher, change):
    stays = parent(launcher)
    if not shutil.which(change.partition(" ")[0]) or (
        change.startswith("taskset") and len(os.sched_getaffinity(0)) < 2
    ):
        pytest.skip("it changes nothing here")
    assert launcher.run(["sh", "-c", "renice -n 0 -p $$"]).is_ok()
    assert parent(launcher) == stays
    assert launcher.run(["sh", "-c", change]).is_ok()
    assert parent(launcher) != stays


def test_a_launcher_that_its_command_kills_is_an_error_and_the_next_run_has_another(launcher, tmp_path):
    first = parent(launcher)
    result = launcher.run(["sh", "-c", "echo $$ > pid; kill -KILL $PPID; sleep 300"])
    assert (result.error, result.signal) == ("the launcher was killed before it could report", 9)
    assert not result.is_ok()
    assert result.measured["cpu"] == 0
    wait_until(lambda: not is_alive(int((tmp_path / "pid").read_text())))
    assert parent(launcher) != first


def test_a_launcher_that_dies_between_two_runs_is_replaced(launcher):
    first = parent(launcher)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: not is_alive(first))
    assert parent(launcher) != first


def test_a_launcher_that_dies_while_a_large_request_is_sent_is_an_error(launcher, monkeypatch):
    first = parent(launcher)
    os.kill(first, signal.SIGKILL)
    monkeypatch.setattr(launcher._process, "serves", lambda request: True)
    result = launcher.run(["true"], env={"A": "x" * (1 << 22)})
    assert result.error == "the launcher was killed before it could report"


def test_an_exception_while_a_command_is_stopped_is_not_lost(launcher, monkeypatch):
    class UnexpectedError(Exception):
        pass

    parent(launcher)
    process = launcher._process
    end = process.close

    def interrupted():
        end()
        monkeypatch.undo()
        raise UnexpectedError

    monkeypatch.setattr(process, "close", interrupted)
    with pytest.raises(UnexpectedError):
        launcher.run(["sleep", "300"], timeout=0.1)
    assert launcher.run(["true"]).is_ok()


def test_a_launcher_that_cannot_start_says_why(tmp_path, monkeypatch):
    (tmp_path / "python").write_text("#!/bin/sh\necho no memory >&2\nexit 3\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with Launcher() as broken:
        result = broken.run(["true"])
    assert (result.error, result.stderr_tail) == ("the launcher was killed before it could report", "no memory\n")
    assert not result.is_ok()


# What a command leaves behind


def test_a_process_left_behind_goes_on_and_holds_nothing_up(launcher, tmp_path):
    first = parent(launcher)
    began = time.monotonic()
    shell(launcher, "{ sleep 30; echo late >&2; } & echo $! > pid", keep_output=True)
    assert time.monotonic() - began < 25
    left = int((tmp_path / "pid").read_text())
    second = parent(launcher)  # its group is one without strangers
    assert second != first
    assert launcher.run(["sleep", "9"], timeout=0.2).timed_out
    assert is_alive(left)
    os.killpg(os.getpgid(left), signal.SIGKILL)


def test_what_a_process_left_behind_writes_is_in_no_later_run(launcher, tmp_path):
    shell(launcher, "{ until [ -e go ]; do sleep 0.01; done; echo late >&2; echo late; touch gone; } &")
    (tmp_path / "go").touch()
    text = "until [ -e gone ]; do sleep 0.01; done; echo own >&2"
    result = launcher.run(["sh", "-c", text], keep_output=True)
    assert (result.stderr_tail, result.output.strip()) == ("own\n", "")


def test_a_daemon_in_a_session_of_its_own_does_not_end_the_launcher(launcher, tmp_path):
    first = parent(launcher)
    code = "import os\nif os.fork() == 0:\n os.setsid(); open('part', 'w').write(str(os.getpid())); "
    code += "os.rename('part', 'pid'); import time; time.sleep(300)"
    launcher.run([sys.executable, "-I", "-S", "-c", code])
    wait_until((tmp_path / "pid").exists)
    daemon = int((tmp_path / "pid").read_text())
    parent(launcher)
    assert is_alive(daemon)
    again = parent(launcher)
    assert again == parent(launcher)
    assert first == again or is_alive(daemon)  # a fork that had no session yet may have ended it
    os.kill(daemon, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_perfgate_that_is_killed_leaves_no_launcher(number, tmp_path):
    code = """
        from perfgate.measure.command.run import Launcher
        with Launcher() as launcher:
            launcher.run(["sh", "-c", "echo $PPID > part; mv part pid"])
            while True:
                pass
    """
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) as process:
        wait_until((tmp_path / "pid").exists)
        process.send_signal(number)
    wait_until(lambda: not is_alive(int((tmp_path / "pid").read_text())))


@pytest.mark.parametrize("runs", [200, pytest.param(10_000, marks=pytest.mark.heavy)])
def test_many_runs_leave_nothing_behind(runs, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Launcher() as launcher:
        starter = parent(launcher)
        own, theirs = (sorted(os.listdir(f"/proc/{pid}/fd")) for pid in ("self", starter))
        for _ in range(runs):
            assert launcher.run(["true"], keep_output=runs % 50 == 0).is_ok()
        assert parent(launcher) == starter
        assert [sorted(os.listdir(f"/proc/{pid}/fd")) for pid in ("self", starter)] == [own, theirs]
        assert Path(f"/proc/{starter}/task/{starter}/children").read_text() == ""
    assert not is_alive(starter)
    assert os.listdir(tmp_path) == []


# Peak memory


def peak(launcher, *argv, **how):
    result = launcher.run(argv, **how)
    assert result.is_ok()
    return result.measured["peak_memory"]


def test_the_peak_of_a_small_program_is_that_of_no_earlier_run(launcher):
    alone = min(peak(launcher, "true") for _ in range(3))
    held = peak(launcher, sys.executable, "-I", "-S", "-c", "b = bytearray(b'x') * 150_000_000")
    assert held > 150 * MB
    stays = parent(launcher)
    assert abs(peak(launcher, "true") - alone) < MB / 2
    assert parent(launcher) == stays


def test_the_peak_of_a_program_is_its_own_and_not_that_of_the_launcher(launcher):
    for size in (20, 40, 30):
        code = f"import mmap\nm = mmap.mmap(-1, {size} * 1_000_000)\nfor i in range(0, len(m), 4096): m[i] = 1"
        found = peak(launcher, sys.executable, "-I", "-S", "-c", code)
        assert (size + 6) * MB < found < (size + 13) * MB  # the interpreter itself has 8 to 10 MB


def test_the_launcher_stays_small_and_is_replaced_when_a_request_made_it_large(launcher):
    small = min(peak(launcher, "true", env={}) for _ in range(3))
    first = parent(launcher)
    large = {f"A{number}": "x" * 100_000 for number in range(12)}
    peak(launcher, "true", env=large)
    second = value(launcher, "os.getppid()", env=large)
    assert second == first  # as large as before: it need not be another one
    assert abs(peak(launcher, "true", env={}) - small) < MB / 2
    assert parent(launcher) != first


def test_the_launcher_holds_little_more_than_a_bare_interpreter():
    code = "import sys; b = set(sys.modules); import time; b |= set(sys.modules)\n"
    code += f"source = open({program.__file__!r}).read()\n"
    code += "exec(compile(source, 'launcher', 'exec'), {'__name__': 'launcher'}); print(sorted(set(sys.modules) - b))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == ["_socket", "resource"]
