import re

import pytest

from mmsearch.ui import page

SCRIPTS = sorted(page.FOLDER.glob("*.js"))
FILES = [*SCRIPTS, *sorted(page.FOLDER.glob("*.css"))]
RAW_HTML = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc|DOMParser")
ELSEWHERE = re.compile(r"""["'`(]\s*(https?:)?//[a-z]""")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda file: file.name)
def test_no_script_makes_html_of_text(script):
    assert not RAW_HTML.search(script.read_text("utf8"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_is_loaded_from_elsewhere(file):
    found = [line for line in file.read_text("utf8").splitlines() if ELSEWHERE.search(line)]

    assert [line for line in found if "www.w3.org/2000/svg" not in line] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda file: file.name)
def test_what_a_script_imports_is_there(script):
    imported = re.findall(r'from "\./(\w+\.js)"', script.read_text("utf8"))

    assert set(imported) <= {file.name for file in SCRIPTS}


def test_the_address_changes_with_the_files():
    assert re.fullmatch(r"mmsearch/page/[0-9a-f]{16}", page.address())


def test_the_head_names_every_file_once():
    for file in FILES:
        assert page.head().count(f"{page.address()}/{file.name}") == 1
