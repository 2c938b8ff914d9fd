"""`newsletter dkim new | show`: keys that sign all mails, and the DNS records that publish them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter import clock
from newsletter.cli.terminal import Json, out, print_json, say
from newsletter.errors import SettingsError

if TYPE_CHECKING:
    from newsletter.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Keys that sign all mails (DKIM).", no_args_is_help=True)
    group.command("new")(new)
    group.command("show")(show)
    app.add_typer(group, name="dkim")


def new(
    selector: Annotated[
        str | None, typer.Option(help="The key's name in the DNS; made of the month if unset.")
    ] = None,
    ed25519: Annotated[
        bool, typer.Option("--ed25519", help="A short Ed25519 key, for use beside an RSA key.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option(help="Where the key is kept; dkim-SELECTOR.pem if unset.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a key; print its DNS record on stdout, and what belongs into .env."""
    from newsletter import settings
    from newsletter.deliver import keys
    from newsletter.setting_types import parse_dkim_key

    loaded = settings.load()
    domain = _domain(loaded)
    selector = selector or f"{'e' if ed25519 else 's'}{clock.now():%Y%m}"
    file = file or Path(f"dkim-{selector}.pem")
    if "," in str(file):
        raise typer.BadParameter("a comma in the file's name would end it in .env")
    try:
        parse_dkim_key(f"{selector}:{file}")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    private = keys.new_key(file, ed25519=ed25519)
    name, text = f"{selector}._domainkey.{domain}", keys.record(private.public_key())
    wanted = ",".join([*loaded.dkim_keys, f"{selector}:{file.absolute()}"])
    setting = f"{settings.PREFIX}DKIM_KEYS={wanted}"
    if json:
        print_json({"selector": selector, "domain": domain, "file": str(file), "name": name,
                    "record": text, "zone": keys.zone_line(name, text), "setting": setting})  # fmt: skip
        return
    say(f"{file} holds the key; only you may read it. Put this record into the DNS of {domain}:")
    out.print(keys.zone_line(name, text), soft_wrap=True, markup=False)
    say(f"When `newsletter doctor` finds it there, put this into .env:\n{setting}")


def show(json: Json = False) -> None:
    """Print the DNS records of the keys in the settings."""
    from newsletter import settings
    from newsletter.deliver import keys
    from newsletter.setting_types import parse_dkim_key

    loaded = settings.load()
    domain = _domain(loaded)
    found = {}
    for selector, path in map(parse_dkim_key, loaded.dkim_keys):
        text = keys.record(keys.load_key(path).public_key())
        found[f"{selector}._domainkey.{domain}"] = text
    if json:
        print_json({"domain": domain, "records": found})
        return
    for name, text in found.items():
        out.print(keys.zone_line(name, text), soft_wrap=True, markup=False)
    if not found:
        say(f"No keys are set: `newsletter dkim new` makes one for {domain}.")


def _domain(loaded: Settings) -> str:
    """The domain that signs. Raises SettingsError while nobody has said which."""
    from newsletter.render.headers import mailbox

    if loaded.dkim_domain:
        return loaded.dkim_domain
    if loaded.from_ is None:
        raise SettingsError("NEWSLETTER_FROM is not set, whose domain signs: set it first")
    return mailbox(loaded.from_).domain
