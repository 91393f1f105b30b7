"""The least a Flask page can cost: the floor that polls are held against."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """A word."""
    return "hello"
