"""Each environment is planned once for all tests of a file: a plan takes half a minute."""

import pytest

from tests.terraform.gate import Plan, plan


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan of prod.tfvars."""
    return plan("prod", tmp_path_factory.mktemp("plan"))


@pytest.fixture(scope="session")
def development(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan of dev.tfvars."""
    return plan("dev", tmp_path_factory.mktemp("plan"))
