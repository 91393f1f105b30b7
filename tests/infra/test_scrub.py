from console.infra.scrub import REMOVED, scrub_text, scrub_value


def test_it_removes_a_password_from_text_and_from_values() -> None:
    assert scrub_text("login(password='hunter2')") == f"login(password='{REMOVED}')"
    assert scrub_value({"user": "bob", "password": "hunter2"}) == {"user": "bob", "password": REMOVED}
