"""The list by keyboard alone: complete a search, keep it as a view, resolve all it shows, take that back."""

from playwright.sync_api import expect

from tests.conftest import Cast
from tests.e2e.conftest import Visit, fail


def test_a_search_is_completed(visit: Visit, people: Cast) -> None:
    fail(1, service="billing")
    fail(2)
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("/")
    search, offers = page.get_by_role("combobox", name="Search alerts"), page.locator("#completions [role=option]")
    page.keyboard.type("serv")
    expect(offers.first).to_have_text("service:")
    page.keyboard.press("ArrowDown")
    expect(search).to_have_attribute("aria-activedescendant", "offer-1")
    page.keyboard.press("Enter")
    expect(search).to_have_value("service:")
    expect(offers).to_have_text(["billing", "documents"])
    page.keyboard.press("Escape")
    expect(page.locator("#completions")).to_be_hidden()
    expect(search).to_be_focused()
    page.keyboard.type("bil")
    expect(offers).to_have_text(["billing"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(search).to_have_value("service:billing ")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts?q=service%3Abilling**")
    expect(page.locator("[data-row]")).to_have_count(1)


def test_the_list_becomes_a_view(visit: Visit, people: Cast) -> None:
    fail(1, service="billing")
    page = visit(people.olu).open("/alerts?service=billing")
    page.get_by_role("link", name="Save this view").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Name").fill("Money")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("The view “Money” is saved.")
    expect(page.get_by_role("navigation", name="Saved views").locator("[aria-current]")).to_contain_text("Money")


def test_what_was_done_to_several_is_undone(visit: Visit, people: Cast) -> None:
    ids = [fail(n) for n in range(3)]
    page = visit(people.olu).open("/alerts")
    for _ in ids:
        page.keyboard.press("j")
        page.keyboard.press("x")
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("3 alerts resolved.")
    expect(page.locator("[data-row]")).to_have_count(0)
    page.locator("#toasts").get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("3 alerts put back.")
    expect(page.locator("#group-open [data-row]")).to_have_count(3)


def test_a_number_that_moved_is_asked_about(visit: Visit, people: Cast) -> None:
    for n in range(40):
        fail(n, message=f"word {chr(97 + n % 26)}{chr(97 + n // 26)}")
    page = visit(people.olu).open("/alerts")
    page.keyboard.press("j")
    page.keyboard.press("x")
    # The page that shows 40 meets a list of 41.
    page.route("**/alerts", lambda route: route.abort() if "x-poll" in route.request.headers else route.continue_())
    page.get_by_label("Select all 40 matching").check()
    fail(7, message="one more")
    page.keyboard.press("a")
    question = page.get_by_role("dialog", name="41 alerts match now")
    expect(question).to_contain_text("You were shown 40. 1 more has come since")
    question.get_by_role("button", name="Acknowledge 41").click()
    expect(page.locator("#toasts")).to_contain_text("41 alerts acknowledged.")
