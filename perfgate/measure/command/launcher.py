"""Runs commands one after the other and reports what each cost: a small program between perfgate and the commands.

On Linux a child starts with the peak memory of whoever started it, so a command
run from a large process would report that process's peak. This program is
small (9 MB): it runs in ``python -I -S``, without site packages, and imports
nothing of perfgate and little else. Its standard input is a socket, and it ends
when that is closed. A request is

    <bytes of all that follows, 8 hexadecimal digits><number of words> <word>... <NAME=value>...

with a NUL in place of each space: a command and its whole environment. It carries three descriptors: the
command's stdout, its stderr and its working folder. The answer is one line, either

    ended <again or last> <exit code, or minus the signal> <metric>=<value in base units>...
    error <again or last> <errno>
    folder <again or last> <errno>

``last`` asks for another launcher: processes that the command left behind are in the group of this one, or the
command changed what the next one would inherit.
"""

import _signal  # type: ignore[import-not-found]  # the signal module itself pulls in enum, for 3 ms
import _socket  # so does socket
import posix  # what os is made of: it and what it imports would be 0.1 MB more
import resource
import sys
import time

# Python ignores the first two, which a child would inherit; the others are handled below.
_TO_RESET = [getattr(_signal, name) for name in ("SIGPIPE", "SIGXFSZ", "SIGINT", "SIGTERM") if hasattr(_signal, name)]
_HEADER = 8  # bytes
_DESCRIPTORS = 3
_LIMITS = sorted({number for name, number in vars(resource).items() if name.startswith("RLIMIT_")})
_NULL = 1  # descriptor of this program's stdout, which is no file


def main(channel: _socket.socket) -> None:
    """Serve requests until the other end is closed.

    Args:
        channel: the socket of requests and answers.
    """
    # A command may signal its whole group; and after SIGTERM there is still something to report.
    for number in (_signal.SIGTERM, _signal.SIGINT, _signal.SIGHUP):
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, lambda *_: None)
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)  # where it is ignored, the kernel keeps nothing of a child
    _warm_up()
    own = _conditions()
    while request := _receive(channel):
        _reset_peak()
        kind, answer = _serve(*request)
        channel.sendall(f"{kind} {'again' if _is_alone() and _conditions() == own else 'last'} {answer}\n".encode())


def _warm_up() -> None:
    """Go the ways of a run once: the first time costs half a millisecond, which would be in the first reading."""
    _run([b"/"], {}, _NULL, _NULL)
    try:
        posix.wait4(-1, 0)
    except ChildProcessError:
        _describe(0, 0, resource.getrusage(resource.RUSAGE_SELF))  # wait4 imports this module when it succeeds


def _receive(channel: _socket.socket) -> tuple[list[bytes], dict[bytes, bytes], list[int]] | None:
    """Return the words of the next command, its environment and the descriptors; None: there is no other command."""
    header, carried, _, _ = channel.recvmsg(_HEADER, _socket.CMSG_SPACE(4 * _DESCRIPTORS), _socket.MSG_WAITALL)
    numbers = b"".join(content for _, _, content in carried)
    descriptors = [int.from_bytes(numbers[i : i + 4], sys.byteorder) for i in range(0, len(numbers), 4)]
    if len(header) < _HEADER or len(descriptors) != _DESCRIPTORS:
        return None
    missing, chunks = int(header, 16), []
    while missing:
        chunk = channel.recv(missing)
        if not chunk:
            return None
        missing -= len(chunk)
        chunks.append(chunk)
    count, *words = b"".join(chunks).split(b"\0")
    variables = (word.partition(b"=") for word in words[int(count) :])
    return words[: int(count)], {name: text for name, _, text in variables}, descriptors


def _serve(words: list[bytes], environ: dict[bytes, bytes], descriptors: list[int]) -> tuple[str, str]:
    """Run a command in its folder; return which kind of answer there is, and what belongs to it."""
    posix.dup2(_NULL, 2)  # up to here it is the stderr of the first command, so that a failure to start is seen there
    stdout, stderr, folder = descriptors
    for descriptor in descriptors:
        posix.set_inheritable(descriptor, False)  # noqa: FBT003 - takes no keyword
    if b"PATH" in environ:  # the program is searched where this process's own says
        posix.putenv(b"PATH", environ[b"PATH"])
    else:
        posix.unsetenv(b"PATH")
    try:
        posix.fchdir(folder)
        return _run(words, environ, stdout, stderr)
    except OSError as error:
        return "folder", str(error.errno)
    finally:
        for descriptor in descriptors:
            posix.close(descriptor)
        posix.chdir("/")  # before the next run, the folder may be removed or unmounted


def _reset_peak() -> None:
    """Begin the peak memory of this process anew, with which its children start.

    The kernel counts roughly, and the highest count would stay: of ten thousand small commands, the later ones would
    have 2 % more than the first.
    """
    try:
        mark = posix.open("/proc/self/clear_refs", posix.O_WRONLY)
        try:
            posix.write(mark, b"5")
        finally:
            posix.close(mark)
    except OSError:  # another system, or a sandbox: a little more is no harm
        return


def _run(words: list[bytes], environ: dict[bytes, bytes], stdout: int, stderr: int) -> tuple[str, str]:
    streams = [(posix.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate((_NULL, stdout, stderr))]
    began = time.perf_counter_ns()
    try:
        pid = posix.posix_spawnp(words[0], words, environ, file_actions=streams, setsigdef=_TO_RESET)
    except OSError as error:
        return "error", str(error.errno)
    _, status, usage = posix.wait4(pid, 0)
    return "ended", _describe(time.perf_counter_ns() - began, status, usage)


def _describe(elapsed: int, status: int, usage: resource.struct_rusage) -> str:
    """Return how a command ended, and what it cost.

    Args:
        elapsed: nanoseconds.
        status: as wait4 returns it.
        usage: so, too.
    """
    peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
    code = posix.waitstatus_to_exitcode(status)
    costs = {"elapsed": elapsed / 1e9, "cpu": usage.ru_utime + usage.ru_stime, "peak_memory": peak}
    return " ".join((str(code), *(f"{name}={value!r}" for name, value in costs.items())))


def _conditions() -> list[object]:
    """Return what a command inherits of this process, and may change in it: priority, processors, limits."""
    found: list[object] = [posix.getpriority(posix.PRIO_PROCESS, 0), *map(resource.getrlimit, _LIMITS)]
    if hasattr(posix, "sched_getaffinity"):
        found += [posix.sched_getaffinity(0), posix.sched_getscheduler(0)]
    try:
        score = posix.open("/proc/self/oom_score_adj", posix.O_RDONLY)
    except OSError:  # another system
        return found
    found.append(posix.read(score, 16))
    posix.close(score)
    return found


def _is_alone() -> bool:
    """Is nothing that a command started in the process group of this process?

    A group has no list of its members, but it ends with the last one: this process leaves it, asks whether it is
    there still, and comes back.
    """
    own = posix.getpid()
    try:
        posix.setpgid(0, posix.getpgid(posix.getppid()))
        try:
            posix.killpg(own, 0)
        except ProcessLookupError:
            return True
        finally:
            posix.setpgid(0, own)
    except OSError:  # perfgate has gone; or those of another user are there
        return False
    return False


if __name__ == "__main__":  # pragma: no cover - run in an interpreter of its own
    main(_socket.socket(fileno=0))
