"""How everything does, in one line of words, with the way to each trouble."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from services.ui.components.panel import Tone
from services.ui.components.revisions import revised
from services.ui.components.sources import source

_findings = st.components.v2.component(
    "findings", css=source("findings.css"), js=source("dom.js", "findings.js")
)


@dataclass(frozen=True)
class Finding:
    """Something to know. ``look`` are the words of the link to ``section``, a container's key."""

    tone: Tone
    text: str
    look: str
    section: str


@dataclass(frozen=True)
class Findings:
    """What is drawn; field names are those of ``findings.js``."""

    tone: Tone
    title: str
    findings: Sequence[Finding]
    as_of: str


def show(findings: Findings, *, key: str) -> None:
    """Draw it; news is read out by screen readers."""
    _findings(data=revised(asdict(findings), key=key), key=key)
