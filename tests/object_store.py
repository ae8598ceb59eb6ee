"""An S3 server on this machine (moto), with one bucket."""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

BUCKET = "figures"
QUIET = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(frozen=True)
class ObjectStore:
    environment: dict[str, str]
    filesystem: Any

    def put(self, name, data):
        self.filesystem.pipe_file(f"{BUCKET}/{name}", data)

    def upload(self, folder, name):
        """Puts every file below a folder, and returns its URL."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.put(f"{name}/{path.relative_to(folder).as_posix()}", path.read_bytes())
        return f"s3://{BUCKET}/{name}"


@contextmanager
def served():
    import logging

    import s3fs
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    filesystem = s3fs.S3FileSystem(key="test", secret="test", endpoint_url=address)
    filesystem.mkdir(BUCKET)
    try:
        yield ObjectStore({**QUIET, "AWS_ENDPOINT_URL": address}, filesystem)
    finally:
        server.stop()
