"""Headers on every answer, requests from other sites refused, limits that hold, and no 500 whatever comes."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.web import assets
from app.web.security import CSP, Limits, is_cross_site
from tests.web.conftest import ORIGIN, Browser
from tests.web.estate import Estate
from tests.web.test_access import filled, routes

HOST = {"host": "office.lan"}
SID = {"cookie": "sid=x"}


@pytest.mark.parametrize(
    ("method", "headers", "refused"),
    [
        ("GET", {"sec-fetch-site": "cross-site"}, False),
        ("POST", {"sec-fetch-site": "same-origin"}, False),
        ("POST", {"sec-fetch-site": "none"}, False),
        ("POST", {"sec-fetch-site": "same-site"}, True),
        ("POST", {"sec-fetch-site": "cross-site"}, True),
        ("POST", {"sec-fetch-site": "cross-site", "origin": "http://office.lan"}, True),
        ("POST", {"origin": "http://office.lan"}, False),
        ("POST", {"origin": "http://office.lan:8000"}, True),
        ("POST", {"origin": "http://evil.example"}, True),
        ("POST", {"origin": "null"}, True),
        ("POST", {}, False),
        ("POST", SID, True),
        ("POST", {"cookie": "other=1; __Host-sid=x"}, True),
        ("POST", {"cookie": "oid=x"}, True),
        ("POST", {"cookie": "other=1"}, False),
        ("DELETE", SID, True),
    ],
)
def test_what_another_site_may_have_sent_is_refused(method: str, headers: dict[str, str], refused: bool) -> None:
    assert is_cross_site(method, Headers(HOST | headers), scheme="http") is refused


def test_behind_https_a_plain_http_page_is_another_site() -> None:
    headers = Headers(HOST | {"origin": "http://office.lan"})
    assert is_cross_site("POST", headers, scheme="https")


def test_the_token_page_may_hide_its_origin_but_nothing_else_may() -> None:
    headers = Headers(HOST | {"origin": "null"})
    assert not is_cross_site("POST", headers, scheme="http", path="/o/abc")
    assert is_cross_site("POST", headers, scheme="http", path="/my/leave")


def test_every_answer_carries_the_strict_headers(app: FastAPI, browser: Browser, anonymous: TestClient) -> None:
    client = browser("manager")
    name = next(iter(assets._SERVED))
    for method, path, _ in routes(app):
        path = f"/static/{name}" if "static" in path else filled(path)
        for who in (client, anonymous):
            answer = who.request(method, path)
            assert answer.headers["content-security-policy"] == CSP, path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            assert answer.headers["x-frame-options"] == "DENY", path
            kept = answer.headers["cache-control"]
            assert ("immutable" in kept) == ("static" in path and answer.status_code == 200), path
            assert "immutable" in kept or kept == "no-store", path


def test_no_page_holds_inline_script_or_style(app: FastAPI, browser: Browser) -> None:
    client = browser("manager")
    for method, path, _ in routes(app):
        if method == "GET" and "static" not in path:
            text = client.get(filled(path)).text
            for forbidden in ("<style", " style=", "onclick", "hx-on", "javascript:", "<script>"):
                assert forbidden not in text, (path, forbidden)


def test_a_form_from_another_site_is_refused_and_does_nothing(browser: Browser) -> None:
    client = browser("manager")
    answer = client.post("/theme", data={"theme": "dark"}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "不是从本系统页面发出的" in answer.text
    assert 'data-theme="auto"' in client.get("/").text


def test_too_many_requests_are_turned_away(engine, estate: Estate, tmp_path) -> None:
    app = create_app(
        Settings(data_dir=tmp_path), engine=engine, limits=Limits("1000/minute", "3/minute", "2/minute", "1000/minute")
    )
    with TestClient(app, headers=ORIGIN, raise_server_exceptions=False) as client:
        calc = [client.post("/api/v1/calc/period", json={}).status_code for _ in range(4)]
        assert calc == [422, 422, 422, 429]
        signin = [client.post("/login", data={}).status_code for _ in range(3)]
        assert signin == [422, 422, 429]
        assert client.get("/login").status_code == 200


def test_an_unknown_host_is_refused(engine, estate: Estate, tmp_path) -> None:
    app = create_app(Settings(data_dir=tmp_path, trusted_hosts="office.lan"), engine=engine)
    with TestClient(app, raise_server_exceptions=False) as client:
        for path in ("/login", "/arrears", "/nowhere"):
            refused = client.get(path)
            assert refused.status_code == 400
            assert "不能用这个网址访问本系统" in refused.text
            assert "lan" not in refused.text.replace("lang=", "").replace("plan", ""), "our own name is not told"
            assert refused.headers["content-security-policy"] == CSP
        assert client.get("/api/v1/calc/x").json()["error"]["code"] == "request.unknown_host"
        for host in ("office.lan", "OFFICE.lan:8000"):
            assert client.get("/login", headers={"Host": host}).status_code == 200, host
        for host in ("office.lan.evil.example", "xoffice.lan", "", "[::1]:80", "evil.example:office.lan"):
            assert client.get("/login", headers={"Host": host}).status_code == 400, host


def test_names_below_a_known_name_are_known_where_a_star_says_so(engine, estate: Estate, tmp_path) -> None:
    app = create_app(Settings(data_dir=tmp_path, trusted_hosts="*.office.lan, [::1]"), engine=engine)
    with TestClient(app, raise_server_exceptions=False) as client:
        for host, status in (("a.office.lan", 200), ("[::1]:8000", 200), ("office.lan", 400), ("aoffice.lan", 400)):
            assert client.get("/login", headers={"Host": host}).status_code == status, host


def test_a_body_that_is_too_large_is_refused_in_chinese(browser: Browser, estate: Estate) -> None:
    client = browser("clerk")
    unit_id = estate.units[estate.communities[0]][0]
    answer = client.post(f"/units/{unit_id}/pay", data={"note": "x" * 3_000_000})
    assert answer.status_code == 413
    assert "过大" in answer.text
    too_long = client.post("/api/v1/calc/period", content=b"x" * 300_000)
    assert too_long.status_code == 413
    assert too_long.json()["error"]["code"] == "request.too_large"


ODD_ADDRESSES_ARE_ANSWERED = [
    "/units/0",
    "/units/99999999999999999999",
    "/units/abc",
    "/units/1%00",
    "/units/2147483648/pay",
    "/payments/2147483647",
    "/waivers/2147483647",
    "/imports/2147483647",
    "/notices/2147483647",
    "/nowhere",
    "/static/../app.css",
    "/static/%2e%2e%2fmain.py",
    "/o/" + "x" * 500,
    "/o/%ff%fe",
    "/search?q=%00%ff",
    "/search?q=%27%22%25_",
    "/arrears?page=99999999999",
    "/arrears?sort=drop",
    "/arrears?min_amount=1e3",
    "/arrears?as_of=2026-02-30",
    "/arrears?level=-1",
    "/arrears?q=" + "%E7%8E%8B" * 50,
    "/units?page=-1",
    "/waivers?unit=999999999999999999999",
    "/login?next=//evil.example",
]


def test_odd_addresses_are_answered_and_never_fail(browser: Browser) -> None:
    for path in ODD_ADDRESSES_ARE_ANSWERED:
        answer = browser("manager").get(path)
        assert answer.status_code in {200, 303, 404, 422}, answer.text[-400:]


OTHER_METHODS_ARE_REFUSED = ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]


def test_other_methods_are_refused(browser: Browser) -> None:
    for method in OTHER_METHODS_ARE_REFUSED:
        answer = browser("manager").request(method, "/arrears")
        assert answer.status_code == 405
        assert "不支持" in answer.text


def test_behind_https_cookies_are_host_bound_and_hsts_is_sent(engine, estate: Estate, tmp_path) -> None:
    app = create_app(Settings(data_dir=tmp_path, secure_cookies=True), engine=engine)
    with TestClient(app, base_url="https://testserver", headers={"Origin": "https://testserver"}) as client:
        answer = client.post(
            "/login",
            data={"login": "clerk", "password": "correct horse battery staple"},
            follow_redirects=False,
        )
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-sid=")
        assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_vendored_files_are_the_ones_that_were_reviewed(repository) -> None:
    import subprocess
    import sys

    checked = subprocess.run(
        [sys.executable, repository / "scripts" / "vendor.py", "--check"], capture_output=True, text=True, check=False
    )
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_templates_speak_the_htmx_that_is_vendored(repository) -> None:
    import subprocess
    import sys

    tool = repository / "tests" / "browser" / "vendor" / "htmx@4.0.1" / "upgrade-check.py"
    found = subprocess.run(
        [sys.executable, tool, repository / "templates" / "pages"], capture_output=True, text=True, check=False
    )
    assert "Found 0 issue(s)" in found.stdout + found.stderr, found.stderr


def test_style_sheets_keep_to_what_old_browsers_know(repository) -> None:
    for path in (repository / "app" / "web" / "static").glob("*.css"):
        text = path.read_text().split("*/", 1)[1]
        for new in ("oklch(", "color-mix(", "light-dark(", "@container", "@layer", "text-wrap", "&:"):
            assert new not in text, (path.name, new)
