"""Where things are when they run in containers.

Each address has to work from a browser on this machine and from the other containers, because the
services put them into presigned URLs and redirects. Names under ``.localhost`` do: browsers take
them for the loopback (RFC 6761, 6.3), and inside, they are network aliases of the containers.
"""

from pathlib import Path

from infra.local.layout import Layout

SIGN_IN_URL = "http://signin.localhost:4567"
MOTO_URL = "http://moto:5000"
HEALTH_PORT = "8081"


class Containers(Layout):
    """The layout of ``docker-compose.localstack.yml``, whose ports are fixed."""

    @property
    def gateway_url(self) -> str:
        """The gateway."""
        return f"http://gateway.localhost:{self.gateway_port}"

    @property
    def aws_url(self) -> str:
        """LocalStack."""
        return f"http://aws.localhost:{self.aws_port}"


def containers(settings: Path) -> Containers:
    """The layout, with what it keeps in the folder ``settings``."""
    return Containers(state=settings, gateway_port=8080, ui_port=8501, aws_port=4566)
