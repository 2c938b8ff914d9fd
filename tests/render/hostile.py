"""Text from outside at its worst, for the tests of this folder."""

from __future__ import annotations

from hypothesis import strategies as st

HOSTILE = [
    "<script>alert(1)</script>",
    "{{ 7*7 }} {% raw %} {# x #} [[ theme ]] [% x %]",
    "<!-- --> <![endif]--> ]]> </style></title></h3>",
    "\"><img src=x onerror=alert(1)> ' onload=",
    "\r\nBcc: eve@example.org\r\n\r\nbody",
    "\x00\x1b[31m\x07\x85\ud800 jinja0001z &amp; &#60;",
    "\u202eright to left\u202c نظرية 信息论 👩\u200d🔬",
    "=?utf-8?q?=0D=0ABcc:_eve?= --=_ boundary",
    ".\n..\nFrom here",
    "x" * 10_000,
    "long title " * 1_000,
]
ANY_TEXT = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=()), max_size=120),
    st.lists(st.sampled_from([*HOSTILE[:9], " ", "\n", "a"]), max_size=5).map("".join),
)
