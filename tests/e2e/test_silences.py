"""A silence from an alert: filled in, previewed while it is typed, made, and the list says what it left out."""

from playwright.sync_api import expect

from tests.conftest import Cast
from tests.e2e.conftest import Visit, fail


def test_silence_this_and_see_what_it_hides_while_typing(visit: Visit, people: Cast) -> None:
    alert = fail()
    olu = visit(people.olu)
    page = olu.open(f"/alerts/silences/new?alert={alert}")
    preview = page.locator("#silence-preview")
    expect(preview).to_contain_text("1 alert")
    page.get_by_label("Value 1").fill("somebody else")
    expect(preview).to_contain_text("Nothing")
    page.get_by_label("Field 4", exact=True).fill("title")
    page.get_by_label("How field 4 is compared").select_option("=~")
    page.get_by_label("Value 4").fill("(")
    expect(preview).to_contain_text("no regular expression")
    page.get_by_label("Value 4").fill(".*margins.*")
    page.get_by_label("Value 1").fill("documents")
    expect(preview).to_contain_text("1 alert")
    page.get_by_label("Why").fill("the new layout is out tonight")
    page.get_by_role("button", name="Silence").click()
    expect(page.locator("#silence-page")).to_contain_text("Nobody is told of these alerts")
    olu.open("/alerts")
    page.get_by_role("link", name="1 silenced").click()
    page.locator(f"#alert-{alert} a.subject").click()
    expect(page.locator("#silenced")).to_contain_text("the new layout is out tonight")
    page.locator("#silenced a").click()
    page.get_by_role("button", name="End it now").click()
    expect(page.locator("#silence-page")).to_contain_text("It has ended, before its time")
    assert olu.complaints == []
