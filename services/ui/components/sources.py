"""The browser's side of our components, one script or sheet out of several files.

Streamlit takes a component's script as one text, so what scripts share is put before each of them.
"""

from pathlib import Path

_HERE = Path(__file__).parent


def source(*names: str) -> str:
    """These files of this folder as one text, in their order."""
    return "\n".join((_HERE / name).read_text() for name in names)
