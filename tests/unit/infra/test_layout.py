import pytest

from infra.local.layout import ROOT, UsageError, layout_from, options_from


def test_default_ports_and_folder():
    layout = layout_from({})

    assert layout.ports == {"gateway": 8080, "ui": 8501, "aws": 4566}
    assert layout.standin_url == ""
    assert layout.state == ROOT / ".local"


def test_port_base_gives_four_ports_in_a_row(tmp_path):
    layout = layout_from({"PORT_BASE": "20000", "STATE_DIR": str(tmp_path)})

    assert layout.ports == {"gateway": 20000, "ui": 20001, "aws": 20002}
    assert layout.gateway_url == "http://127.0.0.1:20000"
    assert layout.ui_url == "http://localhost:20001"
    assert layout.aws_url == "http://127.0.0.1:20002"
    assert layout.state == tmp_path


@pytest.mark.parametrize(("base", "port"), [({}, 8090), ({"PORT_BASE": "20000"}, 20003)])
def test_stand_in_has_the_fourth_port(base, port):
    layout = layout_from({**base, "MODELS": "standin"})

    assert layout.ports["standin"] == port
    assert layout.standin_url == f"http://127.0.0.1:{port}"


def test_a_command_names_the_folder_unless_it_is_the_default():
    default = layout_from({})
    other = layout_from({"STATE_DIR": "/srv/a stack"})

    assert default.command("down") == "make down"
    assert other.command("down") == "make down STATE_DIR='/srv/a stack'"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("PORT_BASE", "80", id="privileged"),
        pytest.param("PORT_BASE", "65533", id="no-room-for-four"),
        pytest.param("PORT_BASE", "many", id="no-number"),
        pytest.param("INGEST", "-1", id="negative"),
        pytest.param("CAPTIONER", "33", id="too-many"),
        pytest.param("MODELS", "gpt", id="unknown-models"),
        pytest.param("GATEWAY_PORT", "9000", id="port-by-setting"),
        pytest.param("RESTART_PAUSE_S", "soon", id="pause-no-number"),
        pytest.param("RESTART_PAUSE_S", "-1", id="pause-negative"),
        pytest.param("RESTART_PAUSE_S", "nan", id="pause-not-a-number"),
        pytest.param("GATEWAY_HOST", "192.0.2.1", id="not-loopback"),
        pytest.param("GATEWAY_RETENTION_DAYS", "1", id="shorter-than-the-slack"),
    ],
)
def test_wrong_variable_is_refused_by_name(name, value):
    with pytest.raises(UsageError, match=name):
        options_from({name: value})


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        pytest.param("", None, id="growing"),
        pytest.param("0", 0, id="none"),
        pytest.param("0.5", 0.5, id="half-a-second"),
    ],
)
def test_restart_pause_is_a_number_of_seconds(value, pause):
    assert options_from({"RESTART_PAUSE_S": value}).restart_pause == pause


@pytest.mark.parametrize(
    ("value", "detached"), [("1", True), ("yes", True), ("0", False), ("", False)]
)
def test_detach_is_a_yes_or_no(value, detached):
    assert options_from({"DETACH": value}).detach is detached
