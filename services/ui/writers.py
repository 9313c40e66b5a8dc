"""Those who write captions, and how their tries ended, in the words of the page."""

NAMES = {
    "bedrock": "Bedrock",
    "sagemaker": "SageMaker",
    "huggingface": "Hugging Face",
    "local": "Local model",
}
_OUTCOMES = {
    "ok": "Wrote the captions",
    "throttled": "Too busy",
    "timeout": "Took too long",
    "error": "Did not work",
    "invalid_output": "Answer not usable",
    "refused": "Declined",
    "circuit_open": "Passed over",
    "unsupported": "Can’t do this one",  # noqa: RUF001  a printer's apostrophe, as people read it
}


def name_of(provider: str) -> str:
    """Who that is; one that this page does not know yet keeps its own name."""
    return NAMES.get(provider, provider)


def outcome_of(code: str) -> str:
    """How a try ended, in a few words."""
    return _OUTCOMES.get(code, "Ended otherwise")


def reason_of(reason: str | None) -> str:
    """The short reason that the chain keeps, readable: ``"wrong language"``."""
    return (reason or "").replace("_", " ")


def cost_of(dollars: float | None) -> str:
    """``"$0.0012"``; nothing if it is not known."""
    if dollars is None:
        return ""
    return f"${dollars:.4f}" if dollars < 1 else f"${dollars:.2f}"
