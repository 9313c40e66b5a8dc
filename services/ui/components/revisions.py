"""Which of two drawings of a component is the newer one.

Streamlit imports a component's script anew for each drawing, and imports that are under way at the
same time end in any order: a browser that is busy may be told of the newer drawing first.
"""

import time
from typing import Any

import streamlit as st


def revised(data: dict[str, Any], *, key: str) -> dict[str, Any]:
    """``data`` with a ``revision`` that grows whenever something in it changes.

    It is the time of the change in microseconds, so that it grows across sessions of one page too,
    and JavaScript's numbers hold it exactly.
    """
    name = f"drawn-{key}"
    drawn = st.session_state.get(name)
    if drawn is None or drawn["data"] != data:
        drawn = {"data": data, "revision": time.time_ns() // 1000}
        st.session_state[name] = drawn
    return {**data, "revision": drawn["revision"]}
