"""Keys, text, LaTeX, names and dates: pure functions, by example and by property."""

# ruff: noqa: RUF001  (letters of many alphabets are what it is about)

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.collect import authors, dates, keys
from newsletter.collect.latex import readable
from newsletter.collect.text import fold, from_html

NEW_IDS = st.builds(
    lambda year, month, number, width: f"{year:02}{month:02}.{number:0{width}}",
    st.integers(7, 40),
    st.integers(1, 12),
    st.integers(0, 9999),
    st.sampled_from([4, 5]),
)
OLD_IDS = st.builds(
    lambda archive, number: f"{archive}/{number:07}",
    st.sampled_from(["math", "hep-th", "astro-ph", "cs", "q-bio", "cond-mat"]),
    st.integers(0, 9_999_999),
)
VERSIONS = st.sampled_from(["", "v1", "v2", "v12"])
SPELLINGS = st.sampled_from(
    [
        "{id}",
        "arXiv:{id}",
        "arxiv: {id}",
        "oai:arXiv.org:{id}",
        "http://arxiv.org/abs/{id}",
        "https://www.arxiv.org/abs/{id}#section",
        "https://arxiv.org/pdf/{id}",
        "https://arxiv.org/pdf/{id}.pdf?download=1",
        "https://export.arxiv.org/html/{id}",
        "https://alphaxiv.org/abs/{id}",
        "https://ar5iv.labs.arxiv.org/html/{id}",
        "10.48550/arXiv.{id}",
        "doi:10.48550/ARXIV.{id}",
        "https://doi.org/10.48550/arXiv.{id}",
        " {id}\n",
    ]
)


@given(NEW_IDS | OLD_IDS, VERSIONS, SPELLINGS)
def test_every_spelling_of_an_arxiv_paper_is_one_key(
    name: str, version: str, spelling: str
) -> None:
    found = keys.keys_of(spelling.format(id=name + version))
    assert found == (f"arxiv:{name}",)
    assert keys.keys_of(found[0]) == found


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("math.GT/0309136v2", "arxiv:math/0309136"),
        ("cs/0112017", "arxiv:cs/0112017"),
        ("https://huggingface.co/papers/2404.06395", "arxiv:2404.06395"),
        ("https://huggingface.co/blog/2404.06395", "url:https://huggingface.co/blog/2404.06395"),
        ("https://arxiv.org/list/cs.AI/new", "url:https://arxiv.org/list/cs.AI/new"),
        ("2413.01234", None),
        ("10.1000/ABC.def", "doi:10.1000/abc.def"),
        ("https://dx.doi.org/10.1000/ABC%28def%29x", "doi:10.1000/abc(def)x"),
        ("doi: 10.1000/abc.", "doi:10.1000/abc"),
        (
            "https://www.biorxiv.org/content/10.1101/2024.01.02.573456v2.full.pdf?rss=1",
            "doi:10.1101/2024.01.02.573456",
        ),
        ("https://dl.acm.org/doi/abs/10.1145/3583780.3614905", "doi:10.1145/3583780.3614905"),
        (
            "HTTP://WWW.Example.COM:80/a//b/?utm_source=x&b=2&a=1#c",
            "url:https://example.com/a//b?a=1&b=2",
        ),
        ("https://example.com:8443/a", "url:https://example.com:8443/a"),
        ("https://bücher.example/ä", "url:https://xn--bcher-kva.example/%C3%A4"),
        (
            "https://www.google.com/url?sa=t&url=https://x.org/p?id=1&ct=ga",
            "url:https://x.org/p?id=1",
        ),
        ("mailto:a@example.org", None),
        ("http://[broken", None),
        ("ftp://example.org/a", None),
        ("just words", None),
        ("", None),
    ],
)
def test_keys(name: str, key: str | None) -> None:
    assert keys.keys_of(name) == ((key,) if key else ())


@given(st.text(max_size=60) | st.from_regex(r"https?://[^\s]{1,80}", fullmatch=True))
@example("https://example.org/%ff%80?a=%ff")
@example("https://example.org:99999/")
@example("HTTP://.")
@example("HTTP://\u2024")
@example("http://example.org/\ud800?a=\ud800")
@example("http://a b/")
@example("http://www.www.example.org/")
@example("http://\uff57\uff57\uff57.example.org\u3002")
def test_a_canonical_url_is_its_own_canonical_url(text: str) -> None:
    found = keys.canonical_url(text)
    assert found is None or keys.canonical_url(found) == found


@given(st.text(max_size=900), st.text(max_size=900))
def test_keys_fit_their_column_and_are_ordered(one: str, other: str) -> None:
    found = keys.keys_of(f"https://example.org/{one}", f"10.1000/{other}", "2404.06395")
    assert all(len(key) <= 400 and key.isprintable() for key in found)
    assert found[0] == "arxiv:2404.06395"
    assert [key.partition(":")[0] for key in found] == sorted(
        (key.partition(":")[0] for key in found), key=["arxiv", "doi", "url"].index
    )


@given(st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zs", "Lu"])))
def test_folded_text_is_one_clean_line(text: str) -> None:
    found = fold(text)
    assert found == " ".join(found.split()) == fold(found)
    assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202e\u2066]", found)
    found.encode()


@given(st.text(st.sampled_from("<>/abp T&;\"'=!-[]script")))
def test_html_of_any_shape_becomes_a_line(text: str) -> None:
    assert from_html(text) == fold(from_html(text))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One&nbsp;<b>t</b>wo<br/>three</p>", "One two three"),
        ("a list of <T> and 1 < 2 & 3", "a list of <T> and 1 < 2 & 3"),
        (
            "<jats:title>Abstract</jats:title><jats:p>x <jats:italic>y</jats:italic></jats:p>",
            "Abstract x y",
        ),
        ("<style>p{}</style>a<script>alert(1)</script>b", "ab"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("H<sub>2</sub>O", "H2O"),
        ("<!-- c -->x", "x"),
        ("<![CDATA[a <i>b</i>]]>", "a <i>b</i>"),
        ("List<String> of vector<int>, map<K,V>", "List<String> of vector<int>, map<K,V>"),
        ("if a<b and c>d, p<0.05 &amp; q &lt; r", "if a<b and c>d, p<0.05 & q < r"),
        ("<inline-formula><tex-math>$x$</tex-math></inline-formula>s", "$x$s"),
        (
            "CO<mml:math><mml:msub><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msub></mml:math>",
            "COx2",
        ),
        ("<h4>Background</h4>Text<italic>s</italic>", "Background Texts"),
        (None, ""),
        (7, ""),
    ],
)
def test_html_to_text(html: object, text: str) -> None:
    assert from_html(html) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"\emph{H\"older} in $O(n^2)$", "Hölder in $O(n^2)$"),
        (
            r"{\'E}cole \v{S}koda Fran\c{c}ois \o re Erd\H{o}s \AA ngstr\"om",
            "École Škoda François øre Erdős Ångström",
        ),
        (r"na\"{\i}ve, pi\~{n}ata", "naïve, piñata"),
        ("$60 GPUs and $35,000 each", "$60 GPUs and $35,000 each"),
        (r"$k$-means with $\alpha=0.5$", "k-means with α=0.5"),
        (r"$\sim$10$\times$ faster, 95\%", "∼10× faster, 95%"),
        (r"\textbf{\textit{deep}} {\em nets}, ``so''", "deep nets, “so”"),
        (
            r"see \url{https://a.org/b_c}, \href{https://x.y}{here}\footnotemark{1}",
            "see https://a.org/b_c, here",
        ),
        ("{BERT}: a model", "BERT: a model"),
        ('{"a": 1} {0,1}^n <picture of a man>', '{"a": 1} {0,1}^n <picture of a man>'),
        (r"$\mathcal{O}(n \log n)$", r"$\mathcal{O}(n \log n)$"),
        (r"\(O(n^2)\) time \[x^{y}\]", "$O(n^2)$ time $x^{y}$"),
        (
            r"\footnote{see} \textcolor{red}{hot} \foo{bar}\cite[p. 1]{a,b} {\small x}",
            "hot bar x",
        ),
        (r"\begin{itemize} a \end{itemize} \footnotesize b", "a b"),
        (r"H$_2$O, $^{99}$Tc, CO$_{2}$ at 20$^{\circ}$C", "H₂O, ⁹⁹Tc, CO₂ at 20°C"),
        (
            r"\textit{in vivo}~study, Fig.~\ref{x}, Sec.~3, x~N(0,1)",
            "in vivo study, Fig., Sec. 3, x~N(0,1)",
        ),
        (
            r"{\'E}tale, Erd{\H o}s, na{\"\i}ve, \L{}ukasz, \AA ngstr\"om",
            "Étale, Erdős, naïve, Łukasz, Ångström",
        ),
        ("~/data, ~10 and a~b", "~/data, ~10 and a~b"),
    ],
)
def test_latex(source: str, text: str) -> None:
    assert readable(source) == text


@given(st.text(st.sampled_from(r"\{}$'`^~abceHoxyz \"%0")))
def test_latex_of_any_shape_is_survived(text: str) -> None:
    assert isinstance(readable(text), str)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Anamta Khan, Ratna Kandala,  Deepti", ("Anamta Khan", "Ratna Kandala", "Deepti")),
        ("A B (MIT, Cambridge (US)), C D, Jr., C D", ("A B", "C D, Jr.", "C D")),
        ("", ()),
    ],
)
def test_names_of_arxiv(line: str, names: tuple[str, ...]) -> None:
    assert authors.names(line) == names


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["Kaur, M., Bhati, K. K., Pandey, A. K."], ("Kaur, M.", "Bhati, K. K.", "Pandey, A. K.")),
        (["Smidt E, Salazar G, Mauad A, et al."], ("Smidt E", "Salazar G", "Mauad A")),
        (["Wei Zhang; Li Na"], ("Wei Zhang", "Li Na")),
        (["Doe, Jane"], ("Doe, Jane",)),
        (["", "a@b.example", "Jane Doe"], ("Jane Doe",)),
    ],
)
def test_names_of_feeds(given: list[str], names: tuple[str, ...]) -> None:
    assert authors.apart(given) == names


EST, PDT = timezone(timedelta(hours=-5)), timezone(timedelta(hours=-7))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 27 Apr 2026 00:00:00 -0400", datetime(2026, 4, 27, 4, tzinfo=UTC)),
        ("2025-08-20T04:00:19.866337+00:00", datetime(2025, 8, 20, 4, 0, 19, tzinfo=UTC)),
        ("2024-05-24T17:34:15.000Z", datetime(2024, 5, 24, 17, 34, 15, tzinfo=UTC)),
        ("2020/1/10 14:33:00", datetime(2020, 1, 10, 14, 33, tzinfo=UTC)),
        ("Wed, 5 Nov 2025 13:52:10  EST", datetime(2025, 11, 5, 13, 52, 10, tzinfo=EST)),
        ("2015-01-01T01:05:21+0900", datetime(2014, 12, 31, 16, 5, 21, tzinfo=UTC)),
        ("2021-11-05", datetime(2021, 11, 5, tzinfo=UTC)),
        ("27 Apr 2026", datetime(2026, 4, 27, tzinfo=UTC)),
        ("Sun Jan  4 16:29:06 PDT 2004", datetime(2004, 1, 4, 16, 29, 6, tzinfo=PDT)),
        ("2021-13-45", None),
        ("Thu, 32 Jan 2020 00:00:00 GMT", None),
        ("0001-01-01T00:00:00Z", None),
        ("1518478934", None),
        ("November 2021", None),
        ("2021", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates(text: object, moment: datetime | None) -> None:
    assert dates.moment(text) == moment


def test_the_day_is_that_of_its_own_zone() -> None:
    assert dates.day("Mon, 27 Apr 2026 23:30:00 -0400") == date(2026, 4, 27)


@given(st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    found = dates.moment(text)
    assert found is None or found.tzinfo
