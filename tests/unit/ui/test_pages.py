"""The pages' logic without a browser, on a client in memory."""

import pytest

from tests.unit.ui.fake_client import FakeClient
from tests.unit.ui.one_run import opened


@pytest.mark.parametrize(("ended", "label"), [(False, "Sign in"), (True, "Sign in again")])
def test_front_page_has_one_way_on(ended, label):
    test = opened("front", FakeClient(), ended=ended)

    assert [button.label for button in test.button] == [label]
