"""A real nginx that fails for one reason at a time: its configuration, a reload that was forgotten, stopped workers, a dead upstream."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.incident import Ending
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

pytestmark = [
    pytest.mark.root,  # its workers run as somebody else, and an ordinary user's namespace knows one uid
    pytest.mark.skipif(not NGINX.exists(), reason="needs Debian's package nginx"),
]


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


@pytest.mark.proves("move_stray_site_aside", fault="a backup copy in sites-enabled is a second default server")
def test_a_backup_copy_among_the_sites_is_moved_aside(web: Ward) -> None:
    web.shell("cd /etc/nginx/sites-enabled; cp ../sites-available/shop shop.bak; ! nginx -t; /etc/init.d/nginx stop")
    web.plant("/etc/nginx/sites-available/shop")
    web.heals(
        "process.down:nginx",
        by="move_stray_site_aside",
        only=("fs.move /etc/nginx/sites-enabled/shop.bak -> /etc/nginx/shop.bak.aside", "service.start nginx"),
        restart=lambda: web.shell(RESTART),
    )


@pytest.mark.proves("start_web_server", fault="the web server of a watched URL is killed")
def test_a_killed_web_server_is_started_for_its_url(web: Ward) -> None:
    web.shell("kill -9 $(cat /run/nginx.pid) $(pgrep -P $(cat /run/nginx.pid))")
    web.heals(URL, by="start_web_server", only=("service.start nginx",), restart=lambda: web.shell(RESTART))


@pytest.mark.proves("reload_named_service", fault="a changed page root is to be served")
def test_a_service_reads_its_configuration_again_because_somebody_asks(web: Ward) -> None:
    web.shell("mkdir -p /srv/other; sed -i s,/srv/www,/srv/other, /etc/nginx/sites-available/shop")
    assert web.value(URL) == 0
    report = web.asked("reload_named_service", service="nginx")
    assert (report.ending, [one.text.partition(" (")[0] for one in report.actions]) == (
        Ending.UNPROVEN,
        ["service.reload nginx"],
    )
    assert eventually(lambda: web.value(URL) == 1)


@pytest.mark.proves("reload_web_server", fault="a corrected upstream was never loaded")
def test_a_reload_that_was_forgotten_is_made(web: Ward) -> None:
    web.patient.install_shop()
    web.shell("/etc/init.d/shop start")
    site = "server {{ listen 127.0.0.1:80 default_server; location / {{ proxy_pass http://127.0.0.1:{port}; }} }}\n"
    web.patient.write("/etc/nginx/sites-available/shop", site.format(port=8090))
    web.shell("nginx -s reload")
    assert eventually(lambda: web.value(URL) == 1)
    web.shell("sleep 3")
    web.patient.write("/etc/nginx/sites-available/shop", site.format(port=8080))
    web.heals(URL, by="reload_web_server", only=("service.reload nginx",), restart=lambda: web.shell(RESTART))


@pytest.mark.proves("start_dead_upstream", fault="the service behind nginx has crashed: 502")
def test_the_service_behind_a_bad_gateway_is_started(web: Ward) -> None:
    web.patient.install_shop()
    web.patient.write(
        "/etc/nginx/sites-available/shop",
        "upstream shop { server 127.0.0.1:8080; }\n"
        "server { listen 127.0.0.1:80 default_server; location / { proxy_pass http://shop; } }\n",
    )
    web.shell("/etc/init.d/shop start; nginx -s reload")
    assert eventually(lambda: "8080" in web.shell("ss -Hltn"))
    assert eventually(lambda: web.value(URL) == 0)
    web.shell("kill -9 $(cat /run/shop.pid)")
    web.heals(
        URL,
        by="start_dead_upstream",
        only=("service.start shop",),
        restart=lambda: web.shell("/etc/init.d/shop restart"),
    )


@pytest.mark.proves("restart_frozen_web_server", fault="the workers of nginx are stopped: connections hang")
def test_a_frozen_web_server_is_restarted(web: Ward) -> None:
    web.shell("kill -STOP $(pgrep -P $(cat /run/nginx.pid))")
    web.heals(URL, by="restart_frozen_web_server", only=("service.restart nginx",), restart=lambda: web.shell(RESTART))


def test_a_page_that_nginx_may_not_read_is_said_with_the_least_mode_that_would_do_and_not_changed(web: Ward) -> None:
    web.shell("chmod 600 /srv/www/index.html")
    web.plant("/srv/www/index.html")
    (told,) = web.leaves_alone(URL)
    assert told.host == "ward"


def test_a_port_that_somebody_else_holds_is_not_a_web_server_to_start(web: Ward) -> None:
    web.shell("/etc/init.d/nginx stop")
    web.patient.start(
        "import http.server as h; print(1); h.HTTPServer(('127.0.0.1', 80), h.BaseHTTPRequestHandler).serve_forever()"
    )
    assert eventually(lambda: ":80 " in web.shell("ss -Hltn"))
    web.leaves_alone(URL)
