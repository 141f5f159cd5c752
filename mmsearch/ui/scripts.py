"""The few lines of JavaScript that the page needs."""

from typing import Final

# The browser's language counts until the visitor chooses one, which is remembered. A picture that is pasted anywhere
# goes to the picture box, as if it had been chosen there.
ARRIVE: Final = """() => {
    const chosen = localStorage.getItem("mmsearch-language");
    const language = chosen || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
    document.documentElement.lang = language;
    document.addEventListener("paste", (event) => {
        const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
        const input = document.querySelector("#mm-picture input[type=file]");
        if (!picture || !input) return;
        event.preventDefault();
        const carrier = new DataTransfer();
        carrier.items.add(picture);
        input.files = carrier.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return [language];
}"""

SWITCH_LANGUAGE: Final = """(language, ...rest) => {
    localStorage.setItem("mmsearch-language", language);
    document.documentElement.lang = language;
    return [language, ...rest];
}"""

# On a phone the results lie below the fold; before they are laid out the page is too short to scroll there.
SHOW_RESULTS: Final = """() => {
    const show = () => document.querySelector("#mm-status").scrollIntoView({ behavior: "smooth" });
    if (window.innerWidth < 700) setTimeout(show, 200);
}"""

# Rows of the text list are buttons; a click anywhere in one opens its hit.
OPEN_TEXT: Final = """element.addEventListener("click", (event) => {
    const row = event.target.closest("[data-index]");
    if (row) trigger("select", { index: Number(row.dataset.index) });
});"""
