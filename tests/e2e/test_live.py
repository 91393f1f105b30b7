"""A page that lives: it shows what is new and takes nothing away from its reader. When it asks: test_polls."""

from playwright.sync_api import expect

from console.infra.db import db
from tests.conftest import Cast
from tests.e2e.conftest import TRACEBACK, Visit, fail


def test_a_new_failure_shows_without_a_reload(visit: Visit, people: Cast) -> None:
    fail(1)
    page = visit(people.olu).open("/alerts")
    expect(page.locator("#nav-alerts")).to_have_text("1 open")
    fail(2)
    expect(page.locator("[data-row]")).to_have_count(2)
    expect(page.locator("#nav-alerts")).to_have_text("2 open")
    expect(page.locator("#alert-lede")).to_contain_text("2 open")


def test_the_very_first_failure_turns_the_empty_page_into_the_list(visit: Visit, people: Cast) -> None:
    page = visit(people.olu).open("/alerts")
    expect(page.locator(".first-time")).to_be_visible()
    fail(1)
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator("[data-search]")).to_be_visible()


def test_it_keeps_focus_selection_ticks_text_and_scroll(visit: Visit, people: Cast) -> None:
    ids = [fail(n) for n in range(20)]
    page = visit(people.olu, viewport={"width": 1200, "height": 500}).open("/alerts")
    page.locator(f"#alert-{ids[3]} .pick").check()
    page.locator("[data-search]").fill("half a search")
    page.evaluate("document.querySelector('[data-search]').setSelectionRange(2, 6)")
    page.evaluate("window.scrollTo(0, 240)")
    fail(21)
    expect(page.locator("[data-row]")).to_have_count(21)
    kept = page.evaluate(
        "[document.activeElement.name, document.activeElement.value, document.activeElement.selectionStart,"
        " document.activeElement.selectionEnd, scrollY]"
    )
    assert kept == ["q", "half a search", 2, 6, 240]
    expect(page.locator(f"#alert-{ids[3]} .pick")).to_be_checked()
    expect(page.locator(".pick[name=ids]:checked")).to_have_count(1)
    expect(page.locator("[data-picked]").first).to_have_text("1")


def test_a_half_written_note_and_an_opened_frame_survive_a_new_failure(visit: Visit, people: Cast) -> None:
    alert = fail(1, traceback=TRACEBACK)
    page = visit(people.olu).open(f"/alerts/{alert}")
    page.locator("#note-text").fill("I think that")
    page.locator("details.library summary").click()
    fail(1, traceback=TRACEBACK)
    expect(page.locator(".strip")).to_contain_text("2 failures")
    expect(page.locator("#note-text")).to_have_value("I think that")
    expect(page.locator("details.library")).to_have_attribute("open", "")


def test_a_page_with_nothing_new_is_answered_304(visit: Visit, people: Cast) -> None:
    fail(1)
    visitor = visit(people.vi)
    with visitor.page.expect_response(lambda answer: "x-poll" in answer.request.headers and answer.status == 304):
        visitor.open("/alerts")


def test_lost_contact_says_how_old_the_page_is_and_recovers(visit: Visit, people: Cast) -> None:
    fail(1)
    visitor = visit(people.vi)
    page = visitor.open("/alerts")
    visitor.context.set_offline(True)
    expect(page.locator("#lost")).to_contain_text("Not live since")
    expect(page.locator("#lost")).to_contain_text("old. Trying again in")
    # The browser says that it is back; what the button does is held in test_polls, where no retry can come before it.
    visitor.context.set_offline(False)
    expect(page.locator("#lost")).to_be_hidden()


def test_an_ended_session_stops_the_polls_and_says_so(visit: Visit, people: Cast) -> None:
    fail(1)
    visitor = visit(people.vi)
    page = visitor.open("/alerts")
    expect(page.locator("[data-live-text]").first).to_contain_text("Live,")
    visitor.context.clear_cookies()
    expect(page.locator("#lost")).to_contain_text("Your session has ended.")


def test_times_stand_in_the_readers_zone(visit: Visit, people: Cast) -> None:
    alert = fail(1)
    visitor = visit(people.vi)
    page = visitor.open(f"/alerts/{alert}")
    stamp = page.locator(".timeline time").first
    shown = page.evaluate("new Date(document.querySelector('.timeline time').dateTime).toTimeString().slice(0, 5)")
    expect(stamp).to_have_text(shown)
    # By now the server knows the zone too.
    assert f">{shown}</time>" in visitor.context.request.get(page.url).text()


def test_the_zone_of_the_settings_beats_the_browsers(visit: Visit, people: Cast) -> None:
    people.vi.timezone = "Asia/Tokyo"
    db.session.commit()
    alert = fail(1)
    page = visit(people.vi).open(f"/alerts/{alert}")
    stamp = page.locator(".timeline time").first
    tokyo = "new Date(document.querySelector('.timeline time').dateTime).toLocaleTimeString('en-GB',"
    expect(stamp).to_have_text(page.evaluate(tokyo + " {timeZone: 'Asia/Tokyo', hour: '2-digit', minute: '2-digit'})"))
