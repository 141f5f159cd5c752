"""Words of strangers: captions, titles, EXIF descriptions and names that attack whoever reads them."""

import json
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from mmsearch.cli.index import report_lines
from mmsearch.cli.main import cli
from mmsearch.cli.records import json_line
from mmsearch.cli.search import line
from mmsearch.collection import Reason, load_picture, load_texts, parse_reason, read_notes, scan
from mmsearch.collection.found import FileKind
from mmsearch.collection.limits import MAX_CAPTION, MAX_CAPTIONS, MAX_EXTRA_FIELDS, MAX_EXTRA_VALUE
from mmsearch.collection.wording import clean_body, clean_line
from mmsearch.types import Credit, Hit, Item, Modality, RunReport, Skip, StoredText
from tests.collection.drawing import encoded, quarters

TERMINAL = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\n\x08\x7f\u202e\u2066\u200f\u2028"
CONTROLS = {"Cc", "Cs", "Zl", "Zp"}
DEEP = "[" * 100_000 + "]" * 100_000
BOMBS = {
    "nested": DEEP,
    "nested objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "cut": '{"caption": "a',
    "digits": "9" * 10_000,
    "not a number": "NaN",
}


def hostile_item():
    text = StoredText(f"a{TERMINAL}b", TERMINAL, id=1)
    credit = Credit(TERMINAL, TERMINAL, "javascript:alert(1)", "data:text/html,<script>")
    path = Path(f"/photos/{TERMINAL}\udcff.png")
    return Item(1, TERMINAL, Modality.IMAGE, path, TERMINAL, (text,), credit, 3, 2, None, "0", {TERMINAL: TERMINAL})


def hostile_report():
    skips = (Skip(f"{TERMINAL}.png", f"is damaged or cut short ({TERMINAL})"),)
    return RunReport(1, TERMINAL, TERMINAL, TERMINAL, "done", 0, 0, 0, 0, 0, skips, 0, 0, 1.0)


def is_tame(text):
    """Whether a terminal or a log shows this as one line of plain characters."""
    return not {unicodedata.category(character) for character in text} & CONTROLS and not set(text) & set(
        "\u202e\u2066"
    )


@pytest.mark.parametrize("clean", [clean_line, clean_body])
def test_control_characters_and_reversed_writing_leave_every_text(clean):
    cleaned = clean(f"a{TERMINAL}b")

    assert cleaned.startswith("a]0;owned[2J31m")
    assert is_tame(cleaned.replace("\n", "").replace("\u2028", ""))  # which end a line here and nothing more


def test_what_nobody_sees_leaves_every_text():
    hidden = "\u200b\u2060\u00ad\ufeff" + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all that")

    assert clean_line(f"a dog{hidden}") == "a dog"


def test_floods_of_joiners_and_marks_are_dammed():
    assert clean_line("a" + "\u200d" * 1000 + "b") == "a\u200db"
    assert len(clean_line("a" + "\u0301" * 1000)) <= 5


def test_joiners_and_marks_of_ordinary_words_stay():
    words = "\U0001f468\u200d\U0001f469\u200d\U0001f467 नमस्ते می\u200cخواهم Việt Nam"

    assert clean_line(words) == words


def test_very_long_words_are_cut(source):
    source.picture("a.png")
    row = {"image": "a.png", "title": "t" * 50_000, "caption": ["c" * 50_000, *map(str, range(500))]}
    source.rows("captions.jsonl", row | {f"field {number}": "v" * 1_000 for number in range(500)})

    notes = read_notes(source.root, scan(source.root).files[0])

    assert len(notes.title) == len(notes.texts[0].text) == MAX_CAPTION
    assert len(notes.texts) == MAX_CAPTIONS
    assert len(notes.extra) == MAX_EXTRA_FIELDS
    assert {len(value) for value in notes.extra.values()} == {MAX_EXTRA_VALUE}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_json_bomb_beside_a_picture_costs_its_words_and_nothing_else(source, bomb):
    source.picture("a.png")
    source.write("a.json", BOMBS[bomb])
    source.write("captions.jsonl", BOMBS[bomb] + '\n{"image": "a.png", "caption": "a sound line"}\n')

    result = scan(source.root)
    notes = read_notes(source.root, result.files[0])

    assert [text.text for text in notes.texts if text.text != "nan"] == ["a sound line"]
    reasons = [parse_reason(skip.reason)[0] for skip in (*result.skips, *notes.skips)]
    assert reasons in ([Reason.LINE_NOT_JSON, Reason.NOT_JSON], [Reason.LINE_NOT_OBJECT])


@pytest.mark.parametrize("name", ["captions.json", "texts.jsonl", "texts.csv"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_a_table_is_reported(source, name, bomb):
    source.write(name, BOMBS[bomb])
    told = []

    result = scan(source.root)
    for found in result.files:
        load_texts(source.root, found.path, FileKind.TABLE, told.append)

    reasons = [*(skip.reason for skip in result.skips), *told]
    assert name.endswith(".csv") or [parse_reason(reason) is not None for reason in reasons] == [True]


def test_a_line_of_ten_megabytes_is_left_out(source):
    source.picture("a.png")
    long = json.dumps({"image": "a.png", "caption": "x" * 10_000_000})
    source.write("captions.jsonl", long + '\n{"image": "a.png", "caption": "short"}\n')

    result = scan(source.root)

    assert [skip.reason for skip in result.skips] == [Reason.LINE_TOO_LONG.format(1, "1,048,576")]
    assert [text.text for text in read_notes(source.root, result.files[0]).texts] == ["short"]


def test_of_a_key_that_stands_twice_one_counts(source):
    source.picture("a.png")
    source.write("captions.jsonl", '{"image": "b.png", "image": "a.png", "title": "one", "title": "two"}')

    assert read_notes(source.root, scan(source.root).files[0]).title == "two"


def test_halves_of_characters_can_be_stored(source):
    source.picture("a.png")
    source.write("captions.jsonl", '{"image": "a.png", "caption": "a\\ud800b", "k\\udfff": "\\ud800v"}')

    notes = read_notes(source.root, scan(source.root).files[0])

    assert (notes.texts[0].text, notes.extra) == ("ab", {"k": "v"})


def test_exif_descriptions_are_cleaned_and_cut():
    exif = Image.Exif()
    exif[0x010E] = "A dog\x1b[31m on the \u202ebeach".encode() + b" and on" * 1_000

    (text,) = load_picture(encoded(quarters(), "JPEG", exif=exif), side=16, max_pixels=10_000).texts

    assert text.text.startswith("A dog[31m on the beach")
    assert len(text.text) <= MAX_CAPTION


def test_a_terminal_shows_hostile_words_as_escapes():
    hit = Hit(1, 0.5, hostile_item(), None)

    lines = [line(hit, 1), *report_lines(hostile_report(), verbose=True), *report_lines(hostile_report())]

    assert all(is_tame(shown.replace("\x1b[1m", "").replace("\x1b[0m", "")) for shown in lines)


def test_json_of_hostile_words_is_one_valid_line_and_exact():
    for record in (hostile_item(), hostile_report()):
        shown = json_line(record)

        shown.encode("utf-8")
        assert is_tame(shown)
        json.loads(shown)
    assert json.loads(json_line(hostile_item()))["title"] == TERMINAL


def test_an_error_message_that_quotes_hostile_words_is_tame(tmp_path):
    result = CliRunner().invoke(cli, ["index", f"{tmp_path}/{TERMINAL}"], env={"MMSEARCH_HOME": str(tmp_path / "home")})

    assert result.exit_code != 0
    assert all(is_tame(shown) for shown in result.output.splitlines())


def test_the_command_line_writes_no_csv():
    """A caption such as `=cmd|' /C calc'!A1` is a formula to a spreadsheet only if somebody writes it into one."""
    assert "csv" not in {option.name for command in cli.commands.values() for option in command.params}
