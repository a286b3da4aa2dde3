"""``perfgate completion``, and the answer to a shell that asks what may come next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

if TYPE_CHECKING:
    from click.shell_completion import ShellComplete

_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> None:
    """Print the script that completes commands and options in a shell.

    In ~/.bashrc: eval "$(perfgate completion bash)"; in ~/.zshrc the same with zsh; in
    fish: perfgate completion fish > ~/.config/fish/completions/perfgate.fish
    """
    click.echo(_completer(shell).source(), nl=False)


def answer(asked: str) -> bool:
    """Print what a shell asks for by the variable of completion; False when that cannot be answered.

    Args:
        asked: shell and question, such as ``bash_complete`` for words or ``bash_source`` for the script.
    """
    shell, _, question = asked.partition("_")
    if shell not in _SHELLS or question not in {"source", "complete"}:
        return False
    try:
        completer = _completer(shell)
        click.echo(completer.source() if question == "source" else completer.complete())
    except (KeyError, ValueError):  # the shell did not say what is typed so far
        return False
    return True


def _completer(shell: str) -> ShellComplete:
    """Return click's completer of a shell; where it knows no word, that one offers files, as the shell itself would."""
    from perfgate.cli import COMPLETE, program

    known = get_completion_class(shell)
    if known is None:
        raise click.UsageError(f"no completion for {shell}")

    class WithFiles(known):  # type: ignore[misc, valid-type] # one class for each shell
        """Offers files for arguments that are no words of a command."""

        def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
            """Return what may come next."""
            words: list[CompletionItem] = super().get_completions(args, incomplete)
            wants_file = bool(args) and not incomplete.startswith("-")
            return words or ([CompletionItem(incomplete, type="file")] if wants_file else [])

    return WithFiles(program, {}, "perfgate", COMPLETE)
