"""The page in a real browser, by mouse and keyboard."""

from __future__ import annotations

import json

import pytest

from chatbridge.playground.play import Playground

pytestmark = pytest.mark.heavy

CONTROL = 2
PHONE = ".phone.telegram"


@pytest.fixture
def play():
    """A playground whose time goes on."""
    return Playground(("telegram", "viber"))


def says(text: str, *, there: bool = True, where: str = f"{PHONE} .chat") -> str:
    """Return an expression: whether a part of the page holds a text."""
    found = f"document.querySelector({json.dumps(where)}).textContent.includes({json.dumps(text)})"
    return found if there else f"!{found}"


def enabled(selector: str) -> str:
    """Return an expression: whether something can be seen and clicked."""
    return f"document.querySelector({json.dumps(selector)})?.checkVisibility()"


def test_a_customer_and_an_agent_talk_on_the_page(browser, address):
    """Request, answer, note, crash, restart and moved time, as a person would do it."""
    markup = "<img src=x onerror=document.title='owned'><b>fire</b> & smoke"
    browser.open(address)
    browser.await_true(enabled("#say-telegram"))

    browser.click("#say-telegram")
    browser.write(markup)
    browser.key("Enter", 13, "\r")
    browser.await_true(says("HELP-1"))
    browser.await_true(says("fire</b> & smoke", where="#description"))
    assert ("chatbridge playground", 0) == (
        browser.ask("document.title"), browser.ask("document.querySelectorAll('img[src=x]').length")
    )  # fmt: skip

    browser.click("#answer")
    browser.write("Leave the house, please")
    browser.key("Enter", 13, modifiers=CONTROL)
    browser.await_true(says("Leave the house"))

    browser.click("input[name=public][value=no]")
    browser.click("#answer")
    browser.write("Again the sales team")
    browser.click("#comment button[type=submit]")
    browser.await_true("document.querySelector('#comments .note')?.textContent.includes('Again')")

    browser.click("#kill")
    browser.await_true(says("Not running", where="#state"))
    browser.click("input[name=public][value=yes]")
    browser.click("#answer")
    browser.write("Is everybody out?")
    browser.click("#comment button[type=submit]")
    browser.await_true(says("Is everybody out", where="#comments"))
    assert browser.ask(says("Is everybody out", there=False))
    browser.click("#start")
    browser.await_true(says("process 2", where="#state"))
    browser.click("[data-skip='60']")
    browser.click("[data-skip='60']")
    browser.await_true(says("Is everybody out"))
    browser.await_true(says("moved on by 2 min", where="#moved"))

    browser.click("#unseal")
    browser.await_true(says("issue_id", where="#records"))
    assert browser.ask(says("Again the sales team", there=False))
    assert browser.ask(says("Is everybody out", there=False, where="#records"))
    assert [] == browser.errors


def test_pictures_and_faults_on_the_page(browser, address):
    """A sample picture goes over the menu, and a switch of a fault shows what it does."""
    browser.open(address)
    browser.await_true(enabled("#say-viber"))
    browser.click(".phone.viber .menu summary")
    browser.click(".phone.viber .menu .choices button")
    browser.await_true("document.querySelector('#comments img, #description')?.checkVisibility()")
    browser.await_true("document.querySelector('.phone.viber .picture')?.naturalWidth > 100")
    down = "#faults [aria-label='Jira: answers 503']"
    browser.click(down)
    browser.await_true(f'document.querySelector("{down}").ariaPressed === "true"')
    browser.click("#say-viber")
    browser.write("Anybody?")
    browser.key("Enter", 13, "\r")
    browser.await_true("document.querySelector('#calls .bad')")
    assert [] == browser.errors


def test_everything_on_the_page_has_a_name_and_the_keyboard_reaches_it(browser, address, people):
    """No control is nameless to a screen reader; chats are live regions; Tab goes through all."""
    key = people.opened()
    people.do("comment", issue=key, text="Hello", public=True)
    browser.open(address)
    browser.await_true(enabled("#comments footer button"))
    told = browser.accessible()
    controls = {"button", "textbox", "combobox", "radio", "link", "DisclosureTriangle"}
    names = [
        (node["role"]["value"], node.get("name", {}).get("value"))
        for node in told
        if node["role"]["value"] in controls
    ]
    assert len(names) > 25
    assert [] == [name for name in names if not name[1]]
    logs = [node["name"]["value"] for node in told if node["role"]["value"] == "log"]
    assert {"Olena's chat on Telegram", "Petro's chat on Viber", "Comments"} == set(logs)

    wanted = browser.ask(
        "[...document.querySelectorAll('button, input, textarea, select, summary')].filter("
        "(each) => each.checkVisibility() && !['radio', 'file'].includes(each.type)).length"
    )
    browser.ask("window.reached = new Set()")
    for _ in range(wanted + 20):
        browser.key("Tab", 9)
        browser.ask("reached.add(document.activeElement), 1")
    reached = browser.ask(
        "[...reached].filter((each) => each.matches('button, input:not([type=radio]), textarea,"
        " select, summary')).length"
    )
    assert wanted == reached


def test_texts_are_easy_to_read(browser, address, people):
    """Every visible text has a contrast of at least 4.5 to 1 with what is behind it."""
    key = people.opened()
    people.do("comment", issue=key, text="Hello", public=False)
    people.do("fault", place="desk", kind="down", on=True)
    browser.open(address)
    browser.await_true(enabled("#comments .note"))
    browser.await_true("document.getAnimations().length === 0")
    poor = browser.ask(
        """(() => {
            const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
            const light = (colour) => numbers(colour).slice(0, 3)
                .map((part) => part / 255)
                .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
                .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
            const behind = (element) => {
                const colour = getComputedStyle(element).backgroundColor;
                const opaque = numbers(colour)[3] === undefined || numbers(colour)[3] === 1;
                return opaque ? colour : behind(element.parentElement);
            };
            const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const found = [];
            let count = 0;
            while (words.nextNode()) {
                const element = words.currentNode.parentElement;
                if (!words.currentNode.data.trim() || !element.checkVisibility()) continue;
                count += 1;
                const pair = [light(getComputedStyle(element).color), light(behind(element))];
                const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
                if (ratio < 4.5) found.push([words.currentNode.data, ratio]);
            }
            return count > 50 ? found : ["too few texts"];
        })()"""
    )
    assert [] == poor
