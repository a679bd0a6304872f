"""Certificates that a real nginx serves: renewed on disk and never loaded, or expired and not renewed at all."""

from __future__ import annotations

import shutil

import pytest

from tests.faults.test_nginx import MAIN, NGINX, RESTART
from tests.faults.test_nginx import web as web  # noqa: PLC0414 - a fixture
from tests.faults.ward import Ward
from tests.skills.patient import eventually

TLS = "tls.expires_days:127.0.0.1:443"
SITE = """server {
  listen 127.0.0.1:80 default_server;
  listen 127.0.0.1:443 ssl;
  server_name shop.example.com;
  ssl_certificate /srv/tls/shop.crt;
  ssl_certificate_key /srv/tls/shop.key;
  root /srv/www;
}
"""
ISSUE = "openssl x509 -req -in shop.csr -signkey shop.key -copy_extensions copy -days {days} -out shop.crt"
CONFIG = "[req]\ndistinguished_name = dn\n[dn]\n"
NAMES = "-subj /CN=shop.example.com -addext subjectAltName=DNS:shop.example.com"
REQUEST = f"openssl req -config o.cnf -newkey rsa:2048 -nodes -keyout shop.key {NAMES}"

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(
        not NGINX.exists() or not shutil.which("openssl"), reason="needs Debian's packages nginx and openssl"
    ),
]


@pytest.fixture
def shop(web: Ward) -> Ward:
    """The same nginx with a certificate that ends in three days."""
    web.patient.write("/srv/tls/o.cnf", CONFIG)
    assert MAIN in web.shell("cat /etc/nginx/nginx.conf")
    web.shell(f"mkdir -p /srv/tls; cd /srv/tls; {REQUEST} -out shop.csr; chmod 600 shop.key; {ISSUE.format(days=3)}")
    web.patient.write("/etc/nginx/sites-available/shop", SITE)
    web.shell("/etc/init.d/nginx reload")
    assert eventually(lambda: "443" in web.shell("ss -Hltn"))
    assert 2 < web.value(TLS) < 4
    web.shell("sleep 3")
    web.plant("/srv/tls/shop.key", "/etc/nginx/sites-available/shop")
    return web


@pytest.mark.proves(
    "reload_after_renewal", fault="a certificate was renewed on disk, and nginx goes on serving the old one"
)
def test_a_renewed_certificate_is_loaded_and_nothing_of_it_is_touched(shop: Ward) -> None:
    shop.shell(f"cd /srv/tls; {ISSUE.format(days=90)}")
    shop.plant("/srv/tls/shop.crt")
    shop.heals(
        TLS,
        by="reload_after_renewal",
        under=14,
        only=("service.reload nginx",),
        restart=lambda: shop.shell(RESTART),
    )
    subject = "openssl x509 -noout -subject -ext subjectAltName -in /srv/tls/shop.crt"
    assert "shop.example.com" in shop.shell(subject)
    assert shop.shell("stat -c %a /srv/tls/shop.key").strip() == "600"


def test_a_certificate_that_nobody_renewed_is_a_persons_work(shop: Ward) -> None:
    shop.plant("/srv/tls/shop.crt")
    assert shop.leaves_alone(TLS, over=-1000)
