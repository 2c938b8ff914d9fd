"""The command line: `newsletter ...`.

What a command needs is imported when it runs: NumPy, SciPy and the web server take longer to load than
most commands take to do their work.
"""

from __future__ import annotations

import signal
import sys

import typer
import typer.exceptions

from newsletter.cli import (
    daily,
    dkim,
    evaluation,
    operate,
    people,
    places,
    previews,
    returning,
    sending,
    summaries,
)
from newsletter.cli.logs import log_unexpected
from newsletter.cli.terminal import say
from newsletter.errors import NewsletterError, SettingsError
from subscribers.errors import SubscribersError

app = typer.Typer(
    name="newsletter",
    help="Paperround: each reader's papers of the day, by mail.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    operate,
    places,
    daily,
    sending,
    returning,
    summaries,
    previews,
    people,
    dkim,
    evaluation,
):
    module.register(app)


def main() -> None:
    """Run a command. Exit 0: it did its work; 1: it failed; 2: bad usage or settings; 130: Ctrl-C.

    A service manager's SIGTERM ends it as Ctrl-C does: what is on the wire is finished and recorded.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code; what went wrong is one plain line on stderr."""
    try:
        result = app(arguments, standalone_mode=False)
    except SettingsError as error:
        return _fail(error, 2)
    except (NewsletterError, SubscribersError) as error:
        return _fail(error, 1)
    except typer.exceptions.TyperException as error:
        return _misused(error)
    except typer.Abort:
        return 130
    except typer.Exit as ended:
        return ended.exit_code
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        return _fail(told or error, 1)
    except Exception as error:  # noqa: BLE001  (no traceback reaches a person; debug shows it)
        return _unforeseen(error)
    return int(result or 0)


def _unforeseen(error: Exception) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    if isinstance(error, SQLAlchemyError):
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return _fail(f"the database failed: {cause}", 1)
    log_unexpected()
    told = f"unexpected: {type(error).__name__}: {error}"
    return _fail(f"{told} (NEWSLETTER_LOG_LEVEL=debug shows where)", 1)


def _misused(error: typer.exceptions.TyperException) -> int:
    message = error.format_message()
    if message.startswith("Usage:"):  # a group without a command shows its help
        say(message)
        return error.exit_code
    context = getattr(error, "ctx", None)
    hint = f" (see `{context.command_path} --help`)" if context else ""
    return _fail(message.rstrip(".") + hint, error.exit_code)


def _fail(error: object, code: int) -> int:
    say(f"newsletter: {error}", style="red")
    return code
