"""The pages in a real browser: what arrives is seen without a reload, and mail can do no harm."""

from __future__ import annotations

import contextlib
import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

pytestmark = pytest.mark.browser

CONFIG = """
mailboxes:
  example.com:
    exists: [bob]
rules:
  - name: greylist
    when: {rcpt: "*@grey.test"}
    reply: "451 4.7.1 try again later"
"""

HARM = """<html><body><h1 id="seen">Hello</h1>
<img src="http://ELSEWHERE/pixel.gif" onerror="top.harm=1"><link rel="stylesheet" href="http://ELSEWHERE/a.css">
<script>top.document.title = "ran"; fetch("http://ELSEWHERE/stolen")</script>
<iframe src="http://ELSEWHERE/"></iframe><video src="http://ELSEWHERE/v"></video>
<p style="background: url(http://ELSEWHERE/b.gif)">styled</p></body></html>"""

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage",
    "--window-size=1280,900", "--disable-component-update", "--no-first-run",
)  # fmt: skip
WAIT = 20


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    """Chromium without a window."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ARGUMENTS:
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


class Page:
    """What somebody who looks at the page sees and does."""

    def __init__(self, browser, server):
        self.browser = browser
        self.place = f"http://localhost:{server.ports['http']}"
        self.port = server.ports["smtp"]

    def go(self, path="/"):
        self.browser.get(self.place + path)
        self.until(lambda _: self.text("#state").startswith("live") or path != "/")
        return self

    def until(self, holds):
        return WebDriverWait(self.browser, WAIT).until(holds)

    def find(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """Read what is seen in one go: a live page may put another element in its place at any moment."""
        return self.browser.execute_script(
            "return document.querySelector(arguments[0])?.innerText.trim() ?? ''", selector
        )

    def link(self, selector):
        """Return where a link leads, without the server."""
        place = self.browser.execute_script("return document.querySelector(arguments[0]).href", selector)
        return place.removeprefix(self.place)

    def sees(self, selector, text):
        self.until(lambda _: text in self.text(selector))

    def press(self, *keys):
        webdriver.ActionChains(self.browser).send_keys(*keys).perform()

    def send(self, rcpt="bob@example.com", subject="Hi", html=None):
        mail = EmailMessage()
        mail["Subject"] = subject
        mail.set_content("the text\n")
        if html:
            mail.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.port) as client:
            try:
                client.send_message(mail, "me@x.test", [rcpt])
            except smtplib.SMTPRecipientsRefused:
                return


class Elsewhere:
    """A place that a mail refers to, and nobody may ask for anything.

    Chromium may open a connection for a frame before it finds that it must not ask.
    """

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.setblocking(False)
        host = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.html = HARM.replace("ELSEWHERE", host)

    def was_asked(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except BlockingIOError:
                return False
            with connection, contextlib.suppress(TimeoutError):
                connection.settimeout(0.5)
                if connection.recv(1):
                    return True


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """A place that a mail refers to."""
    place = Elsewhere()
    yield place
    place.socket.close()


@pytest.fixture
def page(browser, start) -> Page:
    """The pages of a server of its own."""
    return Page(browser, start(CONFIG)).go()


def test_an_empty_page_says_how_to_send_the_first_mail(page):
    assert f"swaks --server localhost --port {page.port} " in page.text(".empty pre")


def test_mail_is_seen_as_it_arrives(page):
    page.browser.execute_script("window.same = true")
    page.send(subject="First")
    page.sees("tbody tr", "First")
    page.send(subject="Second")
    page.sees("tbody tr", "Second")
    assert page.browser.execute_script("return window.same")
    assert len(page.find("tbody tr")) == 2
    assert page.find("tbody tr")[0].find_elements(By.CSS_SELECTOR, '.reply[data-class="2"]')


def test_a_refusal_shows_its_reply_and_its_rule(page):
    page.send("carol@grey.test")
    page.sees("tbody tr", "451 4.7.1 try again later")
    assert page.text(".tag.rule") == "rule greylist"
    page.send("nobody@example.com")
    page.sees("tbody tr", "550 5.1.1")
    page.go("/rules")
    assert page.text("td.hits") == "1"


def test_the_filter_leaves_what_holds_its_words(page):
    page.send(subject="First")
    page.send("carol@grey.test")
    page.until(lambda _: len(page.find("tbody tr")) == 2)
    page.press("/", "451")
    page.until(lambda _: len(page.find("tbody tr")) == 1)
    assert page.browser.current_url.endswith("/?q=451")
    page.browser.refresh()
    assert "carol@grey.test" in page.text("tbody")


def test_the_keyboard_reaches_everything(page):
    page.send(subject="First")
    page.send(subject="Second")
    page.until(lambda _: len(page.find("tbody tr")) == 2)
    page.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
    page.sees("#detail h1", "First")
    assert page.browser.switch_to.active_element.tag_name == "h1"
    page.press(Keys.ESCAPE)
    page.until(lambda _: not page.find("#detail article"))
    assert page.browser.switch_to.active_element.get_attribute("data-pane") is not None


def test_a_message_is_looked_at_beside_the_list(page):
    page.send(subject="<b>First</b> & more")
    page.sees("tbody tr", "<b>First</b> & more")
    page.find("tbody tr")[0].click()
    page.sees("#detail h1", "<b>First</b> & more")
    assert page.text("#detail pre.text").strip() == "the text"
    page.browser.find_element(By.LINK_TEXT, "Headers").click()
    page.sees("#detail .headers", "Subject")
    page.browser.find_element(By.CSS_SELECTOR, "#detail dd a").click()
    page.sees("#detail .transcript", "rcpt TO:<bob@example.com>")


def test_html_is_shown_and_can_do_nothing(page, elsewhere):
    page.send(subject="Harm", html=elsewhere.html)
    page.sees("tbody tr", "Harm")
    page.find("tbody tr")[0].click()
    page.sees("#detail h1", "Harm")
    page.browser.find_element(By.LINK_TEXT, "HTML").click()
    page.until(lambda _: page.find("#detail iframe"))
    page.browser.switch_to.frame(page.find("#detail iframe")[0])
    page.sees("#seen", "Hello")
    page.until(lambda browser: browser.execute_script("return document.readyState") == "complete")
    page.browser.switch_to.default_content()
    assert "mocksmtp" in page.browser.title
    assert page.browser.execute_script("return window.harm") is None
    assert not elsewhere.was_asked()


def test_html_that_is_opened_alone_can_do_nothing_either(page, elsewhere):
    page.send(subject="Harm", html=elsewhere.html)
    page.sees("tbody tr", "Harm")
    page.go(page.link("tbody a") + "/html")
    assert page.text("#seen") == "Hello"
    assert page.browser.title != "ran"
    assert not elsewhere.was_asked()


def test_somebody_who_asks_is_noticed(elsewhere):
    """The trap of the two tests above is one."""
    with socket.create_connection(elsewhere.socket.getsockname()):
        assert not elsewhere.was_asked()
    with socket.create_connection(elsewhere.socket.getsockname()) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert elsewhere.was_asked()


def test_a_session_that_is_open_is_seen_as_it_goes_on(page):
    with smtplib.SMTP("127.0.0.1", page.port) as client:
        client.ehlo("me.test")
        page.go("/sessions")
        page.sees("tbody tr", "open")
        page.go(page.link("tbody a"))
        page.sees(".transcript", "me.test")
        page.until(lambda _: page.text("#state").startswith("live"))
        client.noop()
        page.sees(".transcript", "noop")


def test_a_connection_that_is_lost_is_said(page, browser):
    assert page.text("#state").startswith("live")
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_script("document.getElementById('live').dataset.events = '/nowhere?event=missed'; listen()")
    page.sees("#state", "connection lost")


def test_the_page_tells_the_same_without_a_script(page, browser):
    page.send(subject="First")
    page.sees("tbody tr", "First")
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(page.place + "/?q=first")
        assert "First" in page.text("tbody")
        assert "reload" in page.text("#state")
        page.find("tbody a")[0].click()
        assert page.text("article h1") == "First"
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
