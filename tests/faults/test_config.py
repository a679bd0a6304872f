"""One line of a real nginx's configuration, changed because a person asked for it."""

from __future__ import annotations

import pytest

from core.incident import Ending
from tests.faults.test_nginx import NGINX, RESTART, URL
from tests.faults.test_nginx import web as web  # noqa: PLC0414 - a fixture
from tests.faults.ward import Ward
from tests.skills.patient import eventually

PATH = "/etc/nginx/sites-available/shop"

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not NGINX.exists(), reason="needs Debian's package nginx"),
]


@pytest.mark.proves("change_config_line", fault="the site serves another folder than it should")
def test_one_line_is_changed_tested_and_loaded(web: Ward) -> None:
    web.shell(f"sed -i 's,/srv/www,/srv/wwww,' {PATH}; /etc/init.d/nginx reload")
    assert eventually(lambda: web.value(URL) == 1)
    report = web.asked("change_config_line", service="nginx", path=PATH, old="root /srv/wwww;", new="root /srv/www;")
    assert report.ending is Ending.UNPROVEN, report.reason
    assert [action.text.partition(" (")[0] for action in report.actions] == [f"fs.write {PATH}", "service.reload nginx"]
    assert eventually(lambda: web.value(URL) == 0)
    web.shell(RESTART)
    assert eventually(lambda: web.value(URL) == 0)
    web.leaves_alone(URL)


def test_a_line_that_nginx_refuses_is_not_left_there(web: Ward) -> None:
    web.plant("/etc/nginx/nginx.conf")
    before = web.shell(f"cat {PATH}")
    web.asked("change_config_line", service="nginx", path=PATH, old="root /srv/www;", new="rooot /srv/www;")
    assert web.shell(f"cat {PATH}") == before
    assert web.value(URL) == 0
    web.leaves_alone(URL)
