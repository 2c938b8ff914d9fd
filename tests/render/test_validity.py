"""What every mail is, whatever it says: valid HTML, safe links, list headers, lines and sizes."""

from __future__ import annotations

import re
from email.utils import parseaddr, parsedate_to_datetime
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from justhtml import JustHTML

from newsletter.render.digest import HTML_LIMIT
from newsletter.render.wording import SUBJECT_LENGTH
from subscribers.tokens import Purpose
from tests.render.letters import SITE
from tests.render.mails import NOW, SIGNER, Mail, elements, mails, text_of, tree

PURPOSES = {
    "confirm": Purpose.CONFIRM,
    "preferences": Purpose.PREFERENCES,
    "unsubscribe": Purpose.UNSUBSCRIBE,
    "vote": Purpose.VOTE,
    "pause": Purpose.PAUSE,
    "digest": Purpose.DIGEST,
    "address": Purpose.ADDRESS,
    "undo": Purpose.UNDO,
}
_OPEN_TO_ALL = {"/subscribe"}
_VOID = {"meta", "br", "img", "hr", "input", "link"}


@pytest.fixture(params=mails())
def mail(request: pytest.FixtureRequest) -> Mail:
    return mails()[request.param]


class Nesting(HTMLParser):
    """Stricter than the standard: each element is closed by its own tag, in order; no `&` stands bare."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=False)
        self.faults: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"<{name}> is never closed" for name in self._open]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        self.faults += [f"<{tag}> has {name} twice" for name in names if names.count(name) > 1]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.faults.append(f"</{tag}> closes {self._open[-1:]}")

    def handle_data(self, data):
        if self._open[-1:] != ["style"] and ("&" in data or "<" in data):
            self.faults.append(f"not escaped: {data[:40]!r}")


def faults_of(html: str) -> list[str]:
    """What is wrong with the HTML, in words."""
    parsed = JustHTML(html, sanitize=False, collect_errors=True)
    found = [str(error) for error in parsed.errors] + Nesting(html).faults
    names = [each.attrs["id"] for each in elements(parsed.root) if "id" in each.attrs]
    return found + [f"id {name} twice" for name in names if names.count(name) > 1]


def test_the_html_is_valid(mail):
    assert faults_of(mail.html) == []
    page = list(elements(tree(mail.html)))
    assert page[0].attrs["lang"] == mail.language
    (title,) = (each for each in page if each.name == "title")
    assert text_of(title).strip()
    assert all(each.parent.name == "ul" for each in page if each.name == "li")
    assert all(each.attrs.get("role") == "presentation" for each in page if each.name == "table")
    assert all("alt" in each.attrs for each in page if each.name == "img")
    assert not [each.name for each in page if each.name in {"script", "form", "iframe", "link"}]
    assert not [name for each in page for name in each.attrs if name.startswith("on")]


def test_headings_are_in_order(mail):
    page = elements(tree(mail.html))
    levels = [int(each.name[1]) for each in page if re.fullmatch(r"h[1-6]", each.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(
    "html",
    [
        "<p>a<div></div></p>",
        "<b><i>a</b></i>",
        "<p>a",
        '<p class="a" class="b">a</p>',
        "<p>a & b</p>",
        '<p id="a"></p><p id="a"></p>',
        "<p>a</p></td>",
    ],
)
def test_the_checks_find_what_is_wrong(html):
    page = "<!DOCTYPE html><html><head><title>a</title></head><body>{}</body></html>"
    assert faults_of(page.format("<p>a</p>")) == []
    assert faults_of(page.format(html))


def links_in(mail: Mail) -> list[str]:
    """Every address that a mail has, in either part or in a header."""
    linked = [e.attrs.get(n) for e in elements(tree(mail.html)) for n in ("href", "src", "action")]
    header = str(mail.message["List-Unsubscribe"] or "")
    return [*filter(None, linked), *re.findall(r"\w+://[^\s>]+", mail.text + header)]


def test_links_are_absolute_and_ours_are_signed(mail):
    links = links_in(mail)
    assert links
    for link in links:
        parts = urlsplit(link)
        assert parts.scheme == "https", link
        assert parts.hostname, link
        assert link.isascii(), link
        if link.startswith(SITE.base_url + "/") and not _is_a_paper(parts.path):
            page, _, token = parts.path[1:].partition("/")
            if parts.path not in _OPEN_TO_ALL:
                SIGNER.read(token, PURPOSES[page], now=NOW)
        assert not parts.query, "a token stands in the path, where no scanner cuts it"


def _is_a_paper(path: str) -> bool:
    """A paper's page is everybody's; the awkward ones of the specimens lie on the example site, too."""
    return bool(re.fullmatch(r"/(papers/\w+:.+|\d+|withdrawn|revised|arabic)", path))


def test_sizes_and_lines(mail):
    styles = (each for each in elements(tree(mail.html)) if each.name == "style")
    assert sum(len(text_of(each)) for each in styles) < 16_000, "Gmail drops more"
    assert len(mail.html.encode()) <= HTML_LIMIT
    assert len(mail.data) < 200_000
    assert mail.data.isascii()
    assert b"\r" not in mail.data.replace(b"\r\n", b"")
    assert b"\n" not in mail.data.replace(b"\r\n", b"")
    # RFC 5322, 2.1.1; what we make ourselves is shorter, but for a header's one long address.
    assert max(map(len, mail.data.split(b"\r\n"))) <= 998
    assert max(map(len, mail.data.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76


def test_it_has_both_parts_the_text_first(mail):
    assert not mail.message.defects
    assert mail.message.get_content_type() == "multipart/alternative"
    kinds = [(part.get_content_type(), part.get_content_charset(), part["Content-Transfer-Encoding"])
             for part in mail.message.iter_parts()]  # fmt: skip
    assert kinds == [
        ("text/plain", "utf-8", "quoted-printable"),
        ("text/html", "utf-8", "quoted-printable"),
    ]
    assert len(mail.text.split()) > 20
    assert all(len(line) <= 72 or " " not in line.strip() for line in prose(mail.text))


def prose(text: str) -> list[str]:
    """The lines of the text part that hold no address, without the number or dash that they hang from."""
    lines = [line for line in text.splitlines() if "https://" not in line]
    return [re.sub(r"^(\[\d+\]|-) +", "     ", line) for line in lines]


def test_headers_that_all_mails_have(mail):
    names = [name.lower() for name in mail.message]
    assert len(names) == len(set(names))
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["MIME-Version"] == "1.0"
    assert parsedate_to_datetime(mail.message["Date"]) == NOW
    assert parseaddr(mail.message["From"])[1] == "digest@papers.example"
    assert parseaddr(mail.message["To"])[1] == "reader@example.org"
    assert re.fullmatch(r"<[\w.-]+@papers\.example>", mail.message["Message-ID"])
    subject = str(mail.message["Subject"])
    assert 8 <= len(subject) <= SUBJECT_LENGTH
    assert not re.match(r"(?i)(re|fwd?):", subject)
    assert re.search(r"[a-z]", subject), "shouting"


def test_headers_of_lists_and_of_answers(mail):
    listed = {name for name in mail.message if name.lower().startswith("list-")}
    if mail.is_notice:
        assert not listed
        assert "Feedback-ID" not in mail.message
        return
    assert listed == {"List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post"}
    list_id = re.fullmatch(r".*<([\w.-]+)>", mail.message["List-Id"])
    assert list_id
    assert list_id[1].endswith(".papers.example")
    assert len(mail.message["List-Id"]) <= 255
    assert mail.message["List-Post"] == "NO"
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    uri = re.fullmatch(r"<(https://[^<>,\s]+)>", mail.message["List-Unsubscribe"])
    assert uri
    token = uri[1].removeprefix(f"{SITE.base_url}/unsubscribe/")
    assert SIGNER.read(token, Purpose.UNSUBSCRIBE, now=NOW).subscriber_id == 1
    assert re.fullmatch(r"\d{8}:digest:[\w.-]+:\w{5,15}", mail.message["Feedback-ID"])


def test_message_ids_differ():
    found = [mail.message["Message-ID"] for mail in mails().values()]
    assert len(set(found)) == len(found)
