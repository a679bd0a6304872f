"""A real nginx that fails for one reason at a time: its configuration, a reload that was forgotten, stopped workers, a dead upstream."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.ward import Ward
from tests.skills.patient import eventually

NGINX = Path("/usr/sbin/nginx")
MAIN = """user www-data;
worker_processes 1;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events { worker_connections 64; }
http {
  access_log /var/log/nginx/access.log;
  include /etc/nginx/conf.d/*.conf;
  include /etc/nginx/sites-enabled/*;
}
"""
SITE = """server {
  listen 127.0.0.1:80 default_server;
  root /srv/www;
}
"""
URL = "http.failed:http://127.0.0.1/"
RESTART = "/etc/init.d/nginx restart"

pytestmark = pytest.mark.skipif(not NGINX.exists(), reason="needs Debian's package nginx")


@pytest.fixture
def web(ward: Ward) -> Ward:
    """nginx with one site under its own init script, serving."""
    ward.patient.write("/etc/init.d/nginx", Path("/etc/init.d/nginx").read_text())
    ward.patient.write("/etc/nginx/nginx.conf", MAIN)
    ward.patient.write("/etc/nginx/sites-available/shop", SITE)
    ward.patient.write("/srv/www/index.html", "<h1>shop</h1>\n")
    ward.shell(
        "chmod 755 /etc/init.d/nginx; mkdir -p /var/log/nginx /var/lib/nginx /etc/nginx/sites-enabled /etc/nginx/conf.d"
    )
    ward.shell("ln -s ../sites-available/shop /etc/nginx/sites-enabled/shop && /etc/init.d/nginx start")
    assert eventually(lambda: ward.value(URL) == 0)
    ward.plant("/etc/nginx/nginx.conf", "/srv/www/index.html", "/etc/nginx/snippets/other.conf", "/srv/orders.db")
    return ward


@pytest.mark.proves("restore_last_good_config", fault="a stray semicolon keeps nginx from starting")
def test_a_site_with_a_syntax_error_is_as_it_was_again(web: Ward) -> None:
    web.shell("cd /etc/nginx/sites-available; cp -p shop shop.bak; sed -i '1s/^/;\\n/' shop")
    web.plant("/etc/nginx/sites-available/shop.bak")
    web.shell("/etc/init.d/nginx stop; ! /etc/init.d/nginx start")
    web.heals(
        "process.down:nginx",
        by="restore_last_good_config",
        only=("fs.write /etc/nginx/sites-available/shop", "service.start nginx"),
        restart=lambda: web.shell(RESTART),
    )
    assert web.value(URL) == 0


@pytest.mark.proves("restore_last_good_config", fault="the website is down for a syntax error")
def test_the_website_itself_says_it_too(web: Ward) -> None:
    web.shell("cd /etc/nginx/sites-available; cp -p shop shop.bak; sed -i 's/root/rooot/' shop")
    web.shell("/etc/init.d/nginx stop")
    web.heals(URL, by="restore_last_good_config", restart=lambda: web.shell(RESTART))


def test_without_an_older_copy_nothing_is_written_into_a_broken_configuration(web: Ward) -> None:
    web.shell("sed -i 's/root/rooot/' /etc/nginx/sites-available/shop; /etc/init.d/nginx stop")
    web.plant("/etc/nginx/sites-available/shop")
    web.leaves_alone("process.down:nginx")
