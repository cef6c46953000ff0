"""OpenStack Swift with its S3 interface in one process: account, container and object server and
proxy, each on its own port, over real files with extended attributes; and a memcached beside it.

Run by an interpreter that has Debian's ``python3-swift``. It reads one line of JSON from standard
input (``{"folder": …, "port": …, "users": {key: secret}}``), answers with one line
``{"port": …}`` when it takes requests, and ends when standard input ends, as does its memcached.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import eventlet

eventlet.monkey_patch(thread=True)

from eventlet import wsgi  # noqa: E402  after the patching, as eventlet demands
from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.utils import NullLogger  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402

HOST = "127.0.0.1"
BACKENDS = ("account", "container", "object")

SWIFT_CONF = """[swift-hash]
swift_hash_path_suffix = test
[storage-policy:0]
name = one
default = yes
[swift-constraints]
max_header_size = 16384
"""
BACKEND_CONF = """[DEFAULT]
devices = {folder}/devices
mount_check = false
swift_dir = {folder}
fallocate_reserve = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY_CONF = """[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors cache listing_formats bulk s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = {cache}
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
min_segment_size = 1048576
[filter:tempauth]
use = egg:swift#tempauth
{users}
[filter:slo]
use = egg:swift#slo
minimum_segment_size = 1
[filter:dlo]
use = egg:swift#dlo
"""


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def start_cache(folder: Path) -> str:
    """Start memcached on a port of its own choice; gives its address."""
    told = folder / "memcached.ports"
    told.unlink(missing_ok=True)
    process = subprocess.Popen(
        # -u: it refuses to run as root without being told so
        ["memcached", "-u", "root", "-l", HOST, "-p", "-1", "-U", "0", "-m", "8"],
        env={**os.environ, "MEMCACHED_PORT_FILENAME": str(told)},
        stdin=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509  there is one thread
    )
    while not told.exists():
        if process.poll() is not None:
            sys.exit("memcached did not start")
        time.sleep(0.005)
    port = next(line.split()[-1] for line in told.read_text().splitlines() if line[:3] == "TCP")
    return f"{HOST}:{port}"


def write_conf(folder: Path, cache: str, users: dict[str, str]) -> None:
    (folder / "swift.conf").write_text(SWIFT_CONF)
    (folder / "devices" / "d1").mkdir(parents=True, exist_ok=True)
    for kind in BACKENDS:
        text = BACKEND_CONF.format(folder=folder, kind=kind)
        (folder / f"{kind}-server.conf").write_text(text)
    lines = [f"user_{key.replace(':', '_')} = {secret} .admin" for key, secret in users.items()]
    text = PROXY_CONF.format(folder=folder, cache=cache, users="\n".join(lines))
    (folder / "proxy-server.conf").write_text(text)


def write_ring(folder: Path, kind: str, port: int) -> None:
    builder = RingBuilder(part_power=3, replicas=1, min_part_hours=1)
    builder.add_dev({"region": 1, "zone": 1, "ip": HOST, "port": port, "device": "d1", "weight": 1})
    builder.rebalance()
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def serve(listener: object, app: object) -> None:
    eventlet.spawn(
        wsgi.server, listener, app, NullLogger(), protocol=SwiftHttpProtocol, debug=False
    )


def main() -> None:
    wanted = json.loads(sys.stdin.readline())
    folder = Path(wanted["folder"])
    write_conf(folder, start_cache(folder), wanted["users"])
    utils.set_swift_dir(str(folder))
    for kind in BACKENDS:
        listener = eventlet.listen((HOST, 0))
        write_ring(folder, kind, listener.getsockname()[1])
        serve(listener, loadapp(str(folder / f"{kind}-server.conf")))
    listener = eventlet.listen((HOST, wanted["port"]))
    serve(listener, loadapp(str(folder / "proxy-server.conf")))
    sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    while True:  # until whoever started it closes the pipe, also by dying
        eventlet.hubs.trampoline(sys.stdin.fileno(), read=True)
        if not os.read(sys.stdin.fileno(), 1024):
            return


if __name__ == "__main__":
    main()
