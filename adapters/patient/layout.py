"""Where things are on the patient, as both sides know it."""

from __future__ import annotations

NAME = "patient-1"
SERVICE = "shop"
MOUNT = "/srv/shop"
DISK_BYTES = 64 * 1024 * 1024

PORT = 8080
URL = f"http://127.0.0.1:{PORT}/"
PID_FILE = f"/run/{SERVICE}.pid"
INIT_SCRIPT = f"/etc/init.d/{SERVICE}"
LOGS = f"{MOUNT}/log"
ACCESS_LOG = f"{LOGS}/access.log"
SERVICE_LOG = f"/var/log/{SERVICE}/{SERVICE}.log"

DEVICE, FAR_DEVICE = "eth0", "up0"
ADDRESS, GATEWAY, PREFIX = "203.0.113.2", "203.0.113.1", 24
PAYMENTS = "198.51.100.10"
"""An HTTP server beyond the gateway."""
RESOLVER = "198.51.100.53"
"""A DNS server beyond the gateway."""
DEAD_RESOLVER = "198.51.100.99"
"""An address beyond the gateway where nobody answers."""
PAYMENTS_NAME = "payments.example"
PAYMENTS_URL = f"http://{PAYMENTS}/"
PAYMENTS_PAGE = f"http://{PAYMENTS_NAME}/"
"""The same by its name, as the shop's own code asks for it."""

ETC = {
    "/etc/hostname": f"{NAME}\n",
    "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {NAME}\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "/etc/resolv.conf": f"nameserver {RESOLVER}\n",
    "/etc/network/interfaces": (
        "auto lo\niface lo inet loopback\n"
        f"auto {DEVICE}\niface {DEVICE} inet static\n"
        f"  address {ADDRESS}/{PREFIX}\n  gateway {GATEWAY}\n  dns-nameservers {RESOLVER}\n"
    ),
}
"""What the patient's own configuration states; documentation addresses (RFC 5737), which lead nowhere outside."""
